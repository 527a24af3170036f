"""Reads videos frame by frame, as players show them: rotated, mirrored, deinterlaced, of square pixels, in SDR."""

import dataclasses
import functools
import glob
import os
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import av
import numpy as np
from absl import logging

from retarget_tf import files
from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import InputDataError
from retarget_tf.pictures.video.inputs import OpenVideo, length, open_video, reason
from retarget_tf.pictures.video.picture_folder import holds_pictures
from retarget_tf.pictures.video.times import Clock, Timed, Times, resampled, timed
from retarget_tf.pictures.video.upright import HDR, Upright
from retarget_tf.pictures.video_options import AS_IT_IS, MOST_FPS, ReadOptions


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
        InputDataError: The file is missing, no video, or cut off, has no frame that can be decoded, or has larger
            frames than `options` allow.
    """
    with open_video(path, options) as opened:
        first = next(_decoded(path, opened, Times()))
        width, height = _upright(opened).size(first.frame)
        fps = options.fps or _kept_in_range(opened.fps)
        return VideoInfo(width, height, fps, round(_declared_frames(opened) * fps / opened.fps))


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
    times = Times()
    with open_video(path, options) as opened:
        upright = _upright(opened, path)
        yield from (upright(shown.frame) for shown in _shown(path, opened, options, times))
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

    A frame without a time follows the one before; times that go back or leap, as in joined recordings, go on.

    Args:
        path: The video file, or a folder of numbered pictures.
        options: Resampling and limits of reading it.
        pictures: False leaves the frames empty, uint8 `[0, 0, 3]`, which saves their conversion where only the times
            are needed.

    Raises:
        InputDataError: As in `read_frames`.
    """
    with open_video(path, options) as opened:
        upright: Callable[[Any], Uint8Array] = _upright(opened, path) if pictures else _no_picture
        for seconds, duration, frame in _shown(path, opened, options, Times()):
            yield TimedFrame(seconds, upright(frame), duration)


def _upright(opened: OpenVideo, path: files.PathLike | None = None) -> Upright:
    """Returns the conversion to pictures; with the path it says what is not shown as it is."""
    if path is not None and (transfer := HDR.get(opened.transfer)):
        _warn_once(f"video {path}: is HDR ({transfer}); its colours are converted to SDR.")
    return Upright(opened.pixel_aspect, opened.transfer, opened.part)


def _no_picture(_: Any) -> Uint8Array:
    return np.zeros((0, 0, 3), np.uint8)


def read_metadata(path: files.PathLike) -> dict[str, str]:
    """Returns the metadata of a video by lower-case key: Matroska and WebM store `comment` as `COMMENT`."""
    with open_video(path, AS_IT_IS) as opened:
        return {key.lower(): value for key, value in opened.metadata.items()}


def read_gray(path: files.PathLike) -> Iterator[Uint8Array]:
    """Yields the frames of a gray8 video as uint8 `[height, width]`, with unchanged values."""
    with open_video(path, AS_IT_IS) as opened:
        for shown in _decoded(path, opened, Times()):
            yield shown.frame.to_ndarray(format="gray")


def _shown(path: files.PathLike, opened: OpenVideo, options: ReadOptions, times: Times) -> Iterator[Timed]:
    """Yields the frames, resampled as `options` say, and adds the times of all that are decoded to `times`."""
    frames = _decoded(path, opened, times)
    fps = options.fps or _kept_in_range(opened.fps)
    return resampled(frames, fps) if options.fps or fps != opened.fps else frames


def _kept_in_range(fps: float) -> float:
    return min(max(fps, 1.0), float(MOST_FPS))


def _decoded(path: files.PathLike, opened: OpenVideo, times: Times) -> Iterator[Timed]:
    count, size, clock = 0, None, Clock()
    try:
        for now in timed(opened.decode(), opened.fps, clock):
            size, before = (now.frame.width, now.frame.height), size
            if before not in (None, size):
                raise InputDataError(
                    f"video {path} frame {count}: is {size[0]}x{size[1]}, those before it {before[0]}x{before[1]}. "
                    "Split the file there, or convert it to one size."
                )
            yield now
            times.add(now.seconds)
            count += 1
    except av.FFmpegError as error:
        raise InputDataError(
            f"video {path} frame {count}: cannot be decoded ({reason(error)}), so the file is cut or damaged. "
            "Copy it again."
        ) from error
    if count == 0:
        raise InputDataError(f"video {path}: holds no frame that can be decoded. Give another file.")
    if not clock.moved:
        _check_complete(path, opened, count, times)


def _check_complete(path: files.PathLike, opened: OpenVideo, count: int, times: Times) -> None:
    """Warns if there are fewer frames than declared."""
    if opened.frames:
        is_cut = count < opened.frames - 1
    else:  # the length may be that of the sound
        is_cut = times.end_before(opened.seconds) and times.end_before(opened.seconds, length(path))
    if is_cut:
        _warn_once(f"video {path}: decoded {count} of {_declared_frames(opened)} declared frames; the file may be cut.")


def _declared_frames(opened: OpenVideo) -> int:
    return opened.frames or round(opened.seconds * opened.fps)


@functools.lru_cache
def _warn_once(message: str) -> None:
    """Logs a warning once, even if a video is read twice."""
    logging.warning("%s", message)
