"""Reads the JSON files that OpenPose writes with `--write_json`, one for each frame.

Format (OpenPose, doc/02_output.md): `people` is a list, and `pose_keypoints_2d` of each person is a flat list of x, y
and confidence of 25 (BODY_25) or 18 (COCO) points.
"""

import os
import pathlib
from typing import Any

import numpy as np

from retarget_tf import files
from retarget_tf.arrays import Float32Array
from retarget_tf.errors import InputDataError
from retarget_tf.footage.importers.frame_numbers import numbered_files
from retarget_tf.footage.importers.keypoint_arrays import SKELETONS, with_known_confidence

_LAYOUTS = (25, 18)  # numbers of points that OpenPose writes for a person


def read_openpose(path: files.PathLike) -> dict[int, Float32Array]:
    """Reads the keypoints of all people.

    Args:
        path: A folder of JSON files, or a single one.

    Returns:
        By frame number, float32 `[people, 25, 3]` in the file's own units. A single file has number 0.

    Raises:
        InputDataError: There are no files, a file has another format, or no file contains a person.
    """
    paths = numbered_files(path, {".json"}, "keypoints") if os.path.isdir(path) else {0: pathlib.Path(path)}
    people = {number: _read_people(file) for number, file in paths.items()}
    if not any(map(len, people.values())):
        raise InputDataError(
            f"keypoints {path}: nobody is in any of its {len(paths)} files. Give keypoints that show a person."
        )
    return people


def _read_people(path: pathlib.Path) -> Float32Array:
    frame = files.read_json(path, "keypoints")
    people = frame.get("people") if isinstance(frame, dict) else None
    if not isinstance(people, list):
        raise InputDataError(f"keypoints {path}: has no list 'people'. Give the files that OpenPose wrote.")
    # A person of whom only a face or a hand was found has an empty list.
    found = [_body25(path, index, person) for index, person in enumerate(people) if _points_of(person) != []]
    return np.array([body for body in found if (body[:, 2] > 0).any()], np.float32).reshape(-1, 25, 3)


def _points_of(person: Any) -> Any:
    """Returns the value of `pose_keypoints_2d`, which is named `pose_keypoints` in version 1.0, or None."""
    return person.get("pose_keypoints_2d", person.get("pose_keypoints")) if isinstance(person, dict) else None


def _body25(path: pathlib.Path, index: int, person: Any) -> Float32Array:
    where = f"keypoints {path} person {index}"
    if (points := _points_of(person)) is None:
        raise InputDataError(f"{where}: has no list 'pose_keypoints_2d'. Give the files that OpenPose wrote.")
    try:
        values = np.asarray(points, np.float32)
    except (TypeError, ValueError) as error:
        raise InputDataError(
            f"{where}: 'pose_keypoints_2d' is no list of numbers. Give the files that OpenPose wrote."
        ) from error
    if values.ndim != 1 or values.size not in [3 * count for count in _LAYOUTS]:
        raise InputDataError(
            f"{where}: 'pose_keypoints_2d' must hold 75 numbers (BODY_25) or 54 (COCO-18), not {values.size}. "
            "Run OpenPose with one of these models."
        )
    if not np.isfinite(values).all():
        raise InputDataError(f"{where}: not finite. Give missing joints the confidence 0.")
    _, to_body25 = SKELETONS[values.size // 3]
    return with_known_confidence(to_body25(values.reshape(-1, 3)))
