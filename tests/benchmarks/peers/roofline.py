"""Operations of the training step and of the generator, and what the processor can do at most.

A multiplication with its addition counts as two operations. Only convolutions count; a gradient with respect to the
inputs, and one with respect to the weights, cost what the forward pass costs.
"""

import concurrent.futures
import os
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

Clock = Callable[[], float]

_MATRIX, _ARRAY = 4096, 2**26  # side; float32 elements of 256 MiB


def forward_operations(network: keras.Model) -> tuple[float, float]:
    """Returns the operations of the forward pass for one picture: of all convolutions, and of the first alone."""
    counts = []
    for layer in network.layers:
        if not isinstance(layer, keras.layers.Conv2D | keras.layers.Conv2DTranspose):
            continue
        is_up = isinstance(layer, keras.layers.Conv2DTranspose)
        positions = np.prod((layer.input if is_up else layer.output).shape[1:3])
        counts.append(2.0 * float(positions) * float(np.prod(layer.kernel.shape)))
    return sum(counts), counts[0]


def step_operations(generator: keras.Model, discriminator: keras.Model) -> float:
    """Returns the operations of a step for one picture: D's update on two maps, G's against the updated D."""
    (of_g, first_of_g), (of_d, first_of_d) = forward_operations(generator), forward_operations(discriminator)
    return 2 * (3 * of_d - first_of_d) + 2 * of_d + 3 * of_g - first_of_g


def matrix_rate(dtype: tf.DType, turns: int, clock: Clock) -> float:
    """Measures the operations per second of a product of two matrices of side 4096, as TensorFlow multiplies them."""
    matrix = tf.cast(tf.random.normal([_MATRIX, _MATRIX]), dtype)
    multiply = tf.function(lambda left, right: tf.reduce_max(tf.matmul(left, right)))
    return 2.0 * _MATRIX**3 / _median_seconds(lambda: multiply(matrix, matrix).numpy(), turns, clock)


def bandwidth(turns: int, clock: Clock) -> float:
    """Measures the bytes per second, read and written, of copies by as many threads as there are processors."""
    threads = len(os.sched_getaffinity(0))
    pairs = [(np.ones(_ARRAY, np.float32), np.zeros(_ARRAY, np.float32)) for _ in range(threads)]
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:

        def copy() -> None:
            list(pool.map(lambda pair: np.copyto(pair[1], pair[0]), pairs))

        return 2.0 * 4 * _ARRAY * threads / _median_seconds(copy, turns, clock)


def _median_seconds(call: Callable[[], object], turns: int, clock: Clock) -> float:
    call()
    taken = []
    for _ in range(turns):
        before = clock()
        call()
        taken.append(clock() - before)
    return float(np.median(taken))
