"""Converts decoded frames to pictures as players show them: upright, opaque, of square pixels, in SDR."""

from fractions import Fraction
from typing import Any

import numpy as np
from av.sidedata.sidedata import Type
from av.video.reformatter import ColorTrc

from retarget_tf.arrays import Uint8Array
from retarget_tf.pictures.video.clean_aperture import Part
from retarget_tf.pictures.video.deinterlacing import make_graph

HDR: dict[int, str] = {ColorTrc.SMPTE2084: "PQ", ColorTrc.ARIB_STD_B67: "HLG"}
# Keeps what is brighter than SDR's white apart, where the other intents cut it off.
_TO_SDR = ":out_transfer=bt709:out_primaries=bt709:intent=perceptual"


class Upright:
    """Converts frames to RGB, rotated and mirrored by the display matrix of the first (ISO/IEC 14496-12, 8.3.2).

    Angles between are rounded to a quarter turn, as in players. The other frames are not asked for their matrix: a
    frame and its side data, once asked for, refer to each other, and many megabytes of frames would wait for the
    garbage collector.

    Args:
        pixel_aspect: Width of a stored pixel divided by its height; others than 1 are resampled.
        transfer: Transfer characteristic; those of `HDR` are tone-mapped, which takes seconds to begin.
        part: Part of the stored pictures that is shown; None for all of it.
    """

    def __init__(self, pixel_aspect: Fraction = Fraction(1), transfer: int = 0, part: Part | None = None) -> None:
        self._aspect, self._is_hdr, self._part = pixel_aspect, transfer in HDR, part
        self._is_first, self._swaps, self._rows, self._columns = True, False, 1, 1
        self._graph: Any = None

    def __call__(self, frame: Any) -> Uint8Array:
        """Returns the upright picture, uint8 `[height, width, 3]`."""
        self._look(frame)
        stored = "rgba" if any(component.is_alpha for component in frame.format.components) else "rgb24"
        if self._aspect == 1 and not self._is_hdr and self._part is None:
            picture = frame.to_ndarray(format=stored)
        else:
            picture = self._converted(frame, stored)
        if stored == "rgba":
            picture = _before_white(picture)
        if self._swaps:
            picture = picture.swapaxes(0, 1)
        return np.ascontiguousarray(picture[:: self._rows, :: self._columns])

    def size(self, frame: Any) -> tuple[int, int]:
        """Returns the width and the height of the upright picture."""
        self._look(frame)
        part = self._shown_part(frame)
        width, height = self._width(part), part.height
        return (height, width) if self._swaps else (width, height)

    def _shown_part(self, frame: Any) -> Part:
        return self._part or Part(frame.width, frame.height, 0, 0)

    def _width(self, part: Part) -> int:
        return max(1, round(part.width * self._aspect))

    def _converted(self, frame: Any, stored: str) -> Uint8Array:
        if self._graph is None:
            part = self._shown_part(frame)
            cropping = f"w={part.width}:h={part.height}:x={part.x}:y={part.y}:exact=1"
            scaling = f"w={self._width(part)}:h={part.height}" + (_TO_SDR if self._is_hdr else "")
            self._graph = make_graph(frame, ("crop", cropping), ("scale", scaling), ("format", stored))
        self._graph.vpush(frame)
        return np.asarray(self._graph.vpull().to_ndarray(), np.uint8)

    def _look(self, frame: Any) -> None:
        if not self._is_first:
            return
        self._is_first = False
        matrix = frame.side_data.get(Type.DISPLAYMATRIX)
        if matrix is None:
            return
        a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].astype(np.int64)
        self._swaps = bool(abs(b) > abs(a))
        if self._swaps:  # x' = c y and y' = b x: rows become columns
            a, d = c, b
        self._rows, self._columns = (1 if d >= 0 else -1), (1 if a >= 0 else -1)


def _before_white(picture: Uint8Array) -> Uint8Array:
    """Blends RGBA `[height, width, 4]` with white, as photos are."""
    opacity = picture[..., 3:].astype(np.uint16)
    return np.asarray((picture[..., :3] * opacity + 255 * (255 - opacity) + 127) // 255, np.uint8)
