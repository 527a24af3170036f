"""Finds cuts between shots by sudden changes of the picture's layout and colours.

The change of a frame is the mean difference of 32 x 32 thumbnails, divided by 16, plus the share of pixels that change
their bin of a HSV histogram, divided by 0.5. A cut is a change of at least 1 and of at least 4 times the recent median.
"""

import collections
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import cv2
import numpy as np

from retarget_tf.arrays import Float32Array, Uint8Array

_SIDE = 32  # side of the compared thumbnails in pixels
_FINER = 3  # times as large are those whose colours are compared
_LAYOUT = 16.0  # mean difference of thumbnails, 0..255, that suffices for a cut
_COLOURS = 0.5  # share of pixels with another colour that suffices for a cut
_ABOVE_USUAL = 4.0  # times the median of recent changes, so that a fast dance is not a cut
_FLASH = 5  # most frames of a flash
_BINS = (8, 4, 4)  # histogram bins of hue, saturation and brightness


class _Picture(NamedTuple):
    """A frame, its layout and colours, and how it differs from the frame before, with the least change of a cut."""

    frame: Uint8Array
    layout: Float32Array
    colours: Float32Array
    change: float
    least: float


def with_cuts(frames: Iterable[Uint8Array]) -> Iterator[tuple[Uint8Array, bool]]:
    """Yields each frame, RGB uint8 `[height, width, 3]`, and whether a new shot begins with it.

    A flash, after which the picture is what it was, begins no shot, nor do the last few frames, which may be black.
    """
    waiting: collections.deque[_Picture] = collections.deque()
    before: _Picture | None = None
    joined = 0  # frames that belong to the shot or flash before whatever they show

    def first_waiting() -> tuple[Uint8Array, bool]:
        nonlocal before, joined
        now = waiting.popleft()
        is_cut = False
        if joined:
            joined -= 1
        elif before is not None and now.change >= now.least:
            back = [index for index, later in enumerate(waiting) if _change(before, later) < now.least]
            is_cut = not back and len(waiting) >= _FLASH
            joined = back[0] + 1 if back else len(waiting)
        before = now
        return now.frame, is_cut

    for picture in _pictures(frames):
        waiting.append(picture)
        if len(waiting) > _FLASH:
            yield first_waiting()
    while waiting:
        yield first_waiting()


def noting_cuts(frames: Iterable[Uint8Array], cuts: list[int]) -> Iterator[Uint8Array]:
    """Yields the frames unchanged, and appends the number of each frame that begins a new shot to `cuts`."""
    for index, (frame, is_cut) in enumerate(with_cuts(frames)):
        if is_cut:
            cuts.append(index)
        yield frame


def _pictures(frames: Iterable[Uint8Array]) -> Iterator[_Picture]:
    before: _Picture | None = None
    recent: collections.deque[float] = collections.deque(maxlen=10)
    for frame in frames:
        small = cv2.resize(frame, (_SIDE * _FINER, _SIDE * _FINER), interpolation=cv2.INTER_AREA)
        now = _Picture(frame, _layout(small), _colours(small), 0.0, 1.0)
        if before is not None:
            usual = float(np.median(recent)) if recent else 0.0
            now = now._replace(change=_change(before, now), least=max(1.0, _ABOVE_USUAL * usual))
            recent.append(now.change)
        yield now
        before = now


def _change(before: _Picture, now: _Picture) -> float:
    layout = float(np.abs(now.layout - before.layout).mean()) / _LAYOUT
    return layout + float(np.abs(now.colours - before.colours).sum()) / 2 / _COLOURS


def _layout(small: Uint8Array) -> Float32Array:
    return np.asarray(cv2.resize(small, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.float32)


def _colours(small: Uint8Array) -> Float32Array:
    counts = cv2.calcHist([cv2.cvtColor(small, cv2.COLOR_RGB2HSV)], [0, 1, 2], None, _BINS, [0, 180, 0, 256, 0, 256])
    return np.asarray(counts / counts.sum(), np.float32)
