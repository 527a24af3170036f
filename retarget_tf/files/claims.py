"""Looks at what a file says that it holds, before memory is allocated for it: a few bytes can claim gigabytes."""

import io
import math
import pathlib
import tokenize
import zipfile
from typing import IO

from retarget_tf.errors import InputDataError
from retarget_tf.files.stores import PathLike, place

MOST_BYTES = 1_000_000_000  # of a file that is read as a whole; 100 megapixels of 16 bits are 600 MB
MOST_SECRET_BYTES = 1_000_000  # of a token, a certificate, a list of users
MOST_JSON_BYTES = 100_000_000
MOST_JSON_PARTS = 2_000_000  # lists and objects, of which an empty one of two bytes takes a hundred in memory
MOST_ARRAY_BYTES = 500_000_000  # ten minutes of 134 points as float64 are 58 MB
_BYTES_AT_A_TIME = 1_000_000
MOST_WEIGHT_BYTES = 1_000_000_000  # five times those of the largest preset
MOST_GRAPH_BYTES = 100_000_000  # of a SavedModel, without weights


def check_json(path: PathLike, what: str, data: bytes) -> None:
    """Refuses JSON of so many lists and objects that they would fill the memory; `what` names its role."""
    parts = data.count(b"[") + data.count(b"{")
    if parts > MOST_JSON_PARTS:
        raise InputDataError(
            f"{what} {path}: holds {parts} lists and objects, more than {MOST_JSON_PARTS}. "
            "Check that it is the right file."
        )


def read_at_most(path: PathLike, what: str, most: int) -> bytes:
    """Reads a file, also a pipe or a device, which may have no end; refuses one of more than `most` bytes."""
    file = place(path)
    if not isinstance(file, pathlib.Path) or file.is_file():
        _check(path, what, file.stat().st_size, most)
        return file.read_bytes()
    data = bytearray()
    with file.open("rb") as stream:
        while more := stream.read(_BYTES_AT_A_TIME):
            data += more
            _check(path, what, len(data), most)
    return bytes(data)


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


def check_saved_model(folder: PathLike, what: str) -> None:
    """Refuses a SavedModel of which reading the graph would take several times its size, or the weights too much."""
    graph, *weights = pathlib.Path(folder, "saved_model.pb"), *pathlib.Path(folder).glob("variables/*")
    _check(graph, what, graph.stat().st_size, MOST_GRAPH_BYTES)
    _check(pathlib.Path(folder, "variables"), what, sum(file.stat().st_size for file in weights), MOST_WEIGHT_BYTES)


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
