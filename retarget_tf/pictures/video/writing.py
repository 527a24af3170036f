"""Writes videos with PyAV, one frame at a time."""

import dataclasses
import pathlib
from fractions import Fraction
from types import TracebackType
from typing import Any, Self

import av
import numpy as np

from retarget_tf import files
from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import ConfigError


class VideoWriter:
    """Writes frames to a video file, which gets its name only when it is complete.

    A context manager. All frames must have the size of the first. The codecs:

    * ``"h264"``: yuv420p with the index in front, for browsers; odd sides are padded by one pixel.
    * ``"mjpeg"``: quality about 95 with full chroma, for training frames.
    * ``"ffv1"``: lossless gray8 `[height, width]`, for parsing maps.

    Args:
        path: File to write; its suffix chooses the container.
        fps: Frames per second, rounded to a fraction with a denominator up to 1,001.
        codec: One of the codecs above.

    Raises:
        ConfigError: The name does not end in .mkv, .mov or .mp4.
    """

    def __init__(self, path: files.PathLike, fps: float, codec: str = "h264") -> None:
        if codec not in _CODECS:
            raise ValueError(f"codec must be one of {sorted(_CODECS)}. Received: codec={codec}")
        self._suffix = pathlib.Path(path).suffix.lower()
        if self._suffix not in _SUFFIXES:
            raise ConfigError(f"the name of a video must end in one of {', '.join(_SUFFIXES)}. Received: path={path}")
        self._settings = _CODECS[codec]
        self._fps = Fraction(fps).limit_denominator(1001)
        self._atomic = files.atomic_file(path)
        self._container: Any = None
        self._stream: Any = None
        self._shape: tuple[int, ...] = ()

    def __enter__(self) -> Self:
        temporary = self._atomic.__enter__()
        temporary.touch()  # libav opens it only at the first packet, with an unclear error if that fails
        # Puts the index in front, so that browsers can play while they download.
        options = {} if self._suffix == ".mkv" else {"movflags": "+faststart"}
        self._container = av.open(str(temporary), "w", options=options)
        return self

    def write(self, frame: Uint8Array) -> None:
        """Appends an RGB frame `[height, width, 3]`, or for ``ffv1`` a map `[height, width]`."""
        if self._stream is None:
            self._stream, self._shape = self._add_stream(*frame.shape[:2]), frame.shape
        if frame.shape != self._shape:
            raise ValueError(f"all frames must be {list(self._shape)}, as the first. Received: frame={frame.shape}")
        padding = [(0, self._stream.height - frame.shape[0]), (0, self._stream.width - frame.shape[1])]
        if any(after for _, after in padding):
            frame = np.pad(frame, padding + [(0, 0)] * (frame.ndim - 2), mode="edge")
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format=self._settings.array_format)
        self._container.mux(self._stream.encode(picture))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                if self._stream is None:
                    raise ValueError("a video must have at least one frame. Received: none")
                self._container.mux(self._stream.encode())
            self._container.close()
        except BaseException as failure:
            self._atomic.__exit__(type(failure), failure, failure.__traceback__)
            raise
        self._atomic.__exit__(kind, error, traceback)

    def _add_stream(self, height: int, width: int) -> Any:
        settings = self._settings
        stream = self._container.add_stream(settings.encoder, rate=self._fps, options=settings.options)
        even = 2 if settings.pixel_format == "yuv420p" else 1
        stream.width, stream.height = -(-width // even) * even, -(-height // even) * even
        stream.pix_fmt = settings.pixel_format
        if settings.qscale:
            stream.codec_context.qmin = stream.codec_context.qmax = settings.qscale
        stream.codec_context.thread_count = 1
        return stream


@dataclasses.dataclass(frozen=True)
class _Codec:
    encoder: str
    pixel_format: str
    array_format: str
    options: dict[str, str] = dataclasses.field(default_factory=dict)
    qscale: int = 0


_SUFFIXES = (".mkv", ".mov", ".mp4")
_CODECS = {
    "h264": _Codec("libx264", "yuv420p", "rgb24", {"crf": "18", "preset": "veryfast"}),
    # An MJPEG quantiser of 2 is about libjpeg's quality 95 (video_test.py checks the mean difference of a frame).
    "mjpeg": _Codec("mjpeg", "yuvj444p", "rgb24", qscale=2),
    "ffv1": _Codec("ffv1", "gray", "gray"),
}
