"""Tests of cameras: of a stream that is faster than its reader only the newest pictures are seen, at their times."""

import time
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest

from retarget_tf.errors import InputDataError
from retarget_tf.footage import cameras
from retarget_tf.pictures import video


def numbered(count: int, pause: float = 0.0) -> Generator[cameras.Shot, None, None]:
    for number in range(count):
        yield cameras.Shot(np.full((2, 2, 3), number, np.uint8), float(number))
        time.sleep(pause)


def test_what_was_taken_meanwhile_is_dropped() -> None:
    seen = []
    for shot in cameras.newest(numbered(20, 0.01)):
        seen.append(int(shot.picture[0, 0, 0]))
        time.sleep(0.06)
    assert len(seen) < 12
    assert seen == sorted(set(seen)), "never one twice, never an older one"
    assert seen[-1] == 19, "the last one is not lost"


def test_an_error_of_the_camera_reaches_the_reader() -> None:
    def broken() -> Generator[cameras.Shot, None, None]:
        yield from numbered(1)
        raise InputDataError("camera 0: gives no more pictures. Check its cable, and run this again.")

    with pytest.raises(InputDataError, match="no more pictures"):
        list(cameras.newest(broken()))


def test_a_reader_that_leaves_ends_the_camera() -> None:
    is_released = False

    def endless() -> Generator[cameras.Shot, None, None]:
        nonlocal is_released
        try:
            while True:
                yield from numbered(1, 0.001)
        finally:
            is_released = True

    shots = cameras.newest(endless())
    next(shots)
    shots.close()
    assert is_released


def test_a_file_is_played_at_its_times(tmp_path: Path) -> None:
    with video.open_writer(tmp_path / "v.mp4", 20) as writer:
        for number in range(10):
            writer.write(np.full((64, 64, 3), number * 20, np.uint8))
    start = time.monotonic()
    shots = list(cameras.played(tmp_path / "v.mp4"))
    assert time.monotonic() - start >= 0.45
    np.testing.assert_allclose(np.diff([shot.taken for shot in shots]), 0.05, atol=1e-3)


def test_a_camera_that_is_not_there_is_told_in_a_line() -> None:
    with pytest.raises(InputDataError, match=r"camera 77: cannot be opened; .* --camera\.$"):
        next(cameras.camera(77))
