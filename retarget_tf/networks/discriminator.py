"""The conditional PatchGAN discriminator: each logit says whether one patch of the map is real, given its condition.

    D(condition, map) -> logits of overlapping patches, 70x70 pixels with three stride-2 convolutions

Architecture of pix2pix (Isola et al. 2017, appendix 6.1.2), without the sigmoid: the losses take logits.
"""

import keras

from retarget_tf.networks import layers
from retarget_tf.networks.config import PaperModelConfig


def build_discriminator(
    config: PaperModelConfig, *, condition_channels: int = 6, map_channels: int = 3, seed: int = 1
) -> keras.Model:
    """Builds the discriminator.

    Args:
        config: Sets the picture size, the channels, the normalization and the number of stride-2 convolutions.
        condition_channels: Channels of the condition: 6 for a frame and a stick figure.
        map_channels: Channels of the map: 3 for a map drawn in colours.
        seed: Makes the random initial weights repeatable.

    Returns:
        A model that maps a dict of `condition` float32 `[batch, size, size, condition_channels]` and `parsing_map`
        float32 `[batch, size, size, map_channels]`, both in [-1, 1], to float32 logits `[batch, patches, patches, 1]`.
    """
    size = config.image_size
    condition = keras.Input((size, size, condition_channels), name="condition", dtype="float32")
    parsing_map = keras.Input((size, size, map_channels), name="parsing_map", dtype="float32")
    x = keras.layers.Concatenate(name="condition_and_map")([condition, parsing_map])
    for level in range(config.patch_layers + 1):
        # The last has stride 1 and pix2pix's padding of one pixel on each side, which "same" would not give.
        last = level == config.patch_layers
        if last:
            x = keras.layers.ZeroPadding2D(1, name=f"block_{level}_pad")(x)
        width = config.filters * min(2**level, 8)
        x = layers.convolution(
            width,
            strides=1 if last else 2,
            bias=level == 0,
            seed=seed + level,
            name=f"block_{level}_conv",
            padding="valid" if last else "same",
        )(x)
        if level > 0:
            x = layers.normalization(config.norm, seed + level, f"block_{level}_norm")(x)
        x = layers.leaky_relu(f"block_{level}_relu")(x)
    x = keras.layers.ZeroPadding2D(1, name="output_pad")(x)
    x = layers.convolution(1, strides=1, bias=True, seed=seed + 100, name="output_conv", padding="valid")(x)
    logits = keras.layers.Activation("linear", dtype="float32", name="patch_logits")(x)
    return keras.Model({"condition": condition, "parsing_map": parsing_map}, logits, name="discriminator")
