"""Contact shadows: the soft dark spots under feet, without which a moved person seems to float.

    find_shadow(photo, alpha, keypoints)       where the photo's contact shadow is, and how dark
    ground_lines(keypoints)                    the height of the floor in each frame of a dance
    darkening(shape, keypoints, ground, ...)   what the shadow of a pose multiplies the background by
    lay_shadow(plate, photo, shadow, ...)      the background of one frame, with its shadow

The photo's shadow is removed together with its person: `Shadow.area` is part of the area of `plate.make_plate`. Each
foot on the floor then gets an ellipse as dark as the photo's shadow was. Where a foot stands as in the photo, the
photo's own pixels are laid back. A photo without a shadow that can be told for sure keeps its floor, and gets no
ellipses.
"""

import dataclasses
from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body import skeleton

# Heel and toes of each foot, which touch the floor; ankles do not.
_SOLES = tuple(skeleton.joints(f"{side}_heel", f"{side}_big_toe", f"{side}_small_toe") for side in ("left", "right"))
_ALL_SOLES = (*_SOLES[0], *_SOLES[1])

# The person's size gives the length of a foot, in which all other lengths are.
_FOOT = 0.15  # of the longer side of the keypoints' box: feet are 15 % of the stature (Drillis and Contini 1966)

# Where the photo's shadow is looked for, around a foot.
_ZONE_ACROSS, _ZONE_UP, _ZONE_DOWN = 1.2, 0.5, 0.7
_BESIDE = 2.5  # width on each side of the zone that tells what the floor looks like
_FEWEST = 12  # pixels of a row that can tell it
_HALO = 0.08  # the silhouette is grown by this much: blur and codecs darken the floor beside dark shoes

# When it is believed.
_LEAST_DARK = 0.06  # a floor darkened by a smaller share is left as it is
_MOST_SPREAD = 0.05  # spread of a row's brightness, as a share of it: a stony floor has dark spots everywhere
_SHARE_OF_ZONE = (0.02, 0.6)  # with less it is noise, with more another thing, such as a carpet
_CORE = 75  # percentile of its darkness that is its strength: more than usual, but no outlier
_STRONGEST = 0.5  # darkest ellipse that is drawn

# The ellipse: radii beyond the foot's heel and toes. It is flat, because floors are seen from the side.
_ACROSS, _DOWN = 0.35, 0.22
_BELOW = 0.08  # keypoints lie above the sole
_TAIL = 1.6  # the ellipse is drawn up to this many radii, where .6 % of its strength is left

# When a foot has one.
_STANDS, _FLIES = 0.3, 1.0  # lift up to which it is full (feet behind each other differ as much), and gone
_STAYED = 0.3  # a foot that has moved so far has nothing of the photo's shadow left
GROUND_WINDOW = 15  # frames on either side whose lowest foot is the floor: a jump takes less than a second


@dataclasses.dataclass(frozen=True)
class Shadow:
    """The contact shadow of a photo.

    Attributes:
        area: Its pixels, bool `[height, width]`; none if no shadow can be told.
        strength: Share of the light that its core takes, in 0..1.
        keypoints: The photo's keypoints, float32 `[25, 3]` in its pixels.
    """

    area: BoolArray
    strength: float
    keypoints: Float32Array

    @property
    def foot_length(self) -> float:
        """Length of a foot in pixels."""
        return _FOOT * skeleton.box_side(self.keypoints)


class _Foot(NamedTuple):
    """Left and right end of a foot and the line of its sole, in pixels."""

    left: float
    right: float
    sole: float


def find_shadow(photo: Uint8Array, alpha: Float32Array, keypoints: Float32Array) -> Shadow:
    """Finds the shadow around the feet by comparing the floor there with the floor beside it, row by row.

    Nothing is found where this cannot tell: on a patterned floor, at the edge of another surface, without feet.

    Args:
        photo: RGB uint8 `[height, width, 3]`.
        alpha: The person's opacity, float32 `[height, width]` in 0..1.
        keypoints: float32 `[25, 3]` in pixels of the photo.
    """
    area = np.zeros(alpha.shape, bool)
    length = _FOOT * skeleton.box_side(keypoints)
    zones = [_zone(foot, length, alpha.shape) for foot in _feet(keypoints) if foot is not None]
    zones = [zone for zone in zones if area[zone].size]
    if not zones:
        return Shadow(area, 0.0, keypoints)
    person = _dilated(alpha > 0.1, _HALO * length)
    light = _blurred(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32), ~person)
    near_feet = np.zeros(alpha.shape, bool)
    for zone in zones:
        near_feet[zone] = True
    darkness = np.zeros(alpha.shape, np.float32)
    for zone in zones:
        found = _darkness(light, person, near_feet, zone, round(_BESIDE * length))
        darkness[zone] = np.maximum(darkness[zone], found)
    if not darkness.any():
        return Shadow(area, 0.0, keypoints)
    area = _dilated(darkness > 0, _HALO * length) & near_feet & ~person
    return Shadow(area, min(float(np.percentile(darkness[darkness > 0], _CORE)), _STRONGEST), keypoints)


def ground_lines(keypoints: Float32Array) -> Float32Array:
    """Returns the y of the floor in each frame of `[frames, 25, 3]`: the lowest foot within half a second of it.

    Returns:
        float32 `[frames]` in pixels; NaN where no foot is seen for so long.
    """
    lowest = skeleton.lowest(keypoints, _ALL_SOLES)
    padded = np.pad(np.where(np.isnan(lowest), -np.inf, lowest), GROUND_WINDOW, constant_values=-np.inf)
    ground = np.lib.stride_tricks.sliding_window_view(padded, 2 * GROUND_WINDOW + 1).max(axis=-1)
    return np.where(np.isfinite(ground), ground, np.nan).astype(np.float32)


def darkening(shape: tuple[int, ...], keypoints: Float32Array, ground: float, shadow: Shadow) -> Float32Array:
    """Draws the contact shadow of a pose: the darker of both feet's ellipses 1 - s exp(-2 (x^2 / a^2 + y^2 / b^2)).

    Args:
        shape: Height and width of the picture in pixels.
        keypoints: float32 `[25, 3]` in pixels of the picture.
        ground: y of the floor in pixels, see `ground_lines`. A foot's ellipse fades as the foot is lifted above it.
        shadow: The photo's shadow, which gives s and the size of a foot.

    Returns:
        float32 `[height, width]` in 0..1, by which to multiply the background; 1 is no shadow.
    """
    factors = np.ones(shape[:2], np.float32)
    for window, ellipse in _ellipses(shape, keypoints, ground, shadow):
        np.minimum(factors[window], ellipse, out=factors[window])
    return factors


def lay_shadow(
    plate: Uint8Array, photo: Uint8Array, shadow: Shadow, keypoints: Float32Array, ground: float
) -> Uint8Array:
    """Makes the background of one frame.

    Args:
        plate: The photo without its person and `shadow.area`, RGB uint8 `[height, width, 3]`.
        photo: RGB uint8 `[height, width, 3]`.
        shadow: The photo's shadow.
        keypoints: The frame's pose, float32 `[25, 3]` in pixels of the photo.
        ground: y of the floor in pixels, see `ground_lines`.

    Returns:
        RGB uint8 `[height, width, 3]`: the plate times `darkening`. Around a foot that stands as in the photo,
        `shadow.area` and what the plate has kept are the photo, around one that has moved less than .3 of its length a
        mixture.
    """
    background = plate.copy()
    for window, ellipse in _ellipses(plate.shape, keypoints, ground, shadow):
        darkened = np.rint(plate[window] * ellipse[..., None]).astype(np.uint8)
        np.minimum(background[window], darkened, out=background[window])
    for foot, old in zip(_feet(keypoints), _feet(shadow.keypoints), strict=True):
        if not shadow.strength or foot is None or old is None:
            continue
        moved = max(abs(new - before) for new, before in zip(foot, old, strict=True)) / shadow.foot_length
        stays = 1 - moved / _STAYED
        if stays > 0:
            window = _zone(old, shadow.foot_length, plate.shape)
            mixed = cv2.addWeighted(photo[window], stays, background[window], 1 - stays, 0)
            # The ellipse reaches beyond the area, to pixels that the plate has from the photo.
            kept = shadow.area[window] | (plate[window] == photo[window]).all(axis=-1)
            cv2.copyTo(mixed, kept.astype(np.uint8), background[window])
    return background


def _blurred(light: Float32Array, floor: BoolArray) -> Float32Array:
    """Removes the grain of the floor, without anything else: dark shoes of a small person would look like a shadow."""
    weight = floor.astype(np.float32)
    mean = cv2.GaussianBlur(light * weight, (0, 0), 1.5) / np.maximum(cv2.GaussianBlur(weight, (0, 0), 1.5), 1e-3)
    return np.asarray(mean, np.float32)


def _darkness(
    light: Float32Array, person: BoolArray, near_feet: BoolArray, zone: tuple[slice, slice], beside: int
) -> Float32Array:
    """Returns the share of light missing in a zone, against the median of its rows beside it; 0 where unsure."""
    rows, columns = zone
    wide = slice(max(columns.start - beside, 0), columns.stop + beside)
    floor = np.where((person | near_feet)[rows, wide], np.nan, light[rows, wide])
    enough = np.isfinite(floor).sum(axis=1) >= _FEWEST
    usual, spread = np.full((2, len(floor), 1), np.nan, np.float32)
    usual[enough, 0] = np.nanmedian(floor[enough], axis=1)
    spread[enough, 0] = 1.4826 * np.nanmedian(np.abs(floor[enough] - usual[enough]), axis=1) / usual[enough, 0]
    darkness = 1 - light[zone] / np.maximum(usual, 1)
    is_dark = (spread < _MOST_SPREAD) & (darkness > np.maximum(_LEAST_DARK, 2 * spread)) & ~person[zone]
    _, labels = cv2.connectedComponents(is_dark.astype(np.uint8))
    touching = np.unique(labels[is_dark & _dilated(person[zone], 2)])
    is_dark &= np.isin(labels, touching)
    share = float(is_dark[~person[zone]].mean()) if not person[zone].all() else 0.0
    sure = _SHARE_OF_ZONE[0] <= share <= _SHARE_OF_ZONE[1]
    return np.where(is_dark & sure, darkness, 0).astype(np.float32)


def _ellipses(
    shape: tuple[int, ...], keypoints: Float32Array, ground: float, shadow: Shadow
) -> Iterator[tuple[tuple[slice, slice], Float32Array]]:
    """Yields each foot's ellipse of factors `[rows, columns]` and the window that it fills, as rows and columns."""
    length = shadow.foot_length
    for foot in _feet(keypoints):
        if foot is None or not shadow.strength:
            continue
        lift = (ground - foot.sole) / length
        strength = shadow.strength * float(np.clip((_FLIES - lift) / (_FLIES - _STANDS), 0, 1))
        if not strength > 0:  # also if the floor is not known
            continue
        rows, down = _axis(foot.sole + _BELOW * length, _DOWN * length, shape[0])
        middle, half = (foot.left + foot.right) / 2, (foot.right - foot.left) / 2
        columns, across = _axis(middle, half + _ACROSS * length, shape[1])
        yield (rows, columns), 1 - np.float32(strength) * down[:, None] * across


def _axis(middle: float, radius: float, size: int) -> tuple[slice, Float32Array]:
    """Returns the pixels of one axis that an ellipse reaches, and exp(-2 x^2 / radius^2) at their centres."""
    first, last = (int(np.clip(middle + sign * _TAIL * radius, 0, size)) for sign in (-1, 1))
    return slice(first, last), np.exp(-2 * ((np.arange(first, last, dtype=np.float32) + 0.5 - middle) / radius) ** 2)


def _feet(keypoints: Float32Array) -> list[_Foot | None]:
    """Returns the left and the right foot; None for one of which neither heel nor toes are seen."""
    feet: list[_Foot | None] = []
    for sole in _SOLES:
        seen = keypoints[list(sole)]
        seen = seen[seen[:, 2] > 0]
        ends = (seen[:, 0].min(), seen[:, 0].max(), seen[:, 1].max()) if len(seen) else None
        feet.append(None if ends is None else _Foot(*map(float, ends)))
    return feet


def _zone(foot: _Foot, length: float, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Returns the box around a foot that may have a shadow, as rows and columns within the picture."""
    rows = (foot.sole - _ZONE_UP * length, foot.sole + _ZONE_DOWN * length)
    columns = (foot.left - _ZONE_ACROSS * length, foot.right + _ZONE_ACROSS * length)
    (top, bottom), (left, right) = (
        np.clip(at, 0, size).astype(int) for at, size in ((rows, shape[0]), (columns, shape[1]))
    )
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def _dilated(area: BoolArray, radius: float) -> BoolArray:
    return cv2.distanceTransform((~area).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= radius
