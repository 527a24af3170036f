"""Writes files so that nobody ever sees half of one, and nothing is replaced that the project did not make.

What is written gets a temporary name, is synced to the disk and renamed when complete. The temporary name lies in the
destination's own folder (a rename across file systems copies) and keeps the suffix (writers choose a format by it).

A folder is replaced only if its writer knows every file in it as its own (`Ours`). A file is replaced unless it is an
input of the same program (`refuse_replacing`). Both look at where links lead.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import uuid
from collections.abc import Callable, Collection, Iterator
from typing import Any

from retarget_tf.errors import ConfigError, InputDataError

Path = pathlib.Path
PathLike = str | os.PathLike[str]
# Names the files in a folder that a writer knows as its own; none where the folder is not of its making.
Ours = Callable[[Path], Collection[str]]


@contextlib.contextmanager
def atomic_file(path: PathLike) -> Iterator[Path]:
    """Yields a temporary path that becomes `path` when the block ends well, and vanishes when it does not.

    Raises:
        ConfigError: a file is where a folder above `path` would be.
        OSError: as the block, but with the name of the file, which a write to a full disk does not tell.
    """
    final = Path(os.path.realpath(path))
    _make_parent(final)
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
def atomic_folder(path: PathLike, *, ours: Ours | None = None) -> Iterator[Path]:
    """Yields a temporary folder that becomes `path` when the block ends well.

    Args:
        path: of the folder.
        ours: allows to replace a folder in which it knows every file; none is replaced unless given.

    Raises:
        ConfigError: see `check_writable`.
    """
    final = Path(os.path.realpath(path))  # a link stays, and what it leads to is replaced
    check_writable(final, ours=ours)
    _make_parent(final)
    temporary = _temporary_name(final)
    temporary.mkdir()
    try:
        yield temporary
        publish_folder(temporary, final, ours=ours)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_writable(folder: PathLike, *, ours: Ours | None = None) -> None:
    """Refuses to write a folder over anything that must stay.

    Args:
        folder: to write.
        ours: as in `atomic_folder`.

    Raises:
        ConfigError: `folder` exists, and it is no folder, or `ours` is not given or does not know all that is in it.
    """
    final = Path(os.path.realpath(folder))
    if not final.exists():
        return
    if ours is None or not final.is_dir():
        raise ConfigError(
            f"a folder to write must not exist already: remove it, or choose another name. Received: folder={final}"
        )
    known = ours(final)
    if strange := sorted(entry.name for entry in os.scandir(final) if entry.name not in known or entry.is_dir()):
        raise ConfigError(
            f"a folder to replace must hold nothing but what this program writes, and {strange[0]} is something else: "
            f"choose another name. Received: folder={final}"
        )


def publish_folder(temporary: Path, path: PathLike, *, ours: Ours | None = None) -> None:
    """Gives a complete folder its final name; `ours` as in `atomic_folder`.

    Raises:
        ConfigError: something that must stay took the name meanwhile.
    """
    final = Path(os.path.realpath(path))
    check_writable(final, ours=ours)
    for file in temporary.rglob("*"):
        _sync(file)
    replaced = _temporary_name(final)
    if final.exists():
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
        ConfigError: somebody else holds it.
    """
    final = Path(os.path.realpath(path))
    _make_parent(final)
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
        raise ConfigError(
            f"no other process may be writing the folder: wait for it, or choose another name. Received: folder={what}"
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
        raise InputDataError(
            f"{what} {error.filename or path}: {error.strerror or error}. Check its name, and that you may read it."
        ) from error


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
        raise InputDataError(f"{what} {path}: not JSON ({error}). Restore the file, or make it again.") from error


def _make_parent(final: Path) -> None:
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ConfigError(f"a folder to write into must not be a file. Received: folder={error.filename}") from None


def _temporary_name(final: Path) -> Path:
    return final.with_name(f".{final.stem}.{uuid.uuid4().hex[:8]}.tmp{final.suffix}")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
