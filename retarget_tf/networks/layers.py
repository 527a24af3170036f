"""Layers that all networks share, with pix2pix's constants instead of Keras's defaults (Isola et al. 2017)."""

from typing import Any

import keras

from retarget_tf.networks import replicas
from retarget_tf.networks.config import Norm

LEAKY_SLOPE = 0.2  # Keras's default is 0.3
KERNEL_SIZE = 4


def weight_init(seed: int) -> keras.initializers.Initializer:
    """Returns the initializer of convolution kernels: N(0, 0.02), pix2pix appendix 6.2."""
    return keras.initializers.RandomNormal(0.0, 0.02, seed=seed)


def normalization(norm: Norm, seed: int, name: str) -> keras.layers.Layer:
    """Builds a batch or instance normalization, its scale initialized with N(1, 0.02) and its shift with 0.

    Instance normalization is `GroupNormalization` with one channel per group. On several replicas the statistics of
    batch normalization are those of the whole batch.
    """
    scale_init = keras.initializers.RandomNormal(1.0, 0.02, seed=seed)
    if norm == "batch":
        # PyTorch's defaults: its momentum 0.1 is 0.9 in Keras; Keras's own default of epsilon is 1e-3.
        return keras.layers.BatchNormalization(
            momentum=0.9,
            epsilon=1e-5,
            gamma_initializer=scale_init,
            synchronized=replicas.count() > 1,
            name=name,
        )
    return keras.layers.GroupNormalization(groups=-1, epsilon=1e-5, gamma_initializer=scale_init, name=name)


def leaky_relu(name: str) -> keras.layers.Layer:
    """Builds a LeakyReLU with slope 0.2."""
    return keras.layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name=name)


def convolution(filters: int, *, strides: int, bias: bool, seed: int, name: str, padding: str = "same") -> Any:
    """Builds a 4x4 convolution; a convolution before a normalization needs no bias."""
    return keras.layers.Conv2D(
        filters, KERNEL_SIZE, strides, padding, use_bias=bias, kernel_initializer=weight_init(seed), name=name
    )


def transposed_convolution(filters: int, *, bias: bool, seed: int, name: str) -> Any:
    """Builds a 4x4 transposed convolution of stride 2, which doubles the side."""
    return keras.layers.Conv2DTranspose(
        filters, KERNEL_SIZE, 2, "same", use_bias=bias, kernel_initializer=weight_init(seed), name=name
    )


def dropout_seeds(model: keras.Model) -> list[Any]:
    """Returns the random states of all Dropout layers, TensorFlow variables that a Keras checkpoint leaves out."""
    seeded = (layer for layer in model.layers if isinstance(layer, keras.layers.Dropout))
    return [layer.seed_generator.state.value for layer in seeded]


def loss_scaled(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """Wraps the optimizer in loss scaling if the precision policy is `mixed_float16`."""
    # float16 gradients vanish without loss scaling; bfloat16 has float32's exponent and needs none.
    if keras.config.dtype_policy().name == "mixed_float16":
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer
