"""Tests of animated pictures that are read as videos."""

import pathlib
from typing import Any

import numpy as np
import PIL.Image
import pytest

from retarget_tf.errors import InputDataError
from retarget_tf.pictures import video


def milliseconds(path: pathlib.Path) -> list[int]:
    return [round(1000 * frame.seconds) for frame in video.read_timed_frames(path)]


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".avif"])
def test_animated_pictures_are_videos(tmp_path: pathlib.Path, suffix: str) -> None:
    pictures = [PIL.Image.new("RGB", (64, 48), (20 + 40 * index, 60, 200)) for index in range(5)]
    options: dict[str, Any] = {"lossless": True} if suffix == ".webp" else {}
    path = tmp_path / f"a{suffix}"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=[40, 40, 80, 200, 40], **options)
    assert milliseconds(path) == [0, 40, 80, 160, 360]
    read = list(video.read_frames(path, at_one_rate=False))
    np.testing.assert_allclose([frame[20, 30] for frame in read], [(20 + 40 * t, 60, 200) for t in range(5)], atol=4)
    assert video.probe(path).fps == pytest.approx(12.5, rel=0.2)
    if suffix == ".webp":
        path.write_bytes(path.read_bytes()[:-100])
        with pytest.raises(InputDataError, match=r"a\.webp frame 0: cannot be decoded .* Copy it again\.$"):
            list(video.read_frames(path))


def test_transparent_animations_lie_on_white(tmp_path: pathlib.Path) -> None:
    clear = [PIL.Image.new("RGBA", (16, 16), (10 * index, 0, 0, 0)) for index in range(2)]
    for name in ("a.webp", "a.gif"):
        clear[0].save(tmp_path / name, save_all=True, append_images=clear[1:], duration=40)
        assert {int(frame.min()) for frame in video.read_frames(tmp_path / name)} == {255}, name
