"""Undoes frames in which a detector exchanged left and right."""

from collections.abc import Sequence

import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array
from retarget_tf.body import skeleton

_SIDED = tuple(joint for joint, twin in enumerate(skeleton.MIRRORED_JOINT) if joint != twin)
_SWAPPED_TOGETHER = (
    _SIDED,  # the whole person
    skeleton.joints("eye", "ear"),
    skeleton.joints("shoulder", "hip"),
    skeleton.joints("elbow", "wrist"),
    skeleton.joints("knee", "ankle", "heel", "big_toe", "small_toe"),
)
# Costs of switching between "correct" and "swapped" and of each swapped second, as shares of the person's height.
_CHANGE_COST, _SWAPPED_COST = 0.015, 0.03
_TURNS = 1.5  # a second, of a person who turns fast
_MEMORY = 0.1  # seconds after which the last sight of a pair of joints is no evidence either


def repair_swaps(keypoints: Float32Array, fps: float) -> Float32Array:
    """Undoes frames in which the detector exchanged left and right.

    The whole person, the face, the trunk, the arms and the legs are repaired in turn. For each group, dynamic
    programming (Viterbi 1967) labels every frame "correct" or "swapped" such that the sum of three costs is smallest:
    the distance that joints jump between frames, a cost for each switch of the label, and a cost for each swapped
    frame: a small one, since detectors are mostly right, and the length by which the exchange would stretch the bones
    to joints that are not exchanged. Only a joint that is seen together with its twin, now and a moment before,
    can jump, and only farther than the two pass each other in a turn of 1.5 a second, given how far apart they get in
    the clip. Legs that cross do not jump either.

    Args:
        keypoints: float32 `[frames, 25, 3]`.
        fps: Frames per second.
    """
    result = keypoints.copy()
    height = person_height(keypoints)
    if height == 0:
        return result
    for joints in _SWAPPED_TOGETHER:
        swapped = _swapped_frames(result, joints, height, fps)[:, None]
        twins = [skeleton.MIRRORED_JOINT[joint] for joint in joints]
        result[:, joints] = np.where(swapped[..., None], result[:, twins], result[:, joints])
    return result


def person_height(keypoints: Float32Array) -> float:
    """Returns the median height in pixels over the frames with at least two joints; 0 if there are none."""
    heights = skeleton.heights(keypoints[(keypoints[..., 2] > 0).sum(axis=1) > 1])
    return float(np.median(heights)) if heights.size else 0.0


def _swapped_frames(keypoints: Float32Array, joints: Sequence[int], height: float, fps: float) -> BoolArray:
    """Returns bool `[frames]`: the frames in which these joints are swapped, by the labelling of lowest cost."""
    stay, cross = _jumps(keypoints, joints, height, fps)
    swapped_costs = _SWAPPED_COST / fps + _stretches(keypoints, joints) / height
    costs = np.array([0.0, swapped_costs[0]])
    came_from = np.zeros((len(keypoints), 2), int)
    for frame in range(1, len(keypoints)):
        change = cross[frame] + _CHANGE_COST
        ways = costs[:, None] + np.array([[stay[frame], change], [change, stay[frame]]])
        came_from[frame] = ways.argmin(axis=0)
        costs = ways.min(axis=0) + np.array([0.0, swapped_costs[frame]])
    path = np.zeros(len(keypoints), int)
    path[-1] = costs.argmin()
    for frame in range(len(keypoints) - 1, 0, -1):
        path[frame - 1] = came_from[frame, path[frame]]
    return path == 1


def _stretches(keypoints: Float32Array, joints: Sequence[int]) -> Float32Array:
    """Returns by how many pixels `[frames]` an exchange stretches the bones that connect the joints with others."""
    bones = [bone for bone in skeleton.PARENTS.items() if bone[0] in _SIDED and bone[1] in _SIDED]
    across = np.array([bone for bone in bones if (bone[0] in joints) != (bone[1] in joints)], int).reshape(-1, 2)
    joint, parent = across.T
    exchanged = np.array([skeleton.MIRRORED_JOINT[end] for end in joint], int)
    lengths = [np.linalg.norm(keypoints[:, end, :2] - keypoints[:, parent, :2], axis=-1) for end in (joint, exchanged)]
    seen = np.minimum.reduce([keypoints[:, ends, 2] for ends in (joint, parent, exchanged)]) > 0
    return np.maximum((lengths[1] - lengths[0]) * seen, 0).sum(axis=-1)


def _jumps(
    keypoints: Float32Array, joints: Sequence[int], height: float, fps: float
) -> tuple[Float32Array, Float32Array]:
    """Returns the joints' mean jumps `[frames]`, in heights, from where they and where their twins were last seen.

    From their own places, only what exceeds a fast turn counts.

    Args:
        keypoints: float32 `[frames, 25, 3]`.
        joints: A group of joints that holds both sides.
        height: Height of the person in pixels.
        fps: Frames per second.
    """
    twin_column = np.array([joints.index(skeleton.MIRRORED_JOINT[joint]) for joint in joints])
    seen = keypoints[:, joints, 2] > 0
    paired = seen & seen[:, twin_column]
    time = np.arange(len(keypoints))[:, None]
    last_sight = np.maximum.accumulate(np.where(paired, time, -1), axis=0)[:-1]
    usable = paired[1:] & (last_sight >= 0) & (time[1:] - last_sight <= max(round(_MEMORY * fps), 1))
    held = keypoints[np.maximum(last_sight, 0), joints, :2]
    own = keypoints[1:, joints, :2]
    stay, cross = (np.linalg.norm(own - place, axis=-1) * usable for place in (held, held[:, twin_column]))
    apart = np.linalg.norm(keypoints[:, joints, :2] - keypoints[:, joints, :2][:, twin_column], axis=-1)
    passing = np.percentile(apart * paired, 95, axis=0) * np.sin(np.pi * min(_TURNS / fps, 0.5))
    stay = np.maximum(stay - passing, 0)
    count = np.maximum(usable.sum(axis=1), 1) * height
    per_frame = (np.concatenate([[0], jumps.sum(axis=1) / count]) for jumps in (stay, cross))
    of_own, of_twin = (jumps.astype(np.float32) for jumps in per_frame)
    return of_own, of_twin
