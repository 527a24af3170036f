"""Takes the target from a video: the frames that show her best from each side, and the background behind her."""

from typing import NamedTuple

import numpy as np

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.body.pose_transform import hold_pose
from retarget_tf.body.skeleton import JOINT
from retarget_tf.errors import InputDataError
from retarget_tf.footage import extraction
from retarget_tf.footage.settings import MAIN_SEARCH, PersonSearch
from retarget_tf.pictures import video
from retarget_tf.retargeting.frames.common_plate import common_plate, spread
from retarget_tf.retargeting.frames.dancer_area import DancerFinder, View

_SIDES = ((0.6, 1.0), (0.0, 0.45), (-0.45, 0.0), (-1.0, -0.6))  # front, half turned either way, back: see `facing`
_NEAR = 3  # frames on either side whose motion tells how blurred a frame is
_STILL = 0.01  # motion of a joint from frame to frame, in heights of the person, at which a frame is worth half
_SPREAD_ARMS = 0.5  # worth of arms away from the trunk, which hide nothing


def best_frames(keypoints: Float32Array) -> list[int]:
    """Returns the frames that show a person best from each side, the front first.

    A frame is good if all joints are seen, nothing moves fast, and the arms are away from the trunk.

    Args:
        keypoints: float32 `[frames, 25, 3]`.

    Returns:
        At least one frame with a person, and at most one for each side.
    """
    facing, worth = _facing(keypoints), _worth(keypoints)
    chosen = []
    for low, high in _SIDES:
        there = np.flatnonzero((facing >= low) & (facing <= high) & (worth > 0))
        if len(there):
            chosen.append(int(there[worth[there].argmax()]))
    return chosen or [int(worth.argmax())]


class Film(NamedTuple):
    """What a video shows of a person.

    Attributes:
        pictures: Her best frames, the front first, RGB uint8 `[height, width, 3]`, each with its keypoints.
        plate: The background of the first one without her, of the same shape; None if the camera moves.
    """

    pictures: list[tuple[Uint8Array, Float32Array]]
    plate: Uint8Array | None


def watch(
    path: files.PathLike,
    reading: video.ReadOptions = video.AS_IT_IS,
    search: PersonSearch = MAIN_SEARCH,
) -> Film:
    """Reads a person's best frames from a video, and the background behind her.

    Args:
        path: The video file.
        reading: Resampling and limits of reading it.
        search: Which person is taken, and how exactly joints are found.

    Raises:
        InputDataError: The video cannot be read, or shows nobody.
        MissingDependencyError: The keypoint detector is not installed.
    """
    keypoints = extraction.video_keypoints(path, search=search, reading=reading)
    if skeleton.person_box(keypoints) is None:
        raise InputDataError(
            f"video {path}: nobody is seen in it. Give a video that shows "
            "a whole person, at least a fifth of the picture tall."
        )
    wanted, sampled, held = best_frames(keypoints), spread(len(keypoints)), hold_pose(keypoints)
    found: dict[int, Uint8Array] = {}
    views: list[View] = []
    with DancerFinder() as finder:
        for index, frame in enumerate(video.read_frames(path, reading, at_one_rate=False)):
            if index in wanted:
                found[index] = frame
            if index in sampled:
                views.append(finder.find(frame, held[index]))
        first = finder.find(found[wanted[0]], held[wanted[0]])
    common = common_plate(views, first)
    return Film([(found[index], keypoints[index]) for index in wanted], None if common is None else common[0])


def _facing(keypoints: Float32Array) -> Float32Array:
    """Returns how she faces the camera, `[frames]`: 1 from the front, 0 from the side, -1 from the back."""
    left, right = keypoints[:, JOINT["left_shoulder"]], keypoints[:, JOINT["right_shoulder"]]
    width = np.where((left[:, 2] > 0) & (right[:, 2] > 0), left[:, 0] - right[:, 0], 0)
    return np.asarray(width / max(float(np.abs(width).max()), 1e-3), np.float32)


def _worth(keypoints: Float32Array) -> Float32Array:
    seen = keypoints[..., 2] > 0
    boxes = [skeleton.person_box(pose) for pose in keypoints]
    heights = np.array([1.0 if box is None else max(float(box[3] - box[1]), 1.0) for box in boxes])
    moved = np.zeros(len(keypoints))
    for step in range(1, min(_NEAR, len(keypoints) - 1) + 1):
        both = seen[step:] & seen[:-step]
        apart = np.hypot(*np.moveaxis(keypoints[step:, :, :2] - keypoints[:-step, :, :2], -1, 0)) * both
        speed = apart.max(axis=1) / heights[step:] / step
        moved[step:] = np.maximum(moved[step:], speed)
        moved[:-step] = np.maximum(moved[:-step], speed)
    spread = np.minimum(*(_apart(keypoints, side) for side in ("left", "right"))) / heights
    complete = seen.mean(axis=1) ** 2
    return np.asarray(complete * (1 + _SPREAD_ARMS * np.clip(spread / 0.15, 0, 1)) / (1 + moved / _STILL), np.float32)


def _apart(keypoints: Float32Array, side: str) -> Float32Array:
    """Returns how far a wrist is from the hip, sideways, in pixels; 0 where one is not seen."""
    wrist, hip = keypoints[:, JOINT[f"{side}_wrist"]], keypoints[:, JOINT[f"{side}_hip"]]
    return np.asarray(np.abs(wrist[:, 0] - hip[:, 0]) * ((wrist[:, 2] > 0) & (hip[:, 2] > 0)), np.float32)
