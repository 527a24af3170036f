"""Saves trained generators as `generator.keras` with `generator.json`, and loads them from three formats."""

import dataclasses
import pathlib
import zipfile
from collections.abc import Callable, Mapping

import keras

from retarget_tf import files
from retarget_tf.arrays import Tensor
from retarget_tf.errors import InputDataError
from retarget_tf.networks.config import GeneratorSpec, read_generator_spec
from retarget_tf.networks.presets import build_generator

__all__ = [
    "KERAS_NAME",
    "SPEC_NAME",
    "TrainedGenerator",
    "build_generator",
    "load_generator",
    "load_keras_generator",
    "pretrained_names",
    "save_generator",
]

KERAS_NAME = "generator.keras"
SPEC_NAME = "generator.json"
PRETRAINED = pathlib.Path(__file__).parent / "pretrained"  # holds <name>.keras with <name>.json


@dataclasses.dataclass(frozen=True)
class TrainedGenerator:
    """A trained generator, loaded from any of the formats.

    Attributes:
        network: Runs the generator in inference mode: maps a dict of named inputs to a dict of named outputs, both
            described in `build_generator` of the preset.
        spec: Contents of its `generator.json`.
    """

    network: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]
    spec: GeneratorSpec


def save_generator(model: keras.Model, spec: GeneratorSpec, folder: files.PathLike) -> None:
    """Writes `generator.keras` and `generator.json` into a folder, in float32 even after mixed-precision training."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        portable = build_generator(spec.model)
    finally:
        keras.config.set_dtype_policy(policy)
    portable.set_weights(model.get_weights())
    with files.atomic_file(pathlib.Path(folder) / KERAS_NAME) as temporary:
        portable.save(temporary)
    spec.write(pathlib.Path(folder) / SPEC_NAME)


def load_generator(path: files.PathLike) -> TrainedGenerator:
    """Loads a workdir, a `.keras` file with its `.json` beside it, a SavedModel folder, or a pretrained model by name.

    Raises:
        InputDataError: There is no model, or it cannot be read.
    """
    import tensorflow as tf

    given = _located(path)
    if not (given / "saved_model.pb").is_file():
        network, spec = load_keras_generator(path)
        generate = tf.function(lambda inputs: network(inputs, training=False), reduce_retracing=True)
        return TrainedGenerator(generate, spec)
    spec = read_generator_spec(given / "assets.extra" / SPEC_NAME)
    try:
        served = tf.saved_model.load(str(given))
        # The lambda keeps `served` alive, and with it the variables.
        return TrainedGenerator(lambda inputs: served.generator(inputs), spec)
    except (ValueError, OSError, AttributeError, IndexError, tf.errors.OpError) as error:
        raise InputDataError(
            f"model {given}: cannot be read ({error}). Give another model, or export this one again."
        ) from error


def load_keras_generator(path: files.PathLike) -> tuple[keras.Model, GeneratorSpec]:
    """Loads the Keras model of a workdir, of a `.keras` file with its `.json` beside it, or of a pretrained model.

    Raises:
        InputDataError: There is no model, or it cannot be read.
    """
    keras_file = find_keras_file(path)
    spec = read_generator_spec(keras_file.with_suffix(".json"))
    try:
        return keras.models.load_model(keras_file, compile=False), spec
    except (ValueError, OSError, KeyError, zipfile.BadZipFile) as error:
        raise InputDataError(
            f"model {keras_file}: cannot be read ({error}). Give another model, or save this one again."
        ) from error


def find_keras_file(path: files.PathLike) -> pathlib.Path:
    """Returns the `.keras` file of a workdir or of a pretrained model; a path of a `.keras` file is returned as it is.

    Raises:
        InputDataError: There is no such file.
    """
    given = _located(path)
    keras_file = given / KERAS_NAME if given.is_dir() else given
    if not keras_file.is_file():
        raise InputDataError(
            f"model {given}: must be a workdir with {KERAS_NAME}, a .keras file with its .json, a SavedModel folder, "
            f"or a pretrained model's name ({', '.join(pretrained_names()) or 'there are none'}). "
            "Train one: retarget-train --help"
        )
    return keras_file


def pretrained_names() -> list[str]:
    """Returns the names of the models that come with the package, which `load_generator` accepts as paths."""
    return sorted(path.stem for path in PRETRAINED.glob("*.keras"))


def _located(path: files.PathLike) -> pathlib.Path:
    """Returns the file of a pretrained model if `path` is its name and no such path exists, otherwise `path`."""
    given = pathlib.Path(path)
    is_pretrained = not given.exists() and str(given) in pretrained_names()
    return PRETRAINED / f"{given}.keras" if is_pretrained else given
