"""Tests of reading a folder of numbered pictures as a video."""

import pathlib

import numpy as np
import pytest
from absl import logging

from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import InputDataError
from retarget_tf.pictures import image_files, video

SHADES = (40, 120, 200)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(logging, "warning", lambda text, *values: lines.append(text % values))
    return lines


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """Pictures 8, 9 and 10, whose names sort otherwise."""
    for number, shade in zip((8, 9, 10), SHADES, strict=True):
        image_files.write_png(tmp_path / f"frame_{number}.png", picture(shade))
    (tmp_path / "notes.txt").write_text("not a frame")
    return tmp_path


def picture(shade: int, width: int = 6) -> Uint8Array:
    return np.full((4, width, 3), shade, np.uint8)


def test_pictures_are_the_frames_of_a_video(folder: pathlib.Path, said: list[str]) -> None:
    options = video.ReadOptions(fps=10)
    assert video.probe(folder, options) == video.VideoInfo(6, 4, 10.0, 3)
    assert [int(frame[0, 0, 0]) for frame in video.read_frames(folder, options)] == list(SHADES)
    timed = list(video.read_timed_frames(folder, options))
    assert [(frame.seconds, frame.duration) for frame in timed] == [(0.0, 0.1), (0.1, 0.1), (0.2, 0.1)]
    empty = list(video.read_timed_frames(folder, options, pictures=False))
    assert [frame.frame.size for frame in empty] == [0, 0, 0]
    assert said == []
    assert video.find_videos(str(folder)) == [str(folder)]


def test_without_a_rate_it_is_25_and_said_once(folder: pathlib.Path, said: list[str]) -> None:
    for _ in range(2):
        assert video.probe(folder).fps == 25
    assert said == [f"frames {folder}: are taken as 25 frames per second. If they are not, give --fps."]


def test_what_was_written_as_pictures_is_read_at_its_rate(tmp_path: pathlib.Path, said: list[str]) -> None:
    with video.PngFolderWriter(tmp_path / "frames", 12.5) as writer:
        for index, shade in enumerate(SHADES):
            writer.write(picture(shade), index / 12.5)
    assert video.probe(tmp_path / "frames").fps == 12.5
    assert said == []


def test_a_picture_of_another_size_is_named(folder: pathlib.Path) -> None:
    image_files.write_png(folder / "frame_11.png", picture(9, width=5))
    with pytest.raises(InputDataError, match=r"^frame .*frame_11\.png: is 5x4, those before 6x4\. Give frames"):
        list(video.read_frames(folder))


def test_times_need_no_pixels(folder: pathlib.Path) -> None:
    (folder / "frame_10.png").write_bytes(b"damaged")
    options = video.ReadOptions(fps=10)
    assert [frame.seconds for frame in video.read_timed_frames(folder, options, pictures=False)] == [0.0, 0.1, 0.2]
    with pytest.raises(InputDataError, match=r"^photo .*frame_10\.png: "):
        list(video.read_timed_frames(folder, options))


def test_larger_pictures_than_allowed_are_refused(folder: pathlib.Path) -> None:
    with pytest.raises(InputDataError, match=rf"^video {folder}: is 6x4, more than 23 pixels\. Scale it down"):
        video.probe(folder, video.ReadOptions(max_pixels=23))


def test_a_folder_without_pictures_is_told(tmp_path: pathlib.Path) -> None:
    (tmp_path / "dance.mp4").touch()
    with pytest.raises(InputDataError, match=rf"without pictures\. Give a pattern of .* in it: {tmp_path}/\*\.mp4\.$"):
        video.find_videos(str(tmp_path))
    with pytest.raises(InputDataError, match=r"^frames .*: holds no file that ends in \.jpeg.*\. Give the folder of"):
        video.probe(tmp_path)
