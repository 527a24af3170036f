"""Tests of frames written as a folder of PNG files."""

import json
import pathlib

import numpy as np
import PIL.Image
import pytest

from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import ConfigError
from retarget_tf.pictures import image_files, video


def rgba(count: int) -> list[Uint8Array]:
    return list(np.random.default_rng(0).integers(0, 256, (count, 5, 7, 4), np.uint8))


def write(folder: pathlib.Path, frames: list[Uint8Array], metadata: dict[str, str] | None = None) -> pathlib.Path:
    with video.open_writer(folder, 25, metadata=metadata) as writer:
        assert isinstance(writer, video.PngFolderWriter)
        for frame in frames:
            writer.write(frame)
    return folder


def names(folder: pathlib.Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_frames_come_back_with_alpha_and_comment(tmp_path: pathlib.Path) -> None:
    frames = rgba(3)
    folder = write(tmp_path / "frames", frames, metadata={"comment": "generated, é", "title": "舞"})
    assert names(folder) == ["000000.png", "000001.png", "000002.png"]
    for frame, name in zip(frames, names(folder), strict=True):
        with PIL.Image.open(folder / name) as image:
            np.testing.assert_array_equal(np.asarray(image), frame)
            assert image.info["Comment"] == "generated, é"
            assert image.info["Title"] == "舞"


def test_times_are_listed(tmp_path: pathlib.Path) -> None:
    with video.open_writer(tmp_path / "frames", 25) as writer:
        for frame, seconds in zip(rgba(2), (0, 1 / 3), strict=True):
            writer.write(frame[..., :3], seconds)
    assert names(tmp_path / "frames") == ["000000.png", "000001.png", "frames.json"]
    times = json.loads((tmp_path / "frames" / "frames.json").read_text())
    assert times == {"fps": 25, "seconds": [0.0, 0.333333]}


def test_only_its_own_files_are_replaced(tmp_path: pathlib.Path) -> None:
    folder = write(tmp_path / "frames", rgba(3))
    (folder / "frames.json").write_text("{}")
    video.check_output(folder)
    assert names(write(folder, rgba(1))) == ["000000.png"]
    image_files.write_png(folder / "000001.png", rgba(1)[0][..., :3])  # a numbered picture of someone else
    for refuse in (video.check_output, lambda folder: write(folder, rgba(1))):
        with pytest.raises(ConfigError, match=r"000001\.png is something else"):
            refuse(folder)
    assert names(folder) == ["000000.png", "000001.png"]


def test_an_empty_folder_is_taken_and_a_file_is_not(tmp_path: pathlib.Path) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "empty", rgba(1))
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="a folder to write must not exist already"):
        video.check_output(tmp_path / "file")


def test_nothing_is_left_on_an_error(tmp_path: pathlib.Path) -> None:
    frame = rgba(1)[0]
    with pytest.raises(ValueError, match=r"all frames must be .* Received: frame=\(5, 6, 4\)"):
        write(tmp_path / "frames", [frame, frame[:, 1:]])
    with pytest.raises(ValueError, match="must have at least one"):
        write(tmp_path / "frames", [])
    assert names(tmp_path) == []
