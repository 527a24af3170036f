"""Saves trained generators as `generator.keras` with `generator.json`, and loads them from three formats."""

import functools
import operator
import pathlib
from typing import Any

import keras

from retarget_tf import files
from retarget_tf.errors import InputDataError
from retarget_tf.networks import shortcuts, stages
from retarget_tf.networks.config import GeneratorSpec, read_generator_spec
from retarget_tf.networks.presets import build_generator
from retarget_tf.networks.trained import (
    KERAS_NAME,
    SPEC_NAME,
    Known,
    Network,
    TrainedGenerator,
    find_keras_file,
    find_saved_model,
    read_spec,
)

__all__ = [
    "build_generator",
    "compiled",
    "load_generator",
    "load_keras_generator",
    "load_saved_model",
    "save_generator",
]


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
    folder = find_saved_model(path)
    if folder is None:
        network, spec = load_keras_generator(path)
        return compiled(shortcuts.take(network), spec)
    spec, served = read_spec(path), load_saved_model(folder)
    # The lambda keeps `served` alive, and with it the variables.
    return TrainedGenerator(lambda inputs: served.generator(inputs), spec)


def compiled(network: keras.Model, spec: GeneratorSpec) -> TrainedGenerator:
    """Compiles a Keras model to generate, as a whole and in stages."""

    @functools.cache  # compiled once for all rollouts
    def cut(known: Known) -> list[Network]:
        *before, last = (_compiled(stage) for stage in stages.cut(network, known))
        return [*(_handing_on(stage) for stage in before), last]

    return TrainedGenerator(_compiled(network), spec, cut)


def _compiled(network: keras.Model | None) -> Network:
    import tensorflow as tf

    if network is None:
        return lambda _: {}
    generate = tf.function(lambda inputs: network(inputs, training=False), reduce_retracing=True)
    return lambda inputs: generate({name: inputs[name] for name in network.input})


def _handing_on(stage: Network) -> Network:
    return lambda inputs: {**inputs, **stage(inputs)}


def load_saved_model(folder: files.PathLike) -> Any:
    """Loads a SavedModel that `retarget-export-saved-model` wrote: an object with `signatures` and `generator`.

    Its graph runs as part of this program, and a graph can read and write files: load only what you trust.

    Raises:
        InputDataError: It cannot be read, or was not exported by this package.
    """
    import tensorflow as tf

    try:
        served = tf.saved_model.load(str(folder))
        operator.attrgetter("signatures", "generator")(served)
    except Exception as error:  # TensorFlow documents no exceptions; a damaged file may raise any
        reason = " ".join(str(error).split())
        raise InputDataError(
            f"model {folder}: cannot be read ({reason}). Give another model, or export this one again."
        ) from error
    return served


def load_keras_generator(path: files.PathLike) -> tuple[keras.Model, GeneratorSpec]:
    """Loads the Keras model of a workdir, of a `.keras` file with its `.json` beside it, or of a pretrained model.

    Raises:
        InputDataError: There is no model, or it cannot be read.
    """
    keras_file = find_keras_file(path)
    spec = read_generator_spec(keras_file.with_suffix(".json"))
    try:
        files.check_weights(keras_file, "model")
        network = keras.models.load_model(keras_file, compile=False)
    except InputDataError:
        raise
    except Exception as error:  # Keras documents no exceptions; a damaged file may raise any
        raise InputDataError(
            f"model {keras_file}: cannot be read ({error}). Give another model, or save this one again."
        ) from error
    _check_fits(network, spec, keras_file)
    return network, spec


def _check_fits(network: keras.Model, spec: GeneratorSpec, keras_file: pathlib.Path) -> None:
    inputs = network.input if isinstance(network.input, dict) else {}
    shapes = {name: tuple(tensor.shape[1:]) for name, tensor in inputs.items()}
    model = spec.model
    wanted = {"frame": (model.image_size, model.image_size, 3)}
    if model.preset == "stable":
        wanted = {"reference_map": (model.image_size, model.image_size, model.schema.num_classes)}
    if any(shapes.get(name) != shape for name, shape in wanted.items()):
        raise InputDataError(
            f"model {keras_file}: its network has the inputs {shapes}, {keras_file.with_suffix('.json').name} is of a "
            f"network with {wanted}. Restore the file that belongs to it."
        )
