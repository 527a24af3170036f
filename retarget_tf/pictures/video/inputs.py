"""Opens a video, and finds in it what a player shows: which stream, at which rate, how long."""

import contextlib
import dataclasses
import functools
import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import av
from av.stream import Disposition

from retarget_tf import files
from retarget_tf.errors import InputDataError
from retarget_tf.pictures.video import animated_webp, picture_folder
from retarget_tf.pictures.video.clean_aperture import Part, clean_aperture
from retarget_tf.pictures.video.deinterlacing import deinterlaced
from retarget_tf.pictures.video.times import Clock, declared_seconds, measured_fps
from retarget_tf.pictures.video_options import MOST_FPS, ReadOptions

_NOT_SHOWN = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image | Disposition.dependent
_ROUGHLY_SQUARE = 0.01  # screen recorders leave 1787:1789 and the like
_SAME_FPS = 0.03  # share by which a declared rate and that of the time stamps, in milliseconds, may differ
_USUAL_FPS = 30.0
_LISTS = (b"ffconcat", b"#EXTM3U", b"<?xml", b"<MPD", b"<smil", b"v=0", b"[playlist]")  # as such files begin


@dataclasses.dataclass(frozen=True)
class OpenVideo:
    """The pictures of a video.

    Attributes:
        decode: Returns an iterator over the frames that a player shows, once.
        fps: Frames per second that the container declares, or that the time stamps say.
        frames: Number of frames that the container's index lists, 0 if there is none.
        seconds: Length by the container's clock, 0 if unknown.
        part: Part of the decoded frames that is shown; None for all of it.
        pixel_aspect: Width of a pixel divided by its height.
        transfer: Transfer characteristic, a value of `av.video.reformatter.ColorTrc`.
        metadata: Text by key.
    """

    decode: Callable[[], Iterator[Any]]
    fps: float
    frames: int = 0
    seconds: float = 0.0
    part: Part | None = None
    pixel_aspect: Fraction = Fraction(1)
    transfer: int = 0
    metadata: dict[str, str] = dataclasses.field(default_factory=dict)


def open_file(path: files.PathLike) -> Any:
    """Opens a file with libav, which takes what comes before a colon in a relative name for a protocol.

    Raises:
        InputDataError: It may not be read, or is a list of files or addresses, which libav would open.
        av.FFmpegError: It cannot be read.
    """
    with files.reading(path, "video"), open(path, "rb") as file:
        is_list = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_LISTS)
    if is_list:
        raise InputDataError(f"video {path}: is a list of other files. Give a video file, such as an .mp4.")
    return av.open(os.path.abspath(path), metadata_errors="replace")


def shown_stream(container: Any) -> Any:
    """Returns the stream of pictures that a player shows: the default one or else the first, but no still beside it."""
    streams = [stream for stream in container.streams.video if not stream.disposition & _NOT_SHOWN]
    by_rank = sorted(streams, key=lambda stream: (stream.frames == 1, not stream.disposition & Disposition.default))
    return next(iter(by_rank), None)


@contextlib.contextmanager
def open_video(path: files.PathLike, options: ReadOptions) -> Iterator[OpenVideo]:
    """Opens a video file, an animated WebP or a folder of numbered pictures.

    Raises:
        InputDataError: The file is missing, no video, or cut off, or has larger frames than `options` allow.
    """
    if os.path.isdir(path):
        yield _open_folder(path, options)
        return
    files.check_file(path, "video")
    with files.reading(path, "video"), open(path, "rb") as file:
        head = file.read(animated_webp.HEAD_BYTES)
    if size := animated_webp.size_of(head):
        check_size(path, *size, options)
        yield _open_webp(path)
        return
    try:
        container = open_file(path)
    except (av.FFmpegError, OSError) as error:
        raise InputDataError(
            f"video {path}: not a video that can be read ({reason(error)}). Give a video file, such as an .mp4."
        ) from error
    with container:
        stream = shown_stream(container)
        if all(other.type == "data" for other in container.streams):  # cut within the index, behind the pictures
            raise InputDataError(f"video {path}: is cut: its index lists neither pictures nor sound. Copy it again.")
        if stream is None:
            raise InputDataError(f"video {path}: holds no video stream. Give a file with pictures.")
        if stream.codec_context is None:
            raise InputDataError(f"video {path}: its codec is unknown. Convert it: ffmpeg -i IN OUT.mp4")
        _check_whole(path, stream)
        context, aspect = stream.codec_context, _pixel_aspect(stream)
        check_size(path, round(context.width * max(aspect, 1)), context.height, options)
        stream.thread_type = "AUTO"
        yield OpenVideo(
            lambda: deinterlaced(container.decode(stream)),
            _fps(path, stream),
            _listed_frames(container, stream),
            declared_seconds(container, stream),
            clean_aperture(path, context.width, context.height) if "mp4" in container.format.name else None,
            aspect,
            context.color_trc,
            container.metadata,
        )


def _open_folder(path: files.PathLike, options: ReadOptions) -> OpenVideo:
    folder, fps = picture_folder.open_folder(path), picture_folder.rate_of(path, options)
    check_size(path, folder.width, folder.height, options)
    count = len(folder.paths)
    return OpenVideo(lambda: folder.decoded(fps), fps, count, count / fps)


def _open_webp(path: files.PathLike) -> OpenVideo:
    encoded = files.read_bytes(path, "video")
    durations = animated_webp.durations_of(encoded)
    seconds = sum(durations) / 1000
    fps = len(durations) / seconds if seconds else _USUAL_FPS
    return OpenVideo(lambda: animated_webp.frames_of(encoded), fps, len(durations), seconds)


def check_size(path: files.PathLike, width: int, height: int, options: ReadOptions) -> None:
    """Refuses frames of more pixels than `options` allow."""
    if width * height > options.max_pixels:
        raise InputDataError(
            f"video {path}: is {width}x{height}, more than {options.max_pixels} pixels. "
            "Scale it down, or raise --max_pixels."
        )


def length(path: files.PathLike) -> float:
    """Returns the seconds from the first packet of any stream, pictures or sound, to the end of the last."""
    with open_file(path) as container:
        spans = [
            (min(packet.pts, packet.dts) * packet.time_base, (packet.pts + (packet.duration or 0)) * packet.time_base)
            for packet in container.demux()
            if packet.pts is not None and packet.dts is not None
        ]
    return float(max(end for _, end in spans) - min(start for start, _ in spans)) if spans else 0.0


def pictures_leap(path: files.PathLike) -> bool:
    """Returns whether the clock of a file's pictures goes back or leaps, as in joined recordings."""
    clock = Clock()
    with open_file(path) as container:
        stream = shown_stream(container)
        for packet in container.demux(stream) if stream else ():
            if packet.dts is not None:
                clock.read(float(packet.dts * packet.time_base), float((packet.duration or 0) * packet.time_base))
    return clock.moved != 0


def _check_whole(path: files.PathLike, stream: Any) -> None:
    """Refuses a cut mp4, which decodes without an error up to the cut; only its index, in front, lists the rest."""
    size = os.path.getsize(path)
    end = max((entry.pos + entry.size for entry in stream.index_entries), default=0)
    if end > size:
        raise InputDataError(f"video {path}: is cut: {size} bytes where its index needs {end}. Copy it again.")


def _pixel_aspect(stream: Any) -> Fraction:
    aspect = Fraction(stream.sample_aspect_ratio or 1)
    return Fraction(1) if abs(aspect - 1) <= _ROUGHLY_SQUARE else aspect


def _listed_frames(container: Any, stream: Any) -> int:
    """Returns the number of frames in the index: not those that an mp4's edit list leaves out, or that an AVI lacks."""
    index = stream.index_entries
    if stream.frames and "mp4" in container.format.name:
        return sum(not entry.is_discard for entry in index)
    if container.format.name == "avi" and len(index):  # whose time stamps count frames
        return int(stream.frames - (index[-1].timestamp + 1 - len(index)))
    return int(stream.frames)


def _fps(path: files.PathLike, stream: Any) -> float:
    """Returns the declared rate if it can be relied on, otherwise that of the time stamps.

    Without a count of frames libav guesses the rate from the first few, and an edit list falsifies it.
    """
    declared = float(stream.average_rate or 0)
    # The clock's unit, 1000 a second, may be taken for it.
    is_possible = 1 <= declared <= MOST_FPS and not any(entry.is_discard for entry in stream.index_entries)
    if is_possible and stream.frames:
        return declared
    state = os.stat(path)
    measured = _measured_fps(os.path.abspath(path), stream.index, (state.st_mtime_ns, state.st_size))
    if is_possible and (not measured or abs(measured / declared - 1) <= _SAME_FPS):
        return declared
    return round(measured, 3) or _USUAL_FPS


@functools.lru_cache
def _measured_fps(path: str, stream: int, _: tuple[int, int]) -> float:
    """Looks at all packets of a stream, once while the file stays the same."""
    with open_file(path) as container:
        return measured_fps(container.demux(container.streams[stream]))


def reason(error: BaseException) -> str:
    """Returns what libav says of an error, without the name of the file."""
    return str(getattr(error, "strerror", None) or error).strip()
