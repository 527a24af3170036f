"""The presets: each a generator, the loop that makes rollouts of it, and what its users must know.

    loop      what every preset's loop offers
    paper     frame and pose to a picture of the map, as published
    stable    reference, last map and pose to probabilities of the classes

Their settings are in `networks.config`, how they are trained in `training`.

The generators are functional models of built-in layers and `keras.ops` alone, the drawing of stick figures and the
warping of limbs included, so `keras.models.load_model` reads them where this package is not installed.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras

from retarget_tf.networks.config import ModelConfig
from retarget_tf.networks.presets import paper, stable
from retarget_tf.networks.presets.loop import Loop, Network, Reference, Taken

__all__ = ["PRESETS", "Loop", "Network", "Preset", "Reference", "Taken", "build_generator", "make_loop"]


@dataclasses.dataclass(frozen=True)
class Preset:
    """What a preset is made of.

    Attributes:
        build_generator: builds the network of the preset's `ModelConfig` and a seed.
        loop: builds the loop of the network, its `ModelConfig` and a reference.
        photo_advice: a sentence for the model card: what the model makes of a photo and a reference map.
    """

    build_generator: Callable[[Any, int], keras.Model]
    loop: Callable[[Network, ModelConfig, Reference], Loop]
    photo_advice: str


PRESETS = {
    "paper": Preset(paper.build_generator, paper.PhotoLoop, paper.PHOTO_ADVICE),
    "stable": Preset(stable.build_generator, stable.MapLoop, stable.PHOTO_ADVICE),
}


def build_generator(config: ModelConfig, seed: int = 0) -> keras.Model:
    """Builds the generator of a preset: see `paper.build_generator` and `stable.build_generator`.

    Args:
        config: the preset's settings.
        seed: makes the initial weights and the dropout repeatable.
    """
    return PRESETS[config.preset].build_generator(config, seed)


def make_loop(network: Network, config: ModelConfig, reference: Reference) -> Loop:
    """Builds the loop of a network of this preset around a reference."""
    return PRESETS[config.preset].loop(network, config, reference)
