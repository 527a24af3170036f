"""The generator of the `paper` preset: a U-Net that parses and retargets at once.

G(frame_t, keypoints_t+1) -> parsing_rgb_t+1
"""

import keras

from retarget_tf.body import pose_map, skeleton
from retarget_tf.networks.config import ModelConfig
from retarget_tf.networks.generator.unet import unet


def build_paper_generator(config: ModelConfig, seed: int = 0) -> keras.Model:
    """Builds the U-Net of `paper`.

    Args:
        config: size, width, norm, and how the pose enters.
        seed: of the weights and of dropout.

    Returns:
        A model of a dict of `frame` float32 `[batch, size, size, 3]` in [-1, 1] and `keypoints` float32
        `[batch, 25, 3]` in pixels, that gives a dict of `parsing_rgb` float32 `[batch, size, size, 3]` in [-1, 1].
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
    # float32 whatever the precision of the layers: the losses and the feedback need the digits.
    rgb = keras.layers.Activation("tanh", dtype="float32", name="parsing_rgb")(features)
    return keras.Model({"frame": frame, "keypoints": keypoints}, {"parsing_rgb": rgb}, name="generator")
