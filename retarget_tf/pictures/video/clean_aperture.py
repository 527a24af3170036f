"""Reads which part of the stored pictures an MP4 or QuickTime file says is shown, which PyAV does not tell."""

import struct
from typing import NamedTuple

from retarget_tf import files

_BOX = b"\x00\x00\x00\x28clap"  # ISO/IEC 14496-12, 12.1.4: its size and its type


class Part(NamedTuple):
    """A part of a picture in pixels; x and y are those of its left upper corner."""

    width: int
    height: int
    x: int
    y: int


def clean_aperture(path: files.PathLike, width: int, height: int) -> Part | None:
    """Returns the part that is shown of pictures this large; None for all of them, or if the file does not say it."""
    header = _header(path)
    at = header.find(_BOX)
    if at < 0 or len(header) < at + 40:
        return None
    numbers = struct.unpack_from(">8i", header, at + len(_BOX))
    if not all(numbers[1::2]):
        return None
    shown_width, shown_height, right, down = (n / d for n, d in zip(numbers[::2], numbers[1::2], strict=True))
    x, y = (width - shown_width) / 2 + right, (height - shown_height) / 2 + down
    part = Part(round(shown_width), round(shown_height), round(x), round(y))
    is_inside = part.x >= 0 and part.y >= 0 and part.x + part.width <= width and part.y + part.height <= height
    return part if is_inside and min(part[:2]) > 0 and part[:2] != (width, height) else None


def _header(path: files.PathLike) -> bytes:
    """Returns the box `moov`; empty without one."""
    with open(path, "rb") as file:
        while len(head := file.read(8)) == 8:
            size, read = int.from_bytes(head[:4], "big"), 8
            if size == 1:
                size, read = int.from_bytes(file.read(8), "big"), 16
            if size < read:
                break
            if head[4:] == b"moov":
                return file.read(size - read)
            file.seek(size - read, 1)
    return b""
