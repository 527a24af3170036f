"""Tests of the source as a stage: its dancer vanishes, all else stays, and the new person stands in her place."""

import dataclasses
import itertools
import pathlib
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body import pose_transform, skeleton
from retarget_tf.body.parsing_labels import UNKNOWN
from retarget_tf.errors import InputDataError, MissingDependencyError
from retarget_tf.networks import generator
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.pictures import video
from retarget_tf.retargeting import sources, targets
from retarget_tf.retargeting.frames import dancer_area
from retarget_tf.retargeting.frames.moved_photo import Layer
from retarget_tf.retargeting.frames.options import FrameOptions
from retarget_tf.retargeting.frames.source_stage import SourceStage
from retarget_tf.retargeting.retargeter import Retargeter
from retarget_tf.retargeting.sources import Source
from tests.testing import make_clip_folder

SIZE, FRAMES = 128, 12
RED = (250, 20, 20)
NOBODY = Layer((slice(0, 0), slice(0, 0)), *(np.zeros((0, 0, *more), np.float32) for more in ((3,), (), ())))
Camera = Callable[[int], tuple[int, int]]


def still(index: int) -> tuple[int, int]:
    return 0, 0


def by_hand(index: int) -> tuple[int, int]:
    return (0, 3, 5, 2)[index % 4], (1, 0, 4, 2)[index % 4]


def panning(index: int) -> tuple[int, int]:
    return 20 * index, 0


def wall() -> Uint8Array:
    """A wide wall of blurred blocks, without red."""
    blocks = np.random.default_rng(3).integers(60, 200, (20, 60, 3), np.uint8)
    picture = cv2.GaussianBlur(cv2.resize(blocks, (480, 160), interpolation=cv2.INTER_NEAREST), (0, 0), 1.5)
    picture[..., 0] = 30
    return picture


def background(index: int, camera: Camera) -> Uint8Array:
    x, y = camera(index)
    return wall()[y : y + SIZE, x : x + SIZE]


def pose(index: int) -> Float32Array:
    """A standing person of 80 pixels, who walks to the right; in frame 5 nobody is seen."""
    keypoints = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
    if index == 5:
        return keypoints
    x = 30 + 6 * index
    for name, dx, y in (
        ("nose", 0, 25), ("neck", 0, 38), ("mid_hip", 0, 66), ("left_hip", 4, 66), ("right_hip", -4, 66),
        ("left_knee", 4, 84), ("right_knee", -4, 84), ("left_ankle", 4, 100), ("right_ankle", -4, 100),
    ):  # fmt: skip
        keypoints[skeleton.JOINT[name]] = x + dx, y, 1
    return keypoints


def parsing_map(index: int) -> Uint8Array:
    x, found = 30 + 6 * (4 if index == 5 else index), np.zeros((SIZE, SIZE), np.uint8)
    found[20:106, x - 10 : x + 10] = 3
    return found


def frame(index: int, camera: Camera) -> Uint8Array:
    """The background with a red dancer, who is blurred by a pixel beyond her map."""
    picture = background(index, camera).copy()
    picture[cv2.dilate(parsing_map(index), np.ones((3, 3))) > 0] = RED
    return picture


def source(camera: Camera = still, *, maps: Callable[[int], Uint8Array] = parsing_map, side: int = SIZE) -> Source:
    def timed(_: bool) -> Iterator[video.TimedFrame]:
        for index in range(FRAMES):
            picture = cv2.resize(frame(index, camera), (side, side), interpolation=cv2.INTER_NEAREST)
            yield video.TimedFrame(index / 25, picture, 1 / 25)

    keypoints = np.stack([pose(index) for index in range(FRAMES)])
    keypoints[..., :2] *= side / SIZE
    return Source("dance", keypoints, (side, side), 25.0, timed, open_maps=lambda: map(maps, range(FRAMES)))


def emptied(of: Source) -> list[Uint8Array]:
    """The frames of a stage on which nobody stands."""
    stage = SourceStage(of, pose_transform.hold_pose(of.keypoints), SIZE, SIZE)
    return [empty.compose(NOBODY, np.zeros((25, 3), np.float32), float("nan")) for empty in stage.backgrounds()]


def away_from_her(index: int) -> BoolArray:
    """Pixels that are farther from her map than any area reaches: .055 of her box, soft edges and her blur."""
    return cv2.dilate(parsing_map(index), np.ones((25, 25))) == 0


def reddish(picture: Uint8Array) -> BoolArray:
    return picture[..., 0].astype(int) > picture[..., 1:].max(axis=-1)


@pytest.mark.parametrize("camera", [still, by_hand, panning])
def test_the_dancer_vanishes_and_all_else_keeps_its_bytes(camera: Camera) -> None:
    for index, picture in enumerate(emptied(source(camera))):
        away = away_from_her(index)
        np.testing.assert_array_equal(picture[away], frame(index, camera)[away])
        assert not reddish(picture).any()


@pytest.mark.parametrize(("camera", "error"), [(still, 1.0), (by_hand, 4.0)])
def test_what_other_frames_show_of_the_background_comes_back(camera: Camera, error: float) -> None:
    for index, picture in enumerate(emptied(source(camera))):
        difference = np.abs(picture.astype(int) - background(index, camera))[~away_from_her(index)]
        assert difference.mean() < error


def test_the_background_is_as_bright_as_its_frame() -> None:
    dimmed = source()
    frames = list(dimmed.frames())

    def timed(_: bool) -> Iterator[video.TimedFrame]:
        return (one._replace(frame=one.frame - np.uint8(15) * (index > 8)) for index, one in enumerate(frames))

    pictures = emptied(Source("dance", dimmed.keypoints, (SIZE, SIZE), 25.0, timed, open_maps=dimmed.open_maps))
    hidden = parsing_map(10) > 0
    expected = background(10, still).astype(int)[hidden] - 15
    assert abs((pictures[10][hidden] - expected).mean()) < 2


def test_the_person_stands_where_the_dancer_stood() -> None:
    of = source(side=2 * SIZE)
    held = pose_transform.hold_pose(of.keypoints)
    placed = pose_transform.move_keypoints(held, np.float32(0.3), np.float32(7), np.float32(-4)).astype(np.float32)
    framing = SourceStage(of, placed, 64, height=SIZE - 1).framing(2 * 64)
    assert (framing.width, framing.height) == (SIZE - 2, SIZE - 2)  # even sides
    on_larger_canvas = pose_transform.move_keypoints(placed, np.float32(2), np.float32(0), np.float32(0))
    expected = pose_transform.move_keypoints(held, np.float32((SIZE - 1) / 2 / SIZE), np.float32(0), np.float32(0))
    np.testing.assert_allclose(framing.to_picture(on_larger_canvas), expected, atol=0.01)


def test_a_video_needs_the_segmenter_and_a_clip_with_maps_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(**_: object) -> None:
        raise MissingDependencyError("package mediapipe: cannot be imported. Install it: pip install x")

    monkeypatch.setattr(dancer_area, "PartsParser", missing)
    assert len(emptied(source())) == FRAMES
    with pytest.raises(MissingDependencyError, match="Install it"):
        emptied(source(maps=lambda index: np.full((SIZE, SIZE), UNKNOWN, np.uint8)))


def test_bones_count_and_what_is_far_from_them_does_not() -> None:
    everywhere, nowhere = np.ones((SIZE, SIZE), np.float32), np.zeros((SIZE, SIZE), np.uint8)
    with dancer_area.DancerFinder() as finder:
        found = finder.find(frame(0, still), pose(0), everywhere.astype(np.uint8)).opacity
        assert found[60, 30] == 1
        assert found[60, 110] == 0
        assert finder.find(frame(0, still), pose(0), nowhere).opacity[60, 30] == 1
        with_ball = parsing_map(0)
        with_ball[50:58, 40:70] = 3
        assert finder.find(frame(0, still), pose(0), with_ball).opacity[54, 60:70].all()


def test_shadows_change_only_what_is_replaced_anyway() -> None:
    stage = SourceStage(source(), pose_transform.hold_pose(source().keypoints), SIZE, SIZE)
    keypoints = pose(0)
    keypoints[skeleton.JOINT["left_heel"]] = keypoints[skeleton.JOINT["left_big_toe"]] = 34, 104, 1
    for index, one in enumerate(itertools.islice(stage.backgrounds(), 2)):
        scene = one._scene  # type: ignore[attr-defined]
        object.__setattr__(scene, "darkness", 0.5)
        dark = one.compose(NOBODY, keypoints, 104.0)
        np.testing.assert_array_equal(dark[away_from_her(index)], frame(index, still)[away_from_her(index)])
        assert dark[104, 34].astype(int).sum() < 0.8 * background(index, still)[104, 34].astype(int).sum()


def test_retargeter_writes_the_dance_into_the_source(tmp_path: pathlib.Path) -> None:
    spec = GeneratorSpec(ModelConfig.of_preset("stable", image_size=32, filters=2), person_height_share=0.7)
    generator.save_generator(generator.build_generator(spec.model), spec, tmp_path / "model")
    retargeter = Retargeter.load(tmp_path / "model")
    target = targets.clip_target(make_clip_folder(tmp_path, clip_id="a", person_id="a", size=64), 32)
    of = sources.clip_source(make_clip_folder(tmp_path, clip_id="b", person_id="b", size=96))
    options = FrameOptions(background="source")
    frames = list(retargeter.frames(target, of.keypoints, options, source=of))
    assert len(frames) == len(of.keypoints)
    for made, timed in zip(frames, of.frames(), strict=True):
        assert made.shape == (96, 96, 3)
        np.testing.assert_array_equal(made[:12], timed.frame[:12])
    with pytest.raises(ValueError, match="needs the source"):
        retargeter.frames(target, of.keypoints, options)
    known = target.known_keypoints.copy()
    known[:, skeleton.FEET] = 0
    with pytest.raises(InputDataError, match="shows no feet, which background=source needs"):
        retargeter.frames(dataclasses.replace(target, known_keypoints=known), of.keypoints, options, source=of)
