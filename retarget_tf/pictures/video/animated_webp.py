"""Reads animated WebP files, which libav does not, as frames of PyAV."""

import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
import PIL.Image
from PIL.WebPImagePlugin import WebPImageFile

HEAD_BYTES = 30  # of the file, from which `size_of` reads
_ANIMATION = 0b10  # flag in the header VP8X
_HURRIED, _SLOWED = 10, 100  # milliseconds: what is declared this short browsers show for so long


def size_of(head: bytes) -> tuple[int, int] | None:
    """Returns width and height by the first bytes of a file; None unless it is an animated WebP."""
    if not (head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and head[20] & _ANIMATION):
        return None
    width, height = (1 + int.from_bytes(head[at : at + 3], "little") for at in (24, 27))
    return width, height


def durations_of(encoded: bytes) -> list[int]:
    """Returns for how many milliseconds each frame is shown, as far as the file reaches."""
    found, at = [], 12
    while at + 8 <= len(encoded):
        if encoded[at : at + 4] == b"ANMF":
            found.append(_shown_for(int.from_bytes(encoded[at + 20 : at + 23], "little")))
        size = int.from_bytes(encoded[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return found


def frames_of(encoded: bytes) -> Iterator[Any]:
    """Yields the frames, before white where they are transparent; raises av.FFmpegError where the file is damaged."""
    milliseconds = 0
    try:
        image = WebPImageFile(io.BytesIO(encoded))
        for index in range(image.n_frames):
            image.seek(index)
            seen = image.convert("RGBA")
            seen = PIL.Image.alpha_composite(PIL.Image.new("RGBA", seen.size, "white"), seen)
            frame = av.VideoFrame.from_ndarray(np.asarray(seen.convert("RGB")))
            frame.pts, frame.time_base = milliseconds, Fraction(1, 1000)
            frame.duration = _shown_for(int(image.info["duration"]))
            milliseconds += frame.duration
            yield frame
    except (OSError, SyntaxError, EOFError, ValueError) as error:
        raise av.InvalidDataError(0, str(error)) from error


def _shown_for(milliseconds: int) -> int:
    return milliseconds if milliseconds > _HURRIED else _SLOWED
