"""Finds the frame number of each file of a folder: the last number in its name that differs between the files."""

import pathlib
import re
from collections.abc import Collection, Sequence, Set

from retarget_tf import files
from retarget_tf.errors import InputDataError


def numbered_files(
    folder: files.PathLike, suffixes: Collection[str], what: str, ignored_endings: tuple[str, ...] = ()
) -> dict[int, pathlib.Path]:
    """Returns the files of a folder by frame number, sorted.

    Args:
        folder: Folder of the files; subfolders are not searched.
        suffixes: Suffixes of the files in lower case, with the dot; other files and hidden ones are ignored.
        what: Name of the folder's contents, for error messages.
        ignored_endings: Files whose names end so, before the suffix, are ignored too.

    Raises:
        InputDataError: The folder is missing or has no such file, a name has no number, or two have the same number.
    """
    root = pathlib.Path(folder)
    with files.reading(root, what):
        if not root.is_dir():
            raise InputDataError(f"{what} {root}: no such folder. Check its name.")
        paths = sorted(root.iterdir())
    ours = [
        path
        for path in paths
        if path.suffix.lower() in suffixes and not path.name.startswith(".") and not path.stem.endswith(ignored_endings)
    ]
    there = set(ours)
    ours = [path for path in ours if not _is_painted_copy(path, there)]
    if not ours:
        raise InputDataError(
            f"{what} {root}: holds no file that ends in {', '.join(sorted(suffixes))}. Give the folder of such files."
        )
    return by_number(ours, what)


def by_number(paths: Sequence[pathlib.Path], what: str) -> dict[int, pathlib.Path]:
    """Returns names of files by frame number, sorted; errors as in `numbered_files`."""
    found: dict[int, pathlib.Path] = {}
    for path, number in zip(paths, _numbers(paths, what), strict=True):
        if other := found.get(number):
            raise InputDataError(f"{what} {path}: has the number of {other.name}. Number the files by frame.")
        found[number] = path
    return dict(sorted(found.items()))


def _is_painted_copy(path: pathlib.Path, paths: Set[pathlib.Path]) -> bool:
    """Whether the file is a coloured copy for viewing: CIHP-PGN writes `1_vis.png` beside `1.png`."""
    return path.stem.endswith("_vis") and path.with_stem(path.stem.removesuffix("_vis")) in paths


def _numbers(paths: Sequence[pathlib.Path], what: str) -> list[int]:
    """Returns the last number in each name, ignoring trailing ones that are the same in all, as in `1_cihp20.png`."""
    numbers = []
    for path in paths:
        numbers.append([int(digits) for digits in re.findall(r"\d+", path.stem)])
        if not numbers[-1]:
            raise InputDataError(f"{what} {path}: has no number in its name. Number the files by frame.")
    while len(paths) > 1 and min(map(len, numbers)) > 1 and len({of_one[-1] for of_one in numbers}) == 1:
        numbers = [of_one[:-1] for of_one in numbers]
    return [of_one[-1] for of_one in numbers]
