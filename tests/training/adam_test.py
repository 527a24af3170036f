"""The optimizer of the trainings against Keras's own."""

import keras
import numpy as np
import tensorflow as tf

from retarget_tf.training.adam import FusedAdam


def test_it_does_what_keras_does() -> None:
    rng = np.random.default_rng(0)
    start = rng.normal(size=(3, 5)).astype(np.float32)
    gradients = [tf.constant(rng.normal(size=(3, 5)), tf.float32) for _ in range(5)]

    def trained(optimizer: keras.optimizers.Optimizer) -> list[np.ndarray]:
        weights = keras.Variable(start)
        optimizer.build([weights])
        step = tf.function(lambda gradient: optimizer.apply([gradient], [weights]))
        for number, gradient in enumerate(gradients):
            optimizer.learning_rate = 0.1 / (number + 1)
            step(gradient)
        return [weights.numpy(), *(np.asarray(variable) for variable in optimizer.variables)]

    fused, plain = trained(FusedAdam(0.1, beta_1=0.5)), trained(keras.optimizers.Adam(0.1, beta_1=0.5))
    assert not np.allclose(fused[0], start, atol=0.1)
    assert len(fused) == len(plain)
    for ours, theirs in zip(fused, plain, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
