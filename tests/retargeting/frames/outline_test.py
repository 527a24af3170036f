"""Tests of the outline: what looks like a plain backdrop, where the segmenter doubts, is not the person."""

import numpy as np
import pytest

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.pictures.square_crop import SquareCrop
from retarget_tf.retargeting.frames.outline import without_backdrop

SIZE = 128
SQUARE = SquareCrop(0.0, 0.0, float(SIZE))
WHITE = 240
BODY = (slice(30, 100), slice(40, 80))
GAP = (slice(50, 80), slice(50, 58))  # backdrop that the map takes for the body
SHIRT = (slice(50, 80), slice(65, 73))  # cloth of the backdrop's colour


@pytest.fixture
def person() -> tuple[Uint8Array, Float32Array, Uint8Array]:
    """Map, opacity and photo of a dark body with a gap and a white spot, before white."""
    parsing_map, opacity = np.zeros((SIZE, SIZE), np.uint8), np.zeros((SIZE, SIZE), np.float32)
    photo = np.full((SIZE, SIZE, 3), WHITE, np.uint8)
    parsing_map[BODY], opacity[BODY], photo[BODY] = 3, 1, 40
    photo[GAP] = photo[SHIRT] = WHITE
    opacity[GAP] = 0.8
    return parsing_map, opacity, photo


def mask(*place: slice) -> BoolArray:
    inside = np.zeros((SIZE, SIZE), bool)
    inside[place] = True
    return inside


def test_a_gap_is_taken_out_and_a_white_shirt_is_not(person: tuple[Uint8Array, Float32Array, Uint8Array]) -> None:
    parsing_map, opacity, photo = person
    found, found_opacity = without_backdrop(parsing_map, opacity, photo, SQUARE)
    np.testing.assert_array_equal(found == 0, (parsing_map == 0) | mask(*GAP))
    assert found_opacity[GAP].max() == 0
    np.testing.assert_array_equal(found_opacity[~mask(*GAP)], opacity[~mask(*GAP)])


def test_a_reflection_on_the_floor_is_taken_out(person: tuple[Uint8Array, Float32Array, Uint8Array]) -> None:
    """It is a little darker than the floor, and the segmenter doubts it more."""
    parsing_map, opacity, photo = person
    reflection = slice(100, 110), slice(45, 75)
    parsing_map[reflection], opacity[reflection], photo[reflection] = 9, 0.55, WHITE - 15
    found, _ = without_backdrop(parsing_map, opacity, photo, SQUARE)
    assert (found[reflection] == 0).all()


def test_legs_that_the_segmenter_doubts_stay(person: tuple[Uint8Array, Float32Array, Uint8Array]) -> None:
    parsing_map, opacity, photo = person
    legs = slice(100, 120), slice(45, 75)
    parsing_map[legs], opacity[legs], photo[legs] = 7, 0.55, WHITE - 60
    found, _ = without_backdrop(parsing_map, opacity, photo, SQUARE)
    assert (found[legs] == 7).all()


def test_before_a_patterned_backdrop_nothing_is_taken_out(
    person: tuple[Uint8Array, Float32Array, Uint8Array],
) -> None:
    parsing_map, opacity, photo = person
    around = parsing_map == 0
    photo[around] = np.random.default_rng(0).integers(180, 255, (int(around.sum()), 3))
    found, found_opacity = without_backdrop(parsing_map, opacity, photo, SQUARE)
    np.testing.assert_array_equal(found, parsing_map)
    np.testing.assert_array_equal(found_opacity, opacity)


def test_someone_who_looks_like_the_backdrop_stays(person: tuple[Uint8Array, Float32Array, Uint8Array]) -> None:
    parsing_map, opacity, photo = person
    photo[:], opacity[BODY] = WHITE, 0.8
    np.testing.assert_array_equal(without_backdrop(parsing_map, opacity, photo, SQUARE)[0], parsing_map)


def test_a_person_who_fills_the_photo_stays() -> None:
    everywhere = np.full((SIZE, SIZE), 3, np.uint8)
    photo = np.full((SIZE, SIZE, 3), WHITE, np.uint8)
    found, _ = without_backdrop(everywhere, np.full((SIZE, SIZE), 0.7, np.float32), photo, SQUARE)
    np.testing.assert_array_equal(found, everywhere)
