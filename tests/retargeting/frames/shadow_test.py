"""Tests of contact shadows: found only where they are sure, drawn only under feet on the floor."""

import numpy as np
import pytest

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.retargeting.frames import shadow

HEIGHT, WIDTH = 260, 240
SOLE = 220.0  # y of the feet on the floor
FLOOR = 180


def pose(dx: float = 0.0, lift: float = 0.0) -> Float32Array:
    """A person of 200 pixels, so with feet of 30, from the nose at y = 20 to the feet; `lift` raises the left foot."""
    keypoints = np.zeros((25, 3), np.float32)
    for name, x, y in (
        ("nose", 120.0, 20.0),
        ("left_heel", 140.0, SOLE - lift),
        ("left_big_toe", 150.0, SOLE - lift),
        ("right_heel", 100.0, SOLE),
        ("right_big_toe", 90.0, SOLE),
    ):
        keypoints[skeleton.JOINT[name]] = (x + dx, y, 1)
    return keypoints


def alpha() -> Float32Array:
    """The person's opacity: two legs, which end at the soles."""
    opacity = np.zeros((HEIGHT, WIDTH), np.float32)
    opacity[20 : int(SOLE), 88:104] = opacity[20 : int(SOLE), 136:152] = 1
    return opacity


def photo(strength: float) -> Uint8Array:
    """Grey floor with a shadow of a Gaussian of 10 x 8 pixels below each foot, and blue legs."""
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    light = np.ones((HEIGHT, WIDTH))
    for middle in (95.0, 145.0):
        light -= strength * np.exp(-((x - middle) ** 2) / 200 - (y - SOLE) ** 2 / 128)
    picture = np.rint(FLOOR * light)[..., None].repeat(3, axis=-1).astype(np.uint8)
    picture[alpha() > 0] = (20, 30, 200)
    return picture


def found(strength: float = 0.4) -> shadow.Shadow:
    return shadow.find_shadow(photo(strength), alpha(), pose())


def test_finds_the_shadow_and_about_how_dark_it_is() -> None:
    dark = found(0.4)
    assert 0.15 < dark.strength <= 0.4
    assert dark.area[int(SOLE) + 6, 95]
    assert dark.area[int(SOLE) + 6, 145]
    assert not dark.area[alpha() > 0].any()
    assert not dark.area[:180].any()
    assert found(0.2).strength < dark.strength


def test_a_length_of_a_foot_is_its_share_of_the_person() -> None:
    assert found().foot_length == pytest.approx(0.15 * 200)


def test_a_photo_without_a_shadow_gets_none() -> None:
    bare = found(0.0)
    assert bare.strength == 0
    assert not bare.area.any()
    plate = np.full((HEIGHT, WIDTH, 3), FLOOR, np.uint8)
    assert (shadow.lay_shadow(plate, photo(0.0), bare, pose(30), SOLE) == plate).all()


def test_dark_shoes_of_a_small_person_are_no_shadow() -> None:
    """Blur against grain must not carry them onto the floor, which it does over 3 pixels of a foot of 6."""
    small = np.full((HEIGHT // 5, WIDTH // 5, 3), FLOOR, np.uint8)
    opacity = np.zeros(small.shape[:2], np.float32)
    opacity[4:44, 18:21] = opacity[4:44, 27:30] = 1
    small[opacity > 0] = 10
    dark = shadow.find_shadow(small, opacity, pose() * np.array([0.2, 0.2, 1], np.float32))
    assert dark.strength == 0
    assert not dark.area.any()


def test_nothing_is_found_on_a_patterned_floor() -> None:
    picture = photo(0.4).astype(np.float32)
    picture *= np.where(np.arange(WIDTH) // 6 % 2, 1.0, 0.6)[None, :, None]
    assert shadow.find_shadow(picture.astype(np.uint8), alpha(), pose()).strength == 0


def test_nothing_is_found_without_feet() -> None:
    keypoints = pose()
    keypoints[list(skeleton.FEET)] = 0
    assert shadow.find_shadow(photo(0.4), alpha(), keypoints).strength == 0


def test_the_core_lies_under_the_foot() -> None:
    dark = found()
    factors = shadow.darkening((HEIGHT, WIDTH), pose(), SOLE, dark)
    row, column = np.unravel_index(np.argmin(factors), factors.shape)
    assert factors.dtype == np.float32
    assert factors.min() == pytest.approx(1 - dark.strength, abs=0.01)
    assert abs(row - SOLE) <= 0.1 * dark.foot_length
    assert min(abs(column - 95), abs(column - 145)) <= 1
    assert (factors[:190] == 1).all()
    assert (factors[250:] == 1).all()


def test_it_fades_as_a_foot_is_lifted() -> None:
    dark = found()

    def under_left(lift: float) -> float:
        return 1 - float(shadow.darkening((HEIGHT, WIDTH), pose(lift=lift), SOLE, dark)[:, 125:].min())

    length = dark.foot_length
    assert under_left(0.25 * length) == pytest.approx(under_left(0), abs=0.01)
    assert under_left(0.65 * length) == pytest.approx(under_left(0) / 2, abs=0.01)
    assert under_left(1.01 * length) == 0
    factors = shadow.darkening((HEIGHT, WIDTH), pose(lift=40), SOLE, dark)
    assert factors[:, :125].min() < 1, "the other foot keeps its own"


def test_unknown_ground_and_feet_outside_of_the_picture_draw_nothing() -> None:
    assert (shadow.darkening((HEIGHT, WIDTH), pose(), float("nan"), found()) == 1).all()
    assert (shadow.darkening((HEIGHT, WIDTH), pose(dx=900), SOLE, found()) == 1).all()


def test_in_the_photos_pose_the_shadow_is_the_photos() -> None:
    dark, picture = found(), photo(0.4)
    plate = np.full((HEIGHT, WIDTH, 3), FLOOR, np.uint8)
    laid = shadow.lay_shadow(plate, picture, dark, pose(), SOLE)
    assert (laid[dark.area] == picture[dark.area]).all()
    untouched = np.where((dark.area | (alpha() > 0))[..., None], plate, picture)
    laid = shadow.lay_shadow(untouched, picture, dark, pose(), SOLE)
    assert (laid[alpha() == 0] == picture[alpha() == 0]).all(), "the ellipse must not darken what lies beyond the area"


def test_a_moved_foot_takes_its_shadow_along() -> None:
    dark, picture = found(), photo(0.4)
    plate = np.full((HEIGHT, WIDTH, 3), FLOOR, np.uint8)
    laid = shadow.lay_shadow(plate, picture, dark, pose(dx=-60), SOLE)
    expected = plate * shadow.darkening((HEIGHT, WIDTH), pose(dx=-60), SOLE, dark)[..., None]
    np.testing.assert_allclose(laid, expected, atol=0.51)
    assert (laid[:, 170:] == FLOOR).all()
    assert laid[int(SOLE), 35, 0] < FLOOR
    assert (plate == FLOOR).all(), "the plate itself is kept"


def test_the_ground_is_the_lowest_foot_within_half_a_second() -> None:
    poses = np.stack([pose() for _ in range(60)])
    poses[20:30, :, 1] -= 40  # a jump of a third of a second
    np.testing.assert_array_equal(shadow.ground_lines(poses), np.full(60, SOLE, np.float32))
    poses[:, list(skeleton.FEET)] = 0
    assert np.isnan(shadow.ground_lines(poses)).all()
