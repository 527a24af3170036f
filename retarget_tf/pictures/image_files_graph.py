"""Decodes an encoded picture inside a TensorFlow graph, for servables that receive pictures from untrusted clients.

Size and channels are read from the header and checked before memory is allocated for the pixels.
"""

import tensorflow as tf

from retarget_tf.arrays import Tensor

_PNG_HEADER_BYTES = 24  # up to width and height
MAX_SIDE = 8192  # limits each side, not the area, because later a square around the picture is cut out


def decode_picture(encoded: Tensor) -> Tensor:
    """Decodes one JPEG or PNG, a string scalar, to RGB uint8 `[height, width, 3]`; EXIF orientation is ignored.

    Gray is converted to RGB, 16 bits to 8, and transparency is dropped. Other formats, CMYK, damaged files and sides
    above 8192 pixels raise InvalidArgumentError.
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


def _jpeg_header(encoded: Tensor) -> Tensor:
    """Returns height, width and channels."""
    return tf.cast(tf.io.extract_jpeg_shape(encoded), tf.int64)


def _png_header(encoded: Tensor) -> Tensor:
    """Returns height and width from the IHDR chunk, which is first in a PNG, and 3 channels, as any PNG decodes to."""
    width_height = tf.io.decode_raw(tf.strings.substr(encoded, 16, 8), tf.int32, little_endian=False)
    return tf.concat([tf.cast(width_height[::-1], tf.int64), tf.constant([3], tf.int64)], axis=0)
