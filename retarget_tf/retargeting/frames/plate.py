"""Makes the plate: a picture's background without its person, over which the moved person is laid.

    make_plate(picture, area)         from a photo: what the person hides is filled in from its surroundings
    plate_of_frames(frames, alphas)   from frames of a still camera: what is hidden in one frame is seen in another
    person_area(alpha)                the pixels to replace; all others keep the picture's bytes

A background without edges near the person, such as a studio's, gets a smooth fill and the picture's grain, because
copied patches can leave blotches there. Any other is filled with PatchMatch (extra `[inpaint]`), which copies patches
of the picture itself, so that texture and lines go on behind the person. Without that package the smooth fill is used
everywhere: it spreads colours along rows more than along columns, so that a floor line or horizon stays where it is.

C. Barnes, E. Shechtman, A. Finkelstein, D. B. Goldman. PatchMatch: A Randomized Correspondence Algorithm for Structural
Image Editing. SIGGRAPH 2009.
"""

from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
from absl import logging

from retarget_tf.arrays import BoolArray, Float32Array, IndexArray, Uint8Array
from retarget_tf.errors import InputDataError
from retarget_tf.footage.spread_sample import SpreadSample
from retarget_tf.retargeting.frames import filling

# What belongs to the person. Lengths are shares of the longer side of the person's box.
_PERSON = 0.5  # alpha of pixels that are the person's for sure
_TRACE = 0.1  # alpha from which a pixel may have some of the person's colour: hair, motion blur
_MARGIN = 0.025  # the area is grown by this much: codecs and blur smear colour beyond every alpha
_GAP = 0.03  # gaps narrower than twice this are filled too: between legs there is mostly shadow
_LEAST_PART = 0.1  # a detached part with a smaller share of the main part's pixels is another thing's

# How the area is filled.
_REACH = 0.5  # surroundings that are used, beyond the area's box, in longer sides of it
_RING = 0.06  # width of the ring around the area in which edges and grain are measured, in longer sides
_PLAIN = 4.0  # in grey levels: a background whose 99th percentile of contrast in the ring is lower is plain
_DENOISE = 1.5  # blur in pixels that keeps grain from counting as contrast
_SMOOTH = 2.0  # blur in pixels, what it removes is the grain
_MOST_GRAIN = 4.0  # largest standard deviation of grain in grey levels: more of it is texture, not grain
_GRAIN_SIZE = 0.7  # blur of the grain in pixels: cameras and codecs leave no single-pixel noise
_PATCH = 3  # radius of PatchMatch's patches: larger ones leave ghosts in gradients, and are slower
_MOST_PIXELS = 15_000  # larger areas are filled at a reduced size, to take about a second
_SEED = 0
_INSTALL = "pip install 'retarget_tf[inpaint]'"

_FRAMES = 25  # frames kept for a median
_SELDOM = 0.1  # share of them that must show a pixel: what fewer show is often the person's shadow, or a missed limb
_ROWS = 64  # rows whose median is taken at once, to bound memory
_NEVER = 256  # value of hidden pixels, which sorts behind every colour


def make_plate(picture: Uint8Array, area: BoolArray) -> Uint8Array:
    """Removes the person from a picture.

    Args:
        picture: RGB uint8 `[height, width, 3]`.
        area: Pixels to replace, bool `[height, width]`: `person_area(alpha)`, and such as the person's shadow.

    Returns:
        RGB uint8 `[height, width, 3]`, the same for the same arguments. Only pixels of the area are changed.

    Raises:
        InputDataError: No background is left to fill from.
    """
    if not area.any():
        return picture.copy()
    if area.all():
        raise InputDataError("background: the person covers all of the picture. Give a picture with some background.")
    window = _window(area)
    known, hole = picture[window], area[window]
    plate = picture.copy()
    plate[window][hole] = _fill(known, hole)[hole]
    return plate


def plate_of_frames(frames: Iterable[Uint8Array], alphas: Iterable[Float32Array]) -> Uint8Array:
    """Makes the plate of a still camera's frames: the median of each pixel over frames in which it is not the person's.

    Pixels that none or less than a tenth of the frames show are filled as by `make_plate`. At most 25 frames, spread
    evenly, are kept, each made as bright as the first: cameras change their exposure while they film.

    Args:
        frames: RGB uint8 `[height, width, 3]` each, read once.
        alphas: The person's opacity in each frame, float32 `[height, width]` in 0..1, read once.

    Returns:
        RGB uint8 `[height, width, 3]`.

    Raises:
        InputDataError: There is no frame, or no background is left to fill from.
    """
    sample = SpreadSample[tuple[Uint8Array, BoolArray]](_FRAMES)
    for position, (frame, alpha) in enumerate(zip(frames, alphas, strict=True)):
        if sample.wants(position):
            _check(frame, alpha)
            sample.add(position, (frame, person_area(alpha)))
    if not sample.items:
        raise InputDataError("background: there are no frames to take it from. Give a video that has some.")
    areas = [area for _, area in sample.items.values()]
    first, _ = next(iter(sample.items.values()))
    pictures = [_as_bright(frame, first, ~(area | areas[0])) for frame, area in sample.items.values()]
    blocks = [slice(top, top + _ROWS) for top in range(0, first.shape[0], _ROWS)]
    plate = np.concatenate([_median([p[rows] for p in pictures], [a[rows] for a in areas]) for rows in blocks])
    shown = len(areas) - np.sum(areas, axis=0)
    return make_plate(plate, shown < max(1.0, _SELDOM * len(areas)))


def person_area(alpha: Float32Array) -> BoolArray:
    """Finds the pixels that may have some of the person's colour.

    Args:
        alpha: The person's opacity, float32 `[height, width]` in 0..1. Small parts away from the person are ignored.

    Returns:
        bool `[height, width]`: the silhouette with its soft edge, grown by a margin in proportion to the person's size,
        without gaps such as that between the legs. No pixel is farther from the soft silhouette than .055 of the
        longer side of the person's box.
    """
    sure = alpha > _PERSON
    if not sure.any():
        return sure
    side = _longer_side(_largest_part(sure))
    grown = _dilated(alpha > _TRACE, _MARGIN * side)
    _, labels = cv2.connectedComponents(grown.astype(np.uint8))
    sizes = np.bincount(labels[sure], minlength=labels.max() + 1)
    person = (sizes >= _LEAST_PART * sizes.max())[labels] & grown
    return _closed(person, _GAP * side)


def _fill(picture: Uint8Array, hole: BoolArray) -> Uint8Array:
    """Returns a picture whose pixels in the hole continue those around it; others are not to be used."""
    matcher = None if _is_plain(picture, hole) else _patch_matcher()
    values = (
        filling.smooth_fill(picture, hole) + _grain(picture, hole)
        if matcher is None
        else _copied(matcher, picture, hole)
    )
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _patch_matcher() -> Any:
    """Imports PatchMatch; returns None and logs what to install if it or its native library is missing."""
    try:
        import patchmatch

        if patchmatch.patchmatch_available:
            return patchmatch
    except ImportError:
        pass
    logging.info("background: what the person hides is filled without texture. Better: %s", _INSTALL)
    return None


def _copied(matcher: Any, picture: Uint8Array, hole: BoolArray) -> Float32Array:
    """Fills the hole with patches of the picture, and spreads the misfit along its border over it."""
    scale = min(1.0, (_MOST_PIXELS / np.count_nonzero(hole)) ** 0.5)
    small, small_hole = filling.shrunk(picture, hole, scale, scale, 0.5)
    if small_hole.all():  # the known pixels are a thin line
        return filling.smooth_fill(picture, hole)
    matcher.set_random_seed(_SEED)
    filled = matcher.inpaint(np.rint(small).astype(np.uint8), small_hole, patch_size=_PATCH)
    return filling.fitted(picture, hole, filling.enlarged(filled.astype(np.float32), hole.shape))


def _grain(picture: Uint8Array, hole: BoolArray) -> Float32Array:
    """Returns noise `[height, width, 3]` as strong as that around the hole, the same in all channels as codecs do."""
    smooth = cv2.GaussianBlur(picture, (0, 0), _SMOOTH).astype(np.float32)
    fine = np.abs(picture - smooth)[_ring(hole)]
    if not len(fine):
        return np.zeros(picture.shape, np.float32)
    strength = np.minimum(1.4826 * np.median(fine, axis=0), _MOST_GRAIN)  # of normal noise, from its median size
    noise = np.random.default_rng(_SEED).standard_normal(hole.shape).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), _GRAIN_SIZE)
    return (noise / noise.std())[..., None] * strength.astype(np.float32)


def _is_plain(picture: Uint8Array, hole: BoolArray) -> bool:
    """Whether the surroundings of the hole have no edges: colours differ little from their local mean."""
    ring = _ring(hole)
    if not ring.any():
        return False
    values = cv2.GaussianBlur(picture, (0, 0), _DENOISE).astype(np.float32)
    sigma = _RING * _longer_side(hole) / 3
    weights = cv2.GaussianBlur((~hole).astype(np.float32), (0, 0), sigma)
    means = cv2.GaussianBlur(values * ~hole[..., None], (0, 0), sigma) / np.maximum(weights, 1e-3)[..., None]
    return bool(np.percentile(np.abs(values - means).max(axis=-1)[ring], 99) < _PLAIN)


def _ring(hole: BoolArray) -> BoolArray:
    """Returns the known pixels around the hole, without those whose blurred value has some of the hole's colour."""
    return _dilated(hole, 3 * _SMOOTH + _RING * _longer_side(hole)) & ~_dilated(hole, 3 * _SMOOTH)


def _as_bright(picture: Uint8Array, first: Uint8Array, shared: BoolArray) -> Uint8Array:
    """Shifts each channel of a frame so that its median difference to the first one is 0 in the shared background."""
    if not shared.any():
        return picture
    shift = np.median(picture[shared].astype(np.int16) - first[shared], axis=0)
    return np.clip(np.rint(picture - shift), 0, 255).astype(np.uint8) if shift.any() else picture


def _median(pictures: list[Uint8Array], areas: list[BoolArray]) -> Uint8Array:
    """Returns the lower median of each pixel and channel where it is not the person's; anything if it always is."""
    hidden = np.stack(areas)
    values = np.where(hidden[..., None], np.int16(_NEVER), np.stack(pictures).astype(np.int16))
    values.sort(axis=0)
    middle: IndexArray = np.maximum(len(pictures) - hidden.sum(axis=0) - 1, 0) // 2
    chosen = np.take_along_axis(values, middle[None, ..., None], axis=0)[0]
    return np.where(chosen == _NEVER, 0, chosen).astype(np.uint8)


def _window(area: BoolArray) -> tuple[slice, slice]:
    """Returns the box of an area, enlarged by `_REACH`, as rows and columns."""
    reach = round(_REACH * _longer_side(area))
    found = (np.flatnonzero(area.any(axis=axis)) for axis in (1, 0))
    rows, columns = (slice(max(int(at[0]) - reach, 0), int(at[-1]) + 1 + reach) for at in found)
    return rows, columns


def _largest_part(area: BoolArray) -> BoolArray:
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(area.astype(np.uint8))
    return labels == 1 + int(np.argmax(statistics[1:, cv2.CC_STAT_AREA]))


def _longer_side(area: BoolArray) -> int:
    return int(max(np.ptp(np.flatnonzero(area.any(axis=axis))) + 1 for axis in (0, 1)))


def _dilated(area: BoolArray, radius: float) -> BoolArray:
    """Returns the pixels within `radius` of the area."""
    return cv2.distanceTransform((~area).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= radius


def _closed(area: BoolArray, radius: float) -> BoolArray:
    """Adds to the area the gaps into which no disc of `radius` fits; beyond the border there is room for it."""
    room = round(radius) + 1
    grown = _dilated(np.pad(area, room), radius)
    within = cv2.distanceTransform(grown.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) > radius
    return area | within[room:-room, room:-room]


def _check(picture: Uint8Array, alpha: Float32Array) -> None:
    if alpha.shape != picture.shape[:2]:
        raise ValueError(f"alpha must be as large as its picture, {picture.shape[:2]}. Received: shape={alpha.shape}")
