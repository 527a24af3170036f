"""Tests of enlarging maps: outlines near to the true ones, thin parts whole, and no classes but the map's own."""

import cv2
import numpy as np
import pytest

from retarget_tf.arrays import BoolArray, Uint8Array
from retarget_tf.pictures.enlarging import enlarge_map

SIZE, SIDE = 32, 128


def disc(size: int) -> Uint8Array:
    """A head of hair: class 1 around class 2, drawn at the centres of pixels."""
    y, x = (np.indices((size, size)) + 0.5) / size - 0.52
    radius = np.hypot(x, y)
    return np.where(radius < 0.25, 2, np.where(radius < 0.4, 1, 0)).astype(np.uint8)


def bar(size: int, degrees: float) -> BoolArray:
    """A bar that is as wide as two of 32 pixels."""
    y, x = (np.indices((size, size)) + 0.5) / size - 0.5
    angle = np.deg2rad(degrees)
    across, along = x * np.sin(angle) - y * np.cos(angle), x * np.cos(angle) + y * np.sin(angle)
    return np.asarray((np.abs(across) < 1 / SIZE) & (np.abs(along) < 0.4))


def test_outlines_are_nearer_to_the_true_ones_than_repeated_pixels() -> None:
    truth = disc(SIDE)
    repeated = disc(SIZE).repeat(4, axis=0).repeat(4, axis=1)
    assert (enlarge_map(disc(SIZE), SIDE) != truth).sum() < 0.75 * (repeated != truth).sum()


@pytest.mark.parametrize("degrees", [0, 10, 30, 45, 70, 90])
@pytest.mark.parametrize("beside", [0, 7])
def test_a_thin_limb_stays_whole(degrees: float, beside: int) -> None:
    limb = bar(SIZE, degrees)
    clothes = np.arange(SIZE) < SIZE // 2  # in front of it on one side
    enlarged = enlarge_map(np.where(limb, 5, np.where(clothes, beside, 0)).astype(np.uint8), SIDE) == 5
    pieces, _ = cv2.connectedComponents(enlarged.astype(np.uint8), connectivity=4)
    assert pieces == 2, "the limb, and what is not the limb"
    assert enlarged.sum() == pytest.approx(16 * limb.sum(), rel=0.15)


def test_a_lone_row_of_pixels_is_kept() -> None:
    parsing_map = np.zeros((SIZE, SIZE), np.uint8)
    parsing_map[10:20, 15] = 5
    assert (enlarge_map(parsing_map, SIDE)[48:72, 60:64] == 5).any(axis=1).all()


def test_a_map_keeps_its_classes_and_the_place_of_every_large_part() -> None:
    parsing_map = np.zeros((SIZE, SIZE), np.uint8)
    parsing_map[:, SIZE // 2 :] = 9
    parsing_map[SIZE // 2 :, SIZE // 2 :] = 255  # unknown, far from 9: no class between them appears
    np.testing.assert_array_equal(enlarge_map(parsing_map, SIDE)[32::64, 32::64], [[0, 9], [0, 255]])
    assert set(np.unique(enlarge_map(parsing_map, 100))) == {0, 9, 255}
    np.testing.assert_array_equal(enlarge_map(parsing_map, SIDE)[:48], parsing_map.repeat(4, 0).repeat(4, 1)[:48])


def test_a_map_of_the_size_wanted_is_not_changed() -> None:
    parsing_map = np.random.default_rng(0).integers(0, 10, (SIZE, SIZE)).astype(np.uint8)
    assert enlarge_map(parsing_map, SIZE).tobytes() == parsing_map.tobytes()
