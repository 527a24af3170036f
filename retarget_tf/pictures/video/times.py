"""When the frames of a video are shown: their times, their number, and their resampling to a constant rate."""

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

import av
import numpy as np

_UNEVEN_SHARE = 0.05  # of uneven steps that is still normal: phones drop a frame now and then
_FARTHEST_BACK = 1.0  # seconds that a time may lie before the one of the last frame
_LEAST_STEP = 1e-3
_CLOCK = re.compile(r"(\d+):(\d+):(\d+\.?\d*)")


def average_fps(stream: Any) -> float:
    """Returns the frames per second that the container declares; 30 if it declares none."""
    return float(stream.average_rate or stream.guessed_rate or 30)


def declared_frames(container: Any, stream: Any) -> int:
    """Returns the number of frames by the container's count or duration; 0 if it has neither."""
    if stream.frames:
        return int(stream.frames)
    if stream.duration:
        seconds = float(stream.duration * stream.time_base)
    elif clock := _CLOCK.fullmatch(stream.metadata.get("DURATION", "")):
        # Matroska: the duration of this stream; the container's may be that of the sound.
        hours, minutes, rest = map(float, clock.groups())
        seconds = hours * 3600 + minutes * 60 + rest
    else:
        seconds = (container.duration or 0) / av.time_base
    return round(seconds * average_fps(stream))


class Times:
    """Presentation times of a video's frames in seconds."""

    def __init__(self) -> None:
        self._known: list[float] = []

    def add(self, frame: Any) -> None:
        """Adds the time of a frame, if it has one."""
        if frame.time is not None:
            self._known.append(float(frame.time))

    def end_before(self, seconds: float) -> bool:
        """Returns whether two frames or more, at the slowest pace, are missing at the end of a video this long."""
        if len(self._known) < 2:
            return False
        return seconds - (self._known[-1] - self._known[0]) > 2.5 * float(np.diff(self._known).max())

    def uneven(self) -> tuple[float, float] | None:
        """Returns the median and the largest time between frames if the frame rate varies, otherwise None."""
        if len(self._known) < 2:
            return None
        steps = np.diff(self._known)
        usual = float(np.median(steps))
        unusual = np.abs(steps - usual) > 0.5 * usual
        return (usual, float(steps.max())) if unusual.mean() > _UNEVEN_SHARE else None


def timed(frames: Iterable[Any], average: float) -> Iterator[tuple[float | None, float, Any]]:
    """Yields seconds from the first frame, declared duration in seconds, and frame.

    Args:
        frames: Decoded frames in the order in which they are shown.
        average: Frames per second, for frames whose time or duration is unknown.

    Yields:
        Seconds increase: a frame at the time of the one before, or up to a second earlier, as damaged or joined files
        have it, follows by 1 ms. They are None for a frame that lies further back, which is the last.
    """
    start, last = 0.0, -math.inf
    for index, frame in enumerate(frames):
        at = index / average if frame.time is None else float(frame.time)
        start = at if index == 0 else start
        duration = float(frame.duration * frame.time_base) if frame.duration else 1 / average
        if at - start < last - _FARTHEST_BACK:
            yield None, duration, frame
            return
        last = max(at - start, last + _LEAST_STEP)
        yield last, duration, frame


def resampled(frames: Iterable[Any], average: float, fps: float) -> Iterator[Any]:
    """Yields for each time k / fps, from the first frame to the last, the frame nearest in time."""
    held, held_at, start, count = None, 0.0, 0.0, 0
    for index, frame in enumerate(frames):
        at = index / average if frame.time is None else float(frame.time)
        start = at if held is None else start
        while held is not None and count / fps < (held_at + at) / 2 - start:
            yield held
            count += 1
        held, held_at = frame, at
    while (count - 0.5) / fps < held_at - start:
        yield held
        count += 1
