"""Reads the keypoints of other programs from OpenPose's or NumPy files, as BODY_25 in pixels of the picture."""

import dataclasses
import os
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
from absl import logging

from retarget_tf import files
from retarget_tf.arrays import Float32Array
from retarget_tf.body import skeleton
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.footage.importers.keypoint_arrays import read_keypoint_array
from retarget_tf.footage.importers.openpose import SMALLEST_PIXELS, SUFFIXES, read_openpose
from retarget_tf.footage.people import tracking
from retarget_tf.footage.people.choosing import MAIN_PERSON, PersonChoice, tell_doubts
from retarget_tf.footage.settings import UNITS
from retarget_tf.pictures import video

_Frame = TypeVar("_Frame")

# Of a video that ends before its keypoints this is told at its end; so many more would take minutes before that.
_FRAMES_TOO_MANY = 1000
# Keypoints that are not pixels by `SMALLEST_PIXELS` are shares if all lie in this range and at most this share is
# negative, since detectors place some joints outside of the picture.
_SHARES_RANGE = (-0.5, 1.5)
_OUTSIDE_SHARE = 0.1


def read_keypoints(
    path: files.PathLike,
    width: int,
    height: int,
    frame_numbers: Sequence[int] | None = None,
    *,
    units: str = "auto",
    fps: float = 30.0,
    person: PersonChoice = MAIN_PERSON,
    frames: int = 0,
) -> Float32Array:
    """Reads the keypoints of one person from OpenPose's files (see `openpose`) or a NumPy file (see `keypoint_arrays`).

    Args:
        path: A folder of OpenPose's files, a single one, AlphaPose's file, or a NumPy file.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.
        frame_numbers: Numbers of the clip's frames as in the names of the files of a folder; frames without a file get
            no joints. A file of all frames must have one entry for each, in order. None reads every entry of such a
            file, or the frames from 0 (from 1 if no file has number 0) to the last file of a folder.
        units: Units of x and y: `pixels`, `shares` of width and height, or `auto`, which decides by the values and
            refuses those that can be neither, such as -1..1 or metres.
        fps: Frames per second; limits how far people may move between two frames.
        person: Whom to follow if the files show several people; logs a warning at frames of a possible mix-up.
        frames: Number of the video's frames, up to which a file that leaves out frames without people is read if there
            are no `frame_numbers`; 0 reads to the last that has somebody.

    Returns:
        float32 `[frames, 25, 3]` in pixels; joints below `skeleton.CONFIDENCE_THRESHOLD` or outside of the picture are
        (0, 0, 0).

    Raises:
        InputDataError: The files are damaged or do not fit the frames, no joint is in the picture, or the chosen person
            is missing.
        ConfigError: `units` is not one of `UNITS`, or a person is chosen in a NumPy file, which has only one.
    """
    if units not in UNITS:
        raise ConfigError(f"units must be one of {list(UNITS)}. Received: units={units}")
    if os.path.isdir(path) or pathlib.Path(path).suffix.lower() in SUFFIXES:
        people = read_openpose(path, width, height)
        if isinstance(people, list):
            numbers = range(len(people)) if frame_numbers is None else frame_numbers
            _check_count(path, len(people), numbers)
            by_number = dict(zip(numbers, people, strict=True))
        else:
            by_number = people
            left_out_to = 0 if os.path.isdir(path) else frames
            numbers = _numbers_of(by_number, left_out_to) if frame_numbers is None else frame_numbers
        everybody = _in_order(path, by_number, numbers)
        stacked = _in_pixels(np.concatenate(everybody), width, height, units, path)
        everybody = np.split(stacked, np.cumsum([len(people) for people in everybody])[:-1])
        points = _follow(everybody, fps, person, f"keypoints {path}", numbers)
    elif person != MAIN_PERSON:
        raise ConfigError(f"person must be 0 for a NumPy file, which holds one person. Received: keypoints={path}")
    else:
        points = _in_pixels(read_keypoint_array(path), width, height, units, path)
        if frame_numbers is not None:
            _check_count(path, len(points), frame_numbers)
    seen = skeleton.drop_unseen(points, width, height)
    if skeleton.person_box(seen) is None:
        raise InputDataError(
            f"keypoints {path}: no joint is within the {width}x{height} picture. Check that they are of this picture."
        )
    return seen


@dataclasses.dataclass(frozen=True)
class KeypointFile:
    """Keypoint file, or folder of such files, to be read when the picture's size is known.

    Attributes:
        path: Path of the file or folder.
        units: Units of x and y, see `read_keypoints`.
        person: Whom to follow if it shows several people.
    """

    path: files.PathLike
    units: str = "auto"
    person: PersonChoice = MAIN_PERSON

    def read(
        self,
        width: int,
        height: int,
        fps: float = 30.0,
        frame_numbers: Sequence[int] | None = None,
        frames: int = 0,
    ) -> Float32Array:
        """Reads all frames, float32 `[frames, 25, 3]` in pixels, see `read_keypoints`."""
        return read_keypoints(
            *(self.path, width, height, frame_numbers),
            units=self.units,
            fps=fps,
            person=self.person,
            frames=frames,
        )

    def of_video(self, path: files.PathLike, info: video.VideoInfo) -> Float32Array:
        """Reads the keypoints of a video, or of a folder of pictures, whose numbers its files then have.

        Raises:
            InputDataError: They are of far more frames than the video says that it has, which may be wrong by a few.
        """
        numbers = list(video.open_folder(path).paths) if os.path.isdir(path) else None
        points = self.read(info.width, info.height, info.fps, numbers, info.declared_frames)
        if info.declared_frames and len(points) > 2 * info.declared_frames + _FRAMES_TOO_MANY:
            raise InputDataError(
                f"video {path}: says that it has {info.declared_frames} frames, its keypoints are of {len(points)}. "
                "Give the keypoints of this very video."
            )
        return points


def with_keypoints(
    frames: Iterator[_Frame], count: int, source: str, *, first: int = 0, is_cut: bool = False
) -> Iterator[_Frame]:
    """Yields the frames of a video that keypoints are of.

    Args:
        frames: Frames of the video from `first` on.
        count: The frame after the last with keypoints.
        source: Name of the video for the error message, such as `video dance.mp4`.
        first: Number of the first frame.
        is_cut: Allows the video to be longer.

    Raises:
        InputDataError: The video has fewer frames, or more.
    """

    def mismatch(found: str) -> InputDataError:
        return InputDataError(
            f"{source}: has {found}, its keypoints are of {count}. Give the keypoints of this very video."
        )

    for index in range(first, count):
        frame = next(frames, None)
        if frame is None:
            raise mismatch(f"{index} frames")
        yield frame
    if not is_cut and next(frames, None) is not None:
        raise mismatch(f"more than {count} frames")


def _numbers_of(by_number: Mapping[int, Float32Array], frames: int) -> Sequence[int]:
    """Returns the numbers of all frames: from 0, or from 1 if none has number 0, to the last; a lone one's own.

    If the last may be left out, `frames` is how many there are, and where they reach beyond it they count from 0.
    """
    if frames > max(by_number):
        return range(frames)
    return range(min(*by_number, 1), max(by_number) + 1) if len(by_number) > 1 else list(by_number)


def _check_count(path: files.PathLike, count: int, frame_numbers: Sequence[int]) -> None:
    if count != len(frame_numbers):
        raise InputDataError(
            f"keypoints {path}: are of {count} frames, the clip has {len(frame_numbers)}. "
            "Give the keypoints of these very frames."
        )


def _in_order(
    folder: files.PathLike, by_number: Mapping[int, Float32Array], frame_numbers: Sequence[int]
) -> list[Float32Array]:
    """Returns the people of each frame, `[people, 25, 3]`."""
    if strangers := sorted(set(by_number) - set(frame_numbers)):
        raise InputDataError(
            f"keypoints {folder}: have number {strangers[0]}, the frames are numbered "
            f"{frame_numbers[0]} to {frame_numbers[-1]}. Give the keypoints of these very frames."
        )
    if missing := [number for number in frame_numbers if number not in by_number]:
        logging.warning(
            "keypoints %s: %d of %d frames are not in it (the first is frame %d); they get no joints.",
            folder, len(missing), len(frame_numbers), missing[0],
        )  # fmt: skip
    nobody = np.zeros((0, skeleton.NUM_JOINTS, 3), np.float32)
    return [by_number.get(number, nobody) for number in frame_numbers]


def _follow(
    everybody: Sequence[Float32Array], fps: float, choice: PersonChoice, source: str, frame_numbers: Sequence[int]
) -> Float32Array:
    """Returns the chosen person `[frames, 25, 3]`, tracked by position and size, since colours are not known."""
    tracker, no_colour = tracking.PeopleTracker(fps), np.zeros(3, np.float32)
    for index, people in enumerate(everybody):
        tracker.update(index, [tracking.Sighting(pose, no_colour) for pose in tracking.distinct(people)])
    person = choice.of(tracker.tracks, source)
    tell_doubts(source, [frame_numbers[index] for index in person.doubts])
    return person.over(len(everybody))


def _in_pixels(points: Float32Array, width: int, height: int, units: str, path: files.PathLike) -> Float32Array:
    if units == "auto":
        units = _units_of(points, path)
    return points * np.array([width, height, 1], np.float32) if units == "shares" else points


def _units_of(points: Float32Array, path: files.PathLike) -> str:
    sure = points[points[..., 2] >= skeleton.CONFIDENCE_THRESHOLD][:, :2]
    if not sure.size or np.abs(sure).max() > SMALLEST_PIXELS:
        return "pixels"
    low, high = _SHARES_RANGE
    if low <= sure.min() and sure.max() <= high and (sure < 0).mean() <= _OUTSIDE_SHARE:
        return "shares"
    raise InputDataError(
        f"keypoints {path}: x and y from {sure.min():.2f} to {sure.max():.2f} are neither pixels nor shares of the "
        "picture, 0..1. Convert them, or say which they are (--units)."
    )
