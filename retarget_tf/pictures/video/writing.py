"""Writes videos with PyAV, one frame at a time."""

import contextlib
import pathlib
from collections.abc import Mapping
from fractions import Fraction
from types import TracebackType
from typing import Any, Self

import av

from retarget_tf import files
from retarget_tf.arrays import Uint8Array
from retarget_tf.pictures.video.codecs import Encoder, find_codec
from retarget_tf.pictures.video.sound import Sound

METADATA_KEYS = ("artist", "comment", "copyright", "title")
# Divides into every common frame time (multiples of 1001/120000, 1/24, 1/25, 1/90000, 1/1000 s); Matroska has only ms.
_FINE = Fraction(1, 360_000)
_MILLISECOND = Fraction(1, 1000)


class VideoWriter:
    """Writes frames to a video file, which gets its name only when it is complete.

    A context manager. All frames must have the shape of the first. The codecs:

    * ``"h264"``: yuv420p in .mp4, .mov or .mkv with the index in front, for browsers; odd sides are padded by a pixel.
    * ``"vp9"``: in .webm, for browsers, with alpha if the frames are RGBA; padded likewise. Alpha is straight: colours
      are not multiplied by it.
    * ``"mjpeg"``: quality about 95 with full chroma, for training frames.
    * ``"ffv1"``: lossless gray8 `[height, width]`, for parsing maps.

    Args:
        path: File to write; its suffix chooses the container.
        fps: Frames per second, rounded to a fraction with a denominator up to 1,001. With times it is only declared.
        codec: One of the codecs above.
        sound: A video or sound file, whose first audio stream is taken, up to the end of the pictures. Its time zero is
            its own first picture, which is not written. Where it is damaged the sound ends, with a warning.
        metadata: Text by key, one of `METADATA_KEYS`; these are kept by every container, Matroska's in upper case.

    Raises:
        ConfigError: The suffix of the name is none of the codec's.
        InputDataError: (on entering) The sound file cannot be read.
    """

    def __init__(
        self,
        path: files.PathLike,
        fps: float,
        codec: str = "h264",
        *,
        sound: files.PathLike | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self._suffix = pathlib.Path(path).suffix.lower()
        self._codec = find_codec(codec, self._suffix, path)
        self._fps = Fraction(fps).limit_denominator(1001)
        self._metadata = check_metadata(metadata)
        self._atomic = files.atomic_file(path)
        self._sound = None if sound is None else Sound(sound)
        self._container: Any = None
        self._encoder: Encoder | None = None
        self._shape: tuple[int, ...] = ()
        self._time_base: Fraction | None = None  # of given times
        self._last = -1  # time of the last frame in that base, otherwise its index
        self._end = Fraction(0)  # of the last frame in seconds

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as entered:
            temporary = entered.enter_context(self._atomic)
            if self._sound:
                entered.enter_context(self._sound)
            temporary.touch()  # libav opens it only at the first packet, with an unclear error if that fails
            # Puts the index in front, so that browsers can play while they download.
            options = {"movflags": "+faststart"} if self._suffix in (".mov", ".mp4") else {}
            self._container = av.open(str(temporary), "w", options=options)
            self._container.metadata.update(self._metadata)
            self._entered = entered.pop_all()
        return self

    def write(self, frame: Uint8Array, seconds: float | None = None, duration: float | None = None) -> None:
        """Appends a frame.

        Args:
            frame: RGB `[height, width, 3]`, for ``vp9`` also RGBA `[height, width, 4]`, for ``ffv1`` `[height, width]`.
            seconds: Time at which the frame is shown, from the start of the file. All frames must have one, or none;
                without, frame k is shown at k / fps. Exact in .mp4 and .mov, rounded to 1 ms in .mkv and .webm.
            duration: Seconds that the frame is shown if it is the last; 1 / fps by default.

        Raises:
            ValueError: The time is not after that of the frame before, or the shape is another.
        """
        if self._encoder is None:
            if seconds is not None:
                self._time_base = _FINE if self._suffix in (".mov", ".mp4") else _MILLISECOND
            self._shape = frame.shape
            self._encoder = Encoder(self._container, self._codec, frame.shape, self._fps, self._time_base)
            if self._sound:
                self._sound.add_to(self._container, self._suffix)
        if frame.shape != self._shape:
            raise ValueError(f"all frames must be {list(self._shape)}, as the first. Received: frame={frame.shape}")
        time, shown = self._place(seconds, duration)
        self._container.mux(self._encoder.encode(frame, time, shown))
        if self._sound:
            self._sound.write_until(self._container, self._end)

    def _place(self, seconds: float | None, duration: float | None) -> tuple[int, int]:
        """Returns the time and the duration of the next frame in the time base."""
        if (seconds is None) != (self._time_base is None):
            raise ValueError("either all frames must have a time, or none. Received: both")
        if seconds is None or self._time_base is None:
            self._last += 1
            self._end = (self._last + 1) / self._fps
            return self._last, 1
        time, shown = round(seconds / self._time_base), round((duration or 1 / self._fps) / self._time_base)
        if time <= self._last:
            raise ValueError(
                f"times must increase, by {float(self._time_base):.2g} s or more. "
                f"Received: seconds={seconds} after {float(self._last * self._time_base):.6f}"
            )
        self._last, self._end = time, (time + max(shown, 1)) * self._time_base
        return time, max(shown, 1)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                if self._encoder is None:
                    raise ValueError("a video must have at least one frame. Received: none")
                self._container.mux(self._encoder.flush())
                if self._sound:
                    self._sound.finish(self._container, self._end)
            self._container.close()
        except BaseException as failure:
            self._entered.__exit__(type(failure), failure, failure.__traceback__)
            raise
        self._entered.__exit__(kind, error, traceback)


def check_metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    """Returns the metadata; raises ValueError if a key is none of `METADATA_KEYS`."""
    for key in metadata or {}:
        if key not in METADATA_KEYS:
            raise ValueError(f"metadata must be of {', '.join(METADATA_KEYS)}. Received: key={key}")
    return dict(metadata or {})
