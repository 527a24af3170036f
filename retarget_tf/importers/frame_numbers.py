"""Which file is of which frame: the last number in its name."""

import pathlib
import re
from collections.abc import Collection

from retarget_tf import files
from retarget_tf.errors import InputDataError


def numbered_files(folder: files.PathLike, suffixes: Collection[str], what: str) -> dict[int, pathlib.Path]:
    """The files of a folder by the last number in their names, in order of that number.

    Args:
        folder: to look in, not in folders below it.
        suffixes: in lower case, with the dot; other files and hidden ones are passed over.
        what: names the folder's role in an error.

    Raises:
        InputDataError: there is no such folder or no such file in it, a name has no number, or two have the same.
    """
    root = pathlib.Path(folder)
    with files.reading(root, what):
        if not root.is_dir():
            raise InputDataError(f"{what} {root}: no such folder.")
        paths = sorted(root.iterdir())
    found: dict[int, pathlib.Path] = {}
    for path in paths:
        if path.suffix.lower() not in suffixes or path.name.startswith("."):
            continue
        digits = re.findall(r"\d+", path.stem)
        if not digits:
            raise InputDataError(f"{what} {path}: has no number in its name. Number the files by frame.")
        if other := found.get(int(digits[-1])):
            raise InputDataError(f"{what} {path}: has the number of {other.name}. Number the files by frame.")
        found[int(digits[-1])] = path
    if not found:
        raise InputDataError(f"{what} {root}: holds no file that ends in {', '.join(sorted(suffixes))}.")
    return dict(sorted(found.items()))
