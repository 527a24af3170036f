"""Tests of skirts that are moved by `limb_warp`: the person of `limb_warp_test` in a skirt, and in wide shorts."""

import numpy as np
import pytest

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body.limb_warp import skirts
from retarget_tf.body.parsing_labels import LIP20, PARTS10, LabelSchema
from tests.body.limb_warp_test import SIZE, paint, person, warp

CLOTH = PARTS10.classes.index("lower_clothes")
HIP, HEM = 33, 43  # rows of the garment
WIDE_STEP = person(left_knee=(9, 9), left_ankle=(15, 18), right_knee=(-9, 9), right_ankle=(-15, 18))


def dressed(*, widens: float, slit: int = 0, x: float = 32.3) -> Uint8Array:
    """The map of a person in a garment that is 10 pixels wide at the hips and by `widens` wider at the hem.

    The slit, as wide as that in pixels, divides it below the hips.
    """
    parsing_map = paint(person(x))
    parsing_map[parsing_map == CLOTH] = PARTS10.classes.index("left_leg")
    column = np.arange(SIZE) + 0.5 - x
    for row in range(HIP, HEM):
        half = 5 + widens / 2 * (row - HIP) / (HEM - 1 - HIP)
        parsing_map[row, (abs(column) < half) & ~((abs(column) < slit / 2) & (row > HIP + 2))] = CLOTH
    return parsing_map


def between_legs(parsing_map: Uint8Array, rows: slice = slice(36, 40)) -> Uint8Array:
    """What lies between both legs, from one thigh's middle to the other's."""
    return parsing_map[rows, 29:36]


def without_skirts(monkeypatch: pytest.MonkeyPatch, parsing_map: Uint8Array, keypoints: Float32Array) -> Uint8Array:
    with monkeypatch.context() as patch:
        patch.setattr(skirts, "_WIDER", 100.0)
        patch.setattr(skirts, "_FLARED", 100.0)
        return warp(parsing_map, person(), keypoints)


def test_a_skirt_stays_filled_in_a_wide_step(monkeypatch: pytest.MonkeyPatch) -> None:
    skirt = dressed(widens=6)
    assert np.all(between_legs(warp(skirt, person(), WIDE_STEP)) == CLOTH)
    assert not np.all(between_legs(without_skirts(monkeypatch, skirt, WIDE_STEP)) == CLOTH), "the test shows nothing"


def test_a_hem_is_straight_between_spread_legs() -> None:
    # On a thigh, spread by 35 degrees, the hem lies 9.6 pixels from the hip: in row 33.4 + 9.6 * 0.82 = 41. At that
    # distance along both thighs the middle would lie in row 33.4 + 9.6 / 0.82 = 45.
    warped = warp(dressed(widens=6), person(), WIDE_STEP)
    assert np.flatnonzero(warped[:, 32] == CLOTH)[-1] in (41, 42)


def test_a_skirt_at_rest_is_the_photos_own() -> None:
    skirt = dressed(widens=6)
    np.testing.assert_array_equal(warp(skirt, person(), person()), skirt)


@pytest.mark.parametrize(
    "garment",
    [
        pytest.param(dressed(widens=0), id="straight"),
        pytest.param(dressed(widens=6, slit=4), id="divided"),
        pytest.param(paint(person()), id="shorts"),
    ],
)
def test_other_garments_are_warped_as_if_there_were_no_skirts(
    garment: Uint8Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.testing.assert_array_equal(warp(garment, person(), WIDE_STEP), without_skirts(monkeypatch, garment, WIDE_STEP))


def test_folded_and_crossed_legs_do_not_tear_a_skirt(monkeypatch: pytest.MonkeyPatch) -> None:
    skirt = dressed(widens=6)
    crossed = person(left_knee=(-4, 10), right_knee=(4, 10), left_ankle=(-8, 18), right_ankle=(8, 18))
    kneeling = person(left_knee=(8, 1), left_ankle=(4, 10), right_knee=(-3, 10), right_ankle=(-12, 8))
    for pose in (crossed, kneeling):
        count = np.sum(warp(skirt, person(), pose) == CLOTH)
        assert count < 1.6 * np.sum(skirt == CLOTH)
        assert count >= np.sum(without_skirts(monkeypatch, skirt, pose) == CLOTH)


def in_lip20(parsing_map: Uint8Array, schema: LabelSchema, garment: str) -> Uint8Array:
    table = np.array([schema.classes.index({"lower_clothes": garment, "shoes": "left_shoe"}.get(name, name))
                      for name in PARTS10.classes], np.uint8)  # fmt: skip
    return table[parsing_map]


@pytest.mark.parametrize("garment", ["skirt", "dress"])
def test_skirts_and_dresses_of_another_schema(garment: str) -> None:
    warped = warp(in_lip20(dressed(widens=6), LIP20, garment), person(), WIDE_STEP, LIP20)
    assert np.all(between_legs(warped) == LIP20.classes.index(garment))
