"""The preset `paper`: a U-Net that parses and retargets in one step, G(frame_t, keypoints_t+1) -> parsing_rgb_t+1.

In a rollout the first frame is the photo. Each later frame is the network's own last map, drawn in the colours of the
palette. The network parses the photo itself; a parsing map of the reference is ignored.
"""

import copy
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Self

import keras
import tensorflow as tf

from retarget_tf.arrays import Tensor
from retarget_tf.body import pose_map, skeleton
from retarget_tf.networks import encoding
from retarget_tf.networks.config import ModelConfig, PaperModelConfig
from retarget_tf.networks.presets.loop import Reference, Taken, start_where_unknown
from retarget_tf.networks.trained import Network
from retarget_tf.networks.unet import unet

PHOTO_ADVICE = "It parses the photo itself: `reference_map` is accepted and ignored."


def build_generator(config: PaperModelConfig, seed: int) -> keras.Model:
    """Builds the U-Net.

    Args:
        config: Sets the picture size, channels, normalization and dropout, and how the pose is given.
        seed: Makes the random initial weights and the dropout repeatable.

    Returns:
        A model that maps a dict of `frame` float32 `[batch, size, size, 3]` in [-1, 1] and `keypoints` float32
        `[batch, 25, 3]` in pixels to a dict of `parsing_rgb` float32 `[batch, size, size, 3]` in [-1, 1].
    """
    size = config.image_size
    frame = keras.Input((size, size, 3), name="frame", dtype="float32")
    keypoints = keras.Input((skeleton.NUM_JOINTS, 3), name="keypoints", dtype="float32")
    if config.pose_condition == "stick":
        stick = pose_map.draw_stick_figure(keypoints, size)
        picture, at_bottleneck = keras.layers.Concatenate(name="frame_and_stick")([frame, stick]), None
    else:
        coordinates = pose_map.normalised_coordinates(keypoints, size)
        picture, at_bottleneck = frame, keras.layers.Reshape((1, 1, -1), name="coordinates")(coordinates)
    features = unet(picture, out_channels=3, config=config, seed=seed, at_bottleneck=at_bottleneck)
    # float32 even in mixed precision: float16 is too coarse for the losses and the next step.
    rgb = keras.layers.Activation("tanh", dtype="float32", name="parsing_rgb")(features)
    return keras.Model({"frame": frame, "keypoints": keypoints}, {"parsing_rgb": rgb}, name="generator")


class PhotoLoop:
    """Keeps the network's input `frame` as state: first the photo, then the last map in its colours."""

    STATE: ClassVar[str] = "frame"
    reference: Mapping[str, Tensor] = MappingProxyType({})

    def __init__(self, network: Network, config: ModelConfig, reference: Reference) -> None:
        del network  # nothing has to be generated before the first step
        self._schema = config.schema
        self._photo = encoding.to_signed(reference.frame)

    def of(self, rows: Tensor) -> Self:
        """Takes these rows of the reference."""
        chosen = copy.copy(self)
        chosen._photo = tf.gather(self._photo, rows)
        return chosen

    def start(self) -> Tensor:
        """Returns the photo."""
        return self._photo

    def truth(self, frame: Tensor, parsing_map: Tensor) -> Tensor:
        """Returns the true frame, which is what the network is trained on."""
        del parsing_map
        return encoding.to_signed(frame)

    def resume(self, previous_map: Tensor) -> Tensor:
        """Returns the map in its colours; where it is unknown, the photo."""
        return start_where_unknown(previous_map, self._photo, encoding.colour_map(previous_map, self._schema))

    def inputs(self, state: Tensor, keypoints: Tensor) -> Mapping[str, Tensor]:
        """Returns frame and keypoints."""
        return {self.STATE: state, "keypoints": keypoints}

    def take(self, outputs: Mapping[str, Tensor]) -> Taken:
        """Takes the class with the nearest colour at each pixel; the state is the map in exactly these colours."""
        rgb = tf.clip_by_value(outputs["parsing_rgb"], -1.0, 1.0)
        parsing_map = encoding.nearest_class(rgb, self._schema)
        return Taken(encoding.colour_map(parsing_map, self._schema), parsing_map, rgb)
