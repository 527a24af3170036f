"""Tests of cuts: found where a new shot begins, and of the doubts about the person that they raise."""

import functools

import numpy as np

from retarget_tf.arrays import Uint8Array
from retarget_tf.footage.people import choosing, cuts
from tests.testing import dancing

Frames = list[Uint8Array]


@functools.cache
def dance(person: int) -> Frames:
    return [frame for frame, _, _ in dancing(30, person=person)]


def found(frames: Frames) -> list[int]:
    noted: list[int] = []
    seen = list(cuts.noting_cuts(frames, noted))
    assert len(seen) == len(frames)
    assert all(one is other for one, other in zip(seen, frames, strict=True))
    return noted


def plain(level: int, count: int = 1) -> Frames:
    return [np.full_like(dance(1)[0], level)] * count


def test_a_cut_is_found_and_a_fast_dance_is_none() -> None:
    assert found(dance(1)) == []
    assert found([*dance(1), *dance(3)]) == [30]
    assert found([*dance(1), *dance(3), *dance(1)]) == [30, 60]
    assert found([]) == []


def test_a_flash_is_no_cut() -> None:
    for length in (1, 2, 5):
        assert found([*dance(1)[:15], *plain(255, length), *dance(1)[15:]]) == []
    assert found([*dance(1), *plain(255, 2), *dance(3)]) == [30]  # between shots: once


def test_black_last_frames_are_no_cut() -> None:
    for length in (1, 5):
        assert found([*dance(1), *plain(0, length)]) == []
    assert found([*dance(1), *plain(0, 20)]) == [30]


def test_a_cut_is_told_where_somebody_is_followed_across_it() -> None:
    keypoints = np.zeros((60, 25, 3), np.float32)
    keypoints[10:20] = keypoints[40:50] = 1
    assert choosing.between_people([5, 10, 15, 25, 35, 55], keypoints) == [15, 35]
    assert choosing.between_people([], keypoints) == []


def test_doubts_within_a_second_are_told_once() -> None:
    assert choosing.merged_doubts({42, 30, 31, 60, 61, 200}, 30.0) == [30, 61, 200]
