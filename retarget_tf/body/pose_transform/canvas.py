"""Crops the square canvas around the person of a photo, and scales and shifts keypoints.

Both functions take NumPy arrays or, with `xp=tensorflow.experimental.numpy`, tensors, so that programs and the serving
graph share them.
"""

from typing import Any

import numpy as np

from retarget_tf.body import skeleton

Array = Any  # a NumPy array or a tensor

MARGIN = 1 / 32  # border as a share of the canvas, kept free around a path: the body extends beyond its joints

# Raised or spread arms do not make a person taller or wider.
_ARMS = skeleton.joints("elbow", "wrist")


def move_keypoints(keypoints: Array, scale: Array, dx: Array, dy: Array, xp: Any = np) -> Array:
    """Scales about the origin, then shifts: x' = scale * x + dx. Missing joints stay (0, 0, 0).

    Args:
        keypoints: float32 `[..., 25, 3]` in pixels.
        scale: float32 scalar.
        dx: float32 scalar in pixels.
        dy: float32 scalar in pixels.
        xp: Module whose array functions are used.
    """
    xy = keypoints[..., :2] * scale + xp.stack([dx, dy])
    moved = xp.concatenate([xy, keypoints[..., 2:]], axis=-1)
    return xp.where(keypoints[..., 2:] > 0, moved, xp.zeros_like(moved))


def person_square(keypoints: Array, width: Array, height: Array, share: float, xp: Any = np) -> tuple[Array, ...]:
    """Returns the square around a person in which the person fills `share` of the height.

    The person is in its middle, unless shifting the square keeps it inside of the picture; training clips are cropped
    in the same way. Arms do not count for the height, but the square contains them. Without keypoints it is the
    smallest square around the picture's centre that contains the whole picture.

    Args:
        keypoints: float32 `[25, 3]` in pixels of the picture; joints outside of it count as missing.
        width: Width of the picture in pixels, float32 scalar.
        height: Height of the picture in pixels, float32 scalar.
        share: Height of the person divided by the side of the square, 0..1; smaller values leave more background.
        xp: Module whose array functions are used.

    Returns:
        Left, top and side in pixels, float32 scalars; the square may extend beyond the picture on any side.
    """
    x, y = keypoints[:, 0], keypoints[:, 1]
    present = (keypoints[:, 2] > 0) & (x >= 0) & (x < width) & (y >= 0) & (y < height)
    body = present & ~np.isin(np.arange(skeleton.NUM_JOINTS), _ARMS)
    left, right, top, bottom = (*_extent(x, present, xp), *_extent(y, present, xp))
    body_left, body_right, body_top, body_bottom = (*_extent(x, body, xp), *_extent(y, body, xp))
    room = np.float32(1 - 2 * MARGIN)
    wanted = xp.maximum((body_bottom - body_top) / np.float32(share), xp.maximum(right - left, bottom - top) / room)
    whole = xp.maximum(width, height)
    # Joints all on one spot do not show where a person stands.
    known = (wanted >= np.float32(MARGIN) * whole) & xp.any(body)
    side = xp.where(known, wanted, whole)
    half = side / np.float32(2)
    # The square is centred on the body, then shifted as little as needed to contain the arms and their margin.
    x_middle = xp.clip((body_left + body_right) / np.float32(2), right - half * room, left + half * room)
    y_middle = xp.clip((body_top + body_bottom) / np.float32(2), bottom - half * room, top + half * room)
    x_middle = xp.where(known, x_middle, width / np.float32(2))
    y_middle = xp.where(known, y_middle, height / np.float32(2))
    return _moved_inside(x_middle - half, side, width, xp), _moved_inside(y_middle - half, side, height, xp), side


def _extent(values: Array, present: Array, xp: Any) -> tuple[Array, Array]:
    """Returns the smallest and the largest of the values present; 0 and 0 if there are none."""
    infinity = np.float32(np.inf)
    low = xp.min(xp.where(present, values, infinity))
    high = xp.max(xp.where(present, values, -infinity))
    some = xp.any(present)
    return xp.where(some, low, np.float32(0)), xp.where(some, high, np.float32(0))


def _moved_inside(start: Array, side: Array, length: Array, xp: Any) -> Array:
    return xp.where(side <= length, xp.clip(start, xp.zeros_like(start), length - side), start)
