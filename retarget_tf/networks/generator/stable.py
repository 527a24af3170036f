"""The generator of the `stable` preset: a map of probabilities, anchored in the reference at every step.

    G(reference photo, its keypoints, its map; previous map; keypoints wanted) -> parsing_probabilities

The reference's map, cut into limbs and moved into the wanted pose (`limb_warp`), is where the answer starts: a linear
map of it is added to the U-Net's logits. Where no map is given all its channels are zero, and the network parses the
photo itself: asked for the reference's own pose it gives the reference's map.
"""

import keras
import numpy as np
from keras import ops

from retarget_tf.arrays import Tensor
from retarget_tf.body import limb_warp, pose_map, skeleton
from retarget_tf.networks import layers
from retarget_tf.networks.config import ModelConfig
from retarget_tf.networks.generator.unet import unet

_WARP_LOGIT = 3.0  # how far the warped map leads before anything is learned
_WARP_LOGITS = "warp_logits"


def build_stable_generator(config: ModelConfig, seed: int = 0) -> keras.Model:
    """Builds the network.

    Args:
        config: size, width, norm, and the ingredients `pose_condition`, `anchor`, `feedback` and `refinement`.
        seed: of the weights and of dropout.

    Returns:
        A model of a dict of `reference_frame` float32 `[batch, size, size, 3]` in [-1, 1], `reference_keypoints` and
        `keypoints` float32 `[batch, 25, 3]` in pixels, `reference_map` and `previous_map` float32
        `[batch, size, size, classes]`, one-hot or probabilities, all zero where unknown. It gives a dict of
        `parsing_probabilities` float32 `[batch, size, size, classes]`. Inputs that the ingredients do not use are
        taken all the same.
    """
    size, classes = config.image_size, config.schema.num_classes
    inputs = {
        "reference_frame": keras.Input((size, size, 3), name="reference_frame", dtype="float32"),
        "reference_keypoints": keras.Input((skeleton.NUM_JOINTS, 3), name="reference_keypoints", dtype="float32"),
        "reference_map": keras.Input((size, size, classes), name="reference_map", dtype="float32"),
        "previous_map": keras.Input((size, size, classes), name="previous_map", dtype="float32"),
        "keypoints": keras.Input((skeleton.NUM_JOINTS, 3), name="keypoints", dtype="float32"),
    }
    pose, at_bottleneck = _pose(inputs, config)
    sharp = [pose]  # what the refinement sees again
    if config.feedback != "none":
        sharp.append(inputs["previous_map"])
    warped = None
    if config.anchor == "warp":
        warped = limb_warp.warp_map(
            inputs["reference_map"], inputs["reference_keypoints"], inputs["keypoints"], config.schema
        )
        sharp.append(warped)
    blurred = []
    if config.anchor != "none":
        reference_stick = pose_map.draw_stick_figure(inputs["reference_keypoints"], size)
        blurred = [inputs["reference_frame"], reference_stick, inputs["reference_map"]]
    picture = keras.layers.Concatenate(name="conditions")([*sharp, *blurred])
    out_channels = config.refinement or classes
    features = unet(picture, out_channels=out_channels, config=config, seed=seed, at_bottleneck=at_bottleneck)
    logits = _refine(features, sharp, config, seed) if config.refinement else features
    if warped is not None:
        lead = keras.layers.Dense(
            classes, use_bias=False, kernel_initializer=keras.initializers.Identity(_WARP_LOGIT), name=_WARP_LOGITS
        )
        logits = keras.layers.Add(name="logits")([logits, lead(warped)])
    # float32 whatever the precision of the layers: the loss and the feedback need the digits.
    probabilities = keras.layers.Softmax(dtype="float32", name="parsing_probabilities")(logits)
    return keras.Model(inputs, {"parsing_probabilities": probabilities}, name="generator")


def raise_warp_lead(network: keras.Model, lead: float) -> None:
    """Lets a trained generator lean more on the reference's own map, moved into the pose.

    Args:
        network: of `build_stable_generator` with the anchor `warp`; changed in place.
        lead: added to the logit of each pixel's class in the warped map.
    """
    layer = network.get_layer(_WARP_LOGITS)
    [kernel] = layer.get_weights()
    layer.set_weights([kernel + lead * np.eye(len(kernel), dtype=kernel.dtype)])


def _pose(inputs: dict[str, Tensor], config: ModelConfig) -> tuple[Tensor, Tensor | None]:
    """The wanted pose as channels, and what of it is joined at the bottleneck."""
    keypoints, size = inputs["keypoints"], config.image_size
    if config.pose_condition == "stick":
        return pose_map.draw_stick_figure(keypoints, size), None
    vectors = [pose_map.normalised_coordinates(keypoints, size)]
    if config.anchor != "none":
        vectors.append(pose_map.normalised_coordinates(inputs["reference_keypoints"], size))
    coordinates = ops.concatenate(vectors, axis=-1)
    at_bottleneck = keras.layers.Reshape((1, 1, -1), name="coordinates")(coordinates)
    if config.pose_condition == "coordinates":
        return pose_map.draw_stick_figure(keypoints, size), at_bottleneck
    return pose_map.draw_limbs(keypoints, size), at_bottleneck


def _refine(features: Tensor, sharp: list[Tensor], config: ModelConfig, seed: int) -> Tensor:
    """A block at full resolution: thin arms are two pixels wide, and the U-Net's last skip is of half the size."""
    x = keras.layers.Concatenate(name="refine_inputs")([features, *sharp])
    x = keras.layers.Conv2D(
        config.refinement, 3, padding="same", kernel_initializer=layers.weight_init(seed + 300), name="refine_conv_0"
    )(x)
    x = layers.leaky_relu("refine_relu")(x)
    return keras.layers.Conv2D(
        config.schema.num_classes,
        3,
        padding="same",
        kernel_initializer=layers.weight_init(seed + 301),
        name="refine_conv_1",
    )(x)
