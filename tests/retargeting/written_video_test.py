"""Tests of the video that `retarget` writes: sound, times, metadata, alpha, and photos out of the ordinary."""

import dataclasses
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import av
import cv2
import numpy as np
import pytest

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import keypoint_filters, skeleton
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.footage import extraction
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.pictures import image_files, video
from retarget_tf.pictures.enlarging import enlarge_map
from retarget_tf.retargeting import sources, targets
from retarget_tf.retargeting.base_retargeter import BaseRetargeter
from retarget_tf.retargeting.dance import Dance
from retarget_tf.retargeting.frames.options import FrameOptions
from retarget_tf.retargeting.targets import Target
from retarget_tf.retargeting.writing import write_dance
from tests.pictures.sound_test import make_source
from tests.retargeting.frames import puppet
from tests.testing import heard, make_clip_folder

UNEVEN = [0.0, 1001 / 60000, 0.04, 0.54, 0.55, 1.0]
SMALL = FrameOptions(height=64)


class Drawn(BaseRetargeter):
    """A model that knows the puppet's map in every pose."""

    def _generate(self, target: Target, placed: Float32Array) -> Iterator[Uint8Array]:
        return (puppet.draw_map(pose) for pose in placed)


@pytest.fixture(scope="module")
def model() -> Drawn:
    config = ModelConfig.of_preset("stable", image_size=puppet.SIZE, filters=2, refinement=0)
    return Drawn(GeneratorSpec(config, person_height_share=0.75))


@pytest.fixture(scope="module")
def target() -> Target:
    parsing_map = puppet.draw_map(puppet.pose())
    return puppet.target(puppet.photo_of(parsing_map), parsing_map, puppet.pose())


def path_of(frames: int) -> Float32Array:
    """The puppet raises an arm."""
    return np.stack([puppet.pose(left_upper_arm=35 + 3 * t, left_forearm=35 + 3 * t) for t in range(frames)])


def sound_of(path: pathlib.Path) -> float | None:
    """Seconds of sound, None without an audio stream."""
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return None
        stream = container.streams.audio[0]
        return max(float((p.pts + p.duration) * stream.time_base) for p in container.demux(stream) if p.pts is not None)


def test_the_sound_of_the_source_is_taken_over_up_to_the_last_picture(
    model: Drawn, target: Target, tmp_path: pathlib.Path
) -> None:
    dance = make_source(tmp_path / "dance.mp4", seconds=1.0, click_at=0.1)
    source = sources.video_source(dance, path_of(25), max_frames=6)
    assert model.write_video(target, source, tmp_path / "out.mp4", options=SMALL) == 6
    heard = sound_of(tmp_path / "out.mp4")
    assert heard is not None
    assert heard == pytest.approx(6 / 25, abs=0.03)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.duration / av.time_base == pytest.approx(6 / 25, abs=0.03)


def test_sound_is_left_out_on_request_and_where_there_is_none(
    model: Drawn, target: Target, tmp_path: pathlib.Path
) -> None:
    loud = sources.video_source(make_source(tmp_path / "loud.mp4", seconds=0.2, click_at=0.1), path_of(5))
    model.write_video(target, loud, tmp_path / "out.mp4", options=SMALL, audio=False)
    assert sound_of(tmp_path / "out.mp4") is None
    mute = sources.video_source(make_source(tmp_path / "mute.mp4", None, seconds=0.2, click_at=0.1), path_of(5))
    clip = sources.clip_source(make_clip_folder(tmp_path, frames=2))
    for source in (mute, clip):
        model.write_video(target, source, tmp_path / "out.mp4", options=SMALL)
        assert sound_of(tmp_path / "out.mp4") is None
    assert sound_of(tmp_path / "loud.mp4") is not None


@pytest.mark.parametrize(("audio", "show"), [(True, "frames"), (True, "maps"), (False, "frames")])
def test_a_dance_says_whether_there_is_sound(model: Drawn, tmp_path: pathlib.Path, audio: bool, show: Any) -> None:
    clip = make_clip_folder(tmp_path, size=64)
    np.save(tmp_path / "points.npy", path_of(5) * np.array([0.25, 0.25, 1]))
    dance = Dance(
        out=str(tmp_path / "out.mp4"),
        target_clip=str(clip),
        source_video=str(make_source(tmp_path / "dance.mp4", seconds=0.2, click_at=0.1)),
        source_keypoints=str(tmp_path / "points.npy"),
        audio=audio,
        show=show,
    )
    assert write_dance(model, dance, options=SMALL) == 5
    assert (sound_of(tmp_path / "out.mp4") is not None) == audio


@pytest.mark.parametrize(("absent", "told"), [((), []), ((0, 3), ["2 of 5 frames (first: 0)"])])
def test_frames_without_anybody_are_counted(
    model: Drawn, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture, absent: tuple[int, ...], told: list[str]
) -> None:
    clip = make_clip_folder(tmp_path, size=64)
    points = path_of(5) * np.array([0.25, 0.25, 1])
    points[list(absent)] = 0
    np.save(tmp_path / "points.npy", points)
    video_path = make_source(tmp_path / "dance.mp4", seconds=0.2, click_at=0.1)
    dance = Dance(
        out=str(tmp_path / "out.mp4"),
        target_clip=str(clip),
        source_video=str(video_path),
        source_keypoints=str(tmp_path / "points.npy"),
    )
    with heard(caplog):
        write_dance(model, dance, options=SMALL)
    lines = [line for line in caplog.messages if "nobody" in line]
    assert lines == [
        f"source {video_path}: nobody is found in {counts}; the poses before and after stand in." for counts in told
    ]


@pytest.mark.parametrize(("suffix", "most"), [(".mp4", 1e-9), (".webm", 5e-4)])
def test_frames_are_shown_when_the_sources_are(
    model: Drawn, target: Target, tmp_path: pathlib.Path, suffix: str, most: float
) -> None:
    with video.VideoWriter(tmp_path / "dance.mp4", 25) as writer:
        for seconds in UNEVEN:
            writer.write(np.full((32, 32, 3), round(200 * seconds), np.uint8), seconds, 0.25)
    source = sources.video_source(tmp_path / "dance.mp4", path_of(len(UNEVEN)))
    out = tmp_path / f"out{suffix}"
    model.write_video(target, source, out, options=SMALL)
    written = list(video.read_timed_frames(out))
    np.testing.assert_allclose([frame.seconds for frame in written], UNEVEN, rtol=0, atol=most + 1e-9)
    assert written[-1].duration == pytest.approx(0.25, abs=1e-3)


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.webm", "out.mov", "out"])
@pytest.mark.parametrize("show", ["frames", "maps"])
def test_every_output_says_that_it_is_generated(
    model: Drawn, target: Target, tmp_path: pathlib.Path, name: str, show: Any
) -> None:
    source = sources.clip_source(make_clip_folder(tmp_path, frames=2))
    model.write_video(target, source, tmp_path / name, show=show, options=SMALL)
    written = tmp_path / name if "." in name else sorted((tmp_path / name).glob("*.png"))[0]
    if written.suffix == ".png":
        assert b"Generated by retarget_tf" in written.read_bytes()
    else:
        assert "Generated by retarget_tf" in video.read_metadata(written)["comment"]


@pytest.mark.parametrize("height", [64, puppet.SIZE + 17])
def test_maps_are_shown_large_with_smooth_outlines_and_written_as_they_are(
    model: Drawn, target: Target, tmp_path: pathlib.Path, height: int
) -> None:
    """64 px is smaller than the maps, which are never made smaller."""
    source = sources.clip_source(make_clip_folder(tmp_path, frames=1))
    options, maps = FrameOptions(height=height), tmp_path / "maps"
    model.write_video(target, source, tmp_path / "out", show="maps", options=options, maps_dir=maps)
    [stored], [shown] = (
        [image_files.load_photo(path) for path in (tmp_path / name).glob("*.png")] for name in ("maps", "out")
    )
    expected = enlarge_map(stored[..., 0], max(puppet.SIZE, height))
    np.testing.assert_array_equal(PARTS10.ids_of(shown), expected)
    assert len(shown) == max(puppet.SIZE, height)
    model.write_video(target, source, tmp_path / "panel", show="panel", options=options)
    [panel] = [image_files.load_photo(path) for path in (tmp_path / "panel").glob("*.png")]
    coloured = PARTS10.colour(enlarge_map(stored[..., 0], 384))
    assert any((panel[28:412, left : left + 384] == coloured).all() for left in range(panel.shape[1] - 384))


def test_keypoints_are_cleaned_at_the_rate_of_the_source(
    model: Drawn, target: Target, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: list[float] = []

    def note(keypoints: Float32Array, fps: float) -> Float32Array:
        rates.append(fps)
        return keypoints

    monkeypatch.setattr(keypoint_filters, "clean_keypoints", note)
    source = dataclasses.replace(sources.clip_source(make_clip_folder(tmp_path, frames=2)), fps=12.5)
    model.write_video(target, source, tmp_path / "out.mp4", options=SMALL)
    assert rates == [12.5]


def test_a_folder_holds_the_frames_themselves(model: Drawn, target: Target, tmp_path: pathlib.Path) -> None:
    source = sources.clip_source(make_clip_folder(tmp_path, frames=3))
    options = FrameOptions(height=64, background="none")
    model.write_video(target, source, tmp_path / "out", options=options)
    stored = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in sorted((tmp_path / "out").glob("*.png"))]
    expected = list(model.frames(target, source.keypoints, options, source_size=source.picture_size))
    assert expected[0].shape[2] == 4
    np.testing.assert_array_equal([np.asarray(picture)[..., [2, 1, 0, 3]] for picture in stored], expected)


@pytest.mark.parametrize(
    ("out", "show", "options", "why"),
    [
        ("out.mp4", "frames", FrameOptions(background="none"), "background=none needs --show=frames and an --out"),
        ("out", "panel", FrameOptions(background="none"), "background=none needs --show=frames and an --out"),
        ("out.avi", "frames", FrameOptions(), "must end in one of .mkv, .mov, .mp4, .webm, or have no suffix"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_read(
    model: Drawn, target: Target, tmp_path: pathlib.Path, out: str, show: Any, options: FrameOptions, why: str,
) -> None:  # fmt: skip
    source = sources.clip_source(make_clip_folder(tmp_path, frames=2))
    asked = Dance(out=str(tmp_path / out), show=show, target_photo="me.jpg", source_video="dance.mp4")
    calls: tuple[Callable[[], int], ...] = (
        lambda: model.write_video(target, source, tmp_path / out, show=show, options=options),
        lambda: write_dance(model, asked, options=options),
    )
    for call in calls:
        with pytest.raises(ConfigError, match=why) as raised:
            call()
        assert "\n" not in str(raised.value)
    assert not (tmp_path / out).exists()


def test_a_transparent_photo_has_a_white_background(model: Drawn, tmp_path: pathlib.Path) -> None:
    parsing_map = puppet.draw_map(puppet.pose())
    photo, is_person = puppet.photo_of(parsing_map), puppet.in_photo(parsing_map) > 0
    cv2.imwrite(str(tmp_path / "me.png"), np.dstack([photo[..., ::-1], is_person * np.uint8(255)]))
    target = photo_of_puppet(tmp_path / "me.png", puppet.in_photo(parsing_map), puppet.pose())
    raised = puppet.pose(left_upper_arm=120, left_forearm=120)
    [frame] = model.frames(target, raised[None], fit="body", clean=False)
    assert (frame[~cv2.dilate(is_person.astype(np.uint8), np.ones((61, 61), np.uint8)).astype(bool)] == 255).all()
    assert not (np.abs(frame.astype(int) - puppet.GREEN).max(axis=-1) < 60).any(), "the hidden green is not seen"


def photo_of_puppet(photo: pathlib.Path, parsing_map: Uint8Array, pose: Float32Array) -> Target:
    """The target of a photo file, with a map file beside it; the pose is on the puppet's canvas."""
    (photo.parent / "map.png").write_bytes(image_files.encode_png(parsing_map))
    keypoints = pose + np.array([puppet.RIGHT, puppet.DOWN, 0], np.float32)
    height, width = parsing_map.shape
    keypoints = skeleton.drop_unseen(keypoints, width, height)
    return targets.photo_target(photo, puppet.SIZE, 0.75, keypoints, target_map=photo.parent / "map.png")


def test_an_upper_body_dances_like_an_upper_body(model: Drawn, tmp_path: pathlib.Path) -> None:
    """A photo down to the hips, and a source of the same: her own pose is the photo, a raised arm is raised."""
    cut = puppet.DOWN + 80
    parsing_map = puppet.in_photo(puppet.draw_map(puppet.pose()))[:cut]
    photo = puppet.photo_of(puppet.draw_map(puppet.pose()))[:cut]
    (tmp_path / "me.png").write_bytes(image_files.encode_png(photo))
    target = photo_of_puppet(tmp_path / "me.png", parsing_map, puppet.pose())
    assert not target.shows_feet
    poses = np.stack([puppet.pose(), puppet.pose(left_upper_arm=90, left_forearm=90)])
    poses[poses[..., 1] > 80] = 0
    in_photo = poses + np.array([puppet.RIGHT, puppet.DOWN, 0], np.float32)
    in_photo[poses[..., 2] == 0] = 0
    placed = target.photo.square.move_keypoints(in_photo, puppet.SIZE)
    own, raised = model._frame_maker(target, None, None, placed).dance(placed)
    assert own.shape == (cut // 2 * 2, puppet.WIDTH, 3)
    assert (own != photo[: len(own)]).any(axis=-1).mean() < 0.02
    x, y = puppet.place(poses[1], "left_wrist").astype(int)
    assert raised[y, x, 1] < 100
    assert own[y, x, 1] > 200


def test_a_map_without_a_person_is_told_in_one_line(model: Drawn, target: Target, tmp_path: pathlib.Path) -> None:
    nobody = puppet.target(target.photo.picture, np.zeros_like(target.parsing_map), target.keypoints)
    source = sources.clip_source(make_clip_folder(tmp_path, frames=2))
    with pytest.raises(InputDataError, match=r"^photo: its parsing map shows nobody\. Give .*\.$"):
        model.write_video(nobody, source, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_where_no_map_is_known_the_model_parses_the_photo(model: Drawn, target: Target) -> None:
    unknown = puppet.target(target.photo.picture, np.full_like(target.parsing_map, 255), target.keypoints)
    [expected] = model.frames(target, puppet.pose(left_upper_arm=90)[None])
    [frame] = model.frames(unknown, puppet.pose(left_upper_arm=90)[None])
    np.testing.assert_array_equal(frame, expected)


def test_an_unknown_part_of_a_map_is_not_the_person(model: Drawn, target: Target) -> None:
    """It stays where it is: nothing of it is taken for her, or removed with her."""
    patchy = target.parsing_map.copy()
    patchy[:, :8] = 255
    other = puppet.target(target.photo.picture, patchy, target.keypoints)
    moved = puppet.pose(dx=30)
    found, expected = (
        list(model.frames(one, moved[None], FrameOptions(background="photo"), fit="none")) for one in (other, target)
    )
    np.testing.assert_array_equal(found, expected)


def test_nothing_is_detected_twice(model: Drawn, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the parser is not asked for a map that is there")

    monkeypatch.setattr(extraction, "parse_picture", refuse)
    monkeypatch.setattr(extraction, "detect_keypoints", refuse)
    assert len(list(model.frames(target, path_of(2)))) == 2
