"""Writes files and folders atomically, and refuses to replace anything that was not made by the writing program.

Outputs are written under a temporary name, synced to disk, and renamed when complete. The temporary name is in the
destination's folder (a rename across file systems would copy) and has its suffix (writers choose the format by it).

A folder is replaced only if its writer recognizes every file in it (`Ours`). A file is replaced if it is of the kind
its name says (`check_kind`) and no input of the same program (`refuse_replacing`). Symbolic links are followed first.

Only records may lie in a store: `atomic_file`, `check_writable` and `publish_folder` take addresses (see `stores`).
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import uuid
from collections.abc import Callable, Collection, Iterator
from typing import Any

from retarget_tf.errors import ConfigError
from retarget_tf.files import stores, transfers
from retarget_tf.files.stores import PathLike, Place, StorePath

Path = pathlib.Path
# Returns the names of the files in a folder that the writer recognizes as its own outputs.
Ours = Callable[[Any], Collection[str]]

_MP4, _MATROSKA, _HTML = rb".{4}(ftyp|moov|mdat|free|skip|wide)", rb"\x1aE\xdf\xa3", rb"\s*<"
# How files begin, by the suffixes of what programs write under names that users choose.
_BEGINNINGS = {
    ".png": rb"\x89PNG", ".mp4": _MP4, ".mov": _MP4, ".mkv": _MATROSKA, ".webm": _MATROSKA,
    ".html": _HTML, ".htm": _HTML, ".json": rb"\s*[\[{]", ".onnx": rb"\x08", ".keras": rb"PK",
}  # fmt: skip


@contextlib.contextmanager
def atomic_file(path: PathLike) -> Iterator[Path]:
    """Yields a temporary path, which is renamed to `path` if the block succeeds and removed if it fails.

    Raises:
        ConfigError: See `check_file`.
        OSError: Raised in the block; names `path` instead of the temporary file or, as on a full disk, of no file.
    """
    if stores.is_address(path):
        with transfers.uploaded(path) as local:
            yield local
        return
    final = Path(os.path.realpath(path))
    check_kind(path)
    temporary = _temporary_name(final)
    with parents_made(final):
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
    """Yields a temporary folder, which is renamed to `path` if the block succeeds and removed if it fails.

    Args:
        path: The folder to write.
        ours: Recognizes the writer's files: a folder that holds nothing else may be replaced. None replaces none.

    Raises:
        ConfigError: See `check_writable`.
    """
    final = _local(path)  # a link is kept, and its target is replaced
    check_writable(final, ours=ours)
    temporary = _temporary_name(final)
    with parents_made(final):
        temporary.mkdir()
        try:
            yield temporary
            check_writable(final, ours=ours)
            _rename(temporary, final)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def check_kind(path: PathLike, *suffixes: str) -> None:
    """Refuses to write a file in the place of something of another kind.

    Args:
        path: The file to write.
        suffixes: Those that its name may have, such as `.png`; none allows all.

    Raises:
        ConfigError: The name has another suffix, a parent is a file, or a folder or another kind of file is there.
    """
    final = _local(path)
    suffix = Path(path).suffix.lower()
    if suffixes and suffix not in suffixes:
        raise ConfigError(f"the name of the output must end in {' or '.join(suffixes)}. Received: output={path}")
    check_parents(final)
    if final.is_dir():
        raise ConfigError(f"a file to write must not be a folder: choose another name. Received: output={path}")
    if not final.is_file():
        return
    with final.open("rb") as there:
        head = there.read(64)
    if head and not re.match(_BEGINNINGS.get(suffix, b""), head, re.DOTALL):
        raise ConfigError(
            f"a file to replace must be the {suffix} that its name says: choose another name. Received: output={path}"
        )


def check_added(folder: PathLike, names: Collection[str], mark: str) -> None:
    """Refuses to add files to a folder in which one of their names is taken by what the program did not write.

    Args:
        folder: The folder, which need not exist.
        names: Names of the files.
        mark: That of the file by which the program knows its own folders.

    Raises:
        ConfigError: The folder has one of the names without the mark, or is or lies below a file.
    """
    final = _local(folder)
    check_parents(final / mark)
    if (final / mark).exists():
        return
    if strange := next((name for name in names if (final / name).exists()), None):
        raise ConfigError(f"a folder to write into must not have {strange} from elsewhere. Received: folder={folder}")


def check_writable(folder: PathLike, *, ours: Ours | None = None) -> None:
    """Refuses to replace an existing folder that `atomic_folder` must not replace.

    Args:
        folder: The folder to write.
        ours: As in `atomic_folder`.

    Raises:
        ConfigError: `folder` or a parent is a file, or it exists and `ours` is None or does not recognize all in it.
    """
    final = _resolved(folder)
    if isinstance(final, Path):
        check_parents(final)
    if not final.exists():
        return
    if ours is None or not final.is_dir():
        raise ConfigError(
            f"a folder to write must not exist already: remove it, or choose another name. Received: folder={final}"
        )
    known = ours(final)
    there = stores.states(final)
    if strange := next((name for name, state in there.items() if name not in known or state is None), None):
        raise ConfigError(
            f"a folder to replace must hold nothing but what this program writes, and {strange} is something else: "
            f"choose another name. Received: folder={final}"
        )


def publish_folder(temporary: Place, path: PathLike, last: str, *, ours: Ours | None = None) -> None:
    """Makes a complete folder appear under its final name.

    Args:
        temporary: The folder, on the same disk or in the same store. On a disk it is renamed; in a store it is copied.
        path: Its final name.
        last: The file by which readers know that a folder is complete; in a store it is copied last.
        ours: As in `atomic_folder`.

    Raises:
        ConfigError: `path` has come to exist meanwhile and must not be replaced.
    """
    final = _resolved(path)
    check_writable(final, ours=ours)
    if isinstance(temporary, Path) and isinstance(final, Path):
        _rename(temporary, final)
    elif isinstance(temporary, StorePath) and isinstance(final, StorePath):
        transfers.publish(temporary, final, last)


def _rename(temporary: Path, final: Path) -> None:
    for file in temporary.rglob("*"):
        _sync(file)
    replaced = _temporary_name(final)
    if final.exists():
        # No single rename replaces a folder, so the old one is renamed first and removed at the end.
        os.replace(final, replaced)
    os.replace(temporary, final)
    _sync(final.parent)
    shutil.rmtree(replaced, ignore_errors=True)


def refuse_address(out: PathLike) -> None:
    """Refuses to write anything but records to a store; raises ConfigError."""
    if stores.is_address(out):
        raise ConfigError(f"nothing but records is written to a store: choose a local path. Received: output={out}")


def refuse_replacing(out: PathLike, *inputs: PathLike | None, whole: bool = True) -> None:
    """Refuses an output that would replace an input or be written into an input folder.

    Args:
        out: File or folder to write.
        inputs: Files and folders that are read; None is ignored.
        whole: If True, a folder `out` is replaced as a whole, so that no input may lie in it. If False, files are only
            added to it.

    Raises:
        ConfigError: `out` is an input, lies in an input folder, or (with `whole`) contains an input.
    """
    if not str(out):
        raise ConfigError("an output must have a name. Received: output=")
    final = _comparable(out)
    for path in inputs:
        given = _comparable(path) if path is not None else None
        if given is None or not (given.exists() or stores.is_address(path or "")):
            continue
        if final == given or (final.exists() and given.exists() and final.samefile(given)):
            raise ConfigError(f"the output must not be an input ({path}): choose another name. Received: output={out}")
        if given in final.parents:
            raise ConfigError(
                f"the output must not lie in an input ({path}): choose another name. Received: output={out}"
            )
        if whole and final in given.parents:
            raise ConfigError(
                f"the output must not hold an input ({path}): choose another name. Received: output={out}"
            )


def why_not_written(path: PathLike, error: Exception, needed: int) -> str:
    """Returns what to say of a file that a library could not write.

    Args:
        path: The file, or the folder that it belongs to.
        error: What the library raised.
        needed: Bytes that the file takes; 0 if that is not known.
    """
    told = str(getattr(error, "message", "") or getattr(error, "strerror", "") or error or type(error).__name__)
    why = re.sub(r" \[Op:\w+\]$", "", told.splitlines()[0]).rpartition("; ")[2]  # TensorFlow: "{{op}} file; why [Op]"
    free = shutil.disk_usage(next(parent for parent in Path(os.path.realpath(path)).parents if parent.exists())).free
    room = f"{needed / 1e6:.1f} MB needed, " * bool(needed) + f"{free / 1e6:.1f} MB free"
    return f"{path}: cannot be written ({why}; {room}). Free some space, and run the same command again."


def write_json(path: PathLike, value: Any) -> None:
    """Writes `value` as indented JSON, atomically. NaN and infinity, which JSON lacks, raise ValueError."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    with atomic_file(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def _local(path: PathLike) -> Path:
    refuse_address(path)
    return Path(os.path.realpath(path))


def _resolved(path: PathLike) -> Place:
    return stores.place(path) if stores.is_address(path) else Path(os.path.realpath(path))


def _comparable(path: PathLike) -> Path:
    """Returns the path without links; of an address a path that is nowhere, with the parents of the address."""
    return Path("//", os.fspath(stores.place(path))) if stores.is_address(path) else Path(os.path.realpath(path))


@contextlib.contextmanager
def parents_made(final: Path) -> Iterator[None]:
    """Makes the folders above `final` that are missing; if the block fails, those that are empty go again."""
    missing = [parent for parent in final.parents if not parent.exists()]
    final.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            for parent in missing:
                parent.rmdir()
        raise


def check_parents(final: Path) -> None:
    """Refuses a path above which a file lies where a folder must be; raises ConfigError."""
    there = next(parent for parent in final.parents if os.path.lexists(parent))
    if not there.is_dir():
        raise ConfigError(f"a folder to write into must not be a file. Received: folder={there}")


def _temporary_name(final: Path) -> Path:
    start = os.fsdecode(os.fsencode(final.stem)[:100])  # a file system allows 255 bytes in all
    return final.with_name(f".{start}.{uuid.uuid4().hex[:8]}.tmp{final.suffix}")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
