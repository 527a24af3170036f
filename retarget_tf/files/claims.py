"""Looks at what a file says that it holds, before memory is allocated for it: a few bytes can claim gigabytes."""

import io
import math
import tokenize
import zipfile
from typing import IO

from retarget_tf.errors import InputDataError
from retarget_tf.files.stores import PathLike, place

MOST_JSON_BYTES = 100_000_000
MOST_ARRAY_BYTES = 500_000_000  # ten minutes of 134 points as float64 are 58 MB
MOST_WEIGHT_BYTES = 1_000_000_000  # five times those of the largest preset


def check_json(path: PathLike, what: str) -> None:
    """Refuses a JSON file of which parsing would take gigabytes; `what` names its role."""
    file = place(path)
    if file.is_file():  # the size of a pipe is not known
        _check(path, what, file.stat().st_size, MOST_JSON_BYTES)


def check_arrays(path: PathLike, what: str) -> None:
    """Refuses a .npy or .npz file of larger arrays than anybody has.

    Raises:
        InputDataError: It holds more than `MOST_ARRAY_BYTES`.
        ValueError, EOFError, OSError, zipfile.BadZipFile, zlib.error: It is none, or damaged.
    """
    try:
        with open(path, "rb") as file:
            if not zipfile.is_zipfile(file):
                file.seek(0)
                _check(path, what, _array_bytes(file), MOST_ARRAY_BYTES)
                return
            with zipfile.ZipFile(file) as archive:
                entries = archive.infolist()
                _check(path, what, sum(entry.file_size for entry in entries), MOST_ARRAY_BYTES)
                for entry in entries:
                    with archive.open(entry) as stored:
                        _check(path, what, _array_bytes(stored), MOST_ARRAY_BYTES)
    except (tokenize.TokenError, NotImplementedError) as error:  # of damaged headers, of NumPy and of zip
        raise ValueError(str(error)) from error


def check_weights(path: PathLike, what: str) -> None:
    """Refuses a .keras file whose weights, compressed, would fill the memory.

    Raises:
        InputDataError: It holds more than `MOST_WEIGHT_BYTES`.
        ValueError, KeyError, OSError, zipfile.BadZipFile: It is none, or damaged.
    """
    import h5py

    total = 0

    def add(_: str, item: object) -> None:
        nonlocal total
        if isinstance(item, h5py.Dataset):
            total += math.prod(item.shape) * item.dtype.itemsize

    with zipfile.ZipFile(path) as archive:
        _check(path, what, sum(entry.file_size for entry in archive.infolist()), MOST_WEIGHT_BYTES)
        with h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r") as weights:
            weights.visititems(add)
    _check(path, what, total, MOST_WEIGHT_BYTES)


def _array_bytes(file: IO[bytes]) -> int:
    """Returns how many bytes the array takes whose header is read."""
    from numpy.lib import format as npy

    read = npy.read_array_header_1_0 if npy.read_magic(file) == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    return math.prod(shape) * int(dtype.itemsize)


def _check(path: PathLike, what: str, received: int, most: int) -> None:
    if received > most:
        mb, most_mb = (size // 1_000_000 for size in (received, most))
        raise InputDataError(f"{what} {path}: holds {mb} MB, more than {most_mb}. Check that it is the right file.")
