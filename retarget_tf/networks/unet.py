"""The U-Net of every generator: an encoder down to one pixel, a decoder, and skip connections at equal sizes.

4x4 convolutions of stride 2 as in pix2pix (Isola et al. 2017, appendix 6.1.1). A picture of side 2^n
pixels has n levels.
"""

import keras

from retarget_tf.arrays import Tensor
from retarget_tf.networks import layers
from retarget_tf.networks.config import ModelConfig

DROPOUT_BLOCKS = 3


def unet(
    picture: Tensor, *, out_channels: int, config: ModelConfig, seed: int, at_bottleneck: Tensor | None = None
) -> Tensor:
    """Adds a U-Net to a functional model.

    Args:
        picture: Symbolic input, `[batch, size, size, channels]`.
        out_channels: Channels of the result.
        config: Sets depth, channels, normalization and dropout.
        seed: Makes the random initial weights and the dropout repeatable.
        at_bottleneck: `[batch, 1, 1, n]`, concatenated to the encoder's output; None adds nothing.

    Returns:
        Symbolic output `[batch, size, size, out_channels]`, without an activation.
    """
    widths = encoder_widths(config)
    skips = []
    x = picture
    for level, width in enumerate(widths):
        x = _down(x, width, level, norm=0 < level < len(widths) - 1, config=config, seed=seed + level)
        skips.append(x)
    if at_bottleneck is not None:
        x = keras.layers.Concatenate(name="bottleneck_and_pose")([x, at_bottleneck])
    for level, (width, skip) in enumerate(zip(widths[-2::-1], skips[-2::-1], strict=True)):
        x = _up(x, width, level, config=config, seed=seed + 100 + level)
        x = keras.layers.Concatenate(name=f"skip_{level}")([x, skip])
    x = keras.layers.ReLU(name="output_relu")(x)
    return layers.transposed_convolution(out_channels, bias=True, seed=seed + 200, name="output_conv")(x)


def encoder_widths(config: ModelConfig) -> list[int]:
    """Returns the channels of the encoder's blocks: they double from block to block, up to 8 * filters."""
    return [config.filters * min(2**level, 8) for level in range(config.depth)]


def _down(x: Tensor, width: int, level: int, *, norm: bool, config: ModelConfig, seed: int) -> Tensor:
    if level > 0:
        x = layers.leaky_relu(f"down_{level}_relu")(x)
    x = layers.convolution(width, strides=2, bias=False, seed=seed, name=f"down_{level}_conv")(x)
    return layers.normalization(config.norm, seed, f"down_{level}_norm")(x) if norm else x


def _up(x: Tensor, width: int, level: int, *, config: ModelConfig, seed: int) -> Tensor:
    x = keras.layers.ReLU(name=f"up_{level}_relu")(x)
    x = layers.transposed_convolution(width, bias=False, seed=seed, name=f"up_{level}_conv")(x)
    x = layers.normalization(config.norm, seed, f"up_{level}_norm")(x)
    if level < DROPOUT_BLOCKS and config.dropout > 0:
        x = keras.layers.Dropout(config.dropout, seed=seed, name=f"up_{level}_dropout")(x)
    return x
