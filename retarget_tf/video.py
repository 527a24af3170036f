"""Reading and writing video with PyAV, one frame at a time.

Frames are RGB uint8 `[height, width, 3]`, upright (rotation metadata is applied). A video never sits in memory.
"""

import contextlib
import dataclasses
import os
import pathlib
from collections.abc import Iterator
from fractions import Fraction
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
import numpy.typing as npt

from retarget_tf import files
from retarget_tf.errors import ConfigError, InputDataError

Frame = npt.NDArray[np.uint8]


@dataclasses.dataclass(frozen=True)
class VideoInfo:
    """What a video's header says.

    Attributes:
        width: of the upright frame, in pixels.
        height: of the upright frame, in pixels.
        fps: average frames per second.
        declared_frames: number of frames as the container declares or its duration implies; 0 where neither is
            known. The true number is known only after reading.
    """

    width: int
    height: int
    fps: float
    declared_frames: int


def probe(path: files.PathLike) -> VideoInfo:
    """Reads the header and one frame (only a frame tells the rotation).

    Raises:
        InputDataError: the file is missing, is no video, is cut, or holds no frame that can be decoded.
    """
    with _open(path) as (container, stream):
        height, width = next(_decode(path, container, stream)).shape[:2]
        fps = float(stream.average_rate or stream.guessed_rate or 30)
        frames = int(stream.frames)
        if not frames and stream.duration:
            frames = round(float(stream.duration * stream.time_base) * fps)
        elif not frames and container.duration:
            frames = round(container.duration / av.time_base * fps)
    return VideoInfo(width, height, fps, frames)


def read_frames(path: files.PathLike) -> Iterator[Frame]:
    """Yields the frames in order.

    Raises:
        InputDataError: the file is missing, is no video, is cut, or cannot be decoded to its end.
    """
    with _open(path) as (container, stream):
        yield from _decode(path, container, stream)


def read_gray(path: files.PathLike) -> Iterator[npt.NDArray[np.uint8]]:
    """Yields the frames of a gray8 video as uint8 `[height, width]`, value for value."""
    with _open(path) as (container, stream):
        for frame in _packets_to_frames(path, container, stream):
            yield frame.to_ndarray(format="gray")


class VideoWriter:
    """Writes frames to a video that appears under its name only when complete.

    Use as a context manager; all frames have the size of the first. `codec` chooses what the file is for:

    * ``"h264"``: yuv420p with the index in front, plays in a browser; odd sides are padded by one pixel.
    * ``"mjpeg"``: quality about 95, full chroma: stored training frames.
    * ``"ffv1"``: lossless gray8 `[height, width]`: parsing maps.

    Raises:
        ConfigError: the name ends in none of .mkv, .mov and .mp4.
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
        self.frames_written = 0

    def __enter__(self) -> Self:
        temporary = self._atomic.__enter__()
        # The index in front, so that a browser starts to play before it has the whole file.
        options = {} if self._suffix == ".mkv" else {"movflags": "+faststart"}
        self._container = av.open(str(temporary), "w", options=options)
        return self

    def write(self, frame: Frame) -> None:
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
        self.frames_written += 1

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
    # An MJPEG quantiser of 2 is libjpeg's quality 95 or so (mean difference of a frame: see video_test.py).
    "mjpeg": _Codec("mjpeg", "yuvj444p", "rgb24", qscale=2),
    "ffv1": _Codec("ffv1", "gray", "gray"),
}


@contextlib.contextmanager
def _open(path: files.PathLike) -> Iterator[tuple[Any, Any]]:
    if not pathlib.Path(path).is_file():
        raise InputDataError(f"video {path}: no such file.")
    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise InputDataError(f"video {path}: not a video that can be read ({_reason(error)}).") from error
    with container:
        if not container.streams.video:
            raise InputDataError(f"video {path}: holds no video stream. Give a file with pictures.")
        stream = container.streams.video[0]
        _check_whole(path, stream)
        stream.thread_type = "AUTO"
        yield container, stream


def _check_whole(path: files.PathLike, stream: Any) -> None:
    """A cut mp4 decodes without complaint up to the cut: only its index, written in front, tells of more."""
    size = os.path.getsize(path)
    end = max((entry.pos + entry.size for entry in stream.index_entries), default=0)
    if end > size:
        raise InputDataError(f"video {path}: is cut: {size} bytes where its index needs {end}. Copy it again.")


def _packets_to_frames(path: files.PathLike, container: Any, stream: Any) -> Iterator[Any]:
    count = 0
    try:
        for frame in container.decode(stream):
            yield frame
            count += 1
    except av.FFmpegError as error:
        raise InputDataError(
            f"video {path} frame {count}: cannot be decoded ({_reason(error)}). The file may be cut or damaged."
        ) from error
    if count == 0:
        raise InputDataError(f"video {path}: holds no frame that can be decoded. Give another file.")


def _decode(path: files.PathLike, container: Any, stream: Any) -> Iterator[Frame]:
    for frame in _packets_to_frames(path, container, stream):
        picture = frame.to_ndarray(format="rgb24")
        quarter_turns = round(frame.rotation / 90) % 4  # counter-clockwise, as np.rot90 counts
        yield np.ascontiguousarray(np.rot90(picture, quarter_turns)) if quarter_turns else picture


def _reason(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error).strip()
