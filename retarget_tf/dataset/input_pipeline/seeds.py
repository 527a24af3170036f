"""Seeds of stateless draws: what a draw gives depends on the seed, on what it is for, and on its position alone."""

import enum

import numpy as np
import tensorflow as tf

FOREVER = np.iinfo(np.int64).max


class Purpose(enum.IntEnum):
    """What a seed is for: no two draws may follow each other's."""

    EPOCH = 0
    SAMPLE = 1
    STREAM_PLAN = 2
    STREAM = 3


def purpose_seed(seed: int, purpose: Purpose) -> tf.Tensor:
    """The seed int64 `[2]` of all draws for one purpose."""
    return tf.constant([seed, purpose], tf.int64)


def fold_in(seed: tf.Tensor, value: tf.Tensor | int) -> tf.Tensor:
    """A seed int64 `[2]` of its own for each `value`."""
    return tf.random.experimental.stateless_fold_in(seed, tf.cast(value, tf.int64))
