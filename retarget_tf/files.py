"""Writing files so that nobody ever sees half of one: a temporary name, fsync, rename.

The temporary name lies in the destination's own folder (a rename across file systems copies) and keeps the
suffix (writers choose a format by it).
"""

import contextlib
import json
import os
import pathlib
import shutil
import uuid
from collections.abc import Iterator
from typing import Any

from retarget_tf.errors import InputDataError

Path = pathlib.Path
PathLike = str | os.PathLike[str]


@contextlib.contextmanager
def atomic_file(path: PathLike) -> Iterator[Path]:
    """Yields a temporary path that becomes `path` when the block ends well, and vanishes when it does not."""
    final = Path(os.path.realpath(path))
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_name(final)
    try:
        yield temporary
        _sync(temporary)
        os.replace(temporary, final)
        _sync(final.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(path: PathLike, *, overwrite: bool = False) -> Iterator[Path]:
    """Yields a temporary folder that becomes `path` when the block ends well.

    Raises:
        InputDataError: `path` exists and `overwrite` is false, or it is no folder.
    """
    final = Path(os.path.realpath(path))  # a link stays, and what it leads to is replaced
    if final.exists() and not (overwrite and final.is_dir()):
        raise InputDataError(f"folder {final}: exists already. Remove it or choose another name.")
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary, replaced = _temporary_name(final), _temporary_name(final)
    temporary.mkdir()
    try:
        yield temporary
        for file in temporary.rglob("*"):
            _sync(file)
        if overwrite and final.exists():
            # A folder cannot be replaced in one step: the old one steps aside and goes when the new one stands.
            os.replace(final, replaced)
        os.replace(temporary, final)
        _sync(final.parent)
        shutil.rmtree(replaced, ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_json(path: PathLike, value: Any) -> None:
    """Writes `value` as indented JSON, atomically. NaN and infinity are refused: JSON has neither."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    with atomic_file(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_json(path: PathLike, what: str) -> Any:
    """Reads a JSON file; `what` names its role in the error.

    Raises:
        InputDataError: the file is missing, unreadable or not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputDataError(f"{what} {path}: {error.strerror or error}.") from error
    except ValueError as error:
        raise InputDataError(f"{what} {path}: not JSON ({error}).") from error


def _temporary_name(final: Path) -> Path:
    return final.with_name(f".{final.stem}.{uuid.uuid4().hex[:8]}.tmp{final.suffix}")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
