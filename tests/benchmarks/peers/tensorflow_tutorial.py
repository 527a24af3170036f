"""The networks and the training step of TensorFlow's pix2pix tutorial, written anew from their published shapes.

Checked against the parameter counts that its `summary()` prints: 54,425,859 and 2,770,433. U-Net of 4x4 convolutions
without bias, batch normalization with Keras's defaults, dropout of .5 in three blocks; Adam(2e-4, .5); L1 weight 100.
D and G are updated from one forward pass: G's loss comes from the D before its update.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

GENERATOR_PARAMETERS, DISCRIMINATOR_PARAMETERS = 54_425_859, 2_770_433

_ENCODER = (64, 128, 256, 512, 512, 512, 512, 512)
_DECODER = (512, 512, 512, 512, 256, 128, 64)
_DROPOUT_BLOCKS = 3
_L1_WEIGHT = 100.0


def build_generator() -> keras.Model:
    """Builds the U-Net: float32 `[batch, 256, 256, 3]` to the same."""
    picture = keras.Input((256, 256, 3))
    x, skips = picture, []
    for level, width in enumerate(_ENCODER):
        x = keras.layers.Conv2D(width, 4, 2, "same", use_bias=False, kernel_initializer=_init())(x)
        x = keras.layers.BatchNormalization()(x) if level else x
        x = keras.layers.LeakyReLU()(x)
        skips.append(x)
    for level, (width, skip) in enumerate(zip(_DECODER, skips[-2::-1], strict=True)):
        x = keras.layers.Conv2DTranspose(width, 4, 2, "same", use_bias=False, kernel_initializer=_init())(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.Dropout(0.5)(x) if level < _DROPOUT_BLOCKS else x
        x = keras.layers.Concatenate()([keras.layers.ReLU()(x), skip])
    x = keras.layers.Conv2DTranspose(3, 4, 2, "same", kernel_initializer=_init())(x)
    model = keras.Model(picture, keras.layers.Activation("tanh", dtype="float32")(x))
    assert model.count_params() == GENERATOR_PARAMETERS, model.count_params()
    return model


def build_discriminator() -> keras.Model:
    """Builds the PatchGAN: two float32 `[batch, 256, 256, 3]` to logits `[batch, 30, 30, 1]`."""
    condition, target = (keras.Input((256, 256, 3)) for _ in range(2))
    x = keras.layers.Concatenate()([condition, target])
    for level, width in enumerate((64, 128, 256)):
        x = keras.layers.Conv2D(width, 4, 2, "same", use_bias=False, kernel_initializer=_init())(x)
        x = keras.layers.BatchNormalization()(x) if level else x
        x = keras.layers.LeakyReLU()(x)
    x = keras.layers.ZeroPadding2D()(x)
    x = keras.layers.Conv2D(512, 4, use_bias=False, kernel_initializer=_init())(x)
    x = keras.layers.LeakyReLU()(keras.layers.BatchNormalization()(x))
    x = keras.layers.Conv2D(1, 4, kernel_initializer=_init())(keras.layers.ZeroPadding2D()(x))
    model = keras.Model([condition, target], keras.layers.Activation("linear", dtype="float32")(x))
    assert model.count_params() == DISCRIMINATOR_PARAMETERS, model.count_params()
    return model


def _init() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(0.0, 0.02)


class Tutorial:
    """Networks, optimizers and training step; the global precision policy is that of the layers."""

    def __init__(self) -> None:
        self.generator, self._discriminator = build_generator(), build_discriminator()
        self._optimizers = [keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2)]

    def call(self, kind: str) -> Callable[..., Any]:
        """Returns a training step, or a forward pass, for one size of batch."""
        return tf.function(self._step if kind == "step" else lambda picture: self.generator(picture, training=False))

    def _step(self, picture: tf.Tensor, target: tf.Tensor) -> Any:
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            generated = self.generator(picture, training=True)
            of_real = self._discriminator([picture, target], training=True)
            of_generated = self._discriminator([picture, generated], training=True)
            generator_loss = loss(tf.ones_like(of_generated), of_generated)
            generator_loss += _L1_WEIGHT * tf.reduce_mean(tf.abs(target - generated))
            discriminator_loss = loss(tf.ones_like(of_real), of_real)
            discriminator_loss += loss(tf.zeros_like(of_generated), of_generated)
        networks = (self.generator, self._discriminator)
        tapes = ((generator_tape, generator_loss), (discriminator_tape, discriminator_loss))
        gradients = [
            tape.gradient(total, network.trainable_variables)
            for (tape, total), network in zip(tapes, networks, strict=True)
        ]
        for optimizer, network, gradient in zip(self._optimizers, networks, gradients, strict=True):
            optimizer.apply_gradients(zip(gradient, network.trainable_variables, strict=True))
        return generator_loss, discriminator_loss
