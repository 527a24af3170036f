"""Measures the background behind the people: motion of the camera, changes, and how much of it is edges."""

import collections
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.footage.screening.sharpness import slope

_FLESH = 0.2  # width of a limb with its clothes, as a share of the body's height
_LEAST_BACKGROUND = 0.02  # smallest share of background in the picture; below it measures are NaN
_POINTS = 200  # most points that are tracked
_FEWEST_POINTS = 12  # with fewer tracked points the camera's motion is NaN
_SPREAD = 0.3  # share of the longer side that the points must span, more than a shadow beside the person
_AGREEING = 0.6  # share of the points that must move alike, unlike those on leaves and water
_CHANGED = 15.0  # smallest change of blurred brightness, 0..255, that is not compression noise
_SLOPE = 3.0  # smallest slope of blurred brightness, 0..255 per pixel, that counts as an edge
_BLUR = 2.0  # standard deviation of the blur in pixels


class Behind(NamedTuple):
    """Measures of the background in one look; NaN if too little of it is seen.

    Attributes:
        camera: Speed of the picture's fastest corner, in longer sides of the picture per second.
        change: Share of the background that differs from that of a second ago.
        busyness: Share of the background that consists of edges.
    """

    camera: float
    change: float
    busyness: float


class BackgroundWatcher:
    """Measures the background of each look by comparing it with those before.

    Args:
        looks_per_second: Number of looks per second.
    """

    def __init__(self, looks_per_second: float) -> None:
        self._rate = looks_per_second
        self._past: collections.deque[tuple[Uint8Array, Float32Array, BoolArray]] = collections.deque(
            maxlen=max(1, round(looks_per_second))
        )

    def forget(self) -> None:
        """Forgets all looks, as is needed after a cut."""
        self._past.clear()

    def look(self, gray: Uint8Array, poses: Sequence[Float32Array]) -> Behind:
        """Measures the next look.

        Args:
            gray: Brightness, uint8 `[height, width]`.
            poses: Keypoints float32 `[25, 3]` of every person in it, in its pixels.
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
        return Behind(camera, change, _share(slope(smooth) > _SLOPE, behind))


def people_area(shape: tuple[int, ...], poses: Sequence[Float32Array]) -> BoolArray:
    """Returns the area of the people, bool `[height, width]`, with limbs as thick as wide clothes."""
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
    """Returns the largest shift of the picture's corners in longer sides; NaN if too few points agree on it."""
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


def _share(of: BoolArray, within: BoolArray) -> float:
    return float(of[within].mean()) if within.mean() >= _LEAST_BACKGROUND else np.nan
