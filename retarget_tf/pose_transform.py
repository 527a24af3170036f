"""Where the pose goes: the square canvas around the person of a photo, and the source's path fitted into it.

Two ideas. A photo is cut or padded to a *canvas*, a square in which the person takes the share of the height that
it takes in the training pictures (`person_square`). A source's whole path, all keypoints of its video, is then moved
by one transform so that it stands on the target's ground at the target's height (`fit_path`): one for all frames,
because a transform a frame would swallow jumps and steps.

Keypoints are `[..., 25, 3]` in pixels, see `skeleton`. `person_square` and `move_keypoints` take NumPy arrays and,
with `xp=tensorflow.experimental.numpy`, tensors: the program and the serving graph run the same lines.
"""

import dataclasses
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from retarget_tf import skeleton

FloatArray = npt.NDArray[np.float32]
Array = Any  # of NumPy, or a tensor
Fit = Literal["body", "path", "none"]

MARGIN = 1 / 32  # of the canvas, kept free around a path: joints lie inside of the body

# An arm held up is no height, and makes nobody wider.
_ARMS = tuple(skeleton.JOINT[f"{side}_{joint}"] for side in ("left", "right") for joint in ("elbow", "wrist"))
_TRUNK = tuple(skeleton.JOINT[name] for name in ("neck", "mid_hip"))
_HEAD = tuple(skeleton.JOINT[name] for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear"))
_ANKLES = tuple(skeleton.JOINT[name] for name in ("left_ankle", "right_ankle"))
_HEELS = tuple(skeleton.JOINT[name] for name in ("left_heel", "right_heel"))


def move_keypoints(keypoints: Array, scale: Array, dx: Array, dy: Array, xp: Any = np) -> Array:
    """Scales about the origin, then shifts: x' = scale x + dx. Missing joints stay (0, 0, 0).

    Args:
        keypoints: float32 `[..., 25, 3]`.
        scale: float32 scalar.
        dx: float32 scalar, in pixels.
        dy: float32 scalar, in pixels.
        xp: the namespace of the arrays.
    """
    xy = keypoints[..., :2] * scale + xp.stack([dx, dy])
    moved = xp.concatenate([xy, keypoints[..., 2:]], axis=-1)
    return xp.where(keypoints[..., 2:] > 0, moved, xp.zeros_like(moved))


def person_square(keypoints: Array, width: Array, height: Array, share: float, xp: Any = np) -> tuple[Array, ...]:
    """The square of a picture in which the person takes `share` of the height, around the person.

    The person is in its middle, unless a shift keeps the square inside of the picture: as training clips are cut.
    Arms do not count for the height, but the square holds them. Without keypoints it is the smallest square around
    the picture's centre that holds the whole picture.

    Args:
        keypoints: float32 `[25, 3]` in pixels of the picture; joints outside of it count as missing.
        width: of the picture, float32 scalar.
        height: of the picture, float32 scalar.
        share: of the square's side, 0..1.
        xp: the namespace of the arrays.

    Returns:
        left, top and side in pixels, float32 scalars; the square may leave the picture on any side.
    """
    x, y = keypoints[:, 0], keypoints[:, 1]
    present = (keypoints[:, 2] > 0) & (x >= 0) & (x < width) & (y >= 0) & (y < height)
    body = present & ~np.isin(np.arange(skeleton.NUM_JOINTS), _ARMS)
    left, right, top, bottom = (*_extent(x, present, xp), *_extent(y, present, xp))
    body_left, body_right, body_top, body_bottom = (*_extent(x, body, xp), *_extent(y, body, xp))
    room = np.float32(1 - 2 * MARGIN)
    wanted = xp.maximum((body_bottom - body_top) / np.float32(share), xp.maximum(right - left, bottom - top) / room)
    whole = xp.maximum(width, height)
    # Joints on a spot the size of a thumbnail say nothing of where a person stands.
    known = (wanted >= np.float32(MARGIN) * whole) & xp.any(body)
    side = xp.where(known, wanted, whole)
    half = side / np.float32(2)
    # The body is centred; an arm held out moves the square just as far as its margin asks.
    x_middle = xp.clip((body_left + body_right) / np.float32(2), right - half * room, left + half * room)
    y_middle = xp.clip((body_top + body_bottom) / np.float32(2), bottom - half * room, top + half * room)
    x_middle = xp.where(known, x_middle, width / np.float32(2))
    y_middle = xp.where(known, y_middle, height / np.float32(2))
    return _moved_inside(x_middle - half, side, width, xp), _moved_inside(y_middle - half, side, height, xp), side


class PoseTransform(Protocol):
    """Anything that moves keypoints of the source onto the target's canvas."""

    def apply(self, keypoints: FloatArray) -> FloatArray:
        """Keypoints float32 `[..., 25, 3]` on the canvas; missing ones stay (0, 0, 0)."""


@dataclasses.dataclass(frozen=True)
class Similarity:
    """x' = scale x + dx, y' = scale y + dy; no rotation: photo and video are upright."""

    scale: float
    dx: float
    dy: float

    def apply(self, keypoints: FloatArray) -> FloatArray:
        """Moves keypoints `[..., 25, 3]`."""
        return move_keypoints(keypoints, np.float32(self.scale), np.float32(self.dx), np.float32(self.dy))


def fit_path(fit: Fit, source: FloatArray, target: FloatArray, size: int, source_size: tuple[int, int]) -> Similarity:
    """One transform that leads a whole source onto the target's canvas.

    Args:
        fit: `body`: to the target's height, ground line and place, then made smaller and shifted as far as needed
            for the whole path to stay on the canvas. `path`: the path's box fills the canvas. `none`: the picture
            of the source is letterboxed into the canvas.
        source: `[frames, 25, 3]` in pixels of the source; frames without a person have no joints.
        target: `[25, 3]` on the canvas.
        size: side of the canvas in pixels.
        source_size: width and height of the source's picture.

    Raises:
        ValueError: no frame has a joint.
    """
    if skeleton.person_box(source) is None:
        raise ValueError("source must have joints in at least one frame. Received: none")
    if fit == "none":
        return _letterbox(source_size, size)
    if fit == "path" or skeleton.person_box(target) is None:
        return fit_box(source, size)
    return fit_body(source, target, size)


def fit_body(source: FloatArray, target: FloatArray, size: int) -> Similarity:
    """The source at the target's height, ground line and place; see `fit_path`.

    Where head or feet are never seen, the trunk's length and the hips take the place of height and ground.
    """
    for length, level in ((body_heights, _lowest_foot), (_trunk_lengths, _hip_levels)):
        of_source, of_target = (length(source), level(source)), (length(target[None]), level(target[None]))
        if all(np.isfinite(values).any() for values in (*of_source, *of_target)):
            source_length, source_level = (float(np.nanmedian(values)) for values in of_source)
            target_length, target_level = (float(values[0]) for values in of_target)
            break
    else:
        return fit_box(source, size)
    scale = target_length / source_length
    target_x = _path_middle(target[None])
    fitted = Similarity(scale, target_x - scale * _path_middle(source), target_level - scale * source_level)
    return _keep_inside(fitted, source, size, anchor=(target_x, target_level))


def fit_box(source: FloatArray, size: int) -> Similarity:
    """The box of the whole path, as large as the canvas less its margins allows, in the middle."""
    left, top, right, bottom = _box(source)
    room = size * (1 - 2 * MARGIN)
    scale = room / max(right - left, bottom - top, 1.0)
    return Similarity(scale, (size - scale * (left + right)) / 2, (size - scale * (top + bottom)) / 2)


def hold_pose(keypoints: FloatArray) -> FloatArray:
    """Frames of `[frames, 25, 3]` without any joint repeat the last pose before them, the first ones the first pose."""
    seen = np.flatnonzero(np.any(keypoints[..., 2] > 0, axis=-1))
    if seen.size == 0:
        return keypoints
    before = np.searchsorted(seen, np.arange(len(keypoints)), side="right") - 1
    return keypoints[seen[np.maximum(before, 0)]]


def body_heights(keypoints: FloatArray) -> FloatArray:
    """Pixels from head to ankles in each frame of `[frames, 25, 3]`; NaN where one of them is missing or below."""
    heights = _lowest_foot(keypoints) - _highest(keypoints, _HEAD)
    return np.where(heights > 0, heights, np.float32(np.nan))


def _letterbox(picture: tuple[int, int], size: int) -> Similarity:
    width, height = picture
    scale = size / max(width, height)
    return Similarity(scale, (size - scale * width) / 2, (size - scale * height) / 2)


def _trunk_lengths(keypoints: FloatArray) -> FloatArray:
    neck, hip = (keypoints[:, joint] for joint in _TRUNK)
    lengths = np.linalg.norm(neck[:, :2] - hip[:, :2], axis=-1)
    seen = (neck[:, 2] > 0) & (hip[:, 2] > 0) & (lengths > 0)
    return np.where(seen, lengths, np.float32(np.nan))


def _hip_levels(keypoints: FloatArray) -> FloatArray:
    hip = keypoints[:, skeleton.JOINT["mid_hip"]]
    return np.where(hip[:, 2] > 0, hip[:, 1], np.float32(np.nan))


def _lowest_foot(keypoints: FloatArray) -> FloatArray:
    """The y of the lower ankle, or heel where no ankle is seen: some detectors know no heels."""
    upside_down = keypoints * np.asarray([1, -1, 1], np.float32)
    ankles, heels = _highest(upside_down, _ANKLES), _highest(upside_down, _HEELS)
    return -np.where(np.isfinite(ankles), ankles, heels)


def _highest(keypoints: FloatArray, joints: tuple[int, ...]) -> FloatArray:
    """The smallest y of some joints in each frame; NaN where none of them is seen."""
    chosen = keypoints[:, joints, :]
    y = np.where(chosen[..., 2] > 0, chosen[..., 1], np.float32(np.inf)).min(axis=-1)
    return np.where(np.isfinite(y), y, np.float32(np.nan))


def _path_middle(keypoints: FloatArray) -> float:
    """The x half way between the outermost places of the person: of trunk joints, or of all joints."""
    seen = keypoints[..., 2] > 0
    trunk = seen & np.isin(np.arange(skeleton.NUM_JOINTS), _TRUNK)
    used = np.where(trunk.any(axis=-1, keepdims=True), trunk, seen)
    some = used.any(axis=-1)
    x = np.sum(keypoints[..., 0] * used, axis=-1)[some] / np.sum(used, axis=-1)[some]
    return float(x.min() + x.max()) / 2


def _box(keypoints: FloatArray) -> tuple[float, float, float, float]:
    box = skeleton.person_box(keypoints)
    if box is None:
        raise ValueError("keypoints must have a joint. Received: none")
    left, top, right, bottom = (float(value) for value in box)
    return left, top, right, bottom


def _keep_inside(fitted: Similarity, source: FloatArray, size: int, anchor: tuple[float, float]) -> Similarity:
    """Shrinks about the anchor, then shifts, both only as far as the margins ask."""
    low, high = size * MARGIN, size * (1 - MARGIN)
    left, top, right, bottom = _box(fitted.apply(source))
    shrink = min(1.0, (high - low) / max(right - left, bottom - top, 1e-6))
    dx, dy = (a + shrink * (shift - a) for a, shift in zip(anchor, (fitted.dx, fitted.dy), strict=True))
    shrunk = Similarity(fitted.scale * shrink, dx, dy)
    left, top, right, bottom = _box(shrunk.apply(source))
    dx += max(low - left, 0.0) - max(right - high, 0.0)
    dy += max(low - top, 0.0) - max(bottom - high, 0.0)
    return Similarity(shrunk.scale, dx, dy)


def _extent(values: Array, present: Array, xp: Any) -> tuple[Array, Array]:
    """Smallest and largest of the values that are present; 0 and 0 where none is."""
    infinity = np.float32(np.inf)
    low = xp.min(xp.where(present, values, infinity))
    high = xp.max(xp.where(present, values, -infinity))
    some = xp.any(present)
    return xp.where(some, low, np.float32(0)), xp.where(some, high, np.float32(0))


def _moved_inside(start: Array, side: Array, length: Array, xp: Any) -> Array:
    return xp.where(side <= length, xp.clip(start, xp.zeros_like(start), xp.maximum(length - side, 0)), start)
