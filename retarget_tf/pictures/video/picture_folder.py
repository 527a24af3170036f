"""Reads a folder of numbered pictures as if it were a video."""

import dataclasses
import functools
import pathlib
from collections.abc import Iterator, Mapping
from typing import ClassVar, NamedTuple

import av
from absl import logging

from retarget_tf import files
from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import InputDataError
from retarget_tf.pictures import image_files
from retarget_tf.pictures.numbered_files import numbered_files
from retarget_tf.pictures.video_options import ReadOptions

SUFFIXES = (".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
TIMES = "frames.json"  # what `PngFolderWriter` notes: `{"fps": 25.0, "seconds": [...]}`
_USUAL_FPS = 25.0


class PictureFolder(NamedTuple):
    """Pictures of one size.

    Attributes:
        paths: The files by number, in order.
        width: Width of each upright picture in pixels.
        height: Height of each in pixels.
    """

    paths: Mapping[int, pathlib.Path]
    width: int
    height: int

    def frames(self) -> Iterator[Uint8Array]:
        """Yields the pictures, RGB uint8 `[height, width, 3]`; raises InputDataError for one of another size."""
        return map(self.load, self.paths.values())

    def decoded(self, fps: float) -> Iterator["PictureFrame"]:
        """Yields the pictures as a decoder does its frames."""
        return (PictureFrame(self, path, index / fps) for index, path in enumerate(self.paths.values()))

    def load(self, path: pathlib.Path) -> Uint8Array:
        """Reads one of the pictures; see `frames`."""
        picture = image_files.load_photo(path)
        if picture.shape != (self.height, self.width, 3):
            size = f"{picture.shape[1]}x{picture.shape[0]}"
            raise InputDataError(
                f"frame {path}: is {size}, those before {self.width}x{self.height}. Give frames of one size."
            )
        return picture


@dataclasses.dataclass(frozen=True)
class PictureFrame:
    """A picture of a folder in the place of an `av.VideoFrame`; its file is read when the pixels are asked for.

    Attributes:
        folder: The folder.
        path: The picture's file.
        time: Seconds from the first picture.
    """

    folder: PictureFolder
    path: pathlib.Path
    time: float

    duration: ClassVar[None] = None
    format: ClassVar[av.VideoFormat] = av.VideoFormat("rgb24")
    side_data: ClassVar[Mapping[object, object]] = {}

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.folder.width

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.folder.height

    def to_ndarray(self, format: str) -> Uint8Array:
        """Returns the pixels in a format of libav."""
        return av.VideoFrame.from_ndarray(self.folder.load(self.path)).to_ndarray(format=format)


def holds_pictures(folder: files.PathLike) -> bool:
    """Returns whether a folder has a picture in it."""
    with files.reading(folder, "videos"):
        return any(path.suffix.lower() in SUFFIXES for path in pathlib.Path(folder).iterdir())


def open_folder(folder: files.PathLike) -> PictureFolder:
    """Opens a folder of pictures.

    Raises:
        InputDataError: There are no pictures, they have no numbers, or the first cannot be read.
    """
    paths = numbered_files(folder, SUFFIXES, "frames")
    height, width = image_files.load_photo(next(iter(paths.values()))).shape[:2]
    return PictureFolder(paths, width, height)


def rate_of(folder: files.PathLike, options: ReadOptions) -> float:
    """Returns the frames per second: `options.fps`, what `PngFolderWriter` noted, or 25, which is warned of."""
    if fps := options.fps or _noted_fps(pathlib.Path(folder)):
        return fps
    _tell_usual_fps(str(folder))
    return _USUAL_FPS


def _noted_fps(folder: pathlib.Path) -> float | None:
    """Returns the frames per second that `PngFolderWriter` noted in a folder, or None."""
    if not (folder / TIMES).is_file():
        return None
    noted = files.read_json(folder / TIMES, "frames")
    fps = noted.get("fps") if isinstance(noted, dict) else None
    return float(fps) if isinstance(fps, int | float) and fps > 0 else None


@functools.lru_cache
def _tell_usual_fps(folder: str) -> None:
    logging.warning("frames %s: are taken as %g frames per second. If they are not, give --fps.", folder, _USUAL_FPS)
