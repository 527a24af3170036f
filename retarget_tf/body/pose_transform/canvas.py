"""The square canvas around the person of a photo, and keypoints moved by a scale and a shift.

Both functions take NumPy arrays and, with `xp=tensorflow.experimental.numpy`, tensors: the program and the serving
graph run the same lines.
"""

from typing import Any

import numpy as np

from retarget_tf.body import skeleton

Array = Any  # of NumPy, or a tensor

MARGIN = 1 / 32  # of the canvas, kept free around a path: joints lie inside of the body

# An arm held up is no height, and makes nobody wider.
_ARMS = skeleton.joints("elbow", "wrist")


def move_keypoints(keypoints: Array, scale: Array, dx: Array, dy: Array, xp: Any = np) -> Array:
    """Scales about the origin, then shifts: x' = scale x + dx. Missing joints stay (0, 0, 0).

    Args:
        keypoints: float32 `[..., 25, 3]`.
        scale: float32 scalar.
        dx: float32 scalar, in pixels.
        dy: float32 scalar, in pixels.
        xp: the namespace of the arrays.
    """
    xy = keypoints[..., :2] * scale + xp.stack([dx, dy])
    moved = xp.concatenate([xy, keypoints[..., 2:]], axis=-1)
    return xp.where(keypoints[..., 2:] > 0, moved, xp.zeros_like(moved))


def person_square(keypoints: Array, width: Array, height: Array, share: float, xp: Any = np) -> tuple[Array, ...]:
    """The square of a picture in which the person takes `share` of the height, around the person.

    The person is in its middle, unless a shift keeps the square inside of the picture: as training clips are cut.
    Arms do not count for the height, but the square holds them. Without keypoints it is the smallest square around
    the picture's centre that holds the whole picture.

    Args:
        keypoints: float32 `[25, 3]` in pixels of the picture; joints outside of it count as missing.
        width: of the picture, float32 scalar.
        height: of the picture, float32 scalar.
        share: of the square's side, 0..1.
        xp: the namespace of the arrays.

    Returns:
        left, top and side in pixels, float32 scalars; the square may leave the picture on any side.
    """
    x, y = keypoints[:, 0], keypoints[:, 1]
    present = (keypoints[:, 2] > 0) & (x >= 0) & (x < width) & (y >= 0) & (y < height)
    body = present & ~np.isin(np.arange(skeleton.NUM_JOINTS), _ARMS)
    left, right, top, bottom = (*_extent(x, present, xp), *_extent(y, present, xp))
    body_left, body_right, body_top, body_bottom = (*_extent(x, body, xp), *_extent(y, body, xp))
    room = np.float32(1 - 2 * MARGIN)
    wanted = xp.maximum((body_bottom - body_top) / np.float32(share), xp.maximum(right - left, bottom - top) / room)
    whole = xp.maximum(width, height)
    # Joints on a spot the size of a thumbnail say nothing of where a person stands.
    known = (wanted >= np.float32(MARGIN) * whole) & xp.any(body)
    side = xp.where(known, wanted, whole)
    half = side / np.float32(2)
    # The body is centred; an arm held out moves the square just as far as its margin asks.
    x_middle = xp.clip((body_left + body_right) / np.float32(2), right - half * room, left + half * room)
    y_middle = xp.clip((body_top + body_bottom) / np.float32(2), bottom - half * room, top + half * room)
    x_middle = xp.where(known, x_middle, width / np.float32(2))
    y_middle = xp.where(known, y_middle, height / np.float32(2))
    return _moved_inside(x_middle - half, side, width, xp), _moved_inside(y_middle - half, side, height, xp), side


def _extent(values: Array, present: Array, xp: Any) -> tuple[Array, Array]:
    """Smallest and largest of the values that are present; 0 and 0 where none is."""
    infinity = np.float32(np.inf)
    low = xp.min(xp.where(present, values, infinity))
    high = xp.max(xp.where(present, values, -infinity))
    some = xp.any(present)
    return xp.where(some, low, np.float32(0)), xp.where(some, high, np.float32(0))


def _moved_inside(start: Array, side: Array, length: Array, xp: Any) -> Array:
    return xp.where(side <= length, xp.clip(start, xp.zeros_like(start), length - side), start)
