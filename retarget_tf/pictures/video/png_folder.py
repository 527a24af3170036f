"""Writes frames as a folder of numbered PNG files, for programs that put pictures with alpha together."""

import json
import pathlib
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import PIL.Image
from PIL.PngImagePlugin import PngInfo

from retarget_tf import files
from retarget_tf.arrays import Uint8Array
from retarget_tf.pictures.video.picture_folder import TIMES
from retarget_tf.pictures.video.writing import check_metadata

_NAME = "{:06}.png"
_PATTERN = "[0-9]" * 6 + "*.png"
_MARK = ("Software", "retarget_tf")


class PngFolderWriter:
    """Writes RGB or RGBA frames as `000000.png`, `000001.png`, ... to a folder, which appears when it is complete.

    A context manager with the interface of `VideoWriter`. If the frames have times, `frames.json` lists them:
    `{"fps": 25.0, "seconds": [0.0, 0.04, ...]}`. A folder that holds only what an earlier run wrote is replaced.

    Args:
        path: Folder to write.
        fps: Frames per second, noted in `frames.json`.
        metadata: As in `VideoWriter`; every picture has it as text chunks, such as `Comment`.

    Raises:
        ConfigError: (on entering) The folder exists and holds other files.
    """

    def __init__(self, path: files.PathLike, fps: float, *, metadata: Mapping[str, str] | None = None) -> None:
        self._fps = fps
        self._text = marked()
        for key, value in check_metadata(metadata).items():
            self._text.add_text(key.capitalize(), value)
        self._atomic = files.atomic_folder(path, ours=written_frames)
        self._folder = pathlib.Path()
        self._shape: tuple[int, ...] = ()
        self._count = 0
        self._seconds: list[float] = []

    def __enter__(self) -> Self:
        self._folder = self._atomic.__enter__()
        return self

    def write(self, frame: Uint8Array, seconds: float | None = None, duration: float | None = None) -> None:
        """Appends an RGB or RGBA frame; `seconds` as in `VideoWriter`, `duration` is not used.

        Raises:
            ValueError: As in `VideoWriter`.
        """
        del duration
        self._shape = self._shape or frame.shape
        if frame.shape != self._shape or len(frame.shape) != 3 or frame.shape[2] not in (3, 4):
            raise ValueError(
                "all frames must be [height, width, 3] or [height, width, 4], as the first. "
                f"Received: frame={frame.shape}"
            )
        if self._count and (seconds is None) == bool(self._seconds):
            raise ValueError("either all frames must have a time, or none. Received: both")
        if seconds is not None:
            if self._seconds and seconds <= self._seconds[-1]:
                raise ValueError(f"times must increase. Received: seconds={seconds} after {self._seconds[-1]}")
            self._seconds.append(float(seconds))
        path = self._folder / _NAME.format(self._count)
        # Level 2 takes half the time of the default for files a quarter larger.
        PIL.Image.fromarray(frame).save(path, pnginfo=self._text, compress_level=2)
        self._count += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                if self._count == 0:
                    raise ValueError("a folder of frames must have at least one. Received: none")
                if self._seconds:
                    times = {"fps": self._fps, "seconds": [round(seconds, 6) for seconds in self._seconds]}
                    (self._folder / TIMES).write_text(json.dumps(times) + "\n", encoding="utf-8")
        except BaseException as failure:
            self._atomic.__exit__(type(failure), failure, failure.__traceback__)
            raise
        self._atomic.__exit__(kind, error, traceback)


def written_frames(folder: pathlib.Path) -> set[str]:
    """Returns the names of what `PngFolderWriter` wrote in a folder: pictures with its mark, and their times."""
    pictures = {path.name for path in folder.glob(_PATTERN) if path.is_file() and has_mark(path)}
    return pictures | {TIMES} if pictures else pictures


def marked() -> PngInfo:
    """Returns the text chunk by which this package knows the pictures that it wrote."""
    text = PngInfo()
    text.add_text(*_MARK)
    return text


def has_mark(path: pathlib.Path) -> bool:
    """Returns whether a PNG file begins with the text chunk of `marked`."""
    with path.open("rb") as file:
        return b"tEXt" + "\0".join(_MARK).encode() in file.read(100)  # follows the header
