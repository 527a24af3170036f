"""TensorFlow's errors on damaged records, told to the user in one line that names the file."""

import contextlib
import pathlib
import re
from collections.abc import Iterator, Sequence

import tensorflow as tf

from retarget_tf import files
from retarget_tf.dataset.records.framing import read_record, record_offsets
from retarget_tf.dataset.records.manifest import Manifest
from retarget_tf.errors import InputDataError

# A checksum does not fit; a data set is shorter than `assert_cardinality` says; a file is gone.
_MAY_MEAN_DAMAGE = (tf.errors.DataLossError, tf.errors.FailedPreconditionError, tf.errors.NotFoundError)


@contextlib.contextmanager
def damage_as_input_error(path: files.PathLike, *more_kinds: type[Exception]) -> Iterator[None]:
    """Turns TensorFlow's error on a damaged record into the user's one line.

    Args:
        path: of the shard that is read.
        more_kinds: further exceptions that can only mean damage where this is used.

    Raises:
        InputDataError: in place of TensorFlow's error.
    """
    try:
        yield
    except (tf.errors.DataLossError, *more_kinds) as error:
        reason = re.sub(r"\{\{.*?\}\} *", "", str(error).splitlines()[0])[:120]  # without the name of the operation
        raise InputDataError(f"records {path}: a record is damaged ({reason}). Build the records again.") from error


@contextlib.contextmanager
def locating_damage(folders: Sequence[files.PathLike]) -> Iterator[None]:
    """As `damage_as_input_error` where many shards are read at once: TensorFlow does not say which of them it was.

    Raises:
        InputDataError: a shard of the folders is damaged. Other errors of TensorFlow go through.
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
