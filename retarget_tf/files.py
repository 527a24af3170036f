"""Writing files so that nobody ever sees half of one: a temporary name, fsync, rename.

The temporary name lies in the destination's own folder (a rename across file systems copies) and keeps the
suffix (writers choose a format by it).
"""

import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import uuid
from collections.abc import Iterator
from typing import Any

from retarget_tf.errors import ConfigError, InputDataError

Path = pathlib.Path
PathLike = str | os.PathLike[str]


@contextlib.contextmanager
def atomic_file(path: PathLike) -> Iterator[Path]:
    """Yields a temporary path that becomes `path` when the block ends well, and vanishes when it does not.

    Raises:
        OSError: as the block, but with the name of the file, which a write to a full disk does not tell.
    """
    final = Path(os.path.realpath(path))
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_name(final)
    try:
        yield temporary
        _sync(temporary)
        os.replace(temporary, final)
        _sync(final.parent)
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(temporary)):
            raise
        raise OSError(error.errno, error.strerror, str(final)) from error
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(path: PathLike, *, overwrite: bool = False) -> Iterator[Path]:
    """Yields a temporary folder that becomes `path` when the block ends well.

    Raises:
        InputDataError: `path` exists and `overwrite` is false, or it is no folder.
    """
    final = Path(os.path.realpath(path))  # a link stays, and what it leads to is replaced
    check_writable(final, overwrite=overwrite)
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_name(final)
    temporary.mkdir()
    try:
        yield temporary
        publish_folder(temporary, final, overwrite=overwrite)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_writable(folder: PathLike, *, overwrite: bool) -> None:
    """Refuses a folder that may not be written.

    Raises:
        InputDataError: `folder` exists and `overwrite` is false, or it is no folder.
    """
    final = Path(os.path.realpath(folder))
    if final.exists() and not (overwrite and final.is_dir()):
        raise InputDataError(f"folder {final}: exists already. Remove it or choose another name.")


def publish_folder(temporary: Path, path: PathLike, *, overwrite: bool) -> None:
    """Gives a complete folder its final name.

    Raises:
        InputDataError: somebody else took it meanwhile, and `overwrite` is false.
    """
    final = Path(os.path.realpath(path))
    check_writable(final, overwrite=overwrite)
    for file in temporary.rglob("*"):
        _sync(file)
    replaced = _temporary_name(final)
    if overwrite and final.exists():
        # A folder cannot be replaced in one step: the old one steps aside and goes when the new one stands.
        os.replace(final, replaced)
    os.replace(temporary, final)
    _sync(final.parent)
    shutil.rmtree(replaced, ignore_errors=True)


def refuse_replacing(out: PathLike, *inputs: PathLike | None, whole: bool = True) -> None:
    """Refuses an output that would replace an input, or be put among an input's files.

    Args:
        out: the file or folder to write.
        inputs: files and folders that are read; None for one that is not given.
        whole: whether a folder `out` is replaced as a whole, so that no input may lie in it either. False where files
            are only added to it.

    Raises:
        ConfigError: `out` is an input, lies in one that is a folder, or (where `whole`) holds one.
    """
    final = Path(os.path.realpath(out))
    for path in inputs:
        given = Path(os.path.realpath(path)) if path is not None else None
        if given is None or not given.exists():
            continue
        if final.exists() and final.samefile(given):
            raise ConfigError(f"the output must not be an input ({path}): choose another name. Received: output={out}")
        if given in final.parents:
            raise ConfigError(
                f"the output must not lie in an input ({path}): choose another name. Received: output={out}"
            )
        if whole and final in given.parents:
            raise ConfigError(
                f"the output must not hold an input ({path}): choose another name. Received: output={out}"
            )


@contextlib.contextmanager
def exclusive(path: PathLike) -> Iterator[None]:
    """Keeps other writers away from `path` until the block ends, or the process does, however it ends.

    The lock is the kernel's, on a file beside `path` that goes with the block; on a shared file system it holds
    between machines as far as `flock` does.

    Raises:
        InputDataError: somebody else holds it.
    """
    final = Path(os.path.realpath(path))
    final.parent.mkdir(parents=True, exist_ok=True)
    name = final.with_name(f".{final.name}.lock")
    descriptor = _lock(name)
    while descriptor is None:
        descriptor = _lock(name)
    try:
        yield
    finally:
        name.unlink(missing_ok=True)
        os.close(descriptor)


def _lock(name: Path) -> int | None:
    """The descriptor of the locked file; None where its last holder removed it at that very moment."""
    descriptor = os.open(name, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if name.exists() and os.path.samestat(os.stat(name), os.fstat(descriptor)):
            return descriptor
    except BlockingIOError:
        os.close(descriptor)
        what = name.with_name(name.name.removeprefix(".").removesuffix(".lock"))
        raise InputDataError(
            f"folder {what}: another process is writing it. Wait for it, or choose another name."
        ) from None
    os.close(descriptor)
    return None


def write_json(path: PathLike, value: Any) -> None:
    """Writes `value` as indented JSON, atomically. NaN and infinity are refused: JSON has neither."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    with atomic_file(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


@contextlib.contextmanager
def reading(path: PathLike, what: str) -> Iterator[None]:
    """Turns an operating system's error while `path` is read into the user's one line; `what` names its role.

    Raises:
        InputDataError: in place of the OSError; names the file below `path` where it was that one.
    """
    try:
        yield
    except OSError as error:
        raise InputDataError(f"{what} {error.filename or path}: {error.strerror or error}.") from error


def read_json(path: PathLike, what: str) -> Any:
    """Reads a JSON file; `what` names its role in the error.

    Raises:
        InputDataError: the file is missing, unreadable or not JSON.
    """
    with reading(path, what):
        data = Path(path).read_bytes()
    try:
        return json.loads(data)
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
