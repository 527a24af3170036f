"""Tests of square crops: pictures, maps and points must stay aligned."""

import numpy as np
import pytest

from retarget_tf.arrays import Float32Array
from retarget_tf.pictures.square_crop import SquareCrop


def ramp(height: int, width: int) -> Float32Array:
    """Float32 `[height, width]` whose value is the x of the pixel's centre."""
    return np.tile(np.arange(width, dtype=np.float32) + 0.5, (height, 1))


def test_whole_picture_is_left_as_it_is() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    np.testing.assert_array_equal(SquareCrop(0, 0, 16).apply(picture, 16), picture)
    np.testing.assert_array_equal(SquareCrop(0, 0, 16).apply_map(picture[..., 0], 16), picture[..., 0])


def test_edge_pixels_go_on_outside() -> None:
    picture = np.arange(1, 5, dtype=np.uint8).reshape(2, 2)
    expected = [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
    np.testing.assert_array_equal(SquareCrop(-1, -1, 4).apply(picture, 4), expected)
    np.testing.assert_array_equal(SquareCrop(-1, -1, 4).apply_map(picture, 4), expected)


@pytest.mark.parametrize(
    ("left", "side", "expected"),
    [(0.5, 4, [1, 2, 3, 4]), (-0.5, 4, [0, 1, 2, 3]), (0, 8, [1, 3, 5, 7]), (0.25, 6, [1, 2, 4, 5])],
)
def test_a_map_takes_the_pixel_that_the_centre_lies_in(left: float, side: float, expected: list[int]) -> None:
    """Also where that lies between two pixels: it is the right one of them."""
    row = np.arange(9, dtype=np.uint8)
    found = SquareCrop(left, 0, side).apply_map(np.tile(row, (9, 1)), 4)
    np.testing.assert_array_equal(found, np.tile(np.array(expected), (4, 1)))


def test_shrinking_averages_whole_blocks() -> None:
    picture = np.asarray([[0, 100, 10, 20], [100, 200, 30, 40]] * 2, np.uint8)
    np.testing.assert_array_equal(SquareCrop(0, 0, 4).apply(picture, 2), [[100, 25], [100, 25]])


@pytest.mark.parametrize(("left", "side", "size"), [(3.0, 20.0, 20), (2.5, 10.0, 32), (0.0, 40.0, 16), (4.3, 31.0, 7)])
def test_pixels_and_points_move_alike(left: float, side: float, size: int) -> None:
    """On a ramp the value that is found at a moved point is the x that the point had."""
    crop = SquareCrop(left, 5.0, side)
    found = crop.apply(ramp(60, 60), size)
    x = np.linspace(left + side / size, left + side - side / size, 25, dtype=np.float32)
    keypoints = np.stack([x, np.full(25, 10, np.float32), np.ones(25, np.float32)], axis=-1)
    moved = crop.move_keypoints(keypoints, size)[:, 0]
    at = np.interp(moved, np.arange(size) + 0.5, found[size // 2])
    np.testing.assert_allclose(at, x, atol=0.05 * max(1.0, side / size))


def test_missing_points_stay_missing() -> None:
    keypoints = np.zeros((2, 25, 3), np.float32)
    keypoints[0, 4] = 30, 20, 0.5
    moved = SquareCrop(10, 10, 40).move_keypoints(keypoints, 20)
    np.testing.assert_array_equal(moved[0, 4], [10, 5, 0.5])
    assert np.count_nonzero(moved) == 3


def test_a_square_seen_from_another() -> None:
    inner, outer = SquareCrop(20, 30, 10), SquareCrop(10, 10, 40)
    assert inner.relative_to(outer, 80) == SquareCrop(20, 40, 20)


def test_side_must_be_positive() -> None:
    with pytest.raises(ValueError, match=r"side must be positive. Received: side=0"):
        SquareCrop(0, 0, 0)
