"""Loads the newest version of a model while the previous one still answers, then replaces it.

The states are those of TensorFlow Serving's ModelVersionStatus. A version is unloaded when its last request is done.
"""

import contextlib
import dataclasses
import pathlib
import threading
from collections.abc import Iterator
from typing import Any

import grpc
import tensorflow as tf
from absl import logging

from retarget_tf import files
from retarget_tf.serving import exporting, warmup
from retarget_tf.serving.server.errors import RefusedError

LOADING, AVAILABLE, UNLOADING, END = 20, 30, 40, 50


@dataclasses.dataclass(eq=False)
class ModelVersion:
    """One loaded version.

    Attributes:
        number: Number of the version, the name of its folder.
        signatures: Callable of each signature.
        definitions: Their SignatureDef protos, as stored.
        model: The loaded SavedModel, kept because the signatures do not keep its variables alive.
        in_use: How many requests are using it.
    """

    number: int
    signatures: dict[str, Any]
    definitions: dict[str, Any]
    model: Any = None
    in_use: int = 0


@dataclasses.dataclass(frozen=True)
class VersionState:
    """State of a version, one of the constants above, and its error message, empty if it has none."""

    state: int
    error: str = ""


class ModelVersions:
    """The versions of a model in a folder, of which the newest answers.

    Args:
        folder: Folder that holds the versions.
        name: Name of the model in requests.
    """

    def __init__(self, folder: files.PathLike, name: str) -> None:
        self._folder = pathlib.Path(folder)
        self._name = name
        self._lock = threading.Lock()
        self._current: ModelVersion | None = None
        self._states: dict[int, VersionState] = {}
        self._failed: dict[int, int] = {}  # time of the last change of versions that failed to load

    def update(self) -> None:
        """Loads the newest version if it is not loaded; one that failed is tried again once its files change."""
        found = exporting.versions(self._folder)
        number = max(found, default=None)
        if number is None or (self._current is not None and self._current.number == number):
            return
        changed = _last_change(found[number])
        if self._failed.get(number) == changed:
            return
        self._note(number, VersionState(LOADING))
        try:
            loaded = _load(found[number], number)
        except Exception as error:  # whatever is wrong with the folder, the previous version still answers
            reason = " ".join(str(error).split())
            logging.error("version %d cannot be loaded: %s", number, reason)
            self._note(number, VersionState(END, reason))
            self._failed[number] = changed
            return
        with self._lock:
            before, self._current = self._current, loaded
            self._states[number] = VersionState(AVAILABLE)
            if before is not None:
                self._states[before.number] = VersionState(UNLOADING if before.in_use else END)
        logging.info("version %d is available.", number)

    @contextlib.contextmanager
    def use(self, name: str, number: int | None) -> Iterator[ModelVersion]:
        """Yields the loaded version, which is not unloaded before the block ends; `number` None accepts any.

        Raises:
            RefusedError: If the model has another name, or the version is not loaded.
        """
        with self._lock:
            version = self._current
            if name != self._name or version is None or number not in (None, version.number):
                asked = f"Latest({name})" if number is None else f"Specific({name}, {number})"
                raise RefusedError(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: {asked}")
            version.in_use += 1
        try:
            yield version
        finally:
            with self._lock:
                version.in_use -= 1
                if version is not self._current and not version.in_use:
                    self._states[version.number] = VersionState(END)

    def states(self, name: str, number: int | None) -> dict[int, VersionState]:
        """Returns the states of all versions, or of version `number`, newest first."""
        with self._lock:
            chosen = {one: state for one, state in self._states.items() if number in (None, one)}
        if name != self._name or not chosen:
            which = f"any versions of model {name}" if number is None else f"version {number} of model {name}"
            raise RefusedError(grpc.StatusCode.NOT_FOUND, f"Could not find {which}")
        return dict(sorted(chosen.items(), reverse=True))

    @property
    def is_available(self) -> bool:
        """Whether a version is loaded."""
        return self._current is not None

    def _note(self, number: int, state: VersionState) -> None:
        with self._lock:
            self._states[number] = state


def _last_change(folder: pathlib.Path) -> int:
    """Returns the time of the last change in a folder, in nanoseconds."""
    times = [folder.stat().st_mtime_ns]
    with contextlib.suppress(OSError):  # a file may vanish while the folder is copied
        times += [path.stat().st_mtime_ns for path in folder.rglob("*")]
    return max(times)


def _load(folder: pathlib.Path, number: int) -> ModelVersion:
    from tensorflow.core.protobuf import saved_model_pb2

    files.check_saved_model(folder, "version")
    stored = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    loaded = tf.saved_model.load(str(folder))
    definitions = {
        name: definition
        for graph in stored.meta_graphs
        for name, definition in graph.signature_def.items()
        if name in loaded.signatures
    }
    version = ModelVersion(number, dict(loaded.signatures), definitions, loaded)
    if (folder / warmup.WARMUP_PATH).exists():
        for signature, inputs in warmup.read_warmup(folder):
            version.signatures[signature](**{name: tf.constant(value) for name, value in inputs.items()})
    return version
