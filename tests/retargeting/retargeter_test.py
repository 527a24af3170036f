"""Tests from photo, video and keypoint files to maps, frames and panel, and of the errors for bad input."""

import dataclasses
import importlib
import json
import pathlib
import shutil
import threading
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pytest

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import parsing_labels, skeleton
from retarget_tf.body.pose_transform import FITS, Fit
from retarget_tf.errors import ConfigError, InputDataError, MissingDependencyError
from retarget_tf.footage import extraction
from retarget_tf.footage.importers import KeypointFile
from retarget_tf.networks import generator
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.networks.trained import KERAS_NAME
from retarget_tf.pictures import image_files, video
from retarget_tf.pictures.panel import Panel
from retarget_tf.retargeting import rollout, sources, targets, writing
from retarget_tf.retargeting.dance import Dance, Show
from retarget_tf.retargeting.frames.options import FrameOptions
from retarget_tf.retargeting.retargeter import Retargeter
from retarget_tf.retargeting.targets import Target
from retarget_tf.retargeting.writing import write_dance
from tests.testing import heard, make_clip_folder, run_program, walking_square

SIZE = 32
SPEC = GeneratorSpec(ModelConfig.of_preset("paper", image_size=SIZE, filters=2), person_height_share=0.7)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("model")
    generator.save_generator(generator.build_generator(SPEC.model), SPEC, folder)
    return folder


@pytest.fixture(scope="module")
def loaded(model: pathlib.Path) -> Retargeter:
    return Retargeter.load(model)


def test_the_network_is_read_when_it_is_first_asked(
    model: pathlib.Path, target: Target, tmp_path: pathlib.Path
) -> None:
    shutil.copytree(model, tmp_path / "damaged")
    (tmp_path / "damaged" / KERAS_NAME).write_bytes(b"no model")
    damaged = Retargeter.load(tmp_path / "damaged")
    assert len(list(damaged.frames(target, keypoints()[:2], FrameOptions(height=64)))) == 2
    with pytest.raises(InputDataError, match=r"generator\.keras: cannot be read"):
        list(damaged.retarget(target, keypoints()[:2]))


def test_a_warm_network_is_neither_read_nor_traced_again(
    model: pathlib.Path, target: Target, tmp_path: pathlib.Path
) -> None:
    shutil.copytree(model, tmp_path / "read")
    warm = Retargeter.load(tmp_path / "read")
    warm.warm_up()
    shutil.rmtree(tmp_path / "read")
    expected = list(Retargeter.load(model).retarget(target, keypoints()[:2]))
    np.testing.assert_array_equal(list(warm.retarget(target, keypoints()[:2])), expected)


def test_a_network_that_cannot_be_warmed_up_is_told_when_it_is_needed(
    model: pathlib.Path, photo: pathlib.Path, dance: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    shutil.copytree(model, tmp_path / "damaged")
    (tmp_path / "damaged" / KERAS_NAME).write_bytes(b"no model")
    np.save(tmp_path / "points.npy", keypoints())
    np.save(tmp_path / "point.npy", keypoints(1))
    asked = Dance(
        out=str(tmp_path / "maps.mp4"),
        show="maps",
        target_photo=str(photo),
        target_map="none",
        target_keypoints=str(tmp_path / "point.npy"),
        source_video=str(dance),
        source_keypoints=str(tmp_path / "points.npy"),
    )
    with pytest.raises(InputDataError, match=r"generator\.keras: cannot be read"):
        write_dance(Retargeter.load(tmp_path / "damaged"), asked)
    assert not (tmp_path / "maps.mp4").exists()


def test_a_network_is_not_warmed_up_for_a_dance_that_has_failed(
    loaded: Retargeter, target: Target, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_go_on = threading.Event(), threading.Event()

    def slow_import(_: str) -> None:
        begun.set()
        assert may_go_on.wait(30)

    def fail(*_: object, **__: object) -> None:
        assert begun.wait(30)
        threading.Timer(0.2, may_go_on.set).start()
        raise KeyboardInterrupt

    warmed: list[Retargeter] = []
    monkeypatch.setattr(importlib, "import_module", slow_import)
    monkeypatch.setattr(Retargeter, "prepare_target", lambda *_, **__: target)
    monkeypatch.setattr(video, "probe", lambda *_: None)
    monkeypatch.setattr(writing, "video_source", fail)
    monkeypatch.setattr(Retargeter, "warm_up", lambda self: warmed.append(self))
    asked = Dance(out=str(tmp_path / "maps.mp4"), show="maps", target_photo="me.jpg", source_video="dance.mp4")
    with pytest.raises(KeyboardInterrupt):
        write_dance(loaded, asked)
    assert not warmed
    assert not [thread.name for thread in threading.enumerate() if "ThreadPool" in thread.name]


@pytest.fixture
def photo(tmp_path: pathlib.Path) -> pathlib.Path:
    cv2.imwrite(str(tmp_path / "photo.png"), walking_square(0, 64)[0][..., ::-1])
    return tmp_path / "photo.png"


@pytest.fixture
def target(photo: pathlib.Path, tmp_path: pathlib.Path) -> Target:
    """The person of the photo, with the map of it."""
    cv2.imwrite(str(tmp_path / "map.png"), walking_square(0, 64)[1])
    return targets.photo_target(photo, SIZE, 0.7, keypoints()[0], target_map=tmp_path / "map.png")


@pytest.fixture
def dance(tmp_path: pathlib.Path) -> pathlib.Path:
    with video.VideoWriter(tmp_path / "dance.mp4", 25) as writer:
        for index in range(5):
            writer.write(walking_square(index, 64, "dancer")[0])
    return tmp_path / "dance.mp4"


def keypoints(frames: int = 5) -> Float32Array:
    return np.stack([walking_square(index, 64)[2] for index in range(frames)])


def test_five_lines_do_it(loaded: Retargeter, photo: pathlib.Path) -> None:
    target = loaded.prepare_target(photo, keypoints()[0])
    maps = list(loaded.retarget(target, keypoints()))
    assert len(maps) == 5
    assert all(parsing_map.shape == (SIZE, SIZE) and parsing_map.dtype == np.uint8 for parsing_map in maps)


def test_target_takes_its_share_of_the_canvas(loaded: Retargeter, photo: pathlib.Path) -> None:
    target = loaded.prepare_target(photo, keypoints()[0])
    assert target.canvas.shape == (SIZE, SIZE, 3)
    _, top, _, bottom = skeleton.person_box(target.keypoints)  # type: ignore[misc]
    assert (bottom - top) / SIZE == pytest.approx(0.7, abs=1e-4)
    x, y = target.keypoints[skeleton.JOINT["neck"], :2].astype(int)
    assert (target.canvas[y, x] == walking_square(0, 64)[0][32, 32]).all()  # the picture moved as its joints did


def test_a_small_person_is_cut_out_at_the_photos_resolution(
    loaded: Retargeter, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person a fifth as high as the photo is shown to the model exactly as out of a photo that ends around her."""
    seen: list[Uint8Array] = []
    asking = with_reference_map(loaded, seen, monkeypatch)
    _, top, _, bottom = skeleton.person_box(keypoints()[0])  # type: ignore[misc]
    height = round(5 * float(bottom - top))
    wide = np.random.default_rng(0).integers(0, 256, (height, 2 * height, 3)).astype(np.uint8)
    wide_map = np.zeros((height, 2 * height), np.uint8)
    wide_map[60:124, 100:164] = walking_square(0, 64)[1]
    shown = []
    for x, y, picture, parsing_map in (
        (100, 60, wide, wide_map),
        (0, 0, wide[60:124, 100:164], wide_map[60:124, 100:164]),
    ):
        cv2.imwrite(str(tmp_path / "photo.png"), picture)
        cv2.imwrite(str(tmp_path / "map.png"), parsing_map)
        pose = keypoints()[0] + np.array([x, y, 0], np.float32) * (keypoints()[0, :, 2:] > 0)
        target = asking.prepare_target(tmp_path / "photo.png", pose, target_map=tmp_path / "map.png")
        list(asking.retarget(target, keypoints()))
        shown.append((target.canvas, target.keypoints, target.photo.parsing_map, seen[-1]))
    for alone, within in zip(*shown, strict=True):
        np.testing.assert_allclose(alone, within, atol=1e-3)
    assert (seen[-1] > 0).mean() > 0.3


def test_retarget_is_the_rollout_of_the_placed_path(
    loaded: Retargeter, photo: pathlib.Path, model: pathlib.Path
) -> None:
    target = loaded.prepare_target(photo, keypoints()[0])
    placed = loaded.place(target, keypoints())
    reference = rollout.Reference(
        target.canvas[None], target.keypoints[None], np.full((1, SIZE, SIZE), parsing_labels.UNKNOWN, np.uint8)
    )
    expected = list(rollout.rollout_clip(generator.load_generator(model), reference, placed))
    np.testing.assert_array_equal(list(loaded.retarget(target, keypoints())), expected)


def test_maps_are_moved_from_all_photos_of_the_target(target: Target, tmp_path: pathlib.Path) -> None:
    """The other photo shows the same pose in other clothes: its own pose asks for its own map."""
    spec = GeneratorSpec(ModelConfig.of_preset("stable", image_size=SIZE, filters=2), person_height_share=0.7)
    generator.save_generator(generator.build_generator(spec.model, seed=1), spec, tmp_path / "stable")
    retargeter = Retargeter.load(tmp_path / "stable")
    raised = target.keypoints.copy()
    raised[skeleton.JOINT["left_wrist"]] = (24, 4, 0.9)
    other = dataclasses.replace(
        target, keypoints=raised, parsing_map=np.where(target.parsing_map > 0, np.uint8(3), np.uint8(0))
    )
    both = dataclasses.replace(target, more=(other,))
    for one in (target, other):
        [alone] = retargeter.retarget(one, one.keypoints[None], fit="none", clean=False)
        [among] = retargeter.retarget(both, one.keypoints[None], fit="none", clean=False)
        np.testing.assert_array_equal(among, alone)
        [live] = [retargeter.live(both).step(one.keypoints, 0.1)]
        assert live.shape == (SIZE, SIZE)
    assert (alone != next(iter(retargeter.retarget(target, raised[None], fit="none", clean=False)))).any()


def test_the_source_stands_where_the_target_stands(loaded: Retargeter, photo: pathlib.Path) -> None:
    target = loaded.prepare_target(photo, keypoints()[0])
    far = keypoints(1) * np.asarray([3, 3, 1], np.float32) + np.asarray([500, 100, 0], np.float32)
    far[0, keypoints()[0, :, 2] == 0] = 0
    np.testing.assert_allclose(loaded.place(target, far, fit="body")[0], target.keypoints, atol=1e-3)
    # What one picture of each tells of their limbs is an estimate: within 1 % of the height.
    np.testing.assert_allclose(loaded.place(target, far)[0], target.keypoints, atol=0.2)
    own = loaded.place(target, target.keypoints[None], fit="none")[0]  # lies on the canvas already
    np.testing.assert_allclose(own, target.keypoints, atol=1e-5)


def test_a_frame_without_anybody_repeats_the_pose(loaded: Retargeter, photo: pathlib.Path) -> None:
    target = loaded.prepare_target(photo, keypoints()[0])
    source = keypoints(3)
    source[1] = 0
    placed = loaded.place(target, source, clean=False)
    np.testing.assert_array_equal(placed[1], placed[0])
    long = np.concatenate([keypoints(1), np.zeros((40, 25, 3), np.float32), keypoints(1)])
    np.testing.assert_array_equal(loaded.place(target, long)[20, :, :2], loaded.place(target, long)[19, :, :2])


def test_gaps_are_as_long_as_the_source_is_slow(loaded: Retargeter, photo: pathlib.Path) -> None:
    target = loaded.prepare_target(photo, keypoints()[0])
    source = keypoints(20)
    nose = skeleton.JOINT["nose"]
    source[5:13, nose] = 0
    assert loaded.place(target, source)[5:13, nose, 2].all()  # a quarter of a second at 30 frames/s
    assert not loaded.place(target, source, source_fps=10)[5:13, nose, 2].any()


@pytest.mark.parametrize(("show", "shape"), [("frames", (64, 64)), ("maps", (96, 96)), ("panel", None)])
def test_a_video_and_its_maps(
    loaded: Retargeter,
    target: Target,
    dance: pathlib.Path,
    tmp_path: pathlib.Path,
    show: Show,
    shape: tuple[int, int] | None,
) -> None:
    source = sources.video_source(dance, keypoints())
    out, maps, options = tmp_path / "out.mp4", tmp_path / "maps", FrameOptions(height=96)
    for _ in range(2):  # twice is as good as once
        assert loaded.write_video(target, source, out, show=show, options=options, maps_dir=maps) == 5
        info = video.probe(out)
        assert (info.fps, info.width % 2, info.height % 2) == (25, 0, 0)
        assert (info.height, info.width) == shape if shape else info.height >= 320
        assert len(list(video.read_frames(out))) == 5
        stored = [cv2.imread(str(maps / f"{index:06d}.png"), cv2.IMREAD_UNCHANGED) for index in range(5)]
        np.testing.assert_array_equal(stored, list(loaded.retarget(target, keypoints())))


def test_what_is_not_shown_is_not_made(
    loaded: Retargeter, target: Target, dance: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = sources.video_source(dance, keypoints())
    made: list[str] = []

    def noting(name: str, method: Any) -> Any:
        def noted(*arguments: Any) -> Any:
            made.append(name)
            return method(*arguments)

        return noted

    monkeypatch.setattr(Retargeter, "_frame_maker", noting("frames", Retargeter._frame_maker))
    monkeypatch.setattr(Retargeter, "_generate", noting("maps", Retargeter._generate))
    expectations: list[tuple[Show, list[str]]] = [
        ("frames", ["frames"]),
        ("maps", ["maps"]),
        ("panel", ["maps", "frames"]),
    ]
    for show, expected in expectations:
        made.clear()
        loaded.write_video(target, source, tmp_path / "out.mp4", show=show)
        assert made == expected
    made.clear()
    loaded.write_video(target, source, tmp_path / "out.mp4", maps_dir=tmp_path / "maps")
    assert made == ["maps", "frames"]


@pytest.mark.parametrize("fit", FITS)
def test_a_source_of_one_frame_makes_a_video_of_one(
    loaded: Retargeter, target: Target, tmp_path: pathlib.Path, fit: Fit
) -> None:
    with video.VideoWriter(tmp_path / "still.mp4", 25) as writer:
        writer.write(walking_square(0, 64, "dancer")[0])
    source = sources.video_source(tmp_path / "still.mp4", keypoints(1))
    out = tmp_path / "out.mp4"
    assert loaded.write_video(target, source, out, fit=fit, maps_dir=tmp_path / "maps") == 1
    assert len(list(video.read_frames(out))) == len(list((tmp_path / "maps").iterdir())) == 1


def test_panel_shows_the_map_in_its_colours_and_the_frame() -> None:
    panel = Panel(np.full((50, 50, 3), 77, np.uint8), (300, 200), (90, 60), SIZE, parsing_labels.PARTS10)
    parsing_map = np.zeros((SIZE, SIZE), np.uint8)
    parsing_map[:, SIZE // 2 :] = 3
    source, result = np.full((200, 300, 3), 99, np.uint8), np.full((90, 60, 4), (230, 120, 50, 255), np.uint8)
    composed = panel.compose(source, np.zeros((25, 3), np.float32), parsing_map, result)
    side = 384  # twelve times the map
    upper_clothes = (composed == parsing_labels.PARTS10.palette[3]).all(axis=-1)
    assert upper_clothes[28 : 28 + side].sum() == side * side // 2
    assert (composed == 77).all(axis=-1).sum() == side * side
    assert (composed == 99).all(axis=-1).sum() == side * side * 3 // 2
    frame = (composed == (230, 120, 50)).all(axis=-1)
    assert frame.sum() == round(side * 60 / 90) * side
    assert np.flatnonzero(frame.any(axis=0))[0] > np.flatnonzero(upper_clothes.any(axis=0))[-1]


def test_panel_of_nobody_has_words_in_the_place_of_the_pose() -> None:
    panel = Panel(np.zeros((8, 8, 3), np.uint8), (100, 100), (60, 60), SIZE, parsing_labels.PARTS10)
    rest = np.zeros((100, 100, 3), np.uint8), np.zeros((SIZE, SIZE), np.uint8), np.zeros((60, 60, 3), np.uint8)
    pose, nobody, alone = (
        panel.compose(rest[0], points, *rest[1:])
        for points in (keypoints()[0] / 2, np.zeros((25, 3), np.float32), None)
    )
    middle = slice(28 + 384 // 2 - 14, 28 + 384 // 2 + 14)  # a line of text
    assert (alone != nobody)[middle].any()
    np.testing.assert_array_equal(np.delete(alone, middle, axis=0), np.delete(nobody, middle, axis=0))
    assert (pose != nobody).any(axis=-1).sum() > (alone != nobody).any(axis=-1).sum()


@pytest.mark.parametrize(
    ("absent", "without"), [((1, 2), ()), ((0,), (0,)), ((0, 2), (0,)), ((1, 2, 3), (1, 2, 3)), ((3, 4), ())]
)
def test_a_panel_shows_no_pose_where_nobody_is_found_for_long(
    loaded: Retargeter,
    target: Target,
    dance: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    absent: tuple[int, ...],
    without: tuple[int, ...],
) -> None:
    """At 4 frames per second half a second is two frames; the person herself keeps a pose in every frame."""
    seen, poses = keypoints(), list[Float32Array | None]()
    seen[list(absent)] = 0
    source = dataclasses.replace(sources.video_source(dance, seen), fps=4.0)
    compose = Panel.compose

    def noting(panel: Panel, frame: Uint8Array, pose: Float32Array | None, *rest: Any) -> Uint8Array:
        poses.append(pose)
        return compose(panel, frame, pose, *rest)

    monkeypatch.setattr(Panel, "compose", noting)
    loaded.write_video(target, source, tmp_path / "panel", show="panel", maps_dir=tmp_path / "maps")
    assert tuple(index for index, pose in enumerate(poses) if pose is None) == without
    assert len(list((tmp_path / "maps").iterdir())) == len(poses) == 5


@pytest.mark.parametrize("shape", [(32, 32), (100, 1000), (1000, 100)])
def test_panel_is_even_whatever_source_and_photo(shape: tuple[int, int]) -> None:
    for schema in parsing_labels.SCHEMAS.values():
        panel = Panel(np.zeros((8, 8, 3), np.uint8), shape, (shape[0] // 2 * 2, 50, 3), SIZE, schema)
        frame, result = np.zeros((shape[1], shape[0], 3), np.uint8), np.zeros((shape[0] // 2 * 2, 50, 3), np.uint8)
        composed = panel.compose(frame, np.zeros((25, 3), np.float32), np.zeros((SIZE, SIZE), np.uint8), result)
        assert (composed.shape[0] % 2, composed.shape[1] % 2) == (0, 0)


def test_a_photo_that_lies_on_its_side_is_turned(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A detector finds who lies as well as who stands; whose keypoints are given is left as they say.

    Others beside her are told of once, though she is looked for before and after.
    """
    upright = np.zeros((60, 40, 3), np.uint8)
    upright[0] = 255  # the sky
    standing = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
    standing[list(skeleton.joints("neck", "mid_hip", "knee"))] = [(20, 15, 1), (20, 30, 1), (24, 40, 1), (16, 40, 1)]
    lying = standing[:, [1, 0, 2]] * np.array([1, -1, 1], np.float32) + np.array([0, 40, 0], np.float32)
    lying[standing[:, 2] == 0] = 0

    def detect(picture: Uint8Array, **_: object) -> Float32Array:
        return standing if picture.shape == upright.shape else lying

    monkeypatch.setattr(extraction, "detect_keypoints", detect)
    others: list[tuple[int, ...]] = []
    monkeypatch.setattr(extraction, "tell_others", lambda picture, *_: others.append(picture.shape))
    image_files.write_png(tmp_path / "photo.png", np.rot90(upright))
    with heard(caplog):
        turned = targets.photo_target(tmp_path / "photo.png", SIZE, 0.7)
    np.testing.assert_array_equal(turned.photo.picture, upright)
    assert caplog.text.count("lies, so it is turned") == 1
    assert others == [upright.shape]
    left = targets.photo_target(tmp_path / "photo.png", SIZE, 0.7, lying)
    np.testing.assert_array_equal(left.photo.picture, np.rot90(upright))


def test_detector_is_asked_where_no_keypoints_are_given(
    loaded: Retargeter,
    photo: pathlib.Path,
    dance: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: pathlib.Path,
) -> None:
    searches: list[extraction.PersonSearch] = []

    def found(_: object, *, search: extraction.PersonSearch, **__: object) -> Float32Array:
        searches.append(search)
        return keypoints()

    monkeypatch.setattr(extraction, "detect_keypoints", lambda picture, **asked: found(picture, **asked)[0])
    monkeypatch.setattr(extraction, "video_keypoints", found)
    asked = Dance(
        out=str(tmp_path / "maps.mp4"),
        show="maps",
        target_photo=str(photo),
        target_person="1",
        exact_keypoints=False,
        source_video=str(dance),
    )
    assert write_dance(loaded, asked) == 5
    quickly = extraction.PersonSearch(exact_keypoints=False)
    assert searches == [dataclasses.replace(quickly, person=extraction.PersonChoice(1)), quickly]


def test_a_swapped_moment_is_mended_before_the_path_is_placed(loaded: Retargeter, photo: pathlib.Path) -> None:
    target = loaded.prepare_target(photo, keypoints()[0])
    source = np.repeat(keypoints(1), 30, axis=0)
    spoilt = source.copy()
    spoilt[10:14] = spoilt[10:14, list(skeleton.MIRRORED_JOINT)]
    np.testing.assert_allclose(loaded.place(target, spoilt), loaded.place(target, source), atol=1e-5)
    left_alone = loaded.place(target, spoilt, clean=False)
    assert np.abs(left_alone - loaded.place(target, source, clean=False)).max() > 1
    np.testing.assert_array_equal(list(loaded.retarget(target, spoilt)), list(loaded.retarget(target, source)))


def with_reference_map(loaded: Retargeter, seen: list[Uint8Array], monkeypatch: Any) -> Retargeter:
    """A retargeter whose model looks at the reference's map; what it is shown goes to `seen`."""

    def roll(_: object, reference: rollout.Reference, placed: Float32Array) -> Any:
        seen.append(reference.parsing_map[0])
        return iter(np.zeros((len(placed), SIZE, SIZE), np.uint8))

    monkeypatch.setattr(Retargeter, "takes_reference_map", True)
    monkeypatch.setattr(rollout, "rollout_clip", roll)
    return loaded


def test_the_map_of_a_photo_reaches_the_model(
    loaded: Retargeter, photo: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Uint8Array] = []
    asking = with_reference_map(loaded, seen, monkeypatch)
    stored = walking_square(0, 64)[1]
    cv2.imwrite(str(tmp_path / "map.png"), stored)
    target = asking.prepare_target(photo, keypoints()[0], target_map=tmp_path / "map.png")
    assert set(np.unique(target.parsing_map)) == {0, *np.unique(stored)}
    # It lies where the picture lies: all pixels of the person's very colour are of its classes, none of the wall's.
    assert (target.parsing_map[(target.canvas == target.canvas[SIZE // 2, SIZE // 2]).all(axis=-1)] > 0).all()
    assert (target.parsing_map[(target.canvas == 40).all(axis=-1)] == 0).all()
    list(asking.retarget(target, keypoints()))
    np.testing.assert_array_equal(seen[-1], target.parsing_map)
    unknown = asking.prepare_target(photo, keypoints()[0], target_map="none")
    list(asking.retarget(unknown, keypoints()))
    assert (seen[-1] == parsing_labels.UNKNOWN).all()


def test_outside_of_the_photo_is_background(photo: pathlib.Path, tmp_path: pathlib.Path) -> None:
    cv2.imwrite(str(tmp_path / "map.png"), np.full((64, 64), 3, np.uint8))
    target = targets.photo_target(photo, SIZE, 0.25, keypoints()[0], target_map=tmp_path / "map.png")
    assert {0, 3} == set(np.unique(target.parsing_map))
    assert target.parsing_map[0, 0] == 0


def test_auto_parses_where_model_and_installation_can(
    loaded: Retargeter, photo: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[int, ...]] = []

    def parse(picture: Any, points: Any, square: Any, sizes: Sequence[int]) -> list[extraction.ParsedPicture]:
        calls.append((*picture.shape, *sizes))
        return [half_parsed(size) for size in sizes]

    def missing(*_: object) -> None:
        raise MissingDependencyError("package mediapipe: cannot be imported. Install it.")

    monkeypatch.setattr(extraction, "parse_picture", parse)
    asking = with_reference_map(loaded, [], monkeypatch)
    target = asking.prepare_target(photo, keypoints()[0])
    assert calls == [(64, 64, 3, 256, 512)]
    np.testing.assert_array_equal(target.parsing_map, np.repeat([4, 0], SIZE // 2)[:, None] * np.ones(SIZE, int))
    np.testing.assert_array_equal(target.photo.parsing_map, half_parsed(512).parsing_map)
    np.testing.assert_array_equal(target.photo.opacity, half_parsed(512).opacity)
    nobody = extraction.ParsedPicture(np.zeros((256, 256), np.uint8), np.zeros((256, 256), np.float32))
    monkeypatch.setattr(extraction, "parse_picture", lambda *_: [nobody, nobody])
    unseen = asking.prepare_target(photo, keypoints()[0])
    monkeypatch.setattr(extraction, "parse_picture", missing)
    unparsed = asking.prepare_target(photo, keypoints()[0])
    for unknown in (unseen, unparsed):
        assert (unknown.parsing_map == parsing_labels.UNKNOWN).all()
        assert (unknown.photo.parsing_map == parsing_labels.UNKNOWN).all()
        assert unknown.photo.opacity is None
    with pytest.raises(MissingDependencyError, match="mediapipe"):
        asking.prepare_target(photo, keypoints()[0], target_map="parse")


def half_parsed(size: int) -> extraction.ParsedPicture:
    """The upper half is a person's, who is half there."""
    parsed = np.zeros((size, size), np.uint8)
    parsed[: size // 2] = 4
    return extraction.ParsedPicture(parsed, (parsed > 0) * np.float32(0.5))


def test_a_clip_brings_its_map(tmp_path: pathlib.Path) -> None:
    clip = make_clip_folder(tmp_path, size=64)
    expected = walking_square(0, 64)[1]
    np.testing.assert_array_equal(targets.clip_target(clip, 64).parsing_map, expected)
    for schema in (None, parsing_labels.CIHP20):
        assert (targets.clip_target(clip, 64, schema).parsing_map == parsing_labels.UNKNOWN).all()


def test_a_map_of_another_schema_becomes_the_models(
    loaded: Retargeter, target: Target, photo: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    own = [parsing_labels.CIHP20.classes.index(name) for name in ("left_arm", "right_arm")]
    theirs = walking_square(0, 64)[1]
    for name, cihp in zip(("left_arm", "right_arm"), own, strict=True):
        theirs[theirs == parsing_labels.PARTS10.classes.index(name)] = cihp
    cv2.imwrite(str(tmp_path / "cihp.png"), theirs)
    options: dict[str, Any] = {"target_map": tmp_path / "cihp.png"}
    found = loaded.prepare_target(photo, keypoints()[0], target_map_schema="cihp20", **options)
    np.testing.assert_array_equal(found.parsing_map, target.parsing_map)
    with pytest.raises(InputDataError, match=r"ids \[14, 15\] are not in .*, but in cihp20 and lip20 and atr18\."):
        loaded.prepare_target(photo, keypoints()[0], **options)
    with pytest.raises(ConfigError, match=r"target_map_schema must be lip20\. Received: target_map_schema=cihp20"):
        targets.photo_target(
            *(photo, SIZE, 0.7, keypoints()[0]), map_schema="cihp20", schema=parsing_labels.LIP20, **options
        )


@pytest.mark.parametrize(
    ("stored", "why"),
    [
        (np.full((64, 64, 3), (9, 9, 8), np.uint8), r"colour \(8, 9, 9\) at x=0, y=0 is of no class"),
        (np.zeros((64, 32), np.uint8), "is 32x64, the upright photo 64x64"),
        (np.full((64, 64), 10, np.uint8), r"ids \[10\] are not in label schema parts10 \(0\.\.9, 255 = unknown\)"),
    ],
)
def test_refuses_maps_that_do_not_belong_to_the_photo(
    photo: pathlib.Path, tmp_path: pathlib.Path, stored: Uint8Array, why: str
) -> None:
    cv2.imwrite(str(tmp_path / "map.png"), stored)
    with pytest.raises(InputDataError, match=rf"parsing map .*map\.png: {why}"):
        targets.photo_target(photo, SIZE, 0.7, keypoints()[0], target_map=tmp_path / "map.png")
    with pytest.raises(InputDataError, match=r"parsing map .*other\.png: No such file"):
        targets.photo_target(photo, SIZE, 0.7, keypoints()[0], target_map=tmp_path / "other.png")


def test_pictures_are_a_source_and_their_numbers_those_of_the_keypoints(tmp_path: pathlib.Path) -> None:
    for folder in ("frames", "json"):
        (tmp_path / folder).mkdir()
    for index, number in enumerate((20001, 20005, 20009)):
        frame, _, points = walking_square(index, 64)
        cv2.imwrite(str(tmp_path / f"frames/{number}.png"), frame[..., ::-1])
        content = {"people": [{"pose_keypoints_2d": points.ravel().tolist()}]}
        (tmp_path / f"json/{number}_keypoints.json").write_text(json.dumps(content))
    reading = video.ReadOptions(fps=6)
    source = sources.video_source(tmp_path / "frames", KeypointFile(tmp_path / "json"), reading=reading)
    np.testing.assert_allclose(source.keypoints, keypoints(3), rtol=1e-6)
    assert (source.fps, source.picture_size, source.sound) == (6, (64, 64), None)
    assert [frame.seconds for frame in source.frames()] == [0, 1 / 6, 2 / 6]


@pytest.mark.parametrize("target_map", ["parse", "auto", "map.png"])
def test_a_map_that_the_model_does_not_look_at_is_for_photographs(
    loaded: Retargeter, photo: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, target_map: str
) -> None:
    monkeypatch.setattr(extraction, "parse_picture", lambda *_: [half_parsed(256), half_parsed(512)])
    cv2.imwrite(str(tmp_path / "map.png"), walking_square(0, 64)[1])
    given = tmp_path / target_map if target_map.endswith(".png") else target_map
    assert not loaded.takes_reference_map
    target = loaded.prepare_target(photo, keypoints()[0], target_map=given)
    unknown = loaded.prepare_target(photo, keypoints()[0], target_map="none")
    assert (unknown.photo.parsing_map == parsing_labels.UNKNOWN).all()
    np.testing.assert_array_equal(loaded._photo_map(target), target.photo.parsing_map)
    assert len(target.photo.parsing_map) == 512
    own, expected = (list(loaded.retarget(one, keypoints())) for one in (target, unknown))
    np.testing.assert_array_equal(own, expected)
    dance = Dance("out.mp4", "maps", target_photo=str(photo), source_clip=str(tmp_path), target_map=str(given))
    if target_map != "auto":
        with pytest.raises(ConfigError, match="target_map needs frames, or a model that looks at it"):
            write_dance(loaded, dance)


@pytest.mark.parametrize("found", [None, np.zeros((25, 3), np.float32)])
def test_refuses_a_photo_with_nobody_in_it(
    loaded: Retargeter, photo: pathlib.Path, monkeypatch: pytest.MonkeyPatch, found: Any
) -> None:
    monkeypatch.setattr(extraction, "detect_keypoints", lambda picture, **_: found)
    with pytest.raises(InputDataError, match=r"photo\.png: nobody is seen in it"):
        loaded.prepare_target(photo)


def test_refuses_a_photo_of_a_head(loaded: Retargeter, photo: pathlib.Path) -> None:
    head = np.where(np.isin(np.arange(25), skeleton.HEAD)[:, None], keypoints()[0], 0).astype(np.float32)
    with pytest.raises(InputDataError, match=r"^photo .*photo\.png: no trunk is seen in it\. Give a photo that .*\.$"):
        loaded.prepare_target(photo, head)


def test_says_what_to_install_where_there_is_no_detector(
    loaded: Retargeter, photo: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mediapipe.tasks.python", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'retarget_tf\[extract\]'"):
        loaded.prepare_target(photo)


@pytest.mark.parametrize(("frames", "why"), [(4, "has more than 4 frames"), (6, "has 5 frames")])
def test_refuses_keypoints_of_another_video(
    loaded: Retargeter, target: Target, dance: pathlib.Path, tmp_path: pathlib.Path, frames: int, why: str
) -> None:
    source = sources.video_source(dance, keypoints(frames))
    out, maps = tmp_path / "out.mp4", tmp_path / "maps"
    with pytest.raises(InputDataError, match=f"dance.mp4: {why}, its keypoints are of {frames}"):
        loaded.write_video(target, source, out, maps_dir=maps)
    assert not out.exists()
    assert not maps.exists()


def test_a_video_whose_keypoints_are_detected_is_not_read_again_for_its_times(
    dance: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = [video.TimedFrame(index / 10, np.zeros((0, 0, 3), np.uint8), 0.1) for index in range(5)]

    def found(*_: object, times: list[video.TimedFrame], **__: object) -> Float32Array:
        times += noted
        return keypoints()

    monkeypatch.setattr(extraction, "video_keypoints", found)
    source = sources.video_source(dance)
    assert [timed.seconds for timed in source.frames(pictures=False)] == [timed.seconds for timed in noted]
    assert [timed.frame.ndim for timed in source.frames()] == [3] * 5
    assert all(timed.frame.size for timed in source.frames())


def test_max_frames_cuts_the_source(dance: pathlib.Path, tmp_path: pathlib.Path) -> None:
    clip = make_clip_folder(tmp_path, frames=5)
    for source in (
        sources.video_source(dance, keypoints(), max_frames=3),
        sources.clip_source(clip, max_frames=3),
    ):
        assert len(list(source.frames())) == len(source.keypoints) == 3


def test_refuses_a_source_with_nobody_in_it(dance: pathlib.Path) -> None:
    with pytest.raises(InputDataError, match=r"dance\.mp4: nobody is seen in it"):
        sources.video_source(dance, np.zeros((5, 25, 3), np.float32))


def test_clip_folders_take_the_place_of_photo_and_video(loaded: Retargeter, tmp_path: pathlib.Path) -> None:
    clip = make_clip_folder(tmp_path, size=64)
    target = targets.clip_target(clip, SIZE)
    np.testing.assert_allclose(target.keypoints[:, :2], walking_square(0, 64)[2][:, :2] / 2)
    assert target.known_keypoints.shape == (6, 25, 3)
    np.testing.assert_array_equal(target.known_keypoints[0], target.keypoints)
    source = sources.clip_source(clip)
    assert loaded.write_video(target, source, tmp_path / "out.mp4") == 6


def test_maps_never_replace_a_folder_of_other_things(
    loaded: Retargeter, target: Target, dance: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    cv2.imwrite(str(tmp_path / "frame.png"), np.zeros((8, 8, 3)))
    (tmp_path / "frames").mkdir()
    (tmp_path / "frame.png").rename(tmp_path / "frames" / "000001.png")  # numbered as maps are, in colour
    source = sources.video_source(dance, keypoints())
    for folder, name in (("mine", "letter.txt"), ("frames", "000001.png")):
        with pytest.raises(ConfigError, match=rf"and {name} is something else.*{folder}$"):
            loaded.write_video(target, source, tmp_path / "out.mp4", maps_dir=tmp_path / folder)
        assert (tmp_path / folder / name).exists()
    for _ in range(2):
        loaded.write_video(target, source, tmp_path / "out.mp4", maps_dir=tmp_path / "maps")


def test_the_video_may_not_lie_among_the_maps(loaded: Retargeter, tmp_path: pathlib.Path) -> None:
    source = sources.clip_source(make_clip_folder(tmp_path, frames=2))
    target = targets.clip_target(tmp_path / "clip", 32)
    with pytest.raises(ConfigError, match="out must lie outside of maps_dir"):
        loaded.write_video(target, source, tmp_path / "maps" / "out.mp4", maps_dir=tmp_path / "maps")
    assert not (tmp_path / "maps").exists()


def write_openpose(folder: pathlib.Path, poses: Float32Array, first: int = 0) -> pathlib.Path:
    folder.mkdir()
    for number, pose in enumerate(poses, first):
        people = [{"pose_keypoints_2d": np.float64(points).ravel().tolist()} for points in (pose * (0.5, 0.5, 1), pose)]
        (folder / f"dance_{number:012d}_keypoints.json").write_text(json.dumps({"people": people}))
    return folder


def keypoint_file(folder: pathlib.Path, kind: str, poses: Float32Array) -> pathlib.Path:
    """A file, or a folder, of one of the kinds that are read: the larger of two people where there may be several."""
    path = folder / f"points.{kind}"
    if kind in ("folder", "json"):
        written = write_openpose(folder / "openpose", poses)
        return written if kind == "folder" else written / "dance_000000000000_keypoints.json"
    np.save(path, poses) if kind == "npy" else np.savez(path, keypoints=poses)
    return path


def in_units(units: str, poses: Float32Array, width: int, height: int) -> Float32Array:
    return poses * np.array([1 / width, 1 / height, 1], np.float32) if units == "shares" else poses


@pytest.mark.parametrize("units", ["pixels", "shares"])
@pytest.mark.parametrize("kind", ["json", "folder", "npy", "npz"])
def test_a_photo_takes_every_kind_of_keypoint_file(
    photo: pathlib.Path, tmp_path: pathlib.Path, kind: str, units: str
) -> None:
    expected = targets.photo_target(photo, 64, 0.7, keypoints()[0])
    path = keypoint_file(tmp_path, kind, in_units(units, keypoints(1), 64, 64))
    found = targets.photo_target(photo, 64, 0.7, KeypointFile(path))
    np.testing.assert_allclose(found.keypoints, expected.keypoints, atol=1e-3)
    np.testing.assert_array_equal(found.canvas, expected.canvas)


def test_a_photo_takes_the_one_file_of_a_folder_whatever_its_number(
    photo: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    folder = write_openpose(tmp_path / "openpose", keypoints(1), first=1234)
    expected = targets.photo_target(photo, 64, 0.7, keypoints()[0])
    found = targets.photo_target(photo, 64, 0.7, KeypointFile(folder))
    np.testing.assert_allclose(found.keypoints, expected.keypoints, atol=1e-3)


@pytest.mark.parametrize("units", ["pixels", "shares"])
@pytest.mark.parametrize("kind", ["folder", "npy", "npz"])
def test_a_video_takes_every_kind_of_keypoint_file(
    dance: pathlib.Path, tmp_path: pathlib.Path, kind: str, units: str
) -> None:
    info = video.probe(dance)
    path = keypoint_file(tmp_path, kind, in_units(units, keypoints(), info.width, info.height))
    source = sources.video_source(dance, KeypointFile(path))
    np.testing.assert_allclose(source.keypoints, keypoints(), atol=1e-3)
    assert len(list(source.frames())) == 5


@pytest.mark.parametrize("first", [0, 1])
def test_openpose_counts_a_videos_frames_from_0_or_1(dance: pathlib.Path, tmp_path: pathlib.Path, first: int) -> None:
    source = sources.video_source(dance, KeypointFile(write_openpose(tmp_path / "json", keypoints(), first)))
    np.testing.assert_allclose(source.keypoints, keypoints(), atol=1e-3)


@pytest.mark.parametrize(("frames", "why"), [(4, "has more than 4 frames"), (6, "has 5 frames")])
def test_an_openpose_folder_of_another_video_is_refused(
    dance: pathlib.Path, tmp_path: pathlib.Path, frames: int, why: str
) -> None:
    source = sources.video_source(dance, KeypointFile(write_openpose(tmp_path / "json", keypoints(frames))))
    with pytest.raises(InputDataError, match=f"{why}, its keypoints are of {frames}"):
        list(source.frames())


def test_units_can_be_said(dance: pathlib.Path, tmp_path: pathlib.Path) -> None:
    path = keypoint_file(tmp_path, "npy", keypoints())
    with pytest.raises(InputDataError, match="no joint is within the"):
        sources.video_source(dance, KeypointFile(path, units="shares"))


@pytest.mark.slow
def test_program(model: pathlib.Path, photo: pathlib.Path, dance: pathlib.Path, tmp_path: pathlib.Path) -> None:
    np.save(tmp_path / "points.npy", keypoints())
    points = tmp_path / "points.npy"
    arguments = {
        "model": model, "target_photo": photo, "target_keypoints": points, "source_video": dance,
        "source_keypoints": points, "out": tmp_path / "out.mp4", "target_map": "none",
    }  # fmt: skip

    def run(**changes: object) -> tuple[int, str]:
        given = {**arguments, **changes}
        done = run_program("retarget_tf.retarget", *(f"--{name}={value}" for name, value in given.items() if value))
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr

    done = (0, f"5 frames: {tmp_path / 'out.mp4'}\n")
    assert run(fit="path", show="maps") == done
    clip = make_clip_folder(tmp_path, frames=2, size=64)
    assert run(target_photo=None, target_keypoints=None, target_map=None, target_clip=clip) == done
    assert "not a recording" in video.read_metadata(tmp_path / "out.mp4")["comment"]
    text = tmp_path / "text.jpg"
    text.write_text("no picture")
    why = "is no JPEG, PNG, WebP, AVIF, GIF, TIFF or HEIC picture"
    assert run(target_photo=text) == (3, f"ERROR: photo {text}: {why}. Give a whole JPEG, PNG or WebP file.\n")
    assert run(source_clip=tmp_path)[0] == 2  # two sources
