"""Locks a folder against other processes that would write it, and sweeps what killed ones left there."""

import contextlib
import datetime
import fcntl
import os
import pathlib
import re
import socket
from collections.abc import Iterator

from retarget_tf.errors import ConfigError
from retarget_tf.files.outputs import check_parents, parents_made
from retarget_tf.files.stores import PathLike, StorePath, is_address, place

_TEMPORARY = re.compile(r"\..*\.[0-9a-f]{8}\.tmp(\.\w+)?")  # the names that `outputs.atomic_file` writes under


@contextlib.contextmanager
def exclusive(path: PathLike, *, inside: bool = False) -> Iterator[None]:
    """Locks `path` against other processes that use `exclusive`, until the block or the process ends.

    The lock is `flock` on a file next to `path`, which is removed after the block. On a shared file system it works
    between machines if `flock` does. In a store it is a file that only one process can create. It is removed after the
    block too, but one that was killed leaves it behind, and the error of the next says which file to remove.

    Args:
        path: The folder.
        inside: Puts the file of the lock into the folder, which is made if it is missing, instead of next to it.

    Raises:
        ConfigError: Another process holds the lock.
    """
    if is_address(path):
        folder = place(path)
        assert isinstance(folder, StorePath)
        with _held_in_store(folder):
            yield
        return
    final = pathlib.Path(os.path.realpath(path))
    name = final / ".lock" if inside else final.with_name(f".{final.name}.lock")
    check_parents(name)
    with parents_made(name):
        descriptor = _lock(name, final)
        while descriptor is None:
            descriptor = _lock(name, final)
        try:
            yield
        finally:
            name.unlink(missing_ok=True)
            os.close(descriptor)


def _lock(name: pathlib.Path, folder: pathlib.Path) -> int | None:
    """Returns the descriptor of the locked file, or None if its last holder has just removed it."""
    descriptor = os.open(name, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if name.exists() and os.path.samestat(os.stat(name), os.fstat(descriptor)):
            return descriptor
    except BlockingIOError:
        os.close(descriptor)
        raise ConfigError(
            "no other process may be writing the folder: wait for it, or choose another name. "
            f"Received: folder={folder}"
        ) from None
    os.close(descriptor)
    return None


@contextlib.contextmanager
def _held_in_store(folder: StorePath) -> Iterator[None]:
    lock = folder.with_name(f".{folder.name}.lock")
    holder = f"{socket.gethostname()}, process {os.getpid()}, since {datetime.datetime.now():%Y-%m-%d %H:%M}"
    try:
        lock.create(holder.encode())
    except FileExistsError:
        raise ConfigError(
            "no other process may be writing the folder: wait for it or, if it was killed, remove its lock "
            f"{lock} ({lock.read_bytes().decode(errors='replace')}). Received: folder={folder}"
        ) from None
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def sweep(folder: pathlib.Path) -> None:
    """Removes what writes of files that were killed left in a folder, in which no other process may be writing."""
    for path in folder.glob(".*.tmp*"):
        if _TEMPORARY.fullmatch(path.name) and path.is_file():
            path.unlink()
