"""Tests of clips made with the keypoints of another program, without any detector."""

import json
import pathlib
from collections.abc import Iterable, Iterator
from typing import Self

import numpy as np
import pytest

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.dataset import clips
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.footage import extraction
from retarget_tf.footage.extraction import detectors, pipeline
from retarget_tf.footage.extraction.parser import ParsedImage, PosedImage
from retarget_tf.pictures import image_files, video
from retarget_tf.pictures.square_crop import SquareCrop
from tests.testing import heard, run_program, walking_square

SIZE, FRAMES = 64, 6


class BrightParser:
    """Stands for the parser: upper clothes where the picture is bright; notes what it is asked."""

    schema = PARTS10

    def __init__(self) -> None:
        self.voted: list[Float32Array] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def view_of(self, posed: PosedImage) -> PosedImage | None:
        """The picture itself, if somebody is in it."""
        return posed if posed.keypoints.any() else None

    def vote(self, views: Iterable[PosedImage]) -> None:
        """Notes the poses."""
        self.voted = [view.keypoints for view in views]

    def parse_frames(
        self, frames: Iterable[PosedImage], crop: SquareCrop, size: int, clothes: None
    ) -> Iterator[ParsedImage]:
        """Yields the crops and their maps."""
        for posed in frames:
            picture = crop.apply(posed.image, size)
            yield ParsedImage(picture, np.where(picture[..., 1] > 60, 3, 0).astype(np.uint8))


@pytest.fixture
def parser(monkeypatch: pytest.MonkeyPatch) -> BrightParser:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing is detected")

    stand_in = BrightParser()
    monkeypatch.setattr(pipeline, "_open_parser", lambda config: stand_in)
    monkeypatch.setattr(detectors, "PoseDetector", refuse)
    return stand_in


def walk() -> tuple[list[Uint8Array], Float32Array]:
    frames, _, keypoints = zip(*(walking_square(index, SIZE, "d") for index in range(FRAMES)), strict=True)
    return list(frames), np.stack(keypoints)


def dance(folder: pathlib.Path) -> tuple[pathlib.Path, Float32Array]:
    """Writes a video; returns it and the true keypoints."""
    frames, keypoints = walk()
    with video.VideoWriter(folder / "dance.mp4", 25.0) as writer:
        for frame in frames:
            writer.write(frame)
    return folder / "dance.mp4", keypoints


def person(pose: Float32Array) -> dict[str, list[float]]:
    return {"pose_keypoints_2d": pose.ravel().tolist()}


def test_joints_are_the_files_and_the_maps_the_parsers(tmp_path: pathlib.Path, parser: BrightParser) -> None:
    path, keypoints = dance(tmp_path)
    shares = keypoints / np.array([SIZE, SIZE, 1], np.float32)
    for units, points in (("auto", keypoints), ("shares", shares)):
        np.save(tmp_path / "points.npy", points)
        config = extraction.ExtractionConfig(size=SIZE, keypoints=str(tmp_path / "points.npy"), units=units)
        extraction.extract_videos([path], tmp_path / units, config)
        clip = clips.open_clip(tmp_path / units / "dance")
        assert (clip.info.clip_id, clip.info.frames, clip.info.fps) == ("dance", FRAMES, 25.0)
        np.testing.assert_allclose(parser.voted, keypoints, atol=1e-4)
        seen = keypoints[..., 2] > 0
        scale = np.ptp(clip.keypoints[seen][:, :2], axis=0) / np.ptp(keypoints[seen][:, :2], axis=0)
        np.testing.assert_allclose(scale, scale[0], rtol=1e-3)
        np.testing.assert_array_equal(clip.keypoints[..., 2] > 0, seen)
        for parsing_map, pose in zip(clip.read_maps(), clip.keypoints, strict=True):
            x, y = pose[pose[:, 2] > 0, :2].mean(axis=0).astype(int)
            assert parsing_map[y, x] == 3


def test_files_are_matched_with_pictures_by_number(
    tmp_path: pathlib.Path, parser: BrightParser, caplog: pytest.LogCaptureFixture
) -> None:
    """Frame 12 shows nobody, which is told; of two people the chosen one is taken."""
    frames, keypoints = walk()
    (tmp_path / "images").mkdir()
    (tmp_path / "json").mkdir()
    for number, (frame, pose) in enumerate(zip(frames, keypoints, strict=True), 10):
        (tmp_path / "images" / f"{number}.png").write_bytes(image_files.encode_png(frame))
        smaller = pose * np.array([0.3, 0.3, 1], np.float32)
        people = [] if number == 12 else [person(smaller), person(pose)]
        (tmp_path / "json" / f"d_{number:012d}_keypoints.json").write_text(json.dumps({"people": people}))
    for rank, scale in ((0, 1.0), (1, 0.3)):
        config = extraction.ExtractionConfig(
            person=extraction.PersonChoice(rank), size=SIZE, keypoints=str(tmp_path / "json"), units="pixels"
        )
        with heard(caplog):
            extraction.extract_clip(tmp_path / "images", tmp_path / str(rank), config)
        assert [line for line in caplog.messages if "nobody" in line] == [
            f"video {tmp_path / 'images'}: nobody is found in 1 of 6 frames (first: 2); "
            "the clip has no joints there, and empty maps where that takes over half a second."
        ]
        caplog.clear()
        clip = clips.open_clip(tmp_path / str(rank))
        assert [pose.any() for pose in clip.keypoints] == [True, True, False, True, True, True]
        np.testing.assert_allclose(parser.voted, np.delete(keypoints, 2, axis=0) * [scale, scale, 1], atol=1e-3)


def test_a_stretch_has_its_own_keypoints(
    tmp_path: pathlib.Path, parser: BrightParser, caplog: pytest.LogCaptureFixture
) -> None:
    """Frames are numbered as in the video; those at its ends are left out and not counted."""
    path, keypoints = dance(tmp_path)
    keypoints[[1, 3]] = 0
    np.save(tmp_path / "points.npy", keypoints)
    config = extraction.ExtractionConfig(size=SIZE, keypoints=str(tmp_path / "points.npy"))
    with heard(caplog):
        extraction.extract_clip(path, tmp_path / "clip", config, stretch=extraction.Stretch(1, 5))
    np.testing.assert_allclose(parser.voted, keypoints[[2, 4]], atol=1e-4)
    assert clips.open_clip(tmp_path / "clip").info.frames == 3
    assert "nobody is found in 1 of 3 frames (first: 3); the clip" in caplog.text


@pytest.mark.parametrize(
    ("count", "why"), [(4, "more than 4 frames, its keypoints are of 4"), (8, "6 frames, its keypoints are of 8")]
)
def test_keypoints_of_another_video_are_refused(
    tmp_path: pathlib.Path, parser: BrightParser, count: int, why: str
) -> None:
    path, keypoints = dance(tmp_path)
    np.save(tmp_path / "points.npy", np.resize(keypoints, (count, *keypoints.shape[1:])))
    config = extraction.ExtractionConfig(size=SIZE, keypoints=str(tmp_path / "points.npy"))
    with pytest.raises(InputDataError, match=rf"^video .*dance.mp4: has {why}\. Give .*\.$"):
        extraction.extract_videos([path], tmp_path / "clips", config)
    assert not (tmp_path / "clips" / "dance").exists()


def test_keypoints_are_of_one_video(tmp_path: pathlib.Path) -> None:
    paths = [tmp_path / name for name in ("a.mp4", "b.mp4")]
    for path in paths:
        path.write_bytes(b"")
    flags = f"--videos={tmp_path}/*.mp4", f"--out={tmp_path / 'clips'}", "--keypoints=points.npy"
    done = run_program("data.extract_clips", *flags)
    assert done.returncode == 2
    assert (
        done.stderr.strip().splitlines()[-1].endswith("keypoints must be of one video, so name one. Received: 2 videos")
    )


def test_keypoints_in_the_clip_are_not_replaced(tmp_path: pathlib.Path, parser: BrightParser) -> None:
    path, keypoints = dance(tmp_path)
    np.save(tmp_path / "points.npy", keypoints)
    config = extraction.ExtractionConfig(size=SIZE, keypoints=str(tmp_path / "points.npy"))
    extraction.extract_clip(path, tmp_path / "clip", config)
    own = extraction.ExtractionConfig(size=SIZE, keypoints=str(tmp_path / "clip" / "keypoints.npy"))
    with pytest.raises(ConfigError, match=r"keypoints\.npy"):
        extraction.extract_clip(path, tmp_path / "clip", own, overwrite=True)


def test_a_clip_that_another_process_is_making_is_refused_before_the_work(
    tmp_path: pathlib.Path, parser: BrightParser
) -> None:
    path, keypoints = dance(tmp_path)
    np.save(tmp_path / "points.npy", keypoints)
    config = extraction.ExtractionConfig(size=SIZE, keypoints=str(tmp_path / "points.npy"))
    with clips.alone(tmp_path / "clips" / "dance"), pytest.raises(ConfigError, match="no other process may be writing"):
        extraction.extract_videos([path], tmp_path / "clips", config)
    assert parser.voted == []
    assert not (tmp_path / "clips" / "dance").exists()
