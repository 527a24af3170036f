"""The functions of `SquareCrop` as TensorFlow operations, for servables that crop pictures inside their graph.

The geometry is shared with `pose_transform`, which also runs on tensors. The resampling is implemented again and agrees
with `SquareCrop.apply` within 2 of 255 levels.
"""

import tensorflow as tf
import tensorflow.experimental.numpy as tnp

from retarget_tf.arrays import Tensor
from retarget_tf.body import pose_transform


def person_square(keypoints: Tensor, picture: Tensor, share: float) -> tuple[Tensor, Tensor, Tensor]:
    """Returns left, top and side of `pose_transform.person_square` in a picture `[height, width, 3]`."""
    height, width = tf.unstack(tf.cast(tf.shape(picture)[:2], tf.float32))
    left, top, side = pose_transform.person_square(keypoints, width, height, share, xp=tnp)
    return left, top, side


def move_keypoints(keypoints: Tensor, square: tuple[Tensor, Tensor, Tensor], size: int) -> Tensor:
    """Moves keypoints as `SquareCrop.move_keypoints` does."""
    left, top, side = square
    scale = size / side
    return pose_transform.move_keypoints(keypoints, scale, -left * scale, -top * scale, xp=tnp)


def apply_square(picture: Tensor, square: tuple[Tensor, Tensor, Tensor], size: int) -> Tensor:
    """Crops and resizes a picture as `SquareCrop.apply` does.

    Args:
        picture: uint8 `[height, width, 3]`.
        square: Left, top and side in pixels, float32 scalars.
        size: Side of the result in pixels.

    Returns:
        uint8 `[size, size, 3]`.
    """
    left, top, side = square
    block = tf.maximum(1, tf.cast(side // size, tf.int32))
    block_side = tf.cast(block, tf.float32)
    x, y = tf.floor(left), tf.floor(top)
    count = tf.cast(tf.math.ceil((side + 1) / block_side), tf.int32)
    # One axis after the other: the square around a thin strip would need far more memory than the strip.
    rows = _cut(picture, y, count * block, axis=0)
    rows = tf.image.resize(rows[None], [count, tf.shape(picture)[1]], method="area")[0]
    patch = tf.image.resize(_cut(rows, x, count * block, axis=1)[None], [count, count], method="area")[0]
    step = side / (block_side * size)
    patch = _sample(patch, (top - y) / block_side, step, size, axis=0)
    patch = _sample(patch, (left - x) / block_side, step, size, axis=1)
    return tf.ensure_shape(tf.cast(tf.round(patch), tf.uint8), [size, size, 3])


def apply_square_to_map(parsing_map: Tensor, square: tuple[Tensor, Tensor, Tensor], size: int) -> Tensor:
    """Crops and resizes a map as `SquareCrop.apply_map_on_background` does.

    Args:
        parsing_map: Class ids, uint8 `[height, width]`.
        square: Left, top and side in pixels, float32 scalars.
        size: Side of the result in pixels.

    Returns:
        uint8 `[size, size]`.
    """
    left, top, side = square
    centres = (tf.range(size, dtype=tf.float32) + 0.5) * (side / size)
    rows, columns = (tf.cast(tf.floor(start + centres), tf.int32) + 1 for start in (top, left))
    framed = tf.pad(parsing_map, [[1, 1], [1, 1]])
    height, width = tf.unstack(tf.shape(framed))
    framed = tf.gather(framed, tf.clip_by_value(rows, 0, height - 1), axis=0)
    return tf.gather(framed, tf.clip_by_value(columns, 0, width - 1), axis=1)


def _cut(picture: Tensor, start: Tensor, length: Tensor, axis: int) -> Tensor:
    """Takes rows (axis 0) or columns (axis 1) from `start`; outside the picture, the nearest one is used."""
    indices = tf.cast(start, tf.int32) + tf.range(length)
    return tf.gather(picture, tf.clip_by_value(indices, 0, tf.shape(picture)[axis] - 1), axis=axis)


def _sample(picture: Tensor, start: Tensor, step: Tensor, size: int, axis: int) -> Tensor:
    """Interpolates linearly at the centres of `size` pixels of width `step` along one axis."""
    last = tf.shape(picture)[axis] - 1
    position = start + (tf.range(size, dtype=tf.float32) + 0.5) * step - 0.5  # pixel centres lie at +0.5
    position = tf.clip_by_value(position, 0.0, tf.cast(last, tf.float32))
    before = tf.cast(tf.floor(position), tf.int32)
    share = tf.reshape(position - tf.floor(position), [-1, 1, 1] if axis == 0 else [1, -1, 1])
    after = tf.minimum(before + 1, last)
    return tf.gather(picture, before, axis=axis) * (1 - share) + tf.gather(picture, after, axis=axis) * share
