"""Tests of the building blocks: pix2pix's constants, and shapes."""

import keras
import numpy as np
import pytest

from retarget_tf.networks import layers
from retarget_tf.networks.config import Norm


def test_weights_start_from_a_normal_distribution_of_0_02() -> None:
    values = keras.ops.convert_to_numpy(layers.weight_init(seed=1)((200, 200)))
    assert abs(values.mean()) < 5e-4
    assert values.std() == pytest.approx(0.02, rel=0.03)


def test_leaky_relu_has_slope_0_2() -> None:
    output = layers.leaky_relu("act")(np.array([[-1.0, 2.0]], np.float32))
    np.testing.assert_allclose(output, [[-0.2, 2.0]], rtol=1e-6)


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_normalization_gives_mean_0_and_the_scale_of_its_gamma(norm: Norm) -> None:
    layer = layers.normalization(norm, seed=3, name="norm")
    x = np.random.default_rng(0).normal(5.0, 3.0, (2, 8, 8, 4)).astype(np.float32)
    output = keras.ops.convert_to_numpy(layer(x, training=True))
    axes = (0, 1, 2) if norm == "batch" else (1, 2)
    np.testing.assert_allclose(output.mean(axis=axes), 0.0, atol=1e-5)
    gamma = np.broadcast_to(keras.ops.convert_to_numpy(layer.gamma), output.mean(axis=axes).shape)
    np.testing.assert_allclose(output.std(axis=axes), gamma, rtol=1e-4)
    assert np.all(np.abs(gamma - 1.0) < 0.1)


def test_instance_normalization_looks_at_each_picture_alone() -> None:
    layer = layers.normalization("instance", seed=3, name="norm")
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 4)).astype(np.float32)
    np.testing.assert_allclose(layer(x)[:1], layer(x[:1]), atol=1e-6)


def test_convolutions_halve_and_double_the_side() -> None:
    x = np.zeros((1, 8, 8, 3), np.float32)
    down = layers.convolution(5, strides=2, bias=False, seed=0, name="down")
    up = layers.transposed_convolution(6, bias=True, seed=0, name="up")
    assert down(x).shape == (1, 4, 4, 5)
    assert up(down(x)).shape == (1, 8, 8, 6)
    assert [weight.shape for weight in down.weights] == [(4, 4, 3, 5)]
    assert [weight.shape for weight in up.weights] == [(4, 4, 6, 5), (6,)]
    assert layers.convolution(1, strides=1, bias=True, seed=0, name="c", padding="valid")(x).shape == (1, 5, 5, 1)
