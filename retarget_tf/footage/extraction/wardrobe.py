"""Estimates what a person wears by a vote over a clip: where limbs show skin, cloth or shoe, and where the waist is.

The segmenter judges every frame alone and may take trousers for cloth in one frame and for skin in the next. Clothes do
not change within a clip, so the median over a few dozen frames (the vote) serves as a prior for every frame.
"""

import dataclasses
import warnings
from collections.abc import Sequence

import numpy as np

from retarget_tf.arrays import Float32Array, IndexArray
from retarget_tf.footage.extraction import detectors
from retarget_tf.footage.extraction.body_geometry import FOOT, SEGMENTS, SHIN, THIGH, TRUNK, Bones, Nearness

BINS = 8  # bins along a limb segment in which shares are measured
PLACES = 64  # places along a limb segment for which the result is interpolated
SKIN, CLOTH, SHOE = range(3)  # last axis of `Wardrobe.cover`
HIP_LINE = 1.0  # height of the hips (neck 0, hips 1), used if no waist is found, as in a dress

_CORE = 0.7  # in radii: nearer pixels surely belong to the limb
_SURE = 0.5  # smallest foreground confidence of a pixel that is counted
_LEAST_PIXELS = 4  # bins with fewer pixels in a frame are NaN
_SHOE_SKIN = 0.46  # a foot wears a shoe if its share of skin is below this somewhere
FLOOR = 0.03  # smallest prior, so that the vote never overrules a clear frame
_WAIST_SPAN = (0.5, 1.35)  # range in which a waist is searched, in torso lengths from the neck
_WAIST_BINS = 34
_WAIST_CONTRAST = 22.0  # smallest colour difference between two garments (CIELAB)
_WAIST_EXPLAINED = 0.75  # smallest share of the colours' variance that two garments must explain


@dataclasses.dataclass(frozen=True)
class Wardrobe:
    """Result of a vote.

    Attributes:
        cover: float32 `[segments, places, 3]`: shares of skin, cloth and shoe along each limb segment, which sum to 1;
            the same for left and right.
        waist: Lower end of the upper clothes along the trunk: 0 at the neck, 1 at the hips.
    """

    cover: Float32Array
    waist: float = HIP_LINE

    @property
    def has_shoes(self) -> bool:
        """Whether the feet wear shoes; sandals, which show skin everywhere, do not count."""
        return bool((self.cover[FOOT, :, SKIN] < _SHOE_SKIN).any())

    def cover_at(self, segment: IndexArray, along: Float32Array, kind: int) -> Float32Array:
        """Returns the share of `SKIN`, `CLOTH` or `SHOE` at positions along segments (0 start, 1 end), `[...]`."""
        place = np.clip(along * PLACES, 0, PLACES - 1).astype(np.intp)
        return self.cover[segment, place, kind]


@dataclasses.dataclass(frozen=True)
class Ballot:
    """Vote of one frame.

    Attributes:
        cover: float32 `[sides, segments, bins, 3]`: mean shares of skin, cloth and shoe; NaN in unseen bins.
        colours: float32 `[waist bins, 3]`: mean CIELAB colours down the trunk and thighs; NaN in unseen bins.
    """

    cover: Float32Array
    colours: Float32Array


def ballot(confidences: Float32Array, lab: Float32Array, bones: Bones, near: Nearness) -> Ballot:
    """Makes the vote of one frame.

    Args:
        confidences: Confidences of the segmenter, float32 `[pixels, 6]`.
        lab: CIELAB colours of the same pixels, float32 `[pixels, 3]`.
        bones: Bones of the frame's pose.
        near: Positions of the pixels relative to the bones.
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
    """Counts the votes as medians over frames and sides, so that a few bad frames do not matter."""
    if not ballots:
        return Wardrobe(np.full((len(SEGMENTS), PLACES, 3), 1 / 3, np.float32))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a bin that no frame shows stays NaN
        cover = np.nanmedian(np.concatenate([ballot.cover for ballot in ballots]), axis=0)
        colours = np.nanmedian(np.stack([ballot.colours for ballot in ballots]), axis=0)
    cover = _with_footwear(np.maximum(np.where(np.isnan(cover), 1 / 3, cover), FLOOR))
    cover /= cover.sum(axis=-1, keepdims=True)
    bare_chest = cover[TRUNK, BINS // 4 : BINS // 2, SKIN].min() > 0.5
    return Wardrobe(_between_bins(cover), 0.0 if bare_chest else find_waist(colours))


def find_waist(colours: Float32Array) -> float:
    """Finds where the colours `[waist bins, 3]` down the body change between two garments, or else returns the hips.

    The split minimizes the variance within its two sides (Otsu 1979, here for colours).
    """
    known = np.flatnonzero(~np.isnan(colours).any(axis=-1))
    if len(known) < _WAIST_BINS // 2:
        return HIP_LINE
    rows = colours[known].astype(np.float64)
    total = float(((rows - rows.mean(axis=0)) ** 2).sum())
    margin = 2  # smaller sides would be a belt or the shadow of a hem
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
    """Returns how far down the body each pixel is, in torso lengths: 0 at the neck, 1 at the hips, more on the thighs.

    Measured along trunk and thighs, so bending does not matter. -inf on arms and head, +inf on shins and feet.
    """
    segment = bones.segment[nearest]
    along = np.take_along_axis(near.along, nearest[:, None], axis=1)[:, 0]
    length = np.hypot(*(bones.end - bones.start).T)[nearest] / bones.torso_length
    height = np.where(segment > THIGH, np.inf, -np.inf)  # shin, foot; trunk and head follow
    height = np.where(segment == THIGH, 1 + along * length, height)
    height = np.where(segment == TRUNK, along, height)
    return np.where(segment > TRUNK, -np.inf, height).astype(np.float32)


def _between_bins(cover: Float32Array) -> Float32Array:
    """Interpolates the shares linearly between the middles of the bins to `PLACES` places along each segment."""
    places, middles = (np.arange(PLACES) + 0.5) / PLACES, (np.arange(BINS) + 0.5) / BINS
    rows = cover.transpose(0, 2, 1).reshape(-1, BINS)
    fine = np.stack([np.interp(places, middles, row) for row in rows]).reshape(-1, 3, PLACES)
    return fine.transpose(0, 2, 1).astype(np.float32)


def _with_footwear(cover: Float32Array) -> Float32Array:
    """Counts cloth on a leg below bare skin as shoe, since it is a sock or a boot."""
    leg = cover[THIGH : SHIN + 1].reshape(-1, 3)
    bare_above = np.maximum.accumulate(leg[:, SKIN] > 0.5)
    footwear = np.where(bare_above & (leg[:, SKIN] < 0.5), leg[:, CLOTH] - FLOOR, 0)
    moved = leg + np.stack([np.zeros_like(footwear), -footwear, footwear], axis=-1)
    return np.concatenate([cover[:THIGH], moved.reshape(2, BINS, 3), cover[SHIN + 1 :]])


def _cover_shares(confidences: Float32Array) -> Float32Array:
    skin = confidences[:, detectors.BODY_SKIN] + confidences[:, detectors.FACE_SKIN]
    shares = np.stack([skin, confidences[:, detectors.CLOTHES], confidences[:, detectors.OTHERS]], axis=-1)
    return shares / np.maximum(shares.sum(axis=-1, keepdims=True), 1e-6)


def _bin_means(values: Float32Array, bins: IndexArray, count: int) -> Float32Array:
    """Returns the means `[count, channels]` of the values in each bin; NaN in bins with too few values."""
    number = np.bincount(bins, minlength=count)
    sums = np.stack([np.bincount(bins, channel, count) for channel in values.T], axis=-1)
    return np.where((number >= _LEAST_PIXELS)[:, None], sums / np.maximum(number, 1)[:, None], np.nan)
