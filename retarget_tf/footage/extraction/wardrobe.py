"""What a person wears, by vote over a clip: where limbs show skin, cloth or shoe, and where the waist is.

A segmenter judges every frame alone, and takes the same trousers for cloth in one and for skin in the next. Clothes do
not change within a clip, so a few dozen frames vote once, and the outcome is a prior for every frame.
"""

import dataclasses
import warnings
from collections.abc import Sequence

import numpy as np

from retarget_tf.arrays import Float32Array, IndexArray
from retarget_tf.footage.extraction import detectors
from retarget_tf.footage.extraction.body_geometry import FOOT, SEGMENTS, SHIN, THIGH, TRUNK, Bones, Nearness

BINS = 8  # along a limb segment, that are voted on
PLACES = 64  # along a limb segment, that the outcome is given for
SKIN, CLOTH, SHOE = range(3)  # last axis of `Wardrobe.cover`
HIP_LINE = 1.0  # the waist of a dress, which has none: the hips' height, along the trunk from the neck

_CORE = 0.7  # of the limb's radius: pixels that are surely of the limb
_SURE = 0.5  # least foreground confidence of a pixel that votes
_LEAST_PIXELS = 4  # in a bin of a frame
_SHOE_SKIN = 0.46  # most skin on some part of a foot that wears a shoe
_FLOOR = 0.03  # least prior: a vote never rules out what a frame shows plainly
_WAIST_SPAN = (0.5, 1.35)  # where a waist is looked for, along the trunk
_WAIST_BINS = 34
_WAIST_CONTRAST = 22.0  # least difference of colour (CIELAB) between two garments
_WAIST_EXPLAINED = 0.75  # least share of the colours' variance that two garments explain


@dataclasses.dataclass(frozen=True)
class Wardrobe:
    """The outcome of a vote.

    Attributes:
        cover: float32 `[segments, places, 3]`: shares of skin, cloth and shoe along each limb segment, sum 1. The same
            for left and right.
        waist: where upper clothes end, along the trunk: 0 at the neck, 1 at the hips.
    """

    cover: Float32Array
    waist: float = HIP_LINE

    @property
    def has_shoes(self) -> bool:
        """Whether feet are covered for the better part somewhere; sandals are not."""
        return bool((self.cover[FOOT, :, SKIN] < _SHOE_SKIN).any())

    def cover_at(self, segment: IndexArray, along: Float32Array, kind: int) -> Float32Array:
        """The share of `SKIN`, `CLOTH` or `SHOE` at places along segments (0 its start, 1 its end), `[...]`."""
        place = np.clip(along * PLACES, 0, PLACES - 1).astype(np.intp)
        return self.cover[segment, place, kind]


@dataclasses.dataclass(frozen=True)
class Ballot:
    """What one frame says.

    Attributes:
        cover: float32 `[sides, segments, bins, 3]`, NaN where nothing is seen.
        colours: float32 `[waist bins, 3]`: mean colours down the trunk and thighs (CIELAB), NaN where nothing is seen.
    """

    cover: Float32Array
    colours: Float32Array


def ballot(confidences: Float32Array, lab: Float32Array, bones: Bones, near: Nearness) -> Ballot:
    """One frame's vote.

    Args:
        confidences: float32 `[pixels, 6]` of the segmenter.
        lab: float32 `[pixels, 3]` CIELAB colours of the same pixels.
        bones: of the frame's pose.
        near: of the pixels to the bones.
    """
    nearest = near.distance.argmin(axis=1)
    foreground = confidences[:, detectors.BACKGROUND] < 1 - _SURE
    cover = np.full((2, len(SEGMENTS), BINS, 3), np.nan, np.float32)
    shares = _cover_shares(confidences)
    for index, segment in enumerate(bones.segment):
        chosen = (nearest == index) & (near.distance[:, index] < _CORE) & foreground
        bins = np.clip((near.along[chosen, index] * BINS).astype(np.intp), 0, BINS - 1)
        side = int(bones.is_left[index])
        cover[side, segment] = _bin_means(shares[chosen], bins, BINS)
    place = body_height(bones, near, nearest)
    low, high = _WAIST_SPAN
    is_cloth = confidences[:, detectors.CLOTHES] > _SURE
    chosen = is_cloth & (place >= low) & (place < high) & (near.distance.min(axis=1) < _CORE)
    bins = ((place[chosen] - low) / (high - low) * _WAIST_BINS).astype(np.intp)
    return Ballot(cover, _bin_means(lab[chosen], bins, _WAIST_BINS))


def count(ballots: Sequence[Ballot]) -> Wardrobe:
    """The outcome: medians over frames and sides, so that a few bad frames do not matter."""
    if not ballots:
        return Wardrobe(np.full((len(SEGMENTS), PLACES, 3), 1 / 3, np.float32))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a bin that no frame saw is NaN, which is meant
        cover = np.nanmedian(np.concatenate([ballot.cover for ballot in ballots]), axis=0)
        colours = np.nanmedian(np.stack([ballot.colours for ballot in ballots]), axis=0)
    cover = _with_footwear(np.maximum(np.where(np.isnan(cover), 1 / 3, cover), _FLOOR))
    cover /= cover.sum(axis=-1, keepdims=True)
    bare_chest = cover[TRUNK, BINS // 4 : BINS // 2, SKIN].min() > 0.5
    return Wardrobe(_between_bins(cover), 0.0 if bare_chest else find_waist(colours))


def find_waist(colours: Float32Array) -> float:
    """Where the colours `[waist bins, 3]` down the body change from one garment to another; the hips if they do not.

    The split that leaves the least variance within its two sides (Otsu 1979, for a row of colours).
    """
    known = np.flatnonzero(~np.isnan(colours).any(axis=-1))
    if len(known) < _WAIST_BINS // 2:
        return HIP_LINE
    rows = colours[known].astype(np.float64)
    total = float(((rows - rows.mean(axis=0)) ** 2).sum())
    margin = 2  # a garment of one or two bins is a belt or the hem's shadow
    splits = range(margin, len(rows) - margin)
    within = [sum(float(((part - part.mean(axis=0)) ** 2).sum()) for part in (rows[:k], rows[k:])) for k in splits]
    best = int(np.argmin(within))
    split = splits[best]
    contrast = float(np.linalg.norm(rows[:split].mean(axis=0) - rows[split:].mean(axis=0)))
    if contrast < _WAIST_CONTRAST or 1 - within[best] / max(total, 1e-9) < _WAIST_EXPLAINED:
        return HIP_LINE
    low, high = _WAIST_SPAN
    return low + (high - low) * float(known[split]) / _WAIST_BINS


def body_height(bones: Bones, near: Nearness, nearest: IndexArray) -> Float32Array:
    """How far down the body each pixel is, in torso lengths: 0 at the neck, 1 at the hips, more along the thighs.

    Follows the trunk and thighs however they are bent. -inf on arms and head, +inf on shins and feet.
    """
    segment = bones.segment[nearest]
    along = np.take_along_axis(near.along, nearest[:, None], axis=1)[:, 0]
    length = np.hypot(*(bones.end - bones.start).T)[nearest] / bones.torso_length
    height = np.where(segment > THIGH, np.inf, -np.inf)  # shin, foot; trunk and head follow
    height = np.where(segment == THIGH, 1 + along * length, height)
    height = np.where(segment == TRUNK, along, height)
    return np.where(segment > TRUNK, -np.inf, height).astype(np.float32)


def _between_bins(cover: Float32Array) -> Float32Array:
    """Shares at `PLACES` places along the segments, in straight lines between the middles of the bins."""
    places, middles = (np.arange(PLACES) + 0.5) / PLACES, (np.arange(BINS) + 0.5) / BINS
    rows = cover.transpose(0, 2, 1).reshape(-1, BINS)
    fine = np.stack([np.interp(places, middles, row) for row in rows]).reshape(-1, 3, PLACES)
    return fine.transpose(0, 2, 1).astype(np.float32)


def _with_footwear(cover: Float32Array) -> Float32Array:
    """Cloth on a shin below bare skin is a sock or a boot: it counts as shoe."""
    leg = cover[THIGH : SHIN + 1].reshape(-1, 3)
    bare_above = np.maximum.accumulate(leg[:, SKIN] > 0.5)
    footwear = np.where(bare_above & (leg[:, SKIN] < 0.5), leg[:, CLOTH] - _FLOOR, 0)
    moved = leg + np.stack([np.zeros_like(footwear), -footwear, footwear], axis=-1)
    return np.concatenate([cover[:THIGH], moved.reshape(2, BINS, 3), cover[SHIN + 1 :]])


def _cover_shares(confidences: Float32Array) -> Float32Array:
    skin = confidences[:, detectors.BODY_SKIN] + confidences[:, detectors.FACE_SKIN]
    shares = np.stack([skin, confidences[:, detectors.CLOTHES], confidences[:, detectors.OTHERS]], axis=-1)
    return shares / np.maximum(shares.sum(axis=-1, keepdims=True), 1e-6)


def _bin_means(values: Float32Array, bins: IndexArray, count: int) -> Float32Array:
    """Means `[count, channels]` of values by bin; NaN where a bin has too few."""
    number = np.bincount(bins, minlength=count)
    sums = np.stack([np.bincount(bins, channel, count) for channel in values.T], axis=-1)
    return np.where((number >= _LEAST_PIXELS)[:, None], sums / np.maximum(number, 1)[:, None], np.nan)
