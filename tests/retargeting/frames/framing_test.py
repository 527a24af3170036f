"""Tests of the framing: where the canvas lies in the picture of the video."""

import numpy as np
import pytest

from retarget_tf.arrays import Uint8Array
from retarget_tf.pictures.square_crop import SquareCrop
from retarget_tf.retargeting.frames.framing import Framing, frame_photo
from tests.retargeting.frames import puppet


def photo(height: int, width: int) -> Uint8Array:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def test_a_small_photo_keeps_its_pixels_but_for_odd_sides() -> None:
    picture = photo(61, 83)
    framed, framing = frame_photo(picture, SquareCrop(3.5, -2.0, 50.0), 25, 720)
    np.testing.assert_array_equal(framed, picture[:60, :82])
    assert framing == Framing(82, 60, SquareCrop(3.5, -2.0, 50.0), 25)
    assert framing.scale == 2


@pytest.mark.parametrize(("height", "width", "most", "shape"), [(200, 300, 100, (100, 150)), (500, 3, 64, (64, 2))])
def test_a_large_photo_is_scaled_down_with_its_canvas(
    height: int, width: int, most: int, shape: tuple[int, int]
) -> None:
    framed, framing = frame_photo(photo(height, width), SquareCrop(20.0, 40.0, 100.0), 50, most)
    assert framed.shape[:2] == (framing.height, framing.width) == shape
    scale = most / height
    assert framing.square == SquareCrop(20 * scale, 40 * scale, 100 * scale)


def test_keypoints_and_pixels_meet_in_the_picture() -> None:
    framing = Framing(80, 60, SquareCrop(10.0, 6.0, 50.0), 25)
    keypoints = np.zeros((25, 3), np.float32)
    keypoints[1] = 2.5, 4.0, 0.9
    moved = framing.to_picture(keypoints)
    np.testing.assert_allclose(moved[1], [15, 14, 0.9])
    assert not moved[0].any(), "a missing joint stays missing"
    x, y = framing.grid((slice(13, 15), slice(14, 16)))
    assert (x.shape, y.shape) == ((1, 2), (2, 1))
    # The corner between these four pixels is the joint.
    np.testing.assert_allclose([x.mean(), y.mean()], [2.5, 4.0])


def test_a_region_holds_its_mask_and_ends_with_the_picture() -> None:
    framing = Framing(80, 60, SquareCrop(-10.0, 6.0, 50.0), 25)
    mask = np.zeros((25, 25), bool)
    mask[2, 7:9] = True
    assert framing.region_of(mask, 0) == (slice(10, 12), slice(4, 8))
    assert framing.region_of(mask, 1) == (slice(8, 14), slice(2, 10))
    assert framing.region_of(mask, 90) == (slice(0, 60), slice(0, 80))
    assert framing.region_of(~mask & mask, 5) == (slice(0, 0), slice(0, 0))


def test_enlarged_values_lie_where_their_pixels_lie() -> None:
    framing = Framing(80, 60, SquareCrop(10.0, 6.0, 50.0), 25)
    columns = np.repeat(np.arange(25, dtype=np.float32)[None], 25, axis=0)
    x, _ = framing.grid(framing.whole)
    expected = np.broadcast_to(np.clip(x - 0.5, 0, 24), (60, 80))
    np.testing.assert_allclose(framing.enlarge(columns, framing.whole), expected, atol=0.05)
    region = slice(20, 40), slice(11, 33)
    np.testing.assert_allclose(
        framing.enlarge(columns, region), framing.enlarge(columns, framing.whole)[region], atol=0.05
    )


def test_at_the_same_scale_values_are_copied() -> None:
    mask = (puppet.draw_map(puppet.pose()) > 0).astype(np.float32)
    framing = puppet.framing()
    rows, columns = slice(puppet.DOWN, puppet.DOWN + puppet.SIZE), slice(puppet.RIGHT, puppet.RIGHT + puppet.SIZE)
    np.testing.assert_array_equal(framing.enlarge(mask, framing.whole)[rows, columns], mask)
