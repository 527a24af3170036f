"""Moves files and folders between the local disk and a store, and within a store."""

import contextlib
import json
import pathlib
import tempfile
from collections.abc import Collection, Iterator

from retarget_tf.errors import InputDataError
from retarget_tf.files.stores import PathLike, StorePath, place


@contextlib.contextmanager
def uploaded(path: PathLike) -> Iterator[pathlib.Path]:
    """Yields a local path, whose file is sent to an address if the block succeeds."""
    final = place(path)
    assert isinstance(final, StorePath)
    with tempfile.TemporaryDirectory() as folder:
        temporary = pathlib.Path(folder) / final.name
        yield temporary
        final.upload(temporary)


@contextlib.contextmanager
def fetched(folder: PathLike, names: Collection[str] | None = None) -> Iterator[pathlib.Path]:
    """Yields a local folder with the files of a folder in a store: all, or those of `names` that are there.

    A local folder is yielded itself. InputDataErrors of the block name the address.
    """
    origin = place(folder)
    if not isinstance(origin, StorePath):
        yield origin
        return
    with tempfile.TemporaryDirectory() as made:
        local = pathlib.Path(made) / origin.name
        local.mkdir()
        for name, state in origin.states().items():
            if state is not None and (names is None or name in names):
                with (local / name).open("wb") as file:
                    file.writelines((origin / name).chunks())
        try:
            yield local
        except InputDataError as error:
            error.args = (str(error).replace(str(local), str(origin)),)
            raise


def publish(made: StorePath, final: StorePath, last: str) -> None:
    """Makes `final` hold what `made` holds, and nothing else; `last` is the file that makes it complete.

    A note beside `made` says what `final` may hold until it is complete: `half_published` reads it.
    """
    names, there = (folder.states().keys() - {last} for folder in (made, final))
    with uploaded(_note(made)) as note:
        note.write_text(json.dumps(sorted({last, *names, *there})), encoding="utf-8")
    (final / last).unlink(missing_ok=True)
    for name in sorted(names):
        (made / name).copy_to(final / name)
    for name in sorted(there - names):
        (final / name).unlink()
    (made / last).copy_to(final / last)


def half_published(made: StorePath) -> set[str]:
    """Returns what the folder may hold to which `made` was being published when that was interrupted; else nothing."""
    note = _note(made)
    return set(json.loads(note.read_bytes())) if note.exists() else set()


def _note(made: StorePath) -> StorePath:
    return made.with_name("published.json")
