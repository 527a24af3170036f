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


@pytest.mark.parametrize(
    ("rows", "class_id", "darker", "stays"),
    [
        pytest.param(slice(100, 110), 9, 15, False, id="a reflection on the floor"),
        pytest.param(slice(100, 120), 7, 60, True, id="legs"),
    ],
)
def test_what_the_segmenter_doubts_stays_if_it_is_much_darker_than_the_floor(
    person: tuple[Uint8Array, Float32Array, Uint8Array], rows: slice, class_id: int, darker: int, stays: bool
) -> None:
    parsing_map, opacity, photo = person
    below = rows, slice(45, 75)
    parsing_map[below], opacity[below], photo[below] = class_id, 0.55, WHITE - darker
    found, _ = without_backdrop(parsing_map, opacity, photo, SQUARE)
    assert (found[below] == (class_id if stays else 0)).all()


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
