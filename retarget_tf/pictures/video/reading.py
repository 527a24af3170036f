"""Reads videos frame by frame: rotated, mirrored or of variable frame rate; HDR and non-square pixels are refused."""

import contextlib
import dataclasses
import functools
import glob
import os
import pathlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

import av
import numpy as np
from absl import logging
from av.sidedata.sidedata import Type
from av.video.reformatter import ColorTrc

from retarget_tf import files
from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import InputDataError
from retarget_tf.pictures.video_options import AS_IT_IS, ReadOptions

_UNEVEN_SHARE = 0.05  # of uneven steps that is still normal: phones drop a frame now and then
_CLOCK = re.compile(r"(\d+):(\d+):(\d+\.?\d*)")
_HDR = {ColorTrc.SMPTE2084: "PQ", ColorTrc.ARIB_STD_B67: "HLG"}


def find_videos(pattern: str) -> list[str]:
    """Returns the file of this name, or the sorted files that match a pattern such as `videos/*.mp4`.

    Raises:
        InputDataError: No file matches.
    """
    # Names of downloaded files often contain brackets, which a pattern would interpret.
    paths = [pattern] if os.path.exists(pattern) else sorted(glob.glob(pattern, recursive=True))
    if not paths:
        raise InputDataError(f"videos {pattern}: no file matches. Check --videos.")
    return paths


@dataclasses.dataclass(frozen=True)
class VideoInfo:
    """Size, frame rate and length of a video.

    Attributes:
        width: Width of the upright frames in pixels.
        height: Height of the upright frames in pixels.
        fps: Frames per second that `read_frames` yields: `ReadOptions.fps`, or the video's average.
        declared_frames: Number of frames that the container declares or its duration implies, 0 if unknown. The true
            number is known only after reading.
    """

    width: int
    height: int
    fps: float
    declared_frames: int


def probe(path: files.PathLike, options: ReadOptions = AS_IT_IS) -> VideoInfo:
    """Reads the header and the first frame, which has the rotation.

    Raises:
        InputDataError: The file is missing, no video, or cut off, has no frame that can be decoded, has larger frames
            than `options` allow, is HDR, or has pixels that are not square.
    """
    with _open(path, options) as (container, stream):
        height, width = _upright(next(_packets_to_frames(path, container, stream))).shape[:2]
        fps = _average_fps(stream)
        frames = _declared_frames(container, stream)
    resampled = options.fps or fps
    return VideoInfo(width, height, resampled, round(frames * resampled / fps))


def read_frames(path: files.PathLike, options: ReadOptions = AS_IT_IS) -> Iterator[Uint8Array]:
    """Yields the frames in order. Logs a warning if there are fewer frames than declared or their rate varies.

    Raises:
        InputDataError: As in `probe`, or a frame cannot be decoded or has another size.
    """
    with _open(path, options) as (container, stream):
        times = _Times()
        frames = _packets_to_frames(path, container, stream, times)
        if options.fps:
            frames = _resampled(frames, _average_fps(stream), options.fps)
        yield from map(_upright, frames)
    if not options.fps and (uneven := times.uneven()):
        _warn_once(
            f"video {path}: is of variable frame rate: {1e3 * uneven[0]:.0f} ms from frame to frame, up to "
            f"{1e3 * uneven[1]:.0f}. Read as it is, it is out of time; --fps resamples it."
        )


def read_gray(path: files.PathLike) -> Iterator[Uint8Array]:
    """Yields the frames of a gray8 video as uint8 `[height, width]`, with unchanged values."""
    with _open(path, AS_IT_IS) as (container, stream):
        for frame in _packets_to_frames(path, container, stream):
            yield frame.to_ndarray(format="gray")


@contextlib.contextmanager
def _open(path: files.PathLike, options: ReadOptions) -> Iterator[tuple[Any, Any]]:
    with files.reading(path, "video"):
        is_there = pathlib.Path(path).is_file()
    if not is_there:
        raise InputDataError(f"video {path}: no such file. Check its name.")
    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise InputDataError(
            f"video {path}: not a video that can be read ({_reason(error)}). Give a video file, such as an .mp4."
        ) from error
    with container:
        if not container.streams.video:
            raise InputDataError(f"video {path}: holds no video stream. Give a file with pictures.")
        stream = container.streams.video[0]
        _check_whole(path, stream)
        _check_kind(path, stream, options)
        stream.thread_type = "AUTO"
        yield container, stream


def _check_whole(path: files.PathLike, stream: Any) -> None:
    """Refuses a cut mp4, which decodes without an error up to the cut; only its index, in front, lists the rest."""
    size = os.path.getsize(path)
    end = max((entry.pos + entry.size for entry in stream.index_entries), default=0)
    if end > size:
        raise InputDataError(f"video {path}: is cut: {size} bytes where its index needs {end}. Copy it again.")


def _check_kind(path: files.PathLike, stream: Any, options: ReadOptions) -> None:
    """Refuses videos whose header shows that they cannot be read correctly."""
    width, height = stream.codec_context.width, stream.codec_context.height
    if width * height > options.max_pixels:
        raise InputDataError(
            f"video {path}: is {width}x{height}, more than {options.max_pixels} pixels. "
            "Scale it down, or raise --max_pixels."
        )
    if (ratio := stream.sample_aspect_ratio) and ratio != 1:
        raise InputDataError(
            f"video {path}: is anamorphic (its pixels are {ratio.numerator}:{ratio.denominator}, not square). "
            "Convert it: ffmpeg -i IN -vf 'scale=iw*sar:ih,setsar=1' OUT"
        )
    if transfer := _HDR.get(stream.codec_context.color_trc):
        raise InputDataError(f"video {path}: is HDR ({transfer} transfer). Convert it to SDR (BT.709) first.")


def _packets_to_frames(
    path: files.PathLike, container: Any, stream: Any, times: "_Times | None" = None
) -> Iterator[Any]:
    """Yields the decoded frames and adds their times to `times`, if given."""
    count, size, times = 0, None, times or _Times()
    try:
        for frame in container.decode(stream):
            size, before = (frame.width, frame.height), size
            if before not in (None, size):
                raise InputDataError(
                    f"video {path} frame {count}: is {size[0]}x{size[1]}, those before it {before[0]}x{before[1]}. "
                    "Split the file there, or convert it to one size."
                )
            yield frame
            times.add(frame)
            count += 1
    except av.FFmpegError as error:
        raise InputDataError(
            f"video {path} frame {count}: cannot be decoded ({_reason(error)}), so the file is cut or damaged. "
            "Copy it again."
        ) from error
    if count == 0:
        raise InputDataError(f"video {path}: holds no frame that can be decoded. Give another file.")
    declared = _declared_frames(container, stream)
    # A duration is rounded and can be off by one frame.
    missing = count < declared - 1 if stream.frames else times.end_before(declared / _average_fps(stream))
    if missing:
        _warn_once(f"video {path}: decoded {count} of {declared} declared frames; the file may be cut.")


class _Times:
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


def _average_fps(stream: Any) -> float:
    return float(stream.average_rate or stream.guessed_rate or 30)


def _declared_frames(container: Any, stream: Any) -> int:
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
    return round(seconds * _average_fps(stream))


@functools.lru_cache
def _warn_once(message: str) -> None:
    """Logs a warning once, even if a video is read twice."""
    logging.warning("%s", message)


def _resampled(frames: Iterable[Any], average_fps: float, fps: float) -> Iterator[Any]:
    """Yields for each time k / fps, from the first frame to the last, the frame nearest in time."""
    held, held_at, start, count = None, 0.0, 0.0, 0
    for index, frame in enumerate(frames):
        at = index / average_fps if frame.time is None else float(frame.time)
        start = at if held is None else start
        while held is not None and count / fps < (held_at + at) / 2 - start:
            yield held
            count += 1
        held, held_at = frame, at
    while (count - 0.5) / fps < held_at - start:
        yield held
        count += 1


def _upright(frame: Any) -> Uint8Array:
    """Converts a frame to RGB, rotated and mirrored by its display matrix (ISO/IEC 14496-12, 8.3.2)."""
    picture = frame.to_ndarray(format="rgb24")
    matrix = frame.side_data.get(Type.DISPLAYMATRIX)
    if matrix is None:
        return picture
    a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].astype(np.int64)
    if abs(b) > abs(a):  # x' = c y and y' = b x: rows become columns
        picture, a, d = picture.swapaxes(0, 1), c, b
    return np.ascontiguousarray(picture[:: 1 if d >= 0 else -1, :: 1 if a >= 0 else -1])


def _reason(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error).strip()
