"""Folders in an object store, such as `s3://bucket/records`, read and written where records may be in place of a disk.

`place` turns what a user gives into a `pathlib.Path` or, for an address, into a `StorePath`, whose methods have the
same names; fsspec, which the extras [s3] and [gcs] install, speaks to the store. Nothing is imported or asked before.

What the promises of local folders come to in a store:

* A file appears whole or not at all, because stores do so: it is written on the local disk, then sent
  (`transfers.uploaded`).
* Folders cannot be renamed. A finished folder is copied within the store, with the file that completes it removed
  first and copied last (`transfers.publish`): readers find the old folder, no complete one, or the new one.
* A lock is a file that only one process can create; it does not go away with a process that is killed (`locks`).
* Nothing is replaced but what the writer recognizes, as on a disk (`outputs.check_writable`).
"""

import contextlib
import dataclasses
import errno
import functools
import os
import pathlib
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from retarget_tf.errors import ConfigError, MissingDependencyError

PathLike = str | os.PathLike[str]

_CHUNK_BYTES = 8 * 2**20  # of one request when a file is read from its beginning to its end
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_EXTRAS = {"s3": "s3", "gs": "gcs", "memory": "s3"}  # which extra installs what a scheme needs
_NO_BUCKET = "specified bucket does not exist"  # in what S3 and Google's store answer
# Packages below fsspec that raise errors of their own kinds.
_LIBRARIES = {"aiobotocore", "aiohttp", "botocore", "fsspec", "gcsfs", "google", "requests", "s3fs", "asyncio"}


class StoreError(OSError):
    """A store does not answer, or refuses; reads as one line."""

    def __str__(self) -> str:
        return f"{self.filename}: {self.strerror}. Check the address, your credentials and the network."


class FileState(NamedTuple):
    """Size of a file in bytes, and time of its last change in nanoseconds; as `os.stat_result` names them."""

    st_size: int
    st_mtime_ns: int


@dataclasses.dataclass(frozen=True)
class StorePath(os.PathLike[str]):
    """Address of a file or folder in a store, with the methods of `pathlib.Path` that records need.

    Methods raise StoreError if the store does not answer or refuses, or has no such file or bucket.
    """

    address: str

    def __str__(self) -> str:
        return self.address

    def __fspath__(self) -> str:
        return self.address

    def __truediv__(self, name: str) -> "StorePath":
        return StorePath(f"{self.address}/{name}")

    @property
    def name(self) -> str:
        """Last part of the address."""
        return self.address.rpartition("/")[2]

    @property
    def parent(self) -> "StorePath":
        """The folder that it is in."""
        return StorePath(self.address.rpartition("/")[0])

    def with_name(self, name: str) -> "StorePath":
        """The address beside this one that ends in `name`."""
        return self.parent / name

    def exists(self) -> bool:
        """Whether there is such a file, or a folder with a file in it; a missing bucket is an error."""
        return self._info() is not None

    def is_file(self) -> bool:
        """Whether there is such a file."""
        return (self._info() or {}).get("type") == "file"

    def is_dir(self) -> bool:
        """Whether there is a folder with a file in it."""
        return (self._info() or {}).get("type") == "directory"

    def stat(self) -> FileState:
        """Returns size and time of the file."""
        with _telling(self):
            return _state(_system(self).info(self.address))

    def read_bytes(self) -> bytes:
        """Returns the file's content."""
        with _telling(self):
            return bytes(_system(self).cat_file(self.address))

    def read_range(self, start: int, end: int) -> bytes:
        """Returns the bytes from `start` to before `end`; fewer where the file ends before."""
        with _telling(self):
            return bytes(_system(self).cat_file(self.address, start=start, end=end))

    def chunks(self) -> Iterator[bytes]:
        """Yields the file's content in order; no more than a chunk is in memory."""
        size = self.stat().st_size
        for start in range(0, size, _CHUNK_BYTES):
            yield self.read_range(start, min(start + _CHUNK_BYTES, size))

    def unlink(self, missing_ok: bool = False) -> None:
        """Removes the file."""
        with _telling(self):
            try:
                _system(self).rm_file(self.address)
            except FileNotFoundError:
                if not missing_ok:
                    raise

    def create(self, data: bytes) -> None:
        """Writes the file if there is none, which no two processes can do; raises FileExistsError."""
        with _telling(self):
            _system(self).pipe_file(self.address, data, mode="create")

    def upload(self, path: pathlib.Path) -> None:
        """Writes the content of a local file to this address; readers see the old content until all is there."""
        with _telling(self):
            _system(self).put_file(str(path), self.address)

    def copy_to(self, other: "StorePath") -> None:
        """Copies the file within the store."""
        with _telling(self):
            _system(self).cp_file(self.address, other.address)

    def states(self) -> dict[str, FileState | None]:
        """Returns what is in the folder, sorted by name: the states of its files, and None for its folders."""
        found = {}
        with _telling(self):
            try:
                infos = _system(self).ls(self.address, detail=True)
            except FileNotFoundError as error:
                if _NO_BUCKET in str(error):
                    raise
                infos = []
            for info in infos:
                name = info["name"].rstrip("/").rpartition("/")[2]
                found[name] = _state(info) if info["type"] == "file" else None
        return dict(sorted(found.items()))

    def remove(self) -> None:
        """Removes the folder with all that is in it, if it is there."""
        with _telling(self), contextlib.suppress(FileNotFoundError):
            _system(self).rm(self.address, recursive=True)

    def _info(self) -> dict[str, Any] | None:
        with _telling(self):
            try:
                return dict(_system(self).info(self.address))
            except FileNotFoundError as error:
                if _NO_BUCKET in str(error):
                    raise
                return None


Place = pathlib.Path | StorePath


def is_address(path: PathLike) -> bool:
    """Whether a path is the address of something in a store."""
    return _ADDRESS.match(os.fspath(path)) is not None


def place(path: PathLike) -> Place:
    """Returns the path to work with.

    Raises:
        ConfigError: It is an address of another kind than s3:// and gs://, or names no folder in a bucket.
        MissingDependencyError: It is an address, and the extra is not installed.
    """
    if isinstance(path, StorePath):
        return path
    if not is_address(path):
        return pathlib.Path(path)
    found = StorePath(os.fspath(path).rstrip("/"))
    if not re.fullmatch(r"\w+://[^/]+(/[^/]+)+", found.address) or _scheme(found) not in _EXTRAS:
        raise ConfigError(
            f"an address must be s3://BUCKET/FOLDER or gs://BUCKET/FOLDER, or else a local folder. Received: {path}"
        )
    _system(found)
    return found


def states(folder: Place) -> dict[str, FileState | os.stat_result | None]:
    """Returns what is in a folder, sorted by name: the states of its files, and None for anything else."""
    if isinstance(folder, StorePath):
        return {**folder.states()}
    return {path.name: path.stat() if path.is_file() else None for path in sorted(folder.iterdir())}


def read_range(path: Place, start: int, end: int) -> bytes:
    """Returns the bytes of a file from `start` to before `end`; fewer where the file ends before."""
    if isinstance(path, StorePath):
        return path.read_range(start, end)
    with path.open("rb") as file:
        file.seek(start)
        return file.read(end - start)


def _scheme(path: StorePath) -> str:
    return path.address.partition("://")[0]


def _system(path: StorePath) -> Any:
    return _system_of(_scheme(path))


@functools.cache
def _system_of(scheme: str) -> Any:
    """Returns fsspec's file system; asks the store nothing."""
    try:
        import fsspec

        # Without a cache of listings, which would not show what other processes write.
        return fsspec.filesystem(scheme, use_listings_cache=False)
    except ImportError as missing:
        raise MissingDependencyError(
            f"addresses that begin with {scheme}:// need a package that cannot be imported ({missing}). "
            f"Install it: pip install 'retarget_tf[{_EXTRAS[scheme]}]'"
        ) from missing


@contextlib.contextmanager
def _telling(path: StorePath) -> Iterator[None]:
    """Turns what fsspec and the packages below it raise into a StoreError that says in plain words what is wrong."""
    try:
        yield
    except FileExistsError:
        raise
    except Exception as error:
        if not isinstance(error, OSError) and type(error).__module__.partition(".")[0] not in _LIBRARIES:
            raise
        number, why = _why(error)
        raise StoreError(number, why, path.address) from error


def _why(error: Exception) -> tuple[int, str]:
    kind, text = type(error).__name__, " ".join(str(error).split())
    if isinstance(error, FileNotFoundError):
        return errno.ENOENT, "there is no such bucket" if _NO_BUCKET in text else "there is no such file"
    if isinstance(error, PermissionError):
        return errno.EACCES, f"the store refuses access ({text})"
    if "Credential" in kind or "credential" in text:
        return errno.EACCES, f"there are no credentials for the store ({text})"
    if any(word in kind for word in ("Connect", "Timeout", "DNS", "Transport")):
        return errno.EHOSTUNREACH, f"the store cannot be reached ({text})"
    return getattr(error, "errno", None) or errno.EIO, text or kind


def _state(info: dict[str, Any]) -> FileState:
    """Returns the state that a store's description of a file has; stores name the time differently, or not at all."""
    changed = info.get("LastModified") or info.get("mtime") or info.get("created") or 0
    seconds = changed.timestamp() if hasattr(changed, "timestamp") else changed
    return FileState(int(info["size"]), int(float(seconds) * 1e9) if isinstance(seconds, int | float) else 0)
