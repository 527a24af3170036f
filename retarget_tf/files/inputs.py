"""Reads files so that what is wrong with them is told in one line: missing, a folder, a Git LFS pointer, no JSON."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from retarget_tf.errors import InputDataError
from retarget_tf.files import claims
from retarget_tf.files.stores import PathLike, StoreError, place

_LFS_POINTER = (
    b"version https://git-lfs.github.com/spec/"  # the first words of what Git LFS checks out in place of a file
)


@contextlib.contextmanager
def reading(path: PathLike, what: str) -> Iterator[None]:
    """Turns an OSError while `path` is read into an InputDataError; `what` names its role, such as "photo".

    Raises:
        InputDataError: Names the file that failed, which may lie below `path`.
    """
    try:
        yield
    except OSError as error:
        if isinstance(error, StoreError):
            raise InputDataError(
                f"{what} {error.filename}: {error.strerror}. Check the address, your credentials and the network."
            ) from error
        raise InputDataError(
            f"{what} {error.filename or path}: {error.strerror or error}. Check its name, and that you may read it."
        ) from error


def check_file(path: PathLike, what: str) -> None:
    """Refuses what another library would report in its own words; `what` as in `reading`.

    Raises:
        InputDataError: The file is missing, unreadable, a folder, or a Git LFS pointer.
    """
    with reading(path, what):
        if not Path(path).exists():
            raise InputDataError(f"{what} {path}: no such file. Check its name.")
        _refuse_folder(path, what)
        if Path(path).is_file():  # peeking into a pipe would take its bytes away
            with open(path, "rb") as file:
                _refuse_pointer(file.read(len(_LFS_POINTER)), path, what)


def read_bytes(path: PathLike, what: str, most: int = claims.MOST_BYTES) -> bytes:
    """Reads a file of at most `most` bytes; `what` and the errors as in `check_file`."""
    with reading(path, what):
        _refuse_folder(path, what)
        data = claims.read_at_most(path, what, most)
    _refuse_pointer(data, path, what)
    return data


def _refuse_folder(path: PathLike, what: str) -> None:
    if place(path).is_dir():
        raise InputDataError(f"{what} {path}: is a folder. Give the name of a file.")


def _refuse_pointer(data: bytes, path: PathLike, what: str) -> None:
    if data.startswith(_LFS_POINTER):
        raise InputDataError(
            f"{what} {path}: is a Git LFS pointer in place of the file. Fetch the file with git lfs pull."
        )


def read_json(path: PathLike, what: str) -> Any:
    """Reads a JSON file; `what` names its role in the error, such as "manifest".

    Raises:
        InputDataError: The file is missing, unreadable, not JSON, of more than 100 MB, or of millions of parts.
    """
    data = read_bytes(path, what, claims.MOST_JSON_BYTES)
    claims.check_json(path, what, data)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputDataError(f"{what} {path}: not JSON ({error}). Restore the file, or make it again.") from error
