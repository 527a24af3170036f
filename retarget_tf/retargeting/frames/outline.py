"""Takes what is the backdrop out of the person's outline: between her boots, in the gap between arm and trunk."""

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.pictures.square_crop import SquareCrop
from retarget_tf.retargeting.frames.filling import smooth_fill

_MARGIN = 0.02  # of the canvas's side: nearer to the person the photo has some of her colour
_RING = 0.06  # the backdrop is looked at from this far from her; what is nearer must be as expected from there
_SOME = 0.15  # opacity from which a pixel may be hers
_PLAIN = 6.0  # grey levels by which 95 of 100 pixels of a plain backdrop may differ from what is expected
_DOUBT = 0.85, 0.95  # the segmenter's opacity up to which colours decide, and from which they do not
_DIFFERENCE = 5.0, 60.0  # grey levels from the backdrop that a pixel of hers has at opacity 1, and more at opacity 0
_SOFT = 0.6, 1.2  # shares of it from which a pixel is hers in part, and wholly
_LEAST = 0.008  # of the canvas's side: width of a patch; a narrower one is the soft edge of her outline


def without_backdrop(
    parsing_map: Uint8Array, opacity: Float32Array, photo: Uint8Array, square: SquareCrop
) -> tuple[Uint8Array, Float32Array]:
    """Returns the map and the opacity without pixels that look like a plain backdrop and may well be it.

    Before a backdrop that is not plain they are returned as they are.

    Args:
        parsing_map: Class ids on the canvas, uint8 `[size, size]`.
        opacity: How much of each pixel the segmenter takes for the person, float32 `[size, size]` in 0..1.
        photo: RGB uint8 `[height, width, 3]`.
        square: The canvas in the photo.
    """
    size = len(parsing_map)
    canvas = square.apply(photo, size)
    beyond = square.apply_map_on_background(np.ones(photo.shape[:2], np.uint8), size) == 0
    person = (parsing_map > 0) | (opacity > _SOME)
    hidden = _grown(person, _RING) | beyond
    if hidden.all():
        return parsing_map, opacity
    difference = np.abs(canvas - smooth_fill(canvas, hidden)).max(axis=-1)
    ring = hidden & ~_grown(person, _MARGIN) & ~beyond
    if not ring.any() or np.quantile(difference[ring], 0.95) > _PLAIN:
        return parsing_map, opacity
    needed = _DIFFERENCE[0] + _DIFFERENCE[1] * (1 - opacity)
    hers = np.maximum(_ramp(opacity, *_DOUBT), _ramp(difference / needed, *_SOFT))
    patch = np.ones((max(3, round(_LEAST * size)),) * 2, np.uint8)
    backdrop = cv2.morphologyEx((hers < 0.5).astype(np.uint8), cv2.MORPH_OPEN, patch) > 0
    if not (parsing_map[~backdrop] > 0).any():
        return parsing_map, opacity
    return np.where(backdrop, np.uint8(0), parsing_map), np.where(backdrop, opacity * hers, opacity)


def _grown(mask: BoolArray, by: float) -> BoolArray:
    """Grows a mask by a share of its side."""
    window = np.ones((2 * round(by * len(mask)) + 1,) * 2, np.uint8)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), window) > 0)


def _ramp(values: Float32Array, start: float, end: float) -> Float32Array:
    """Returns 0 up to `start`, 1 from `end` on, and what lies between in between."""
    return np.clip((values - np.float32(start)) / np.float32(end - start), 0, 1)
