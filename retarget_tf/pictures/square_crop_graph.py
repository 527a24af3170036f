"""`images.SquareCrop` inside a graph, and the decoding of one encoded picture: what a servable does before the network.

The geometry is not repeated: `pose_transform` runs on tensors too. The resampling is, in TensorFlow's operations;
a test holds it against `SquareCrop.apply`.
"""

import tensorflow as tf
import tensorflow.experimental.numpy as tnp

from retarget_tf.arrays import Tensor
from retarget_tf.body import pose_transform

_PNG_HEADER_BYTES = 24  # up to width and height
MAX_SIDE = 8192  # a header can promise more memory than the server has, and a thin strip lies in a large square


def decode_picture(encoded: Tensor) -> Tensor:
    """RGB uint8 `[height, width, 3]` of one encoded JPEG or PNG, a string scalar, as it is stored.

    Gray becomes RGB, 16 bits become 8, transparency is left away. Another format, four inks, a damaged file or a side
    above 8192 pixels is an InvalidArgumentError; all of it is read off the header, before memory is taken.
    """
    is_jpeg = tf.strings.substr(encoded, 0, 3) == b"\xff\xd8\xff"
    is_png = (tf.strings.substr(encoded, 0, 4) == b"\x89PNG") & (tf.strings.length(encoded) >= _PNG_HEADER_BYTES)
    known = tf.debugging.Assert(is_jpeg | is_png, ["a picture must be an encoded JPEG or PNG file"])
    with tf.control_dependencies([known]):
        header = tf.cond(is_jpeg, lambda: _jpeg_header(encoded), lambda: _png_header(encoded))
        height, width, channels = tf.unstack(tf.ensure_shape(header, [3]))
    small = tf.debugging.Assert(
        (tf.minimum(height, width) > 0) & (tf.maximum(height, width) <= MAX_SIDE),
        [f"a picture must be 1 to {MAX_SIDE} pixels wide and high. Received: width, height =", width, height],
    )
    colours = tf.debugging.Assert(
        (channels == 1) | (channels == 3),
        ["a picture must be gray or RGB. Received: channels =", channels],
    )
    with tf.control_dependencies([small, colours]):
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
    # One axis after the other: the square around a thin strip would be far larger than the strip.
    rows = _cut(picture, y, count * block, axis=0)
    rows = tf.image.resize(rows[None], [count, tf.shape(picture)[1]], method="area")[0]
    patch = tf.image.resize(_cut(rows, x, count * block, axis=1)[None], [count, count], method="area")[0]
    step = side / (block_side * size)
    patch = _sample(patch, (top - y) / block_side, step, size, axis=0)
    patch = _sample(patch, (left - x) / block_side, step, size, axis=1)
    return tf.ensure_shape(tf.cast(tf.round(patch), tf.uint8), [size, size, 3])


def apply_square_to_map(parsing_map: Tensor, square: tuple[Tensor, Tensor, Tensor], size: int) -> Tensor:
    """`SquareCrop.apply_map` of a map with background around it: the nearest pixel, nothing is mixed.

    Args:
        parsing_map: uint8 `[height, width]` of class ids.
        square: left, top and side in pixels, float32 scalars.
        size: side of the result in pixels.

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


def _jpeg_header(encoded: Tensor) -> Tensor:
    """Height, width, channels."""
    return tf.cast(tf.io.extract_jpeg_shape(encoded), tf.int64)


def _png_header(encoded: Tensor) -> Tensor:
    """Height and width of the IHDR chunk, which comes first; every kind of PNG is decoded to three channels."""
    width_height = tf.io.decode_raw(tf.strings.substr(encoded, 16, 8), tf.int32, little_endian=False)
    return tf.concat([tf.cast(width_height[::-1], tf.int64), tf.constant([3], tf.int64)], axis=0)


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
