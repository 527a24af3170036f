"""Turns TensorFlow's errors on damaged records into one line that names the file."""

import contextlib
import pathlib
import re
from collections.abc import Iterator, Sequence

import tensorflow as tf

from retarget_tf import files
from retarget_tf.dataset.records.framing import read_record, record_offsets
from retarget_tf.dataset.records.manifest import Manifest
from retarget_tf.errors import InputDataError

# Raised for a wrong checksum, for a data set shorter than `assert_cardinality` says, and for a missing file.
_MAY_MEAN_DAMAGE = (tf.errors.DataLossError, tf.errors.FailedPreconditionError, tf.errors.NotFoundError)


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
        for folder in folders:
            manifest = Manifest.load(folder)
            for name, split in manifest.splits.items():
                for path in manifest.shard_paths(name) if split.clips else ():
                    if (record := _first_damaged(path)) is not None:
                        raise InputDataError(
                            f"records {path} record {record}: its checksum does not fit. Build the records again."
                        ) from error
        raise


def _first_damaged(path: pathlib.Path) -> int | None:
    for number, offset in enumerate(record_offsets(path)):
        try:
            read_record(str(path), offset)
        except tf.errors.DataLossError:
            return number
    return None
