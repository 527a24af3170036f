"""Moves a dance onto a photo that shows no feet: hips and legs stay where the photo has them.

Trunk, head and arms take the source's pose, with the target's bone lengths, from the target's hips upwards. The joints
that the photo does not show are guessed below its lower edge, so the cut never rises above that edge.
"""

import dataclasses
from typing import Self

import numpy as np

from retarget_tf.arrays import Float32Array
from retarget_tf.body import skeleton
from retarget_tf.body.pose_transform.bone_lengths import STANDARD, measure_bones
from retarget_tf.body.pose_transform.proportions import compare_bodies
from retarget_tf.body.pose_transform.reshaping import Reshaping
from retarget_tf.body.pose_transform.similarity import Similarity

_NECK, _HIPS = skeleton.JOINT["neck"], skeleton.JOINT["mid_hip"]
_BELOW = [_HIPS, *skeleton.joints("hip", "knee"), *skeleton.FEET]


def guess_legs(pose: Float32Array) -> Float32Array:
    """Adds the missing joints from the hips to the ankles to a pose `[25, 3]`, standing upright below the neck.

    They get the lowest confidence of a joint that is seen. Without a neck, nothing is added.
    """
    whole, bones = pose.copy(), measure_bones(pose[None])
    if bones is None or not pose[_NECK, 2]:
        return whole

    def length(bone: int) -> float:
        bone = bone if bone in STANDARD else skeleton.MIRRORED_JOINT[bone]
        return float(np.exp(bones.log_height + bones.deviations.get(bone, 0.0))) * STANDARD[bone].share

    left, right = skeleton.joints("hip")
    facing = np.sign(pose[skeleton.JOINT["left_shoulder"], 0] - pose[skeleton.JOINT["right_shoulder"], 0])
    offsets = {joint: (_HIPS, (side * facing * length(joint), 0.0)) for joint, side in ((left, 1), (right, -1))}
    offsets |= {joint: (skeleton.PARENTS[joint], (0.0, length(joint))) for joint in skeleton.joints("knee", "ankle")}
    for joint, (parent, offset) in {_HIPS: (_NECK, (0.0, length(_NECK))), **offsets}.items():
        if not whole[joint, 2]:
            whole[joint] = *(whole[parent, :2] + offset), skeleton.CONFIDENCE_THRESHOLD
    return whole


@dataclasses.dataclass(frozen=True)
class UpperBody:
    """Gives the source the target's proportions, and the target's hips and legs.

    Attributes:
        reshaping: Gives it the target's bone lengths.
        similarity: Scales it to the target's size, and moves it to its place where the source's hips are not seen.
        pose: The target's own pose, with its legs, `[25, 3]` on the canvas; see `guess_legs`.
        edge: y of the photo's lower edge on the canvas, in pixels.
    """

    reshaping: Reshaping
    similarity: Similarity
    pose: Float32Array
    edge: float

    @classmethod
    def fitted(cls, source: Float32Array, target: Float32Array, pose: Float32Array, edge: float) -> Self | None:
        """Fits a source to a target.

        Args:
            source: `[frames, 25, 3]` in pixels of the source.
            target: Known poses of the target, `[frames, 25, 3]` on the canvas.
            pose: See the attributes.
            edge: See the attributes.

        Returns:
            The transform, or None if one of the two shows no bone of the legs, trunk and neck.
        """
        proportions = compare_bodies(source, target)
        if proportions is None or not pose[_HIPS, 2]:
            return None
        reshaping = Reshaping.fitted(proportions.ratios, source)
        necks = reshaping.apply(source[source[:, _HIPS, 2] == 0])[:, _NECK]
        necks = necks[necks[:, 2] > 0, :2] * proportions.scale
        dx, dy = pose[_NECK, :2] - np.median(necks, axis=0) if len(necks) else (0.0, 0.0)
        return cls(reshaping, Similarity(proportions.scale, float(dx), float(dy)), pose, edge)

    def apply(self, keypoints: Float32Array) -> Float32Array:
        """Moves keypoints `[..., 25, 3]`."""
        moved = self.similarity.apply(self.reshaping.apply(keypoints))
        hips = moved[..., _HIPS, :]
        away = np.where(hips[..., 2:] > 0, self.pose[_HIPS, :2] - hips[..., :2], np.float32(0))
        moved[..., :2] += away[..., None, :] * (moved[..., 2:] > 0)
        moved[..., _BELOW, :] = self.pose[_BELOW]
        moved[..., 1] += self._gap(moved)[..., None] * (moved[..., 2] > 0)
        return moved

    def _gap(self, moved: Float32Array) -> Float32Array:
        """Returns by how many pixels a bent trunk that the edge cuts would end above the edge, `[...]`."""
        hips, neck, necks = (_complex(points) for points in (self.pose[_HIPS], self.pose[_NECK], moved[..., _NECK, :]))
        if hips.imag <= self.edge:
            return np.zeros(moved.shape[:-2], np.float32)
        # The places where the edge cuts its sides turn and stretch with it about the hips.
        left, right = (_complex(self.pose[joint]) for joint in skeleton.joints("shoulder"))
        middle = neck + (hips - neck) * (self.edge - neck.imag) / (hips.imag - neck.imag)
        cuts = middle + (left - right).real * np.array([-0.5, 0.5])
        turn = np.where(moved[..., _NECK, 2] > 0, (necks - hips) / (neck - hips), 1)
        lowered = self.edge - (hips + (cuts - hips) * turn[..., None]).imag
        return np.maximum(lowered.max(axis=-1), 0).astype(np.float32)


def _complex(points: Float32Array) -> np.ndarray:
    return points[..., 0] + 1j * points[..., 1].astype(np.float64)
