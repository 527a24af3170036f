"""Tests of the faster ways to compute layers: outputs, gradients and averages are those of Keras's layers."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.arrays import Float32Array
from retarget_tf.networks import shortcuts
from retarget_tf.networks.config import ModelConfig
from retarget_tf.networks.generator import build_generator


def _down(filters: int) -> keras.layers.Layer:
    return keras.layers.Conv2D(filters, 4, 2, "same", use_bias=False, name="layer")


def _up(filters: int) -> keras.layers.Layer:
    return keras.layers.Conv2DTranspose(filters, 4, 2, "same", bias_initializer="ones", name="layer")


CASES: list[Any] = [
    (_down(5), (2, 2, 12)),
    (_down(5), (16, 8, 3)),
    (_up(5), (1, 1, 12)),
    (_up(5), (4, 8, 3)),
    (_up(3), (32, 16, 4)),
    (keras.layers.BatchNormalization(gamma_initializer="random_normal"), (5, 7, 3)),
    (keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5), (1, 1, 3)),
    (keras.layers.BatchNormalization(gamma_initializer="random_normal", synchronized=True), (5, 7, 3)),
]


@pytest.mark.parametrize(("layer", "shape"), CASES)
def test_a_layer_computes_the_same(layer: keras.layers.Layer, shape: tuple[int, ...]) -> None:
    plain, faster = (_network(layer, shape) for _ in range(2))
    faster.set_weights(plain.get_weights())
    shortcuts.take(faster)
    assert "call" in vars(faster.layers[-1])  # it was replaced
    pictures = np.random.default_rng(0).normal(size=[3, *shape]).astype(np.float32)
    for before, after in zip(_results(plain, pictures), _results(faster, pictures), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-5)


def test_a_layer_of_many_pixels_stays_as_it_is() -> None:
    network = shortcuts.take(_network(_down(5), (32, 32, 3)))
    assert "call" not in vars(network.layers[-1])


def test_nothing_changes_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    assert "call" not in vars(shortcuts.take(_network(_down(5), (2, 2, 3))).layers[-1])


def test_a_network_computes_the_same_in_any_batch_and_is_saved_as_before(tmp_path: Any) -> None:
    config = ModelConfig.of_preset("paper", image_size=32, filters=4)
    network, faster = build_generator(config), shortcuts.take(build_generator(config))
    inputs: dict[str, Any] = {
        "frame": np.ones([2, 32, 32, 3], np.float32) / 2,
        "keypoints": np.full([2, 25, 3], 9.0, np.float32),
    }
    expected = network(inputs)["parsing_rgb"]
    generate = tf.function(lambda inputs: faster(inputs)["parsing_rgb"], reduce_retracing=True)
    for rows in (slice(0, 1), slice(0, 2)):
        generated = generate({name: tf.constant(value[rows]) for name, value in inputs.items()})
        np.testing.assert_allclose(generated, expected[rows], atol=1e-5)
    faster.save(tmp_path / "saved.keras")
    loaded: Any = keras.models.load_model(tmp_path / "saved.keras")
    np.testing.assert_allclose(loaded(inputs)["parsing_rgb"], expected, atol=1e-6)


def _network(layer: keras.layers.Layer, shape: tuple[int, ...]) -> keras.Model:
    inputs = keras.Input(shape)
    return keras.Model(inputs, type(layer).from_config(layer.get_config())(inputs))


def _results(network: keras.Model, pictures: Float32Array) -> list[Float32Array]:
    """Outputs in training, gradients of inputs and weights, and then all weights and the outputs in inference."""
    pictures = tf.constant(pictures)
    weights = [weight.value for weight in network.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch([pictures, *weights])
        outputs = network(pictures, training=True)
        loss = tf.reduce_sum(outputs * tf.cos(outputs))
    gradients = tape.gradient(loss, [pictures, *weights])
    results = [outputs, *gradients, *network.variables, network(pictures, training=False)]
    return [np.asarray(result) for result in results]
