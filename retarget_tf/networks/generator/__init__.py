"""The generators: networks that give the next parsing map.

    unet       the body that both presets share
    paper      frame and pose to a picture of the map, as published
    stable     reference, last map and pose to probabilities of the classes
    storage    trained generators on disk, and the choice between the two

Functional models of built-in layers and `keras.ops` alone, the drawing of stick figures and the warping of limbs
included, so `keras.models.load_model` reads them where this package is not installed.
"""

from retarget_tf.networks.generator.stable import raise_warp_lead
from retarget_tf.networks.generator.storage import (
    KERAS_NAME,
    SPEC_NAME,
    TrainedGenerator,
    build_generator,
    find_keras_file,
    load_generator,
    load_keras_generator,
    pretrained_names,
    save_generator,
)
from retarget_tf.networks.generator.unet import encoder_widths, unet

__all__ = [
    "KERAS_NAME",
    "SPEC_NAME",
    "TrainedGenerator",
    "build_generator",
    "encoder_widths",
    "find_keras_file",
    "load_generator",
    "load_keras_generator",
    "pretrained_names",
    "raise_warp_lead",
    "save_generator",
    "unet",
]
