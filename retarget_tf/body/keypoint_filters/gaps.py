"""Fills missing joints: over time, or from the twin of the other side."""

import itertools
from typing import Final

import numpy as np
import numpy.typing as npt

from retarget_tf.arrays import BoolArray, Float32Array
from retarget_tf.body import skeleton

GUESSED: Final = skeleton.CONFIDENCE_THRESHOLD
LONGEST_GAP: Final = 0.5  # seconds

_SIDED = tuple(joint for joint, twin in enumerate(skeleton.MIRRORED_JOINT) if joint != twin)
# (joint, parent) pairs of the arms and legs, from the trunk outward.
_LIMBS = tuple((j, inner) for j, inner in skeleton.PARENTS.items() if j in _SIDED and j not in skeleton.HEAD)


def fill_gaps(keypoints: Float32Array, fps: float, longest: float = LONGEST_GAP) -> Float32Array:
    """Fills gaps of a joint up to `longest`: its offset from its parent is interpolated, or held at the ends.

    So a hand that is lost goes on with the elbow, instead of staying where it was in the picture. Where the parent is
    missing too, the joint's place takes the part of the offset.

    Args:
        keypoints: float32 `[frames, 25, 3]`.
        fps: Frames per second.
        longest: Longest gap in seconds that is filled.
    """
    max_gap = round(longest * fps)
    filled = _interpolated(keypoints, max_gap)
    for joint, parent in skeleton.PARENTS.items():  # from the trunk outward
        seen = np.minimum(keypoints[:, [joint], 2:], keypoints[:, [parent], 2:])
        offset = np.concatenate([keypoints[:, [joint], :2] - keypoints[:, [parent], :2], seen], axis=-1)
        offset = _interpolated(offset, max_gap)[:, 0]
        follows = (keypoints[:, joint, 2] == 0) & (offset[:, 2] > 0) & (filled[:, parent, 2] > 0)
        filled[:, joint] = _with_guesses(filled[:, joint], follows, filled[:, parent, :2] + offset[:, :2])
    return filled


def _interpolated(keypoints: Float32Array, max_gap: int) -> Float32Array:
    seen = keypoints[..., 2] > 0
    time = np.arange(len(keypoints))[:, None]
    never_before, never_after = -1, len(keypoints)
    before = np.maximum.accumulate(np.where(seen, time, never_before), axis=0)
    after = np.minimum.accumulate(np.where(seen, time, never_after)[::-1], axis=0)[::-1]
    has_before, has_after = before != never_before, after != never_after
    gap = np.where(has_before & has_after, after - before - 1, np.where(has_before, time - before, after - time))
    filled = ~seen & (has_before | has_after) & (gap <= max_gap)
    start = np.where(has_before, before, after) % len(keypoints)
    end = np.where(has_after, after, before) % len(keypoints)
    share = (time - start) / np.maximum(end - start, 1)
    joints = np.arange(keypoints.shape[1])
    first, last = keypoints[start, joints, :2], keypoints[end, joints, :2]
    return _with_guesses(keypoints, filled, first + share[..., None] * (last - first))


def bridge_absences(keypoints: Float32Array, fps: float, longest: float = LONGEST_GAP) -> Float32Array:
    """Fills up to `longest` seconds without any joint by interpolating linearly between the poses around.

    Confidences are interpolated too. Use it where every frame needs a position, such as to crop frames for a parser;
    stored keypoints should show that nobody was detected. `fill_gaps` fills the gaps of single joints.

    Args:
        keypoints: float32 `[frames, 25, 3]`.
        fps: Frames per second.
        longest: Longest absence in seconds that is bridged.
    """
    found = np.flatnonzero(keypoints[..., 2].max(axis=1) > 0)
    bridged = keypoints.copy()
    for before, after in itertools.pairwise(found):
        if 1 < after - before <= round(longest * fps) + 1:
            for frame in range(before + 1, after):
                share = (frame - before) / (after - before)
                bridged[frame] = (1 - share) * keypoints[before] + share * keypoints[after]
    return bridged


def long_absences(keypoints: Float32Array, fps: float, longest: float = LONGEST_GAP) -> BoolArray:
    """Returns, bool `[frames]`, where nobody is seen: before the first joint, and in gaps over `longest` seconds.

    Args:
        keypoints: float32 `[frames, 25, 3]`.
        fps: Frames per second.
        longest: Longest gap in seconds that does not count.
    """
    absent = ~(keypoints[..., 2] > 0).any(axis=-1)
    edges = np.flatnonzero(np.diff(absent, prepend=False, append=False))
    long = np.zeros(len(keypoints), np.bool_)
    for start, end in edges.reshape(-1, 2):
        long[start:end] = start == 0 or end - start > round(longest * fps)
    return long


def fill_from_twin(keypoints: Float32Array) -> Float32Array:
    """Fills missing joints of arms and legs from the same limb of the other side, mirrored.

    The other side's bone is reflected at the line from mid-hip to neck (a vertical where these are missing) and
    attached to the joint's parent. The guess is right for symmetric moves seen from the front or the back; in all other
    cases the limb at least has a plausible length and is connected to the body.
    """
    result = keypoints.copy()
    hip, neck = (keypoints[:, skeleton.JOINT[name]] for name in ("mid_hip", "neck"))
    trunk = neck[:, :2] - hip[:, :2]
    length = np.linalg.norm(trunk, axis=-1, keepdims=True)
    known = (neck[:, 2:] > 0) & (hip[:, 2:] > 0) & (length > 0)
    axis = np.where(known, trunk / np.where(known, length, 1), np.array([0, -1], np.float32))
    for joint, inner in _LIMBS:
        twin, twin_inner = skeleton.MIRRORED_JOINT[joint], skeleton.MIRRORED_JOINT[inner]
        needed = result[:, inner, 2], keypoints[:, twin, 2], keypoints[:, twin_inner, 2]
        filled = (result[:, joint, 2] == 0) & (np.minimum.reduce(needed) > 0)
        bone = keypoints[:, twin, :2] - keypoints[:, twin_inner, :2]
        mirrored = 2 * (bone * axis).sum(axis=-1, keepdims=True) * axis - bone
        result[:, joint] = _with_guesses(result[:, joint], filled, result[:, inner, :2] + mirrored)
    return result


def _with_guesses(keypoints: Float32Array, filled: BoolArray, places: npt.NDArray[np.floating]) -> Float32Array:
    guesses = np.concatenate([places, np.full((*filled.shape, 1), GUESSED)], axis=-1)
    return np.where(filled[..., None], guesses, keypoints).astype(np.float32)
