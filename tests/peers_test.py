"""Tests of the benchmark against pix2pix: its networks are those that were published, its operations are counted."""

import keras
import pytest

from tests.benchmarks.peers import roofline, tensorflow_tutorial


@pytest.mark.slow
def test_the_tutorials_networks_have_the_published_sizes() -> None:
    generator, discriminator = tensorflow_tutorial.build_generator(), tensorflow_tutorial.build_discriminator()
    assert (generator.count_params(), discriminator.count_params()) == (54_425_859, 2_770_433)
    assert (generator.output_shape, discriminator.output_shape) == ((None, 256, 256, 3), (None, 30, 30, 1))


def test_operations_by_hand() -> None:
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(5, 4, 2, "same")(inputs)  # 4x4 positions
    network = keras.Model(inputs, keras.layers.Conv2DTranspose(2, 4, 2, "same")(x))
    first, second = 2 * 16 * (16 * 3 * 5), 2 * 16 * (16 * 5 * 2)
    assert roofline.forward_operations(network) == (first + second, first)
    # D: forward on two maps, gradients of its weights, and of all inputs but the first layer's; then G's pass through
    # D, forward and back; G's forward pass and gradients.
    forward = first + second
    assert roofline.step_operations(network, network) == 2 * (3 * forward - first) + 2 * forward + 3 * forward - first
