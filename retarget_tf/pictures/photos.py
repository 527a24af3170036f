"""Reading a photo from a file: checked by its header before anything is decoded, turned upright, made RGB."""

import pathlib
from typing import Literal

import cv2
import numpy as np

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.errors import InputDataError

MAX_PIXELS = 100_000_000  # a header can promise more memory than the machine has

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_JPEG_END = b"\xff\xd9"
# Start-of-frame markers of a JPEG, FFC0..FFCF but for tables (C4, CC) and an extension (C8).
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WEBP_ANIMATION = 0x02  # a flag of VP8X

# EXIF orientation: whether rows become columns, then the step along rows and columns.
_TURNS = {
    1: (False, 1, 1), 2: (False, 1, -1), 3: (False, -1, -1), 4: (False, -1, 1),
    5: (True, 1, 1), 6: (True, 1, -1), 7: (True, -1, -1), 8: (True, -1, 1),
}  # fmt: skip


def load_photo(path: files.PathLike) -> Uint8Array:
    """Reads a JPEG, PNG or WebP file.

    Returns:
        RGB uint8 `[height, width, 3]`, turned upright as the camera noted it (EXIF). Gray becomes RGB, 16 bits become
        8, CMYK and palettes become RGB, and what is transparent becomes white.

    Raises:
        InputDataError: the file is missing, of another kind, animated, cut off, damaged or larger than 100 megapixels.
    """
    with files.reading(path, "photo"):
        data = pathlib.Path(path).read_bytes()
    try:
        width, height = header_size(data)
    except ValueError as error:
        raise InputDataError(f"photo {path}: {error}. Give a whole JPEG, PNG or WebP file.") from error
    if width * height > MAX_PIXELS:
        raise InputDataError(
            f"photo {path}: is {width}x{height}, more than {MAX_PIXELS // 1_000_000} megapixels. Give a smaller one."
        )
    image = _decode(data)
    if image is None:
        raise InputDataError(f"photo {path}: cannot be decoded, so it may be damaged. Save it again.")
    return image


def _decode(data: bytes) -> Uint8Array | None:
    """The picture as RGB; None where OpenCV cannot read it."""
    encoded = np.frombuffer(data, np.uint8)
    try:
        colour = cv2.imdecode(encoded, cv2.IMREAD_COLOR)  # turns it upright, makes it 8 bits and three channels
        alpha = None if data.startswith(b"\xff\xd8") else _alpha(encoded)
    except cv2.error:
        return None
    if colour is None:
        return None
    if alpha is not None:
        colour = np.round(colour * alpha + 255.0 * (1.0 - alpha)).astype(np.uint8)
    return np.ascontiguousarray(colour[..., ::-1])


def _alpha(encoded: Uint8Array) -> Float32Array | None:
    """Opacity `[height, width, 1]` in 0..1, upright; None where the picture has none."""
    stored, kinds, metadata = cv2.imdecodeWithMetadata(encoded, flags=cv2.IMREAD_UNCHANGED)  # as it lies: not turned
    if stored is None or stored.ndim != 3 or stored.shape[2] != 4:
        return None
    exif = dict(zip(kinds, metadata, strict=False)).get(cv2.IMAGE_METADATA_EXIF)
    swapped, down, right = _TURNS[1 if exif is None else _orientation(exif.tobytes())]
    alpha = stored[..., 3:].astype(np.float32) / np.iinfo(stored.dtype).max
    return (alpha.swapaxes(0, 1) if swapped else alpha)[::down, ::right]


def _orientation(exif: bytes) -> int:
    """Tag 0x0112 of the first directory of a TIFF header; 1, upright, where there is none."""
    order: Literal["little", "big"] = "little" if exif.startswith(b"II") else "big"

    def number(at: int, count: int = 2) -> int:
        return int.from_bytes(exif[at : at + count], order)

    directory = number(4, 4)
    entries = (directory + 2 + 12 * index for index in range(number(directory)))
    found = next((number(entry + 8) for entry in entries if number(entry) == 0x0112), 1)
    return found if found in _TURNS else 1


def header_size(data: bytes) -> tuple[int, int]:
    """Width and height as stored; ValueError says what is wrong with the file."""
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg_size(data)
    if data.startswith(_PNG_SIGNATURE):
        if data.rfind(b"IEND") < 0:
            raise ValueError("the PNG is cut off")
        if 0 <= data.find(b"acTL") < data.find(b"IDAT"):
            raise ValueError("is an animation")
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp_size(data)
    raise ValueError("is no JPEG, PNG or WebP picture" if data else "is empty")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Walks the segments up to the start of frame: ITU-T T.81, annex B."""
    position = 2
    size = None
    while position + 9 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if marker == 0xDA:  # the scan begins: from here on the end marker cannot be part of a thumbnail
            break
        if marker in _JPEG_FRAMES:
            height, width = (int.from_bytes(data[position + at : position + at + 2], "big") for at in (5, 7))
            size = width, height
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    if size is None or data.find(_JPEG_END, position) < 0:
        raise ValueError("the JPEG is cut off")
    return size


def _webp_size(data: bytes) -> tuple[int, int]:
    """The three kinds of WebP: RFC 9649."""
    if len(data) < max(30, 8 + int.from_bytes(data[4:8], "little")):
        raise ValueError("the WebP is cut off")
    kind = data[12:16]
    if kind == b"VP8X":
        if data[20] & _WEBP_ANIMATION:
            raise ValueError("is an animation")
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    return width, height
