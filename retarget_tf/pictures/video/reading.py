"""Reads videos frame by frame: rotated, mirrored or of variable frame rate; HDR and non-square pixels are refused."""

import contextlib
import dataclasses
import functools
import glob
import os
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import av
import numpy as np
from absl import logging
from av.sidedata.sidedata import Type
from av.video.reformatter import ColorTrc

from retarget_tf import files
from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import InputDataError
from retarget_tf.pictures.video.picture_folder import holds_pictures, open_folder, rate_of
from retarget_tf.pictures.video.times import Times, average_fps, declared_frames, resampled, timed
from retarget_tf.pictures.video_options import AS_IT_IS, ReadOptions

_HDR = {ColorTrc.SMPTE2084: "PQ", ColorTrc.ARIB_STD_B67: "HLG"}


def find_videos(pattern: str) -> list[str]:
    """Returns the video of this name, or the sorted ones that match a pattern such as `videos/*.mp4`.

    A video may be a folder of pictures.

    Raises:
        InputDataError: No file matches, or it is a folder without pictures.
    """
    # Names of downloaded files often contain brackets, which a pattern would interpret.
    paths = [pattern] if os.path.exists(pattern) else sorted(glob.glob(pattern, recursive=True))
    if not paths:
        raise InputDataError(f"videos {pattern}: no file matches. Check --videos.")
    if os.path.isdir(pattern) and not holds_pictures(pattern):
        raise InputDataError(
            f"videos {pattern}: is a folder without pictures. Give a pattern of the videos in it: {pattern}/*.mp4."
        )
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
    """Reads the header and the first frame, which has the rotation; `path` may also be a folder of numbered pictures.

    Raises:
        InputDataError: The file is missing, no video, or cut off, has no frame that can be decoded, has larger frames
            than `options` allow, is HDR, or has pixels that are not square.
    """
    if os.path.isdir(path):
        folder = open_folder(path)
        return VideoInfo(folder.width, folder.height, rate_of(path, options), len(folder.paths))
    with _open(path, options) as (container, stream):
        height, width = _Upright()(next(_packets_to_frames(path, container, stream))).shape[:2]
        fps = average_fps(stream)
        frames = declared_frames(container, stream)
    yielded = options.fps or fps
    return VideoInfo(width, height, yielded, round(frames * yielded / fps))


def read_frames(
    path: files.PathLike, options: ReadOptions = AS_IT_IS, *, at_one_rate: bool = True
) -> Iterator[Uint8Array]:
    """Yields the frames in order. Logs a warning if there are fewer frames than declared.

    Args:
        path: The video file, or a folder of numbered pictures.
        options: Resampling and limits of reading it.
        at_one_rate: Whether the frames are taken as equally spaced in time; then a varying rate is warned of.

    Raises:
        InputDataError: As in `probe`, or a frame cannot be decoded or has another size.
    """
    if os.path.isdir(path):
        yield from open_folder(path).frames()
        return
    with _open(path, options) as (container, stream):
        times = Times()
        frames = _packets_to_frames(path, container, stream, times)
        if options.fps:
            frames = resampled(frames, average_fps(stream), options.fps)
        yield from map(_Upright(), frames)
    if at_one_rate and not options.fps and (uneven := times.uneven()):
        _warn_once(
            f"video {path}: is of variable frame rate: {1e3 * uneven[0]:.0f} ms from frame to frame, up to "
            f"{1e3 * uneven[1]:.0f}. Read as it is, it is out of time; --fps resamples it."
        )


class TimedFrame(NamedTuple):
    """A frame and when it is shown.

    Attributes:
        seconds: Time from the first frame.
        frame: RGB uint8 `[height, width, 3]`, upright.
        duration: Seconds that the container declares for the frame, otherwise 1 / average rate. Needed for the last
            frame; any other is shown until the next.
    """

    seconds: float
    frame: Uint8Array
    duration: float


def read_timed_frames(
    path: files.PathLike, options: ReadOptions = AS_IT_IS, *, pictures: bool = True
) -> Iterator[TimedFrame]:
    """Yields the frames of `read_frames` with their times, which increase. With `options.fps` these are k / fps.

    A frame without a time gets its index / average rate.

    Args:
        path: The video file, or a folder of numbered pictures.
        options: Resampling and limits of reading it.
        pictures: False leaves the frames empty, uint8 `[0, 0, 3]`, which saves their conversion where only the times
            are needed.

    Raises:
        InputDataError: As in `read_frames`, or the times go back by more than a second.
    """
    if os.path.isdir(path):
        folder, fps = open_folder(path), rate_of(path, options)
        shown = folder.frames() if pictures else map(_no_picture, folder.paths)
        yield from (TimedFrame(index / fps, frame, 1 / fps) for index, frame in enumerate(shown))
        return
    with _open(path, options) as (container, stream):
        frames, average = _packets_to_frames(path, container, stream), average_fps(stream)
        upright: Callable[[Any], Uint8Array] = _Upright() if pictures else _no_picture
        if options.fps:
            for index, frame in enumerate(resampled(frames, average, options.fps)):
                yield TimedFrame(index / options.fps, upright(frame), 1 / options.fps)
            return
        for count, (seconds, duration, frame) in enumerate(timed(frames, average)):
            if seconds is None:
                raise InputDataError(
                    f"video {path} frame {count}: its time lies before that of earlier frames. "
                    "Convert it: ffmpeg -i IN OUT.mp4"
                )
            yield TimedFrame(seconds, upright(frame), duration)


def _no_picture(_: Any) -> Uint8Array:
    return np.zeros((0, 0, 3), np.uint8)


def read_metadata(path: files.PathLike) -> dict[str, str]:
    """Returns the metadata of a video by lower-case key: Matroska and WebM store `comment` as `COMMENT`."""
    with _open(path, AS_IT_IS) as (container, _):
        return {key.lower(): value for key, value in container.metadata.items()}


def read_gray(path: files.PathLike) -> Iterator[Uint8Array]:
    """Yields the frames of a gray8 video as uint8 `[height, width]`, with unchanged values."""
    with _open(path, AS_IT_IS) as (container, stream):
        for frame in _packets_to_frames(path, container, stream):
            yield frame.to_ndarray(format="gray")


@contextlib.contextmanager
def _open(path: files.PathLike, options: ReadOptions) -> Iterator[tuple[Any, Any]]:
    files.check_file(path, "video")
    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise InputDataError(
            f"video {path}: not a video that can be read ({reason(error)}). Give a video file, such as an .mp4."
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


def _packets_to_frames(path: files.PathLike, container: Any, stream: Any, times: Times | None = None) -> Iterator[Any]:
    """Yields the decoded frames and adds their times to `times`, if given."""
    count, size, times = 0, None, times or Times()
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
            f"video {path} frame {count}: cannot be decoded ({reason(error)}), so the file is cut or damaged. "
            "Copy it again."
        ) from error
    if count == 0:
        raise InputDataError(f"video {path}: holds no frame that can be decoded. Give another file.")
    declared = declared_frames(container, stream)
    # A duration is rounded and can be off by one frame.
    missing = count < declared - 1 if stream.frames else times.end_before(declared / average_fps(stream))
    if missing:
        _warn_once(f"video {path}: decoded {count} of {declared} declared frames; the file may be cut.")


@functools.lru_cache
def _warn_once(message: str) -> None:
    """Logs a warning once, even if a video is read twice."""
    logging.warning("%s", message)


class _Upright:
    """Converts frames to RGB, rotated and mirrored by the display matrix of the first (ISO/IEC 14496-12, 8.3.2).

    The other frames are not asked for theirs: a frame and its side data, once asked for, refer to each other, and many
    megabytes of frames would wait for the garbage collector.
    """

    def __init__(self) -> None:
        self._is_first, self._swaps, self._rows, self._columns = True, False, 1, 1

    def __call__(self, frame: Any) -> Uint8Array:
        """Returns the upright picture, uint8 `[height, width, 3]`."""
        if self._is_first:
            self._is_first = False
            self._take(frame.side_data.get(Type.DISPLAYMATRIX))
        picture = frame.to_ndarray(format="rgb24")
        if self._swaps:
            picture = picture.swapaxes(0, 1)
        return np.ascontiguousarray(picture[:: self._rows, :: self._columns])

    def _take(self, matrix: Any) -> None:
        if matrix is None:
            return
        a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].astype(np.int64)
        self._swaps = bool(abs(b) > abs(a))
        if self._swaps:  # x' = c y and y' = b x: rows become columns
            a, d = c, b
        self._rows, self._columns = (1 if d >= 0 else -1), (1 if a >= 0 else -1)


def reason(error: BaseException) -> str:
    """Returns what libav says of an error, without the name of the file."""
    return str(getattr(error, "strerror", None) or error).strip()
