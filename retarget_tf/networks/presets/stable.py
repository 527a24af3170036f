"""The preset `stable`: class probabilities from the reference photo and the previous map.

    G(reference photo, its keypoints, its map; previous map; wanted keypoints) -> parsing_probabilities

The reference's map is cut into limbs that are moved into the wanted pose (`limb_warp`). A linear layer turns this
warped map into logits, to which the U-Net adds its own. The nearer the pose is to the reference's, the more the warped
map counts. Without a map of the reference (all channels zero) the network parses the photo: for the reference's own
keypoints it then returns the reference's map.

In a rollout the network receives the reference at every step, together with its own last map as one-hot.
"""

import copy
from collections.abc import Mapping
from typing import ClassVar, Self

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from retarget_tf.arrays import Tensor
from retarget_tf.body import limb_warp, pose_map, reference_choice, skeleton
from retarget_tf.networks import encoding, layers
from retarget_tf.networks.config import ModelConfig, StableModelConfig
from retarget_tf.networks.presets.loop import Reference, Taken, is_unknown, start_where_unknown
from retarget_tf.networks.trained import Network
from retarget_tf.networks.unet import unet

PHOTO_ADVICE = "Give the photo's map as `reference_map` where you have one; else the network parses the photo itself."

_WARP_LOGIT = 3.0  # initial logit of a pixel's class in the warped map; the other classes have 0
_WARP_LOGITS = "warp_logits"
_OWN_POSE_LOGIT = 8.0  # added to the logit of a pixel's class in the warped map in the reference's own pose
_NEAR = 0.1  # distance in body units between poses at which 1 / e of it is left


def build_generator(config: StableModelConfig, seed: int) -> keras.Model:
    """Builds the network.

    Args:
        config: Sets the picture size, classes, channels, normalization, dropout and refinement.
        seed: Makes the random initial weights and the dropout repeatable.

    Returns:
        A model that maps a dict of `reference_frame` float32 `[batch, size, size, 3]` in [-1, 1],
        `reference_keypoints` and `keypoints` float32 `[batch, 25, 3]` in pixels, `reference_map` and `previous_map`
        float32 `[batch, size, size, classes]` (one-hot or probabilities, all zero where unknown) to a dict of
        `parsing_probabilities` float32 `[batch, size, size, classes]`.
    """
    size, classes = config.image_size, config.schema.num_classes
    photo = keras.Input((size, size, 3), name="reference_frame", dtype="float32")
    reference_keypoints = keras.Input((skeleton.NUM_JOINTS, 3), name="reference_keypoints", dtype="float32")
    reference_map = keras.Input((size, size, classes), name="reference_map", dtype="float32")
    previous_map = keras.Input((size, size, classes), name="previous_map", dtype="float32")
    keypoints = keras.Input((skeleton.NUM_JOINTS, 3), name="keypoints", dtype="float32")

    coordinates = ops.concatenate(
        [pose_map.normalised_coordinates(points, size) for points in (keypoints, reference_keypoints)], axis=-1
    )
    at_bottleneck = keras.layers.Reshape((1, 1, -1), name="coordinates")(coordinates)
    limbs = pose_map.draw_limbs(keypoints, size)
    warped = limb_warp.warp_map(reference_map, reference_keypoints, keypoints, config.schema)
    sharp = [limbs, previous_map, warped]  # also the inputs of the refinement
    reference_stick = pose_map.draw_stick_figure(reference_keypoints, size)
    picture = keras.layers.Concatenate(name="conditions")([*sharp, photo, reference_stick, reference_map])

    out_channels = config.refinement or classes
    features = unet(picture, out_channels=out_channels, config=config, seed=seed, at_bottleneck=at_bottleneck)
    logits = _refine(features, sharp, config, seed) if config.refinement else features
    lead = keras.layers.Dense(
        classes, use_bias=False, kernel_initializer=keras.initializers.Identity(_WARP_LOGIT), name=_WARP_LOGITS
    )
    near = _OWN_POSE_LOGIT * _nearness(reference_keypoints, keypoints)
    logits = keras.layers.Add(name="logits")([logits, lead(warped), warped * near])
    # float32 even in mixed precision: float16 is too coarse for the losses and the next step.
    probabilities = keras.layers.Softmax(dtype="float32", name="parsing_probabilities")(logits)
    inputs = {tensor.name: tensor for tensor in (photo, reference_keypoints, reference_map, previous_map, keypoints)}
    return keras.Model(inputs, {"parsing_probabilities": probabilities}, name="generator")


def _nearness(reference_keypoints: Tensor, keypoints: Tensor) -> Tensor:
    """Returns 1 in the reference's own pose, towards 0 the farther poses are from it: `[batch, 1, 1, 1]`."""
    distance = ops.sqrt(reference_choice.difference(reference_keypoints, keypoints))
    return ops.exp(distance / -_NEAR)[:, None, None, None]


def _refine(features: Tensor, sharp: list[Tensor], config: StableModelConfig, seed: int) -> Tensor:
    """Refines at full resolution: thin arms are two pixels wide, and the U-Net's last skip has only half the size."""
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


def raise_warp_lead(network: keras.Model, lead: float) -> None:
    """Raises the weight of the warped reference map in a trained generator.

    Args:
        network: Model from `build_generator`, changed in place.
        lead: Added to the logit of each pixel's class in the warped map. Larger values keep more of the warped map and
            follow the U-Net less.
    """
    layer = network.get_layer(_WARP_LOGITS)
    [kernel] = layer.get_weights()
    layer.set_weights([kernel + lead * np.eye(len(kernel), dtype=kernel.dtype)])


class MapLoop:
    """Keeps the last map as state, one-hot. If the reference has no map, the network first parses its photo."""

    STATE: ClassVar[str] = "previous_map"

    def __init__(self, network: Network, config: ModelConfig, reference: Reference) -> None:
        self._schema = config.schema
        given = encoding.one_hot(reference.parsing_map, config.schema)
        nothing = tf.zeros_like(given)
        self.reference = {
            "reference_frame": encoding.to_signed(reference.frame),
            "reference_keypoints": tf.convert_to_tensor(reference.keypoints, tf.float32),
            "reference_map": nothing,
        }

        def parse_photo() -> Tensor:
            """Generates the map for the photo's own pose, without a reference map: this parses the photo."""
            outputs = network(self.inputs(nothing, self.reference["reference_keypoints"]))
            parsed = encoding.most_probable(outputs["parsing_probabilities"])
            return tf.where(unknown[:, None, None, None], parsed, given)

        unknown = is_unknown(reference.parsing_map)
        self.reference["reference_map"] = tf.cond(tf.reduce_any(unknown), parse_photo, lambda: given)

    def of(self, rows: Tensor) -> Self:
        """Takes these rows of the reference."""
        chosen = copy.copy(self)
        chosen.reference = {name: tf.gather(tensor, rows) for name, tensor in self.reference.items()}
        return chosen

    def start(self) -> Tensor:
        """Returns the reference's map."""
        return self.reference["reference_map"]

    def truth(self, frame: Tensor, parsing_map: Tensor) -> Tensor:
        """Returns the true map, one-hot."""
        del frame
        return encoding.one_hot(parsing_map, self._schema)

    def resume(self, previous_map: Tensor) -> Tensor:
        """Returns the map as one-hot; where it is unknown, zeros."""
        return start_where_unknown(previous_map, self.start(), encoding.one_hot(previous_map, self._schema))

    def inputs(self, state: Tensor, keypoints: Tensor) -> Mapping[str, Tensor]:
        """Returns the reference, the last map and the keypoints."""
        return {**self.reference, self.STATE: state, "keypoints": keypoints}

    def take(self, outputs: Mapping[str, Tensor]) -> Taken:
        """Takes the most probable class of each pixel; the state is this map, one-hot."""
        probabilities = outputs["parsing_probabilities"]
        parsing_map = tf.cast(tf.argmax(probabilities, axis=-1), tf.uint8)
        rgb = encoding.colour_map(parsing_map, self._schema)
        return Taken(encoding.most_probable(probabilities), parsing_map, rgb)
