"""Moves the person of a photo into a pose: the cut-outs of the body's parts are moved and laid over each other."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from retarget_tf.arrays import Float32Array
from retarget_tf.body.limb_warp.anatomy import PART, TWINS
from retarget_tf.pictures.channels import in_channels
from retarget_tf.retargeting.frames.appearance import Appearance, Cutout
from retarget_tf.retargeting.frames.dividing import SKIRT
from retarget_tf.retargeting.frames.framing import Framing, Region
from retarget_tf.retargeting.frames.motion import HEAD, Motion

_THIGHS = PART["left_thigh"], PART["right_thigh"]
_SHINS = PART["left_shin"], PART["right_shin"]
_SLACK = 1.1  # times farther from the legs than in the photo, or than half of the stride, a long skirt may be
_LONG = 0.3  # share of the shins that a skirt covers from which on it moves with them, and not with the thighs alone


@dataclasses.dataclass(frozen=True)
class Layer:
    """A person in front of nothing, in a region of the picture.

    Attributes:
        region: Rows and columns of the picture.
        colours: float32 `[height, width, 3]` in 0..255, multiplied by the opacity.
        opacity: float32 `[height, width]`, 0..1.
        stillness: float32 `[height, width]`: how much of the pixel shows what the photo shows at this place, see
            `stillness`; 0 where it is filled in.
    """

    region: Region
    colours: Float32Array
    opacity: Float32Array
    stillness: Float32Array


def stillness(moved: Float32Array) -> Float32Array:
    """Returns 1 where a place moved by up to half a pixel, 0 from 2.5 pixels on, and what lies between in between."""
    return np.clip(1.25 - 0.5 * moved, 0, 1)


def move_photos(looks: Sequence[Appearance], motions: Sequence[Motion], framing: Framing) -> Layer:
    """Moves the person of one or several photos.

    Each part is taken from the photo whose view is most like that of the new pose, or where that hides it, from the
    next one.

    Args:
        looks: The same person's cut-outs of each photo.
        motions: The motion from each photo's pose to the new one.
        framing: Where the canvas lies in the new picture.
    """
    moved = sorted(zip(looks, motions, strict=True), key=lambda of_photo: -of_photo[1].likeness())
    order = list(moved[0][1].order)
    order.insert(order.index(PART["trunk"]), SKIRT)
    below = [_chosen(part, [(look.below, motion, look) for look, motion in moved]) for part in order]
    above = [_chosen(part, [(look.above, motion, look) for look, motion in moved]) for part in order]
    drawn = [one for one in (*below, *above) if one is not None]
    regions = [_region(one.motion, one.part, one.cutout, framing) for one in drawn]
    canvas = _Painting(framing, _union(regions))
    filled_in = sum(one is not None for one in below)
    for index, (one, region) in enumerate(zip(drawn, regions, strict=True)):
        canvas.lay(one.motion, one.part, one.cutout, one.photo, region, is_seen=index >= filled_in)
    return canvas.finished()


class _Drawn(NamedTuple):
    """A cut-out, of which photo it is, and how it moves."""

    part: int
    cutout: Cutout
    motion: Motion
    photo: Framing


def _chosen(part: int, piles: Sequence[tuple[dict[int, Cutout], Motion, Appearance]]) -> _Drawn | None:
    for pile, motion, look in piles:
        if part in pile:
            turned_away = part == HEAD and pile is look.above and not motion.shows_face()
            cutout = look.back_of_head if turned_away and look.back_of_head is not None else pile[part]
            return _Drawn(part, cutout, motion, look.framing)
    return None


class _Painting:
    """The picture that cut-outs are laid on, one over the other."""

    def __init__(self, framing: Framing, region: Region) -> None:
        self._framing, self._region = framing, region
        rows, columns = (side.stop - side.start for side in region)
        self._values = np.zeros((rows, columns, 5), np.float32)  # colours times opacity, opacity, stillness

    def lay(self, motion: Motion, part: int, cutout: Cutout, photo: Framing, region: Region, is_seen: bool) -> None:
        """Moves a cut-out and lays it on top; only one that `is_seen` in the photo, throughout, can be still."""
        if any(side.stop <= side.start for side in region):
            return
        x, y = self._framing.grid(region)
        source_x, source_y = _source(motion, part, cutout.places, x, y)
        column = source_x * np.float32(photo.scale) + np.float32(photo.square.left - cutout.left - 0.5)
        row = source_y * np.float32(photo.scale) + np.float32(photo.square.top - cutout.top - 0.5)
        found = cv2.remap(cutout.picture, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        visibility = 1.0 if part == SKIRT else motion.visibility(part)
        *colours, covered = (channel.astype(np.float32) for channel in cv2.split(found))
        opacity = covered * np.float32(visibility / 255)
        moved = np.maximum(np.abs(source_x - x), np.abs(source_y - y)) * np.float32(photo.scale)
        still = stillness(moved) * np.float32(is_seen)
        new = cv2.merge([*colours, np.ones_like(still), still])
        rows, columns = (
            slice(side.start - all_.start, side.stop - all_.start)
            for side, all_ in zip(region, self._region, strict=True)
        )
        here = self._values[rows, columns]
        here += in_channels(opacity, 5) * (new - here)

    def finished(self) -> Layer:
        """Returns what was painted."""
        values = self._values
        return Layer(self._region, values[..., :3], values[..., 3], values[..., 4])


def _source(
    motion: Motion, part: int, places: Float32Array, x: Float32Array, y: Float32Array
) -> tuple[Float32Array, Float32Array]:
    """Returns x and y in the photo of places of a cut-out in the new pose; `places` as in `Cutout`."""
    if part != SKIRT:
        return motion.source(part, x, y)
    # A skirt is stretched between the legs: a place near one moves with it, one in the middle with both.
    x, y = motion.unturned(x, y)
    legs = _legs(motion, places)
    (left_x, left_y, to_left), (right_x, right_y, to_right) = (_along_leg(motion, leg, x, y) for leg in legs)
    share = to_left / (to_left + to_right + np.float32(1e-3))
    source_x, source_y = left_x + share * (right_x - left_x), left_y + share * (right_y - left_y)
    if len(legs[0]) > 1:  # beyond folded knees, thigh and shin would both lay cloth far away from the legs
        hanging = [motion.distance(bone, *places.T, in_photo=True) for leg in legs for bone in leg]
        farthest = np.minimum.reduce(hanging).max() * motion.scale()
        near = np.square(np.float32(_SLACK * max(farthest, motion.stride() / 2)))
        source_x = np.where(np.minimum(to_left, to_right) <= near, source_x, np.float32(-1e4))
    return source_x, source_y


def _legs(motion: Motion, places: Float32Array) -> list[list[int]]:
    """Returns the bones that each side of a skirt moves with: a long one hangs along the thigh and then the shin."""
    is_long = any(motion.reach(shin, places) > _LONG for shin in _SHINS)
    return [[thigh, shin] if is_long else [thigh] for thigh, shin in zip(_THIGHS, _SHINS, strict=True)]


def _along_leg(
    motion: Motion, leg: list[int], x: Float32Array, y: Float32Array
) -> tuple[Float32Array, Float32Array, Float32Array]:
    """Returns x and y in the photo of places of a skirt that move with a leg, and their squared distances to it."""
    # Turned around, the skirt's left side is still on the left in the picture.
    starts = [int(TWINS[bone]) if motion.turns_around() else bone for bone in leg]
    sources = np.stack([motion.source(bone, x, y, start) for bone, start in zip(leg, starts, strict=True)])
    away = np.square(np.stack([motion.distance(bone, x, y) for bone in leg]))
    weights = 1 / np.square(away + np.float32(1e-2))
    source_x, source_y = (weights[:, None] * sources).sum(axis=0) / weights.sum(axis=0)
    return source_x, source_y, away.min(axis=0)


def _region(motion: Motion, part: int, cutout: Cutout, framing: Framing) -> Region:
    parts = [bone for leg in _legs(motion, cutout.places) for bone in leg] if part == SKIRT else [part]
    bounds = np.array([motion.bounds(one, cutout.places) for one in parts])
    left, top = bounds[:, :2].min(axis=0) * framing.scale + (framing.square.left, framing.square.top)
    right, bottom = bounds[:, 2:].max(axis=0) * framing.scale + (framing.square.left, framing.square.top)
    rows, columns = (
        slice(int(np.clip(np.floor(low) - 1, 0, length)), int(np.clip(np.ceil(high) + 1, 0, length)))
        for low, high, length in ((top, bottom, framing.height), (left, right, framing.width))
    )
    return rows, columns


def _union(regions: list[Region]) -> Region:
    rows, columns = (
        slice(min(region[axis].start for region in regions), max(region[axis].stop for region in regions))
        for axis in (0, 1)
    )
    return rows, columns
