"""Measures how sharp a person is by the width of edges, in body heights.

The width of an edge is the difference of brightness across it divided by its steepest slope, whatever its contrast. The
whole person shows whether the lens is in focus; new edges around moving hands and feet show whether these are smeared.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton

ENDS = skeleton.joints("wrist", "ankle")  # hands and feet
_REACH = 0.1  # half the side of the square around a hand or foot, in body heights
_FAST = 0.5  # body heights per second; slower joints are not smeared, and their edges overlap with the previous ones
_CHANGED = 12.0  # change of brightness, 0..255, of a pixel in motion
_LEAST_CHANGED = 0.1  # smallest share of such pixels in the square; with fewer the width is 0
_LEAST_SLOPE = 0.5  # smallest slope to divide by, 0..255 per pixel


def softness(gray: Uint8Array, pose: Float32Array) -> float:
    """Returns the width of a person's sharpest edges in body heights; NaN if nobody is in the picture.

    Args:
        gray: Brightness, uint8 `[height, width]`.
        pose: Keypoints float32 `[25, 3]` in its pixels.
    """
    box = skeleton.person_box(pose)
    if box is None:
        return np.nan
    left, top, right, bottom = (max(0, int(edge)) for edge in box)
    patch = gray[top:bottom, left:right].astype(np.float32)
    if min(patch.shape) < 3:
        return np.nan
    contrast = np.subtract(*np.percentile(patch, (95, 5)))
    return float(contrast / max(np.percentile(slope(patch), 98), _LEAST_SLOPE) / (box[3] - box[1]))


def smear(before: Uint8Array, now: Uint8Array, pose: Float32Array, speeds: Sequence[float]) -> float:
    """Returns the width of the edges of the most smeared hand or foot in body heights; 0 if none moves fast.

    Args:
        before: Brightness of the look before, uint8 `[height, width]`.
        now: Brightness of this look, of the same shape.
        pose: Keypoints float32 `[25, 3]` of this look in its pixels.
        speeds: Speeds of the joints `ENDS`, in body heights per second.
    """
    height = float(skeleton.heights(pose))
    if np.isnan(height):
        return np.nan
    widths = [0.0]
    for joint, speed in zip(ENDS, speeds, strict=True):
        if pose[joint, 2] > 0 and speed >= _FAST:
            around = _square(pose[joint], _REACH * height)
            widths.append(_new_edges(before[around], now[around]) / height)
    return max(widths)


def _new_edges(before: Uint8Array, now: Uint8Array) -> float:
    """Returns the width in pixels of the edges that were not there before; 0 if hardly anything changed."""
    if min(now.shape) < 3:
        return 0.0
    old, new = before.astype(np.float32), now.astype(np.float32)
    difference = np.abs(new - old)
    changed = difference > _CHANGED
    if changed.mean() < _LEAST_CHANGED:
        return 0.0
    steep = np.maximum(slope(new) - cv2.dilate(slope(old), np.ones((3, 3), np.uint8)), 0)
    return float(np.percentile(difference[changed], 90) / max(np.percentile(steep[changed], 97), _LEAST_SLOPE))


def _square(point: Float32Array, reach: float) -> tuple[slice, slice]:
    x, y = float(point[0]), float(point[1])
    return slice(max(0, int(y - reach)), max(0, int(y + reach))), slice(max(0, int(x - reach)), max(0, int(x + reach)))


def slope(values: Float32Array) -> Float32Array:
    """Returns the length of the gradient of brightness `[height, width]`, per pixel, by Sobel's filter."""
    return np.hypot(cv2.Sobel(values, cv2.CV_32F, 1, 0), cv2.Sobel(values, cv2.CV_32F, 0, 1)) / 8
