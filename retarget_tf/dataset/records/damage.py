"""Turns TensorFlow's errors on damaged records into one line that names the file."""

import contextlib
import re
from collections.abc import Iterator, Sequence

import tensorflow as tf

from retarget_tf import files
from retarget_tf.dataset.records.framing import read_record, record_offsets
from retarget_tf.dataset.records.manifest import Manifest
from retarget_tf.errors import InputDataError, MissingDependencyError

# Raised for a wrong checksum, for a data set shorter than `assert_cardinality` says, for a missing file, and for what
# Python code within a data set raises.
_MAY_MEAN_DAMAGE = (
    tf.errors.DataLossError,
    tf.errors.FailedPreconditionError,
    tf.errors.NotFoundError,
    tf.errors.InvalidArgumentError,
    tf.errors.UnknownError,
)


# What `framing.record_in_store` raises within a data set.
_OF_PYTHON: dict[str, type[Exception]] = {kind.__name__: kind for kind in (InputDataError, MissingDependencyError)}


@contextlib.contextmanager
def damage_as_input_error(path: files.PathLike, *more_kinds: type[Exception]) -> Iterator[None]:
    """Turns TensorFlow's error on a damaged record into an InputDataError.

    Args:
        path: Path of the shard that is read, for the message.
        more_kinds: Further exceptions that can only mean damage in the block.

    Raises:
        InputDataError: Instead of TensorFlow's error.
    """
    try:
        yield
    except (tf.errors.DataLossError, *more_kinds) as error:
        reason = re.sub(r"\{\{.*?\}\} *", "", str(error).splitlines()[0])[:120]  # drops the operation's name
        raise InputDataError(f"records {path}: a record is damaged ({reason}). Build the records again.") from error


@contextlib.contextmanager
def locating_damage(folders: Sequence[files.PathLike]) -> Iterator[None]:
    """Turns TensorFlow's error into an InputDataError in a block that reads many shards, which the error does not name.

    Raises:
        InputDataError: Names the first damaged record in the folders. If there is none, TensorFlow's error is raised.
    """
    try:
        yield
    except _MAY_MEAN_DAMAGE as error:
        if told := _told_in(error):
            raise told from error
        for folder in folders:
            manifest = Manifest.load(folder)
            for name, split in manifest.splits.items():
                for path in manifest.shard_paths(name) if split.clips else ():
                    if (record := _first_damaged(path)) is not None:
                        raise InputDataError(
                            f"records {path} record {record}: its checksum does not fit. Build the records again."
                        ) from error
        raise


def _told_in(error: tf.errors.OpError) -> Exception | None:
    """Returns the error that Python code within a data set raised, of which TensorFlow keeps the text."""
    told = re.search(rf"\b({'|'.join(_OF_PYTHON)}): (.*)", str(error))
    return _OF_PYTHON[told[1]](told[2]) if told else None


def _first_damaged(path: files.Place) -> int | None:
    for number, offset in enumerate(record_offsets(path)):
        try:
            read_record(path, offset)
        except tf.errors.DataLossError:
            return number
    return None
