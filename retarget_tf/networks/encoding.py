"""Converts stored frames and parsing maps to network tensors and back.

Stored frames are uint8 RGB, stored maps uint8 class ids (255 where unknown); networks take float32 in [-1, 1] or
one-hot classes. All functions are TensorFlow operations and run in training, in rollouts and inside a SavedModel.
"""

import numpy as np
import tensorflow as tf

from retarget_tf.arrays import Tensor
from retarget_tf.body import pose_map
from retarget_tf.body.parsing_labels import UNKNOWN, LabelSchema


def to_signed(pixels: Tensor) -> Tensor:
    """Scales uint8 pixels to float32 in [-1, 1]."""
    return tf.cast(pixels, tf.float32) * (1.0 / 127.5) - 1.0


def to_pixels(signed: Tensor) -> Tensor:
    """Scales floats in [-1, 1] to rounded uint8 pixels, the inverse of `to_signed`; other values are clipped."""
    return tf.cast(tf.round((tf.clip_by_value(signed, -1.0, 1.0) + 1.0) * 127.5), tf.uint8)


def colour_map(parsing_map: Tensor, schema: LabelSchema) -> Tensor:
    """Draws a map in the colours of its palette, as the `paper` preset regresses it.

    Args:
        parsing_map: uint8 `[..., height, width]` of class ids; unknown pixels become mid-grey.
        schema: Label schema of the map, which has the palette.

    Returns:
        float32 `[..., height, width, 3]` in [-1, 1].
    """
    table = np.zeros((256, 3), np.float32)
    table[: schema.num_classes] = np.asarray(schema.palette, np.float32) / 127.5 - 1.0
    return tf.gather(tf.constant(table), tf.cast(parsing_map, tf.int32))


def nearest_class(rgb: Tensor, schema: LabelSchema) -> Tensor:
    """Finds the class whose colour is nearest to each pixel.

    Maps float32 `[..., height, width, 3]` in [-1, 1] to uint8 class ids `[..., height, width]`. The distance
    |x - c|^2 is smallest where 2 x.c - |c|^2 is largest.
    """
    palette = np.asarray(schema.palette, np.float32) / 127.5 - 1.0
    score = 2.0 * tf.tensordot(rgb, tf.constant(palette.T), 1) - tf.constant(np.sum(palette**2, axis=1))
    return tf.cast(tf.argmax(score, axis=-1), tf.uint8)


def one_hot(parsing_map: Tensor, schema: LabelSchema) -> Tensor:
    """Encodes class ids `[..., height, width]` as float32 `[..., height, width, classes]`, all zero where unknown."""
    return tf.one_hot(tf.cast(parsing_map, tf.int32), schema.num_classes)


def most_probable(probabilities: Tensor) -> Tensor:
    """Rounds probabilities to the most probable class, one-hot; both float32 `[batch, height, width, classes]`."""
    return tf.one_hot(tf.argmax(probabilities, axis=-1, output_type=tf.int32), probabilities.shape[-1])


def known_pixels(parsing_map: Tensor) -> Tensor:
    """Returns float32 `[..., height, width, 1]`: 1 where the class is known, 0 where the id is 255."""
    return tf.cast(parsing_map != UNKNOWN, tf.float32)[..., None]


def discriminator_condition(frame: Tensor, keypoints: Tensor) -> Tensor:
    """Concatenates a frame and the stick figure of a pose, the condition of the discriminator.

    Args:
        frame: float32 `[batch, size, size, 3]` in [-1, 1].
        keypoints: float32 `[batch, 25, 3]` in pixels.

    Returns:
        float32 `[batch, size, size, 6]` in [-1, 1].
    """
    return tf.concat([frame, pose_map.draw_stick_figure(keypoints, frame.shape[-2])], axis=-1)
