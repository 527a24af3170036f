"""The presets. Each has a generator of one map, and a loop that calls it frame after frame: a rollout.

    loop      the interface of the loops
    paper     frame, pose -> map in colours, as published
    stable    reference, previous map, pose -> class probabilities

Their settings are in `networks.config`; `training` trains them.

The generators are functional models of built-in layers and `keras.ops` only, including the drawing of stick figures
and the warping of limbs, so `keras.models.load_model` loads them without this package.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras

from retarget_tf.errors import ConfigError
from retarget_tf.networks.config import ModelConfig
from retarget_tf.networks.presets import paper, stable
from retarget_tf.networks.presets.loop import Loop, Reference, Taken
from retarget_tf.networks.trained import Network

__all__ = ["PRESETS", "Loop", "Preset", "Reference", "Taken", "build_generator", "make_loop"]


@dataclasses.dataclass(frozen=True)
class Preset:
    """The parts of a preset.

    Attributes:
        build_generator: Builds the network from the preset's `ModelConfig` and a seed.
        loop: Builds the loop from the network, its `ModelConfig` and a reference.
        photo_advice: Sentence for the model card that says how the model uses a photo and a reference map.
    """

    build_generator: Callable[[Any, int], keras.Model]
    loop: Callable[[Network, ModelConfig, Reference], Loop]
    photo_advice: str


PRESETS = {
    "paper": Preset(paper.build_generator, paper.PhotoLoop, paper.PHOTO_ADVICE),
    "stable": Preset(stable.build_generator, stable.MapLoop, stable.PHOTO_ADVICE),
}


def build_generator(config: ModelConfig, seed: int = 0) -> keras.Model:
    """Builds the generator of a preset; see `paper.build_generator` and `stable.build_generator`.

    Args:
        config: Settings of the preset.
        seed: Makes the random initial weights and the dropout repeatable.

    Raises:
        ConfigError: Keras is set to put channels first.
    """
    if (order := keras.config.image_data_format()) != "channels_last":
        raise ConfigError(
            "Keras must put channels last: call keras.config.set_image_data_format('channels_last'). "
            f"Received: image_data_format={order}"
        )
    return PRESETS[config.preset].build_generator(config, seed)


def make_loop(network: Network, config: ModelConfig, reference: Reference) -> Loop:
    """Builds the preset's loop, which rolls `network` out from a reference."""
    return PRESETS[config.preset].loop(network, config, reference)
