"""Matches the frames of a clip with their parsing maps by number."""

import dataclasses
import os
import pathlib
from collections.abc import Callable, Iterator

from retarget_tf import files
from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import InputDataError
from retarget_tf.pictures import video
from retarget_tf.pictures.numbered_files import numbered_files


@dataclasses.dataclass(frozen=True)
class Pictures:
    """Frames with one map each.

    Attributes:
        numbers: Numbers of the frames: those in the files' names, or from 0 in a video.
        maps: Path of each frame's map.
        width: Width of every frame in pixels.
        height: Height of every frame in pixels.
        fps: Frames per second of the video; None for a folder of pictures.
        read_frames: Returns an iterator over the frames, RGB uint8 `[height, width, 3]`, as many as there are maps.
    """

    numbers: tuple[int, ...]
    maps: tuple[pathlib.Path, ...]
    width: int
    height: int
    fps: float | None
    read_frames: Callable[[], Iterator[Uint8Array]]


def open_pictures(frames: files.PathLike, maps: files.PathLike, reading: video.ReadOptions) -> Pictures:
    """Opens frames and matches them with their maps.

    Args:
        frames: Video, or folder of JPEG, PNG or WebP files with the frames' numbers in their names.
        maps: Folder of one PNG file per frame, with the numbers of the frames' files, or counted from 0 or 1 for a
            video.
        reading: Options of reading a video.

    Raises:
        InputDataError: A file is missing or cannot be read, or a frame or map has no counterpart.
    """
    map_files = numbered_files(maps, {".png"}, "parsing maps")
    if os.path.isdir(frames):  # also false without permission; the video reader then reports the reason
        return _open_folder(frames, maps, map_files)
    return _open_video(frames, maps, map_files, reading)


def _open_folder(frames: files.PathLike, maps: files.PathLike, map_files: dict[int, pathlib.Path]) -> Pictures:
    pictures, width, height = opened = video.open_folder(frames)
    if alone := sorted(pictures.keys() ^ map_files.keys()):
        first = alone[0]
        stranger = f"{pictures[first]} has no map" if first in pictures else f"{map_files[first]} has no frame"
        raise InputDataError(
            f"parsing maps {maps}: are {len(map_files)}, the frames {len(pictures)}: {stranger}. "
            "Give each map the number of its frame."
        )
    return Pictures(tuple(pictures), tuple(map_files.values()), width, height, None, opened.frames)


def _open_video(
    frames: files.PathLike, maps: files.PathLike, map_files: dict[int, pathlib.Path], reading: video.ReadOptions
) -> Pictures:
    header = video.probe(frames, reading)
    first = min(*map_files, 1)  # maps may be numbered from 0 or from 1
    if gaps := sorted(set(range(first, first + len(map_files))) - map_files.keys()):
        raise InputDataError(
            f"parsing maps {maps}: none of the {len(map_files)} has number {gaps[0]}. "
            "Give a map for each frame of the video."
        )

    def read() -> Iterator[Uint8Array]:
        count = 0
        for picture in video.read_frames(frames, reading):
            count += 1
            if count <= len(map_files):
                yield picture
        if count != len(map_files):
            raise InputDataError(
                f"parsing maps {maps}: are {len(map_files)}, video {frames} has {count} frames. "
                "Give a map for each frame of the video."
            )

    numbers = tuple(range(len(map_files)))
    return Pictures(numbers, tuple(map_files.values()), header.width, header.height, header.fps, read)
