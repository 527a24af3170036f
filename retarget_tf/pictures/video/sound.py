"""Takes the sound of a file into a video that is being written, in time with its pictures.

The sound is read as the pictures are written, so that little of it is held in memory. A codec that the container takes
is copied; any other is encoded anew, at 48 kHz in mono or stereo, as AAC or, for WebM, as Opus.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from types import TracebackType
from typing import Any, Self

import av
from absl import logging

from retarget_tf import files
from retarget_tf.errors import InputDataError
from retarget_tf.pictures.video.inputs import open_file, pictures_leap, reason, shown_stream
from retarget_tf.pictures.video.times import Clock

_COPIED = {
    ".mp4": {"aac"},
    ".mov": {"aac"},
    ".mkv": {"aac", "ac3", "flac", "mp3", "opus", "vorbis"},
    ".webm": {"opus", "vorbis"},
}
_RATE = 48_000


class Sound:
    """The first audio stream of a file, as a context manager. Its time zero is the file's first picture.

    Args:
        path: A video, or a file of sound alone, whose time zero is its start.

    Raises:
        InputDataError: The file is missing or cannot be read.
    """

    def __init__(self, path: files.PathLike) -> None:
        self._path = path
        files.check_file(path, "sound")
        self._source: Any = None
        self._next: Any = None  # the next packet to write, None after the last
        self._packets: Iterator[Any] = iter(())

    def __enter__(self) -> Self:
        try:
            self._source = open_file(self._path)
        except (av.FFmpegError, OSError) as error:
            raise InputDataError(
                f"sound {self._path}: not a file that can be read ({reason(error)}). Give a video or a sound file."
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._source.close()

    def add_to(self, container: Any, suffix: str) -> None:
        """Adds an audio stream to a container with this suffix, if the file has sound. No packet may be written yet."""
        stream = next(iter(self._source.streams.audio), None)
        if stream is None:
            return
        if stream.codec_context is None:
            self._warn(0, "its codec is unknown")
            return
        zero = _first_picture(self._path)
        if zero is None:
            zero = (stream.start_time or 0) * stream.time_base
        if stream.codec_context.codec.canonical_name in _COPIED[suffix]:
            added = container.add_stream_from_template(stream)
            self._packets = self._copied(stream, added, zero, keeps_priming=suffix in (".mp4", ".mov"))
        else:
            added = container.add_stream("libopus" if suffix == ".webm" else "aac", rate=_RATE)
            added.layout = "mono" if stream.codec_context.layout.nb_channels == 1 else "stereo"
            added.bit_rate = 128_000
            self._packets = self._encoded(stream, added, zero)
        self._next = next(self._packets, None)

    def write_until(self, container: Any, seconds: Fraction) -> None:
        """Writes the packets that end by then."""
        while self._next is not None and _start(self._next) + _duration(self._next) <= seconds:
            container.mux(self._next)
            self._next = next(self._packets, None)

    def finish(self, container: Any, seconds: Fraction) -> None:
        """Writes the rest up to then; the last packet is cut by its declared duration."""
        self.write_until(container, seconds)
        if self._next is not None and _start(self._next) < seconds:
            self._next.duration = math.ceil((seconds - _start(self._next)) / self._next.time_base)
            container.mux(self._next)
        self._next = None

    def _read(self, stream: Any, zero: Fraction) -> Iterator[tuple[Any, list[Any]]]:
        """Yields the packets and what they decode to, up to the end or the first damage, of which it warns.

        In joined recordings time stamps go on where they go back or leap, as those of the pictures do. If these do not
        leap, a long pause is silence.
        """
        seconds, clock = 0.0, Clock() if pictures_leap(self._path) else Clock(longest_still=math.inf)
        try:
            for packet in self._source.demux(stream):
                if packet.pts is not None:
                    clock.read(float(_start(packet)), float(_duration(packet)))
                    packet.pts += round(clock.moved / packet.time_base)
                    seconds = float(_start(packet) - zero)
                yield packet, packet.decode()  # copied packets, too, are decoded: it finds the damage
        except av.FFmpegError as error:
            self._warn(seconds, reason(error))

    def _copied(self, stream: Any, added: Any, zero: Fraction, *, keeps_priming: bool) -> Iterator[Any]:
        """Yields the packets, shifted to time zero.

        What ends before zero is left out. MP4 says by its edit list where in the sound the pictures start, so that
        packets across zero, and those that only prime the decoder, stay; Matroska cannot, and would shift the pictures.
        """
        shift, last = round(zero / stream.time_base), None
        for packet, _ in self._read(stream, zero):
            if packet.pts is None or packet.size == 0:
                continue
            at = packet.pts - shift
            is_needed = at >= 0 or (keeps_priming and at + (packet.duration or 0) >= 0)
            if is_needed and (last is None or at > last):  # the container takes no time twice
                packet.pts = packet.dts = last = at
                packet.stream = added
                yield packet

    def _encoded(self, stream: Any, added: Any, zero: Fraction) -> Iterator[Any]:
        """Yields packets of a new encoding, whose first sample is at time zero; gaps in the times become silence."""
        # With a frame size the resampler always works, and never hands frames on as they are.
        options = {"async": "1", "first_pts": "0"}
        resampler = av.AudioResampler(added.format, added.layout, _RATE, frame_size=1024, options=options)
        for part in self._resampled(stream, resampler, zero):
            yield from added.encode(part)
        for part in resampler.resample(None):
            yield from added.encode(part)
        yield from added.encode(None)

    def _resampled(self, stream: Any, resampler: Any, zero: Fraction) -> Iterator[Any]:
        seconds = 0.0
        try:
            for _, frames in self._read(stream, zero):
                for frame in frames:
                    if frame.pts is not None:
                        frame.pts -= round(zero / frame.time_base)
                        seconds = frame.time
                    yield from resampler.resample(frame)
        except ValueError:
            self._warn(seconds, "its channels or its rate change")

    def _warn(self, seconds: float, why: str) -> None:
        logging.warning(
            "sound of %s: cannot be read past %.1f s (%s); the video has no sound after it.", self._path, seconds, why
        )


def _first_picture(path: files.PathLike) -> Fraction | None:
    """Returns the time of the first picture in the file's clock; None if there is none (a cover is no picture)."""
    with open_file(path) as container:
        pictures = shown_stream(container)
        try:
            frame = next(container.decode(pictures), None) if pictures else None
        except av.FFmpegError:
            return None
        return None if frame is None or frame.pts is None else frame.pts * frame.time_base


def _start(packet: Any) -> Fraction:
    return packet.pts * packet.time_base


def _duration(packet: Any) -> Fraction:
    return (packet.duration or 0) * packet.time_base
