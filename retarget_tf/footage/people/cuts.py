"""Finds cuts between shots by sudden changes of the picture's layout and colours.

The change of a frame is the mean difference of 32 x 32 thumbnails, divided by 16, plus the share of pixels that change
their bin of a HSV histogram, divided by 0.5. A cut is a change of at least 1 and of at least 4 times the recent median.
"""

import collections
from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from retarget_tf.arrays import Float32Array, Uint8Array

_SIDE = 32  # side of the compared thumbnails in pixels
_FINER = 3  # times as large are those whose colours are compared
_LAYOUT = 16.0  # mean difference of thumbnails, 0..255, that suffices for a cut
_COLOURS = 0.5  # share of pixels with another colour that suffices for a cut
_ABOVE_USUAL = 4.0  # times the median of recent changes, so that a fast dance is not a cut
_BINS = (8, 4, 4)  # histogram bins of hue, saturation and brightness


class CutFinder:
    """Finds the cuts of a video whose frames are passed to `is_cut` in order."""

    def __init__(self) -> None:
        self._before: tuple[Float32Array, Float32Array] | None = None
        self._usual: collections.deque[float] = collections.deque(maxlen=10)

    def is_cut(self, frame: Uint8Array) -> bool:
        """Whether a new shot begins with this frame, RGB uint8 `[height, width, 3]`."""
        small = cv2.resize(frame, (_SIDE * _FINER, _SIDE * _FINER), interpolation=cv2.INTER_AREA)
        now = _layout(small), _colours(small)
        before, self._before = self._before, now
        if before is None:
            return False
        layout = float(np.abs(now[0] - before[0]).mean()) / _LAYOUT
        jump = layout + float(np.abs(now[1] - before[1]).sum()) / 2 / _COLOURS
        usual = float(np.median(self._usual)) if self._usual else 0.0
        self._usual.append(jump)
        return jump >= max(1.0, _ABOVE_USUAL * usual)


def noting_cuts(frames: Iterable[Uint8Array], cuts: list[int]) -> Iterator[Uint8Array]:
    """Yields the frames unchanged, and appends the number of each frame that begins a new shot to `cuts`."""
    finder = CutFinder()
    for index, frame in enumerate(frames):
        if finder.is_cut(frame):
            cuts.append(index)
        yield frame


def _layout(small: Uint8Array) -> Float32Array:
    return np.asarray(cv2.resize(small, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.float32)


def _colours(small: Uint8Array) -> Float32Array:
    counts = cv2.calcHist([cv2.cvtColor(small, cv2.COLOR_RGB2HSV)], [0, 1, 2], None, _BINS, [0, 180, 0, 256, 0, 256])
    return np.asarray(counts / counts.sum(), np.float32)
