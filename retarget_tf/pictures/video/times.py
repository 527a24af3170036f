"""When the frames of a video are shown: their times, their number, and their resampling to a constant rate."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import av
import numpy as np

_UNEVEN_SHARE = 0.05  # of uneven steps that is still normal: phones drop a frame now and then
_FARTHEST_BACK = 0.1  # seconds that a time may lie before the one of the last frame in one recording
_LONGEST_STILL = 30.0  # seconds between two frames of one recording
_LEAST_STEP = 1e-3
_CLOCK = re.compile(r"(\d+):(\d+):(\d+\.?\d*)")


def measured_fps(packets: Iterable[Any]) -> float:
    """Returns the mean rate of the shown packets of one stream by their time stamps; 0 if fewer than two have one."""
    recordings: list[list[float]] = [[]]
    last, without = 0, 0
    for packet in packets:
        if packet.is_discard or not packet.size:
            continue
        if packet.pts is None:
            without += 1
            continue
        if packet.dts is not None:
            if packet.dts < last:  # the clock goes back; between the pictures of one recording only pts does
                recordings.append([])
            last = packet.dts
        recordings[-1].append(float(packet.pts * packet.time_base))
    steps = np.concatenate([np.diff(np.sort(recording)) for recording in recordings])
    steps = steps[steps <= _LONGEST_STILL]
    return float((len(steps) + without) / steps.sum()) if steps.any() else 0.0


def declared_seconds(container: Any, stream: Any) -> float:
    """Returns the length by the container, which may be that of another stream; 0 if it declares none."""
    if stream.duration:
        return float(stream.duration * stream.time_base)
    if clock := _CLOCK.fullmatch(stream.metadata.get("DURATION", "")):  # Matroska
        hours, minutes, rest = map(float, clock.groups())
        return hours * 3600 + minutes * 60 + rest
    return float((container.duration or 0) / av.time_base)


class Timed(NamedTuple):
    """A decoded frame, seconds from the first one, and its declared duration in seconds."""

    seconds: float
    duration: float
    frame: Any


class Clock:
    """Turns the time stamps of one stream into seconds from the first that increase.

    Where time stamps go back or leap, as in joined recordings, they go on from the end of what was before. One that is
    a little early, or the same again, follows by 1 ms.

    Args:
        longest_still: Seconds between two time stamps of one recording; a clock that goes on by more has leapt.

    Attributes:
        moved: Seconds that were added to the last time stamp because of that; 0 before it happens.
    """

    def __init__(self, longest_still: float = _LONGEST_STILL) -> None:
        self.moved = 0.0
        self._longest_still = longest_still
        self._zero: float | None = None  # in the file's clock
        self._last, self._end = -_LEAST_STEP, 0.0

    def read(self, at: float | None, duration: float) -> float:
        """Returns when a frame is shown.

        Args:
            at: Its time stamp in seconds; None follows the frame before.
            duration: For how long it is shown, in seconds.
        """
        if at is None:
            at = self._end + (self._zero or 0.0)
        if self._zero is None:
            self._zero = at
        seconds = at - self._zero
        if not self._last - _FARTHEST_BACK <= seconds <= self._end + self._longest_still:
            self.moved += self._end - seconds
            self._zero, seconds = at - self._end, self._end
        self._last = max(seconds, self._last + _LEAST_STEP)
        self._end = self._last + duration
        return self._last


class Times:
    """Times in seconds at which a video's frames are shown."""

    def __init__(self) -> None:
        self._known: list[float] = []

    def add(self, seconds: float) -> None:
        """Adds the time of a frame."""
        self._known.append(seconds)

    def end_before(self, seconds: float, last: float | None = None) -> bool:
        """Returns whether two frames or more, at the slowest pace, are missing at the end of a video this long.

        Args:
            seconds: Length of the video.
            last: Time from which on they are missing; None for that of the last frame.
        """
        if len(self._known) < 2:
            return False
        return seconds - (self._known[-1] if last is None else last) > 2.5 * float(np.diff(self._known).max())

    def uneven(self) -> tuple[float, float] | None:
        """Returns the median and the largest time between frames if the frame rate varies, otherwise None."""
        if len(self._known) < 2:
            return None
        steps = np.diff(self._known)
        usual = float(np.median(steps))
        unusual = np.abs(steps - usual) > 0.5 * usual
        return (usual, float(steps.max())) if unusual.mean() > _UNEVEN_SHARE else None


def timed(frames: Iterable[Any], average: float, clock: Clock) -> Iterator[Timed]:
    """Yields decoded frames with their times.

    Args:
        frames: Decoded frames in the order in which they are shown.
        average: Frames per second, for frames whose time or duration is unknown.
        clock: Reads their time stamps.
    """
    for frame in frames:
        duration = float(frame.duration * frame.time_base) if frame.duration else 1 / average
        at = None if frame.time is None else float(frame.time)
        yield Timed(clock.read(at, duration), duration, frame)


def resampled(frames: Iterable[Timed], fps: float) -> Iterator[Timed]:
    """Yields for each time k / fps, from the first frame to the last, the frame nearest in time."""
    held, count = None, 0
    for now in frames:
        while held is not None and count / fps < (held.seconds + now.seconds) / 2:
            yield Timed(count / fps, 1 / fps, held.frame)
            count += 1
        held = now
    while held is not None and (count - 0.5) / fps < held.seconds:
        yield Timed(count / fps, 1 / fps, held.frame)
        count += 1
