"""Derives the seeds of stateless draws from the user's seed, the purpose of the draw and its position."""

import enum

import numpy as np
import tensorflow as tf

FOREVER = np.iinfo(np.int64).max


class Purpose(enum.IntEnum):
    """Purposes of random draws; each gets its own seed, so that their draws are independent."""

    EPOCH = 0
    SAMPLE = 1
    STREAM_PLAN = 2
    STREAM = 3


def purpose_seed(seed: int, purpose: Purpose) -> tf.Tensor:
    """Returns the seed int64 `[2]` of all draws for one purpose."""
    return tf.constant([seed, purpose], tf.int64)


def fold_in(seed: tf.Tensor, value: tf.Tensor | int) -> tf.Tensor:
    """Derives a different seed int64 `[2]` for each whole number `value`."""
    return tf.random.experimental.stateless_fold_in(seed, tf.cast(value, tf.int64))
