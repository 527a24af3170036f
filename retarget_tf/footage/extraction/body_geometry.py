"""Measures the distances of pixels to the bones of a pose.

A bone is a line between two joints with a radius. Distances are in radii of the bone, so that 1 is about the surface of
the body without clothes. Radii are shares of the torso's length, estimated by eye on people of average build; the
results do not depend on their second digit.
"""

import dataclasses

import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, IndexArray
from retarget_tf.body import skeleton

SEGMENTS = ("upper_arm", "forearm", "hand", "thigh", "shin", "foot", "trunk", "head")
UPPER_ARM, FOREARM, HAND, THIGH, SHIN, FOOT, TRUNK, HEAD = range(len(SEGMENTS))

_RADII = (0.15, 0.11, 0.12, 0.19, 0.14, 0.11, 0.36, 0.25)  # by segment, in torso lengths
_HAND_LENGTH = 0.45  # in forearm lengths, beyond the wrist
_FOOT_LENGTH = 0.3  # in shin lengths, used if heel or toe is missing


@dataclasses.dataclass(frozen=True)
class Bones:
    """Bones of one pose, as far as both their joints are known.

    Attributes:
        start: float32 `[bones, 2]`: x, y in pixels of the end nearer to the trunk; for the trunk itself, the neck.
        end: float32 `[bones, 2]`: x, y in pixels of the other end.
        radius: float32 `[bones]` in pixels.
        confidence: float32 `[bones]`: the smaller confidence of the two joints.
        segment: int `[bones]`: index into `SEGMENTS`.
        is_left: bool `[bones]`; False for trunk and head.
        torso_length: Length of the torso in pixels.
    """

    start: Float32Array
    end: Float32Array
    radius: Float32Array
    confidence: Float32Array
    segment: IndexArray
    is_left: BoolArray
    torso_length: float


@dataclasses.dataclass(frozen=True)
class Nearness:
    """Positions of pixels relative to bones.

    Attributes:
        distance: float32 `[pixels, bones]` in radii; the radius shrinks with the bone's confidence, to 60 % at 0.
        along: float32 `[pixels, bones]`: position along the bone, 0 at its start, 1 at its end, not clipped.
    """

    distance: Float32Array
    along: Float32Array


def bones_of(keypoints: Float32Array) -> Bones | None:
    """Returns the bones of keypoints `[25, 3]`, or None if there are none or the torso's length is unknown."""
    torso_length = _torso_length(keypoints)
    if torso_length <= 0:
        return None
    rows = [row for row in _joint_pairs(keypoints) if row[3] > 0]
    if not rows:
        return None
    starts, ends, segments, confidences, lefts = zip(*rows, strict=True)
    segment = np.asarray(segments, np.intp)
    return Bones(
        start=np.stack(starts),
        end=np.stack(ends),
        radius=np.asarray(_RADII, np.float32)[segment] * np.float32(torso_length),
        confidence=np.asarray(confidences, np.float32),
        segment=segment,
        is_left=np.asarray(lefts, np.bool_),
        torso_length=torso_length,
    )


def nearness(points: Float32Array, bones: Bones) -> Nearness:
    """Measures the positions of points float32 `[pixels, 2]` (x, y) relative to bones."""
    axis = bones.end - bones.start
    squared = np.maximum(np.sum(axis * axis, axis=-1), 1e-6)
    along = (points @ axis.T - np.sum(bones.start * axis, axis=-1)) / squared
    clipped = np.clip(along, 0, 1)
    dx = points[:, :1] - (bones.start[:, 0] + clipped * axis[:, 0])
    dy = points[:, 1:] - (bones.start[:, 1] + clipped * axis[:, 1])
    reach = bones.radius * (0.6 + 0.4 * bones.confidence)
    return Nearness(np.sqrt(dx * dx + dy * dy) / reach, along)


def _torso_length(keypoints: Float32Array) -> float:
    """Estimates the torso's length in pixels from trunk, legs and arms: the longest, as perspective shortens."""
    share = {("neck", "mid_hip"): 1.0, ("hip", "knee"): 0.85, ("knee", "ankle"): 0.85, ("shoulder", "elbow"): 0.6}
    lengths = [0.0]
    for (a, b), of_torso in share.items():
        for side in ("",) if a == "neck" else ("left_", "right_"):
            first, second = keypoints[skeleton.JOINT[side + a]], keypoints[skeleton.JOINT[side + b]]
            if min(first[2], second[2]) > 0:
                lengths.append(float(np.hypot(*(first[:2] - second[:2]))) / of_torso)
    return max(lengths)


_Row = tuple[Float32Array, Float32Array, int, float, bool]


def _joint_pairs(keypoints: Float32Array) -> list[_Row]:
    def joint(name: str) -> Float32Array:
        return keypoints[skeleton.JOINT[name]]

    rows = [_row(joint("neck"), joint("mid_hip"), TRUNK), _row(joint("neck"), _head(keypoints), HEAD)]
    for side in ("left_", "right_"):
        left = side == "left_"
        shoulder, elbow, wrist = (joint(side + name) for name in ("shoulder", "elbow", "wrist"))
        hip, knee, ankle, heel, toe = (joint(side + name) for name in ("hip", "knee", "ankle", "heel", "big_toe"))
        if ankle[2] <= 0:  # below a long skirt a heel is often seen better
            ankle = heel if heel[2] > 0 else toe
        foot = _row(heel, toe, FOOT, left)
        rows += [
            _row(shoulder, elbow, UPPER_ARM, left),
            _row(elbow, wrist, FOREARM, left),
            _row(wrist, _beyond(elbow, wrist, _HAND_LENGTH), HAND, left),
            _row(hip, knee, THIGH, left),
            _row(knee, ankle, SHIN, left),
            foot if foot[3] > 0 else _row(ankle, _beyond(knee, ankle, _FOOT_LENGTH), FOOT, left),
        ]
    return rows


def _row(start: Float32Array, end: Float32Array, segment: int, is_left: bool = False) -> _Row:
    return start[:2], end[:2], segment, float(min(start[2], end[2])), is_left


def _head(keypoints: Float32Array) -> Float32Array:
    """Returns the mean of the known ones of nose, eyes and ears; zeros if none is known."""
    joints = keypoints[list(skeleton.HEAD)]
    known = joints[joints[:, 2] > 0]
    return known.mean(axis=0) if len(known) else np.zeros(3, np.float32)


def _beyond(start: Float32Array, end: Float32Array, share: float) -> Float32Array:
    """Extends the line from `start` to `end` by a share of its length."""
    confidence = min(start[2], end[2])
    return np.concatenate([end[:2] + share * (end[:2] - start[:2]), [confidence]]).astype(np.float32)
