"""The generator of the `paper` preset: a U-Net that parses and retargets at once.

    G(frame_t, keypoints_t+1) -> parsing_rgb_t+1

Encoder-decoder with skip connections after pix2pix (Isola et al. 2017, appendix 6.1.1): 4x4 convolutions of stride
2 down to one pixel and back. It is a functional model of built-in layers and `keras.ops` alone, the drawing of the
stick figure included, so `keras.models.load_model` reads it where this package is not installed.
"""

import dataclasses
import pathlib
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import keras

from retarget_tf import files, layers, pose_map, skeleton
from retarget_tf.config import GeneratorSpec, ModelConfig, read_generator_spec
from retarget_tf.errors import InputDataError

Tensor = Any

KERAS_NAME = "generator.keras"
SPEC_NAME = "generator.json"
PRETRAINED = pathlib.Path(__file__).parent / "pretrained"  # <name>.keras with <name>.json, part of the package

DROPOUT_BLOCKS = 3


def build_generator(config: ModelConfig, seed: int = 0) -> keras.Model:
    """Builds the U-Net.

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


def unet(
    picture: Tensor, *, out_channels: int, config: ModelConfig, seed: int, at_bottleneck: Tensor | None = None
) -> Tensor:
    """The U-Net body: encoder, bottleneck of one pixel, decoder; layer i is concatenated to layer n-i.

    Args:
        picture: `[batch, size, size, channels]`.
        out_channels: channels of the result.
        config: gives depth, width and norm.
        seed: of weights and dropout.
        at_bottleneck: `[batch, 1, 1, n]` to concatenate to the encoder's last output, or None.

    Returns:
        `[batch, size, size, out_channels]` before any activation.
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


@dataclasses.dataclass(frozen=True)
class TrainedGenerator:
    """A generator that was read from disk, whatever its format.

    Attributes:
        network: maps a dict of named inputs to a dict of named outputs, as `build_generator` documents them, in
            inference mode.
        spec: what it was trained for.
    """

    network: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]
    spec: GeneratorSpec


def save_generator(model: keras.Model, spec: GeneratorSpec, folder: files.PathLike) -> None:
    """Writes `generator.keras`, in float32 whatever the precision of training, and `generator.json` beside it."""
    portable = build_generator(spec.model)
    portable.set_weights(model.get_weights())
    with files.atomic_file(pathlib.Path(folder) / KERAS_NAME) as temporary:
        portable.save(temporary)
    spec.write(pathlib.Path(folder) / SPEC_NAME)


def load_generator(path: files.PathLike) -> TrainedGenerator:
    """Reads a workdir, a `.keras` file with its json beside it, a SavedModel folder, or a pretrained model by name.

    Raises:
        InputDataError: there is none, or it cannot be read.
    """
    import tensorflow as tf

    given = _located(path)
    if not (given / "saved_model.pb").is_file():
        network, spec = load_keras_generator(path)
        return TrainedGenerator(tf.function(lambda inputs: network(inputs, training=False)), spec)
    spec = read_generator_spec(given / "assets.extra" / SPEC_NAME)
    try:
        served = tf.saved_model.load(str(given))
        # Through the whole object: its variables live as long as it does.
        return TrainedGenerator(lambda inputs: served.generator(inputs), spec)
    except (ValueError, OSError, AttributeError, IndexError, tf.errors.OpError) as error:
        raise InputDataError(f"model {given}: cannot be read ({error}).") from error


def load_keras_generator(path: files.PathLike) -> tuple[keras.Model, GeneratorSpec]:
    """Reads the Keras model of a workdir, of a `.keras` file with its json beside it, or a pretrained one by name.

    Raises:
        InputDataError: there is none, or it cannot be read.
    """
    given = _located(path)
    keras_file = given / KERAS_NAME if given.is_dir() else given
    if not keras_file.is_file():
        raise InputDataError(
            f"model {given}: must be a workdir with {KERAS_NAME}, a .keras file with its .json, a SavedModel folder, "
            f"or a pretrained model's name ({', '.join(pretrained_names()) or 'there are none'}). "
            "Train one: python -m retarget_tf.train --help"
        )
    spec = read_generator_spec(keras_file.with_suffix(".json"))
    try:
        return keras.models.load_model(keras_file, compile=False), spec
    except (ValueError, OSError, KeyError, zipfile.BadZipFile) as error:
        raise InputDataError(f"model {given}: cannot be read ({error}).") from error


def pretrained_names() -> list[str]:
    """The models that come with the package, by the names that `load_generator` knows."""
    return sorted(path.stem for path in PRETRAINED.glob("*.keras"))


def _located(path: files.PathLike) -> pathlib.Path:
    """The path itself, or where it is a bare name and nothing else, the file of the pretrained model."""
    given = pathlib.Path(path)
    is_pretrained = not given.exists() and str(given) in pretrained_names()
    return PRETRAINED / f"{given}.keras" if is_pretrained else given


def encoder_widths(config: ModelConfig) -> list[int]:
    """Channels of the encoder's blocks: doubling up to eight times the first."""
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
    if level < DROPOUT_BLOCKS:
        x = keras.layers.Dropout(0.5, seed=seed, name=f"up_{level}_dropout")(x)
    return x
