"""Fits one scale and one shift for a whole path: to the target's height, ground line and place.

All frames share one transform, because a transform for each frame would remove jumps and steps.
"""

import dataclasses
from typing import Protocol

import numpy as np

from retarget_tf.arrays import Float32Array
from retarget_tf.body import skeleton
from retarget_tf.body.pose_transform.canvas import MARGIN, move_keypoints

_TRUNK = skeleton.joints("neck", "mid_hip")


class PoseTransform(Protocol):
    """Anything that moves keypoints of the source onto the target's canvas."""

    def apply(self, keypoints: Float32Array) -> Float32Array:
        """Moves keypoints float32 `[..., 25, 3]` onto the canvas; missing ones stay (0, 0, 0)."""


@dataclasses.dataclass(frozen=True)
class Similarity:
    """x' = scale * x + dx, y' = scale * y + dy; no rotation, as photo and video are upright."""

    scale: float
    dx: float
    dy: float

    def apply(self, keypoints: Float32Array) -> Float32Array:
        """Moves keypoints `[..., 25, 3]`."""
        return move_keypoints(keypoints, np.float32(self.scale), np.float32(self.dx), np.float32(self.dy))


def fit_body(source: Float32Array, target: Float32Array, size: int) -> Similarity:
    """Fits the source to the target's height, ground line and place; see `fit_path`.

    Where head or feet are never seen, trunk length and hips are used instead of height and ground line.
    """
    for length in (body_heights, _trunk_lengths):
        of_source, of_target = length(source), length(target)
        if np.isfinite(of_source).any() and np.isfinite(of_target).any():
            return stand(source, target, size, float(np.nanmedian(of_target) / np.nanmedian(of_source)))
    return fit_box(source, size)


def stand(source: Float32Array, target: Float32Array, size: int, scale: float) -> Similarity:
    """Scales the source and puts it on the target's ground at the target's place, smaller if it would leave the canvas.

    Args:
        source: `[frames, 25, 3]` in pixels of the source.
        target: `[frames, 25, 3]` on the canvas.
        size: Side of the canvas in pixels.
        scale: Pixels on the canvas for one pixel of the source.
    """
    for level in (_lowest_foot, _hip_levels):
        of_source, of_target = level(source), level(target)
        if np.isfinite(of_source).any() and np.isfinite(of_target).any():
            break
    else:
        return fit_box(source, size)
    target_x, target_y = path_middle(target), float(np.nanmedian(of_target))
    dy = target_y - scale * float(np.nanmedian(of_source))
    fitted = Similarity(scale, target_x - scale * path_middle(source), dy)
    return _keep_inside(fitted, source, size, anchor=(target_x, target_y))


def fit_box(source: Float32Array, size: int) -> Similarity:
    """Fits the box around the whole path into the middle of the canvas, as large as its margins allow."""
    left, top, right, bottom = _box(source)
    room = size * (1 - 2 * MARGIN)
    scale = room / max(right - left, bottom - top, 1.0)
    return Similarity(scale, (size - scale * (left + right)) / 2, (size - scale * (top + bottom)) / 2)


def register(path: Float32Array, onto: Float32Array) -> Similarity:
    """Returns the one scale and shift that bring a path's joints nearest to those of another, in least squares.

    Args:
        path: `[frames, 25, 3]`.
        onto: `[frames, 25, 3]`. Joints that one of both lacks do not count; without two shared ones nothing is moved.
    """
    shared = (path[..., 2] > 0) & (onto[..., 2] > 0)
    if np.count_nonzero(shared) < 2:
        return Similarity(1.0, 0.0, 0.0)
    points, there = path[shared][:, :2], onto[shared][:, :2]
    middle, there_middle = points.mean(axis=0), there.mean(axis=0)
    spread = np.sum((points - middle) ** 2)
    scale = float(np.sum((points - middle) * (there - there_middle)) / max(spread, 1e-6))
    dx, dy = there_middle - scale * middle
    return Similarity(scale, float(dx), float(dy))


def hold_pose(keypoints: Float32Array) -> Float32Array:
    """Fills frames of `[frames, 25, 3]` without any joint with the last pose before them, or else the first pose."""
    seen = np.flatnonzero(np.any(keypoints[..., 2] > 0, axis=-1))
    if seen.size == 0:
        return keypoints
    before = np.searchsorted(seen, np.arange(len(keypoints)), side="right") - 1
    return keypoints[seen[np.maximum(before, 0)]]


def body_heights(keypoints: Float32Array) -> Float32Array:
    """Returns pixels from head to ankles, or heels, in each of `[frames, 25, 3]`; NaN if missing or upside down."""
    heights = _lowest_foot(keypoints) - skeleton.highest(keypoints, skeleton.HEAD)
    return np.where(heights > 0, heights, np.float32(np.nan))


def fit_picture(picture: tuple[int, int], size: int) -> Similarity:
    """Letterboxes a picture of that width and height into the canvas."""
    width, height = picture
    scale = size / max(width, height)
    return Similarity(scale, (size - scale * width) / 2, (size - scale * height) / 2)


def _trunk_lengths(keypoints: Float32Array) -> Float32Array:
    neck, hip = (keypoints[:, joint] for joint in _TRUNK)
    lengths = np.linalg.norm(neck[:, :2] - hip[:, :2], axis=-1)
    seen = (neck[:, 2] > 0) & (hip[:, 2] > 0) & (lengths > 0)
    return np.where(seen, lengths, np.float32(np.nan))


def _hip_levels(keypoints: Float32Array) -> Float32Array:
    hip = keypoints[:, skeleton.JOINT["mid_hip"]]
    return np.where(hip[:, 2] > 0, hip[:, 1], np.float32(np.nan))


def _lowest_foot(keypoints: Float32Array) -> Float32Array:
    """Returns y of the lower ankle, or of the lower heel where no ankle is seen."""
    ankles, heels = (skeleton.lowest(keypoints, skeleton.joints(part)) for part in ("ankle", "heel"))
    return np.where(np.isfinite(ankles), ankles, heels)


def path_middle(keypoints: Float32Array) -> float:
    """Returns x in the middle of the person's path, measured by trunk joints or, where none is seen, by all joints."""
    seen = keypoints[..., 2] > 0
    trunk = seen & np.isin(np.arange(skeleton.NUM_JOINTS), _TRUNK)
    used = np.where(trunk.any(axis=-1, keepdims=True), trunk, seen)
    some = used.any(axis=-1)
    x = np.sum(keypoints[..., 0] * used, axis=-1)[some] / np.sum(used, axis=-1)[some]
    return float(x.min() + x.max()) / 2


def _box(keypoints: Float32Array) -> tuple[float, float, float, float]:
    box = skeleton.person_box(keypoints)
    if box is None:
        raise ValueError("keypoints must have a joint. Received: none")
    left, top, right, bottom = (float(value) for value in box)
    return left, top, right, bottom


def _keep_inside(fitted: Similarity, source: Float32Array, size: int, anchor: tuple[float, float]) -> Similarity:
    """Shrinks about the anchor, then shifts, both only as far as needed to keep the path within the margins."""
    low, high = size * MARGIN, size * (1 - MARGIN)
    left, top, right, bottom = _box(fitted.apply(source))
    shrink = min(1.0, (high - low) / max(right - left, bottom - top, 1e-6))
    dx, dy = (a + shrink * (shift - a) for a, shift in zip(anchor, (fitted.dx, fitted.dy), strict=True))
    shrunk = Similarity(fitted.scale * shrink, dx, dy)
    left, top, right, bottom = _box(shrunk.apply(source))
    dx += max(low - left, 0.0) - max(right - high, 0.0)
    dy += max(low - top, 0.0) - max(bottom - high, 0.0)
    return Similarity(shrunk.scale, dx, dy)
