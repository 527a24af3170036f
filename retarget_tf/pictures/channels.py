"""Repeats what holds for a pixel in each of its channels."""

import cv2
import numpy as np

from retarget_tf.arrays import Float32Array


def in_channels(values: Float32Array, count: int) -> Float32Array:
    """Repeats values `[height, width]` as `[height, width, count]`, several times as fast as NumPy's broadcasting."""
    return cv2.merge([values] * count) if values.size else np.zeros((*values.shape, count), np.float32)
