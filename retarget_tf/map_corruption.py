"""Damage to parsing maps as a rollout makes it: shifted, blocks of it wrong, eroded.

A network that was only ever shown clean maps believes whatever comes back to it. All functions take and give one-hot
maps, float32 `[batch, height, width, classes]`, and draw from a stateless seed.
"""

from typing import Any

import tensorflow as tf

Tensor = Any

_MAX_SHIFT = 1 / 24  # of the side
_GRID = 8  # blocks along a side
_WRONG_BLOCKS = 0.12  # share of the blocks


def corrupt_maps(one_hot: Tensor, share: float, seed: Tensor) -> Tensor:
    """Damages each map with probability `share`: one of the three ways, or all of them.

    Args:
        one_hot: float32 `[batch, height, width, classes]`.
        share: of the maps that are damaged.
        seed: int `[2]`.
    """
    choice_seed, shift_seed, block_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 3))
    draws = tf.random.stateless_uniform([tf.shape(one_hot)[0], 4], choice_seed)
    hit = draws[:, 0] < share
    ways = hit[:, None] & (draws[:, 1:] < 0.5)
    for way, damage in enumerate(
        (
            lambda maps: _shifted(maps, shift_seed),
            lambda maps: _with_wrong_blocks(maps, block_seed),
            _eroded,
        )
    ):
        one_hot = tf.where(ways[:, way, None, None, None], damage(one_hot), one_hot)
    return one_hot


def _shifted(one_hot: Tensor, seed: Tensor) -> Tensor:
    """The whole batch moved by one draw of up to 1/24 of the side; what leaves on one side comes in on the other."""
    reach = max(1, round(one_hot.shape[1] * _MAX_SHIFT))
    shift = tf.random.stateless_uniform([2], seed, -reach, reach + 1, dtype=tf.int32)
    return tf.roll(one_hot, shift, axis=[1, 2])


def _with_wrong_blocks(one_hot: Tensor, seed: Tensor) -> Tensor:
    """Blocks take what stands in another picture of the batch at their place, or nothing."""
    size = one_hot.shape[1]
    draws = tf.random.stateless_uniform([tf.shape(one_hot)[0], _GRID, _GRID, 1], seed)
    draws = tf.repeat(tf.repeat(draws, -(-size // _GRID), axis=1), -(-size // _GRID), axis=2)[:, :size, :size]
    background = tf.one_hot(tf.zeros_like(one_hot[..., 0], tf.int32), one_hot.shape[-1])
    other = tf.roll(one_hot, 1, axis=0)
    one_hot = tf.where(draws < _WRONG_BLOCKS / 2, other, one_hot)
    return tf.where((draws >= _WRONG_BLOCKS / 2) & (draws < _WRONG_BLOCKS), background, one_hot)


def _eroded(one_hot: Tensor) -> Tensor:
    """The background grows by a pixel."""
    grown = tf.nn.max_pool2d(one_hot[..., :1], 3, 1, "SAME") > 0
    background = tf.one_hot(tf.zeros_like(one_hot[..., 0], tf.int32), one_hot.shape[-1])
    return tf.where(grown, background, one_hot)
