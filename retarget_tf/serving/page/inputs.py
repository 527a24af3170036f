"""Looks at photos and videos as soon as they are given: refuses what cannot be used, and limits what is long."""

import math
import pathlib
from typing import NamedTuple

from retarget_tf.errors import InputDataError
from retarget_tf.pictures import image_files, video
from retarget_tf.pictures.video_options import ReadOptions
from retarget_tf.serving.page.options import PageOptions

_PLAYED = {"h264": {"yuv420p", "yuvj420p"}, "vp8": {"yuv420p"}, "vp9": {"yuv420p", "yuva420p"}, "av1": {"yuv420p"}}
_CONTAINERS = {".mp4", ".m4v", ".mov", ".webm"}
_SHOWN_PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif"}


class Length(NamedTuple):
    """How much of a video is danced.

    Attributes:
        frames: Frames to dance, as far as is known before the video is read to its end.
        note: What a visitor should know; empty if the whole video is danced.
    """

    frames: int
    note: str = ""


def check_photo(path: pathlib.Path, options: PageOptions) -> pathlib.Path:
    """Reads a photo, and returns a file of it that browsers show: the photo itself, or a JPEG of it beside it.

    Raises:
        InputDataError, MissingDependencyError: It cannot be read.
    """
    picture = image_files.load_photo(path)
    height, width = picture.shape[:2]
    if height * width > options.max_pixels:
        raise InputDataError(
            f"photo {path}: is {width}x{height}, more than {options.max_pixels / 1e6:g} megapixels. Give a smaller one."
        )
    if path.suffix.lower() in _SHOWN_PICTURES:
        return path
    shown = path.with_name(f"{path.stem}_shown.jpg")
    shown.write_bytes(image_files.encode_jpeg(picture, 90))
    return shown


def check_video(path: pathlib.Path, options: PageOptions) -> Length:
    """Reads the beginning of a video.

    Raises:
        InputDataError: It cannot be read, or its pictures are too large.
    """
    info = video.probe(path, ReadOptions(max_pixels=options.max_pixels))
    most = min(options.max_frames, math.floor(options.max_seconds * info.fps)) or 1
    if info.declared_frames <= most:
        return Length(info.declared_frames or most)
    return Length(
        most,
        f"This video is {info.declared_frames / info.fps:.0f} s long; its first {most / info.fps:.3g} s are danced.",
    )


def plays_in_browsers(path: pathlib.Path) -> bool:
    """Returns whether browsers play a video as it is."""
    import av

    if path.suffix.lower() not in _CONTAINERS:
        return False
    with av.open(str(path)) as container:
        codec = container.streams.video[0].codec_context
        return codec.pix_fmt in _PLAYED.get(codec.name.removeprefix("lib").split("-")[0], ())
