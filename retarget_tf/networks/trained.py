"""Trained generators: where their files lie, and what describes them; the networks are read by `generator`."""

import dataclasses
import pathlib
from collections.abc import Callable, Mapping, Sequence

from retarget_tf import files
from retarget_tf.arrays import Tensor
from retarget_tf.errors import InputDataError
from retarget_tf.networks.config import GeneratorSpec, read_generator_spec

KERAS_NAME = "generator.keras"
SPEC_NAME = "generator.json"
Network = Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]
Known = tuple[tuple[str, ...], ...]  # the names of the inputs that become known with each stage of a network

PRETRAINED = pathlib.Path(__file__).parent / "pretrained"  # holds <name>.keras with <name>.json


@dataclasses.dataclass(frozen=True)
class TrainedGenerator:
    """A trained generator, of any of the formats.

    Attributes:
        network: Runs the generator in inference mode: maps a dict of named inputs to a dict of named outputs, both
            described in `build_generator` of the preset.
        spec: Contents of its `generator.json`.
        cut: Cuts the network into stages, see `stages`; None if it can only run as a whole.
    """

    network: Network
    spec: GeneratorSpec
    cut: Callable[[Known], Sequence[Network]] | None = None

    def stages(self, known: Known) -> Sequence[Network]:
        """Returns networks that, called one after the other, do what the whole does, in as many stages as `known` has.

        Each takes what the one before it returned, and the inputs that are known by then; the last one returns the
        network's outputs. What was returned for inputs that stay the same can be used again.
        """
        if self.cut is None:
            return [*[lambda inputs: inputs] * (len(known) - 1), self.network]
        return self.cut(known)


def read_spec(path: files.PathLike) -> GeneratorSpec:
    """Reads the description of a trained generator, without its weights; arguments as in `generator.load_generator`.

    Raises:
        InputDataError: There is no model, or its description cannot be read.
    """
    folder = find_saved_model(path)
    if folder is not None:
        return read_generator_spec(folder / "assets.extra" / SPEC_NAME)
    return read_generator_spec(find_keras_file(path).with_suffix(".json"))


def find_saved_model(path: files.PathLike) -> pathlib.Path | None:
    """Returns the path if it is a SavedModel folder, otherwise None.

    Raises:
        InputDataError: A file of the SavedModel cannot be read.
    """
    folder = pathlib.Path(path)
    if not (folder / "saved_model.pb").is_file():
        return None
    for file in (folder / "saved_model.pb", *folder.glob("variables/*")):
        files.check_file(file, "model")
    files.check_saved_model(folder, "model")
    return folder


def find_keras_file(path: files.PathLike) -> pathlib.Path:
    """Returns the `.keras` file of a workdir or of a pretrained model; a path of a `.keras` file is returned as it is.

    Raises:
        InputDataError: There is no such file, or it cannot be read.
    """
    given = _located(path)
    keras_file = given / KERAS_NAME if given.is_dir() else given
    if not keras_file.is_file() or keras_file.suffix != ".keras":
        raise InputDataError(
            f"model {given}: must be a workdir with {KERAS_NAME}, a .keras file with its .json, a SavedModel folder, "
            f"or a pretrained model's name ({', '.join(pretrained_names()) or 'there are none'}). "
            "Train one: retarget-train --help"
        )
    files.check_file(keras_file, "model")
    return keras_file


def pretrained_names() -> list[str]:
    """Returns the names of the models that come with the package, which `load_generator` accepts as paths."""
    return sorted(path.stem for path in PRETRAINED.glob("*.keras"))


def _located(path: files.PathLike) -> pathlib.Path:
    """Returns the file of a pretrained model if `path` is its name and no such path exists, otherwise `path`."""
    given = pathlib.Path(path)
    is_pretrained = not given.exists() and str(given) in pretrained_names()
    return PRETRAINED / f"{given}.keras" if is_pretrained else given
