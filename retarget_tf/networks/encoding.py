"""Between stored pictures and what the networks eat: value ranges, colours of maps, the condition of D.

Everything is TensorFlow, so that the same lines run in training, in rollouts and inside a servable.
"""

import numpy as np
import tensorflow as tf

from retarget_tf.arrays import Tensor
from retarget_tf.body import pose_map
from retarget_tf.body.parsing_labels import UNKNOWN, LabelSchema


def to_signed(pixels: Tensor) -> Tensor:
    """float32 in [-1, 1] of uint8 pixels."""
    return tf.cast(pixels, tf.float32) * (1.0 / 127.5) - 1.0


def to_pixels(signed: Tensor) -> Tensor:
    """uint8 of float values in [-1, 1], rounded; the inverse of `to_signed`."""
    return tf.cast(tf.round((tf.clip_by_value(signed, -1.0, 1.0) + 1.0) * 127.5), tf.uint8)


def colour_map(parsing_map: Tensor, schema: LabelSchema) -> Tensor:
    """The map in the colours of its palette, as the `paper` preset regresses it.

    Args:
        parsing_map: uint8 `[..., height, width]` of class ids; unknown pixels come out in mid-grey.
        schema: names the palette.

    Returns:
        float32 `[..., height, width, 3]` in [-1, 1].
    """
    table = np.zeros((256, 3), np.float32)
    table[: schema.num_classes] = np.asarray(schema.palette, np.float32) / 127.5 - 1.0
    return tf.gather(tf.constant(table), tf.cast(parsing_map, tf.int32))


def nearest_class(rgb: Tensor, schema: LabelSchema) -> Tensor:
    """The class whose colour is nearest: uint8 `[..., height, width]` of float `[..., height, width, 3]` in [-1, 1].

    |x - c|^2 is smallest where 2 x.c - |c|^2 is largest.
    """
    palette = np.asarray(schema.palette, np.float32) / 127.5 - 1.0
    score = 2.0 * tf.tensordot(rgb, tf.constant(palette.T), 1) - tf.constant(np.sum(palette**2, axis=1))
    return tf.cast(tf.argmax(score, axis=-1), tf.uint8)


def one_hot(parsing_map: Tensor, schema: LabelSchema) -> Tensor:
    """float32 `[..., height, width, classes]` of a map of class ids; unknown pixels are all zero."""
    return tf.one_hot(tf.cast(parsing_map, tf.int32), schema.num_classes)


def most_probable(probabilities: Tensor) -> Tensor:
    """The most probable class of each pixel, one-hot; both float32 `[batch, height, width, classes]`."""
    return tf.one_hot(tf.argmax(probabilities, axis=-1, output_type=tf.int32), probabilities.shape[-1])


def known_pixels(parsing_map: Tensor) -> Tensor:
    """float32 `[..., height, width, 1]`: 1 where the class is known, 0 where the id is 255."""
    return tf.cast(parsing_map != UNKNOWN, tf.float32)[..., None]


def discriminator_condition(frame: Tensor, keypoints: Tensor) -> Tensor:
    """What D sees beside the map: frame and stick figure.

    Args:
        frame: float32 `[batch, size, size, 3]` in [-1, 1].
        keypoints: float32 `[batch, 25, 3]` in pixels.

    Returns:
        float32 `[batch, size, size, 6]` in [-1, 1].
    """
    return tf.concat([frame, pose_map.draw_stick_figure(keypoints, frame.shape[-2])], axis=-1)
