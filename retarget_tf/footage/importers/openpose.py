"""Reads the files of OpenPose and of programs that write as it does.

* `--write_json` (OpenPose, doc/02_output.md): a JSON file for each frame. `people` is a list, and `pose_keypoints_2d`
  of each person a flat list of x, y and confidence.
* DWPose in ComfyUI: one JSON file, a list of such frames. `canvas_width` and `canvas_height` are the size of the
  picture that pixels refer to, which need not be the video's.
* AlphaPose, and results in COCO's format: one JSON file, a list of the people of all pictures. `image_id` is the name
  or number of theirs, `keypoints` a flat list of x, y and confidence. Pictures without people are left out.
* `--write_keypoint`: a YAML or XML file for each frame, `..._pose.yml`, with an OpenCV matrix `[people, points, 3]`.
"""

import os
import pathlib
from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np

from retarget_tf import files
from retarget_tf.arrays import AnyArray, Float32Array
from retarget_tf.body.skeleton import NUM_JOINTS
from retarget_tf.errors import InputDataError
from retarget_tf.footage.importers.keypoint_arrays import KNOWN_COUNTS, SKELETONS, as_body25
from retarget_tf.pictures.numbered_files import by_number, numbered_files

# float32 `[people, 25, 3]` of each frame: by number, or in order if they have none.
People = dict[int, Float32Array] | list[Float32Array]

SMALLEST_PIXELS = 3.0  # coordinates are pixels if any exceeds this: nobody dances in a corner of 3 pixels

_MATRIX_SUFFIXES = (".xml", ".yaml", ".yml")
SUFFIXES = (".json", *_MATRIX_SUFFIXES)
_NAMES = ("pose_keypoints_2d", "pose_keypoints", "keypoints")  # of the points: OpenPose's, its version 1.0's, COCO's
_MOST_PEOPLE = 200  # in a frame: each is compared with each
_OTHER_PARTS = ("_face", "_hand_left", "_hand_right")  # what `--write_keypoint` writes beside `_pose`


def read_openpose(path: files.PathLike, width: int, height: int) -> People:
    """Reads the keypoints of all people.

    Args:
        path: A folder of files, or a single one: a JSON file may hold all frames.
        width: Width of the picture in pixels, to which pixels of a canvas of another size are scaled.
        height: Height of the picture in pixels.

    Returns:
        The people of each frame in the file's own units.

    Raises:
        InputDataError: There are no files, a file has another format, or no file contains a person.
    """
    if os.path.isdir(path):
        paths = numbered_files(path, SUFFIXES, "keypoints", ignored_endings=_OTHER_PARTS)
        people: People = {number: _only_frame_of(file, width, height) for number, file in paths.items()}
    else:
        people = _frames_of(pathlib.Path(path), width, height)
    if not any(map(len, _each(people))):
        raise InputDataError(
            f"keypoints {path}: nobody is in any of its {len(people)} frames. Give keypoints that show a person."
        )
    return people


def _only_frame_of(path: pathlib.Path, width: int, height: int) -> Float32Array:
    first, *more = _each(_frames_of(path, width, height))
    if more:
        raise InputDataError(f"keypoints {path}: holds {1 + len(more)} frames. Give its name in place of the folder's.")
    return first


def _each(people: People) -> Iterable[Float32Array]:
    return people.values() if isinstance(people, dict) else people


def _frames_of(path: pathlib.Path, width: int, height: int) -> People:
    """Returns the people of each frame of a file, see `read_openpose`."""
    if path.suffix.lower() in _MATRIX_SUFFIXES:
        return [_people_of_matrix(path)]
    content = files.read_json(path, "keypoints")
    if isinstance(content, list) and any(isinstance(person, dict) and "image_id" in person for person in content):
        pictures = _people_by_picture(path, content)
        return {
            number: _people_of({"people": people}, f"{path} frame {number}", width, height)
            for number, people in pictures.items()
        }
    frames = content if isinstance(content, list) and content else [content]
    places = [f"{path} frame {index}" for index in range(len(frames))] if content is frames else [str(path)]
    return [_people_of(frame, place, width, height) for frame, place in zip(frames, places, strict=True)]


def _people_by_picture(path: pathlib.Path, people: list[Any]) -> dict[int, list[Any]]:
    """Returns the people of a list in AlphaPose's format by the number of their picture; a lone one may have none."""
    pictures: dict[pathlib.Path, list[Any]] = {}
    for index, person in enumerate(people):
        picture = person.get("image_id") if isinstance(person, dict) else None
        if not isinstance(picture, str | int):
            raise InputDataError(
                f"keypoints {path} person {index}: has no picture 'image_id'. Give the file that AlphaPose wrote."
            )
        pictures.setdefault(pathlib.Path(str(picture)), []).append(person)
    if len(pictures) == 1 and not any(character.isdigit() for character in next(iter(pictures)).stem):
        return {0: people}
    return {number: pictures[name] for number, name in by_number(list(pictures), f"keypoints {path} image").items()}


def _people_of(frame: Any, place: str, width: int, height: int) -> Float32Array:
    people = frame.get("people") if isinstance(frame, dict) else None
    if not isinstance(people, list):
        raise InputDataError(
            f"keypoints {place}: has no list 'people'. Give JSON as OpenPose or DWPose write it, or a NumPy file."
        )
    if len(people) > _MOST_PEOPLE:
        raise InputDataError(
            f"keypoints {place}: holds {len(people)} people, more than {_MOST_PEOPLE}. Leave out those far away."
        )
    # A person of whom only a face or a hand was found has an empty list.
    found = [_body25(f"{place} person {index}", person) for index, person in enumerate(people) if _has_body(person)]
    seen = np.array([body for body in found if (body[:, 2] > 0).any()], np.float32).reshape(-1, NUM_JOINTS, 3)
    canvas = [frame.get(f"canvas_{name}") for name in ("width", "height")]
    if all(isinstance(length, int | float) and length > 0 for length in canvas) and np.any(
        np.abs(seen[..., :2]) > SMALLEST_PIXELS
    ):
        seen *= np.array([width / canvas[0], height / canvas[1], 1], np.float32)
    return seen


def _points_of(person: Any) -> tuple[str, Any]:
    """Returns the name of the points, and the points as they are stored; 0 if they are missing."""
    named = person if isinstance(person, dict) else {}
    return next(((name, named[name]) for name in _NAMES if name in named), (_NAMES[0], 0))


def _has_body(person: Any) -> bool:
    return _points_of(person)[1] not in ([], None)


def _body25(where: str, person: Any) -> Float32Array:
    name, points = _points_of(person)
    if not isinstance(points, list):
        raise InputDataError(f"keypoints {where}: has no list '{name}'. Give the files that OpenPose wrote.")
    try:
        values = np.asarray(points, np.float32)
    except (TypeError, ValueError) as error:
        raise InputDataError(
            f"keypoints {where}: '{name}' is no list of numbers. Give the files that OpenPose wrote."
        ) from error
    if values.ndim != 1 or values.size % 3 or values.size // 3 not in SKELETONS:
        raise InputDataError(
            f"keypoints {where}: '{name}' must hold x, y and confidence of {KNOWN_COUNTS} points, not "
            f"{values.size} numbers. Write it with one of these models."
        )
    return _as_body25(where, values.reshape(-1, 3))


def _people_of_matrix(path: pathlib.Path) -> Float32Array:
    data = files.read_bytes(path, "keypoints")
    try:
        storage = cv2.FileStorage(data.decode(), cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
        matrix: AnyArray | None = storage.getFirstTopLevelNode().mat()
    except (cv2.error, SystemError, UnicodeDecodeError) as error:
        raise InputDataError(
            f"keypoints {path}: holds no OpenCV matrix. Give the ..._pose files that OpenPose wrote."
        ) from error
    if matrix is None or not matrix.size:  # a frame without people
        return np.zeros((0, NUM_JOINTS, 3), np.float32)
    if matrix.ndim != 3 or matrix.shape[1] not in SKELETONS or matrix.shape[2] != 3:
        raise InputDataError(
            f"keypoints {path}: must be [people, points, 3] of {KNOWN_COUNTS} points, not {list(matrix.shape)}. "
            "Give the ..._pose files that OpenPose wrote."
        )
    bodies = _as_body25(str(path), matrix)
    return bodies[(bodies[..., 2] > 0).any(axis=-1)]


def _as_body25(where: str, points: AnyArray) -> Float32Array:
    if np.isinf(points).any():
        raise InputDataError(f"keypoints {where}: not finite. Give missing joints the confidence 0.")
    return as_body25(points)
