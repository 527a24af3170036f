"""Tests of the plate: the picture's bytes away from the person, and nothing of the person in what is filled in."""

import sys

import numpy as np
import pytest
from absl import logging

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.errors import InputDataError
from retarget_tf.retargeting.frames import plate

HEIGHT, WIDTH = 120, 100
RED = np.array([255, 0, 0], np.float32)


def gradient() -> Uint8Array:
    """A wall that is darker towards the floor and towards the right, without red."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    return np.rint(np.stack([0 * x, 200 - y / 2, 180 - x / 2], axis=-1)).astype(np.uint8)


def room() -> Uint8Array:
    """A light wall above row 80, a darker floor below."""
    picture = np.full((HEIGHT, WIDTH, 3), (0, 210, 220), np.uint8)
    picture[80:] = (0, 120, 90)
    return picture


def stripes() -> Uint8Array:
    """Vertical stripes of 4 pixels, without red."""
    dark = np.arange(WIDTH) // 4 % 2 == 0
    return np.where(dark[None, :, None], (0, 40, 60), (0, 220, 200)).astype(np.uint8).repeat(HEIGHT, axis=0)


def person() -> Float32Array:
    """Alpha of a trunk of 60 x 20 pixels on two legs 6 pixels apart; a soft edge of 2 pixels on the left."""
    alpha = np.zeros((HEIGHT, WIDTH), np.float32)
    alpha[20:80, 40:60] = 1
    alpha[80:100, 40:47] = alpha[80:100, 53:60] = 1
    alpha[20:100, 39], alpha[20:100, 38] = 0.6, 0.2
    return alpha


def laid_over(background: Uint8Array, alpha: Float32Array) -> Uint8Array:
    """The background with a red person."""
    opacity = alpha[..., None]
    return np.rint(background * (1 - opacity) + RED * opacity).astype(np.uint8)


def distance_to(area: BoolArray) -> Float32Array:
    """Distance of each pixel to the area, by its definition."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    rows, columns = np.nonzero(area)
    squares = (y[..., None] - rows) ** 2 + (x[..., None] - columns) ** 2
    return np.sqrt(squares.min(axis=-1)).astype(np.float32)


@pytest.fixture
def without_extra(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Makes `import patchmatch` fail; returns what is logged."""
    said: list[str] = []
    monkeypatch.setitem(sys.modules, "patchmatch", None)
    monkeypatch.setattr(logging, "info", lambda text, *values: said.append(text % values))
    return said


def test_the_area_has_the_soft_edge_a_margin_and_no_gaps() -> None:
    area = plate.person_area(person())
    far = distance_to(person() > 0.1)
    assert area[far <= 0.025 * 80].all()
    assert not area[far > 0.055 * 80 + 1].any()
    assert area[80:98, 40:60].all()  # between the legs, which are 6 pixels apart, but not at the open end


def test_a_speck_elsewhere_is_not_the_person() -> None:
    alpha = person()
    alpha[5:9, 5:9] = 1
    assert (plate.person_area(alpha) == plate.person_area(person())).all()


def test_nobody_is_no_area() -> None:
    nobody = np.full((HEIGHT, WIDTH), 0.4, np.float32)
    assert not plate.person_area(nobody).any()
    assert (plate.make_plate(room(), plate.person_area(nobody)) == room()).all()


@pytest.mark.parametrize("background", [gradient(), room(), stripes()], ids=["gradient", "room", "stripes"])
def test_away_from_the_person_every_byte_is_the_pictures(background: Uint8Array) -> None:
    picture = laid_over(background, person())
    area = plate.person_area(person())
    area[105:110, 30:70] = True
    made = plate.make_plate(picture, area)
    assert (made[~area] == picture[~area]).all()
    assert made.dtype == np.uint8
    assert made[..., 0].max() <= 1, "some of the red person is left"
    assert (made == plate.make_plate(picture, area)).all(), "it must not depend on chance"


@pytest.mark.parametrize("background", [gradient(), room(), stripes()], ids=["gradient", "room", "stripes"])
@pytest.mark.usefixtures("without_extra")
def test_without_the_extra_nothing_leaks_either(background: Uint8Array) -> None:
    made = plate.make_plate(laid_over(background, person()), plate.person_area(person()))
    assert made[..., 0].max() <= 1
    assert (made == plate.make_plate(laid_over(background, person()), plate.person_area(person()))).all()


def test_a_plain_wall_is_filled_smoothly_and_needs_no_extra(without_extra: list[str]) -> None:
    made = plate.make_plate(laid_over(gradient(), person()), plate.person_area(person())).astype(int)
    assert np.abs(made - gradient()).max() <= 4
    assert not without_extra


def test_a_missing_extra_is_told_and_a_floor_line_still_goes_on(without_extra: list[str]) -> None:
    made = plate.make_plate(laid_over(room(), person()), plate.person_area(person())).astype(int)
    wrong = np.abs(made - room()).max(axis=-1)
    assert wrong[:76].max() < 20
    assert wrong[85:].max() < 20
    assert len(without_extra) == 1
    assert without_extra[0].endswith("pip install 'retarget_tf[inpaint]'")


def test_the_extra_continues_stripes() -> None:
    pytest.importorskip("patchmatch", reason="the extra `inpaint` is not installed")
    made = plate.make_plate(laid_over(stripes(), person()), plate.person_area(person())).astype(int)
    assert (np.abs(made - stripes()).max(axis=-1) < 60).mean() > 0.97


def test_a_person_at_the_border_and_a_tiny_picture() -> None:
    alpha = np.zeros((40, 30), np.float32)
    alpha[10:, :12] = 1
    picture = np.full((40, 30, 3), (10, 200, 30), np.uint8)
    picture[alpha > 0] = RED
    assert np.abs(plate.make_plate(picture, plate.person_area(alpha)).astype(int) - (10, 200, 30)).max() <= 2


def test_grain_goes_on_behind_the_person() -> None:
    noise = np.random.default_rng(1).normal(0, 3, (HEIGHT, WIDTH, 1))
    background = np.clip(gradient() + noise, 0, 255).astype(np.uint8)
    made = plate.make_plate(laid_over(background, person()), plate.person_area(person())).astype(float)
    rough = np.diff(made[25:75, 42:58, 1], axis=1).std() / np.diff(background[25:75, 42:58, 1].astype(float)).std()
    assert 0.4 < rough < 1.6


def test_refuses_a_picture_without_background_and_another_size() -> None:
    everywhere = np.ones((HEIGHT, WIDTH), bool)
    with pytest.raises(InputDataError, match="the person covers all of the picture"):
        plate.make_plate(room(), everywhere)
    with pytest.raises(ValueError, match=r"alpha must be as large as its picture, \(120, 100\). Received: shape="):
        plate.plate_of_frames([room()], [everywhere[1:].astype(np.float32)])


def test_frames_of_a_still_camera_show_what_one_hides() -> None:
    background = np.random.default_rng(0).integers(0, 200, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    background[..., 0] = 0
    alphas = [np.roll(person(), shift, axis=1) for shift in (-35, 0, 35)]
    made = plate.plate_of_frames((laid_over(background, alpha) for alpha in alphas), alphas)
    assert (made == background).all()


def test_only_what_no_frame_shows_is_filled_in() -> None:
    alphas = [np.roll(person(), shift, axis=1) for shift in (0, 5)]
    frames = [laid_over(gradient(), alpha) for alpha in alphas]
    made = plate.plate_of_frames(frames, alphas).astype(int)
    hidden = np.logical_and(*(plate.person_area(alpha) for alpha in alphas))
    assert hidden.any()
    assert (made[~hidden] == gradient()[~hidden]).all()
    assert np.abs(made - gradient()).max() <= 4


def test_a_median_ignores_what_passes_by_and_keeps_few_frames() -> None:
    alpha = np.zeros((HEIGHT, WIDTH), np.float32)
    frames = [room() for _ in range(60)]
    for index in range(0, 60, 12):
        frames[index][:10] = 255
    assert (plate.plate_of_frames(frames, [alpha] * 60) == room()).all()


def test_frames_of_another_exposure_leave_no_outline() -> None:
    alphas = [np.roll(person(), shift, axis=1) for shift in (-35, 0, 35)]
    brighter = [gradient() + np.array([0, light, light], np.uint8) for light in (0, 9, 4)]
    made = plate.plate_of_frames([laid_over(b, a) for b, a in zip(brighter, alphas, strict=True)], alphas)
    assert (made == gradient()).all()


def test_refuses_no_frames() -> None:
    with pytest.raises(InputDataError, match="there are no frames"):
        plate.plate_of_frames([], [])
