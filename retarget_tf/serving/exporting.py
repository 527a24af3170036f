"""The folder of one version, complete or not at all."""

import pathlib

import tensorflow as tf

from retarget_tf import files
from retarget_tf.errors import ConfigError
from retarget_tf.generator import SPEC_NAME, load_keras_generator
from retarget_tf.serving.served_generator import ServedGenerator


def export_saved_model(model: files.PathLike, folder: files.PathLike, version: int | None = None) -> pathlib.Path:
    """Writes `folder/<version>/`, complete or not at all: a server that watches `folder` never sees half of it.

    Args:
        model: a workdir or a `.keras` file with its json.
        folder: holds the versions.
        version: a positive integer; one more than the largest in `folder` where None.

    Returns:
        The version's folder.

    Raises:
        InputDataError: the model cannot be read, or the version exists.
        ConfigError: the model feeds back probabilities, which no request carries.
    """
    network, spec = load_keras_generator(model)
    version = version if version is not None else max(versions(folder), default=0) + 1
    if version < 1:
        raise ValueError(f"version must be positive. Received: version={version}")
    if spec.model.feedback == "probabilities":
        raise ConfigError(
            "feedback of a servable must be classes or none, because a request carries maps of class ids. "
            "Received: feedback=probabilities"
        )
    final = pathlib.Path(folder) / str(version)
    served = ServedGenerator(network, spec)
    with files.atomic_folder(final) as temporary:
        tf.saved_model.save(served, str(temporary), signatures=served.functions)
        spec.write(temporary / "assets.extra" / SPEC_NAME)
    return final


def versions(folder: files.PathLike) -> list[int]:
    """The versions in an export folder, in order."""
    return sorted(int(path.name) for path in pathlib.Path(folder).glob("*") if path.name.isdecimal())
