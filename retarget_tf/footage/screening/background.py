"""What is behind the people: whether the camera moves, whether the background changes, and how busy it is."""

import collections
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body import skeleton

_FLESH = 0.2  # width of a limb with its clothes, as a share of the body's height
_LEAST_BACKGROUND = 0.02  # of the picture: with less of it nothing is said
_POINTS = 200  # that are followed at most
_FEWEST_POINTS = 12  # and at least, or nothing is said of the camera
_SPREAD = 0.3  # of the picture that the points must span: a shadow beside the person does not
_AGREEING = 0.6  # share of the points that must move as one: leaves and water do not
_CHANGED = 15.0  # of 255: difference of brightness, blurred, that is no noise of compression
_SLOPE = 3.0  # of 255 per pixel: brightness that changes so fast, blurred, is an edge
_BLUR = 2.0  # pixels


class Behind(NamedTuple):
    """Measures of one look; NaN where too little background is seen to tell.

    Attributes:
        camera: motion of the picture as a whole, in its longer sides per second.
        change: share of the background that is not as it was a second before.
        busyness: share of the background that is edges.
    """

    camera: float
    change: float
    busyness: float


class BackgroundWatcher:
    """Compares each look with those before it.

    Args:
        looks_per_second: how often it is looked.
    """

    def __init__(self, looks_per_second: float) -> None:
        self._rate = looks_per_second
        self._past: collections.deque[tuple[Uint8Array, Float32Array, BoolArray]] = collections.deque(
            maxlen=max(1, round(looks_per_second))
        )

    def forget(self) -> None:
        """Begins anew, as after a cut."""
        self._past.clear()

    def look(self, gray: Uint8Array, poses: Sequence[Float32Array]) -> Behind:
        """Takes the next look.

        Args:
            gray: `[height, width]`.
            poses: of all people in it, float32 `[25, 3]` each.
        """
        smooth = cv2.GaussianBlur(gray.astype(np.float32), (0, 0), _BLUR)
        behind = ~people_area(gray.shape, poses)
        camera = change = np.nan
        if self._past:
            before, _, was_behind = self._past[-1]
            camera = _camera_motion(before, gray, behind & was_behind) * self._rate
            _, past, was_behind = self._past[0]
            change = _share(np.abs(smooth - past) > _CHANGED, behind & was_behind)
        self._past.append((gray, smooth, behind))
        return Behind(camera, change, _share(_slope(smooth) > _SLOPE, behind))


def people_area(shape: tuple[int, ...], poses: Sequence[Float32Array]) -> BoolArray:
    """Where people are, generously, bool `[height, width]`: limbs as thick as clothes are wide."""
    area = np.zeros(shape, np.uint8)
    for pose in poses:
        box = skeleton.person_box(pose)
        if box is None:
            continue
        thickness = max(1, round(_FLESH * float(max(box[2] - box[0], box[3] - box[1]))))
        for a, b in skeleton.LIMBS:
            if pose[a, 2] > 0 and pose[b, 2] > 0:
                ends = [tuple(int(value) for value in pose[joint, :2]) for joint in (a, b)]
                cv2.line(area, ends[0], ends[1], 1, thickness)
    return area > 0


def _camera_motion(before: Uint8Array, now: Uint8Array, behind: BoolArray) -> float:
    """How far a corner of the picture moved, in longer sides; NaN where the background does not tell."""
    points = cv2.goodFeaturesToTrack(before, _POINTS, 0.01, 8, mask=behind.astype(np.uint8))
    if points is None or len(points) < _FEWEST_POINTS:
        return np.nan
    height, width = now.shape
    moved, found, _ = cv2.calcOpticalFlowPyrLK(before, now, points, None)
    points, moved = points[found[:, 0] > 0], moved[found[:, 0] > 0]
    if len(points) < _FEWEST_POINTS or np.ptp(points[:, 0], axis=0).max() < _SPREAD * max(height, width):
        return np.nan
    matrix, agreeing = cv2.estimateAffinePartial2D(points, moved, ransacReprojThreshold=1.0)
    if matrix is None or agreeing.mean() < _AGREEING:
        return np.nan
    corners = np.array([(x, y, 1) for x in (0, width) for y in (0, height)], np.float64)
    shifts = np.linalg.norm(corners @ matrix.T - corners[:, :2], axis=-1)
    return float(shifts.max() / max(height, width))


def _slope(smooth: Float32Array) -> Float32Array:
    return np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)) / 8


def _share(of: BoolArray, within: BoolArray) -> float:
    return float(of[within].mean()) if within.mean() >= _LEAST_BACKGROUND else np.nan
