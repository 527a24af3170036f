"""`images.SquareCrop` inside a graph, and the decoding of one encoded picture: what a servable does before the network.

The geometry is not repeated: `pose_transform` runs on tensors too. The resampling is, in TensorFlow's operations;
a test holds it against `SquareCrop.apply`.
"""

from typing import Any

import tensorflow as tf
import tensorflow.experimental.numpy as tnp

from retarget_tf import pose_transform

Tensor = Any

MAX_PIXELS = 64_000_000  # a header can promise more memory than the server has


def decode_picture(encoded: Tensor) -> Tensor:
    """RGB uint8 `[height, width, 3]` of one encoded JPEG or PNG, a string scalar, as it is stored.

    Another format, a damaged file or one above 64 megapixels is an InvalidArgumentError, before memory is taken.
    """
    is_jpeg = tf.strings.substr(encoded, 0, 3) == b"\xff\xd8\xff"
    is_png = tf.strings.substr(encoded, 0, 4) == b"\x89PNG"
    known = tf.debugging.Assert(is_jpeg | is_png, ["image_bytes must be an encoded JPEG or PNG picture"])
    with tf.control_dependencies([known]):
        sides = tf.cond(is_jpeg, lambda: _jpeg_size(encoded), lambda: _png_size(encoded))
        height, width = tf.unstack(tf.ensure_shape(sides, [2]))
    small = tf.debugging.Assert(
        (height > 0) & (width > 0) & (height * width <= MAX_PIXELS),
        [f"image_bytes must hold at most {MAX_PIXELS} pixels. Received: width, height =", width, height],
    )
    with tf.control_dependencies([small]):
        picture = tf.io.decode_image(encoded, channels=3, expand_animations=False)
    return tf.ensure_shape(picture, [None, None, 3])


def person_square(keypoints: Tensor, picture: Tensor, share: float) -> tuple[Tensor, Tensor, Tensor]:
    """Left, top and side of `pose_transform.person_square` for a picture `[height, width, 3]`."""
    height, width = tf.unstack(tf.cast(tf.shape(picture)[:2], tf.float32))
    left, top, side = pose_transform.person_square(keypoints, width, height, share, xp=tnp)
    return left, top, side


def move_keypoints(keypoints: Tensor, square: tuple[Tensor, Tensor, Tensor], size: int) -> Tensor:
    """`SquareCrop.move_keypoints`."""
    left, top, side = square
    scale = size / side
    return pose_transform.move_keypoints(keypoints, scale, -left * scale, -top * scale, xp=tnp)


def apply_square(picture: Tensor, square: tuple[Tensor, Tensor, Tensor], size: int) -> Tensor:
    """`SquareCrop.apply`: whole blocks are averaged, then sampled linearly; edge pixels go on outside.

    Args:
        picture: uint8 `[height, width, 3]`.
        square: left, top and side in pixels, float32 scalars.
        size: side of the result in pixels.

    Returns:
        uint8 `[size, size, 3]`.
    """
    left, top, side = square
    block = tf.maximum(1, tf.cast(side // size, tf.int32))
    block_side = tf.cast(block, tf.float32)
    x, y = tf.floor(left), tf.floor(top)
    count = tf.cast(tf.math.ceil((side + 1) / block_side), tf.int32)
    patch = _cut(_cut(picture, y, count * block, axis=0), x, count * block, axis=1)
    patch = tf.image.resize(patch[None], [count, count], method="area")[0]
    step = side / (block_side * size)
    patch = _sample(patch, (top - y) / block_side, step, size, axis=0)
    patch = _sample(patch, (left - x) / block_side, step, size, axis=1)
    return tf.ensure_shape(tf.cast(tf.round(patch), tf.uint8), [size, size, 3])


def _jpeg_size(encoded: Tensor) -> Tensor:
    return tf.cast(tf.io.extract_jpeg_shape(encoded)[:2], tf.int64)


def _png_size(encoded: Tensor) -> Tensor:
    """Height and width of the IHDR chunk, which comes first."""
    numbers = tf.io.decode_raw(tf.strings.substr(encoded, 16, 8), tf.int32, little_endian=False)
    return tf.reverse(tf.cast(numbers, tf.int64), [0])


def _cut(picture: Tensor, start: Tensor, length: Tensor, axis: int) -> Tensor:
    """Rows or columns from `start`; outside of the picture the nearest."""
    indices = tf.cast(start, tf.int32) + tf.range(length)
    return tf.gather(picture, tf.clip_by_value(indices, 0, tf.shape(picture)[axis] - 1), axis=axis)


def _sample(picture: Tensor, start: Tensor, step: Tensor, size: int, axis: int) -> Tensor:
    """Linear interpolation at the centres of `size` pixels of width `step`, along one axis."""
    last = tf.shape(picture)[axis] - 1
    position = start + (tf.range(size, dtype=tf.float32) + 0.5) * step - 0.5  # pixel centres lie at +0.5
    position = tf.clip_by_value(position, 0.0, tf.cast(last, tf.float32))
    before = tf.cast(tf.floor(position), tf.int32)
    share = tf.reshape(position - tf.floor(position), [-1, 1, 1] if axis == 0 else [1, -1, 1])
    after = tf.minimum(before + 1, last)
    return tf.gather(picture, before, axis=axis) * (1 - share) + tf.gather(picture, after, axis=axis) * share
