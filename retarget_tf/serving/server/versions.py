"""The versions of one model: the newest folder is loaded beside the one before, and takes its place.

The states are those of TensorFlow Serving's ModelVersionStatus. A version in use ends when its last request is done.
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
    """One version that answers.

    Attributes:
        number: name of its folder.
        signatures: the callable of each signature.
        definitions: their SignatureDef protos, as stored.
        model: what was loaded; without it the signatures would lose their variables.
        in_use: requests that hold it.
    """

    number: int
    signatures: dict[str, Any]
    definitions: dict[str, Any]
    model: Any = None
    in_use: int = 0


@dataclasses.dataclass(frozen=True)
class VersionState:
    """Attributes: one of the states above, and what went wrong, or nothing."""

    state: int
    error: str = ""


class ModelVersions:
    """Watches a folder of versions.

    Args:
        folder: holds the versions.
        name: of the model.
    """

    def __init__(self, folder: files.PathLike, name: str) -> None:
        self._folder = pathlib.Path(folder)
        self._name = name
        self._lock = threading.Lock()
        self._current: ModelVersion | None = None
        self._states: dict[int, VersionState] = {}
        self._failed: dict[int, int] = {}  # versions that could not be loaded, and when they had changed last

    def update(self) -> None:
        """Loads the newest version if it is not the one that answers. What cannot be loaded waits for a change."""
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
        except Exception as error:  # whatever is wrong with the folder, the version before goes on
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
        """Holds the version that answers, or the one of this number; it does not end before the block does.

        Raises:
            RefusedError: there is no such model or version.
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
        """The states of all versions, or of this one, newest first."""
        with self._lock:
            chosen = {one: state for one, state in self._states.items() if number in (None, one)}
        if name != self._name or not chosen:
            which = f"any versions of model {name}" if number is None else f"version {number} of model {name}"
            raise RefusedError(grpc.StatusCode.NOT_FOUND, f"Could not find {which}")
        return dict(sorted(chosen.items(), reverse=True))

    @property
    def is_available(self) -> bool:
        """Whether a version answers."""
        return self._current is not None

    def _note(self, number: int, state: VersionState) -> None:
        with self._lock:
            self._states[number] = state


def _last_change(folder: pathlib.Path) -> int:
    """When something in the folder changed last, in nanoseconds."""
    times = [folder.stat().st_mtime_ns]
    with contextlib.suppress(OSError):  # a file may go while the folder is copied
        times += [path.stat().st_mtime_ns for path in folder.rglob("*")]
    return max(times)


def _load(folder: pathlib.Path, number: int) -> ModelVersion:
    from tensorflow.core.protobuf import saved_model_pb2

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
