"""Simulates a keypoint detector: exact positions, but hidden joints have low confidences and are sometimes missing.

The confidences were measured with MediaPipe on footage of eight people: high for face, shoulders and hips even from
behind, never high for heels; hidden wrists get lost, hidden knees and ankles hardly ever.
"""

import numpy as np

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.body.keypoint_formats import to_body25
from retarget_tf.dancers.sculpture import LIMBS

DETECTED = tuple(
    name for name in skeleton.JOINTS if name not in ("neck", "mid_hip", "left_small_toe", "right_small_toe")
)
_INDEX = {name: index for index, name in enumerate(DETECTED)}
# Confidence of a joint that is visible, and of one that is hidden.
_LIMB_CONFIDENCES = {
    "elbow": (0.96, 0.42),
    "wrist": (0.95, 0.31),
    "knee": (0.96, 0.58),
    "ankle": (0.95, 0.62),
    "heel": (0.78, 0.54),
    "toe": (0.94, 0.42),
}
_TRUNK_CONFIDENCES = (0.998, 0.99)
_INERTIA = 0.8  # weight of the previous confidence: a joint is not lost within one frame
_DRIFT = 0.93  # correlation of the confidence's random error in consecutive frames


class Detector:
    """Produces the keypoints of one clip, frame by frame; confidences change smoothly over time."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._belief: Float32Array | None = None
        self._drift = rng.normal(size=len(DETECTED))

    def observe(self, places: Float32Array, limbs: Uint8Array, size: int) -> Float32Array:
        """Returns BODY_25 keypoints `[25, 3]` of the next frame.

        Args:
            places: `[21, 2]`, true x and y in pixels of the joints of `DETECTED`.
            limbs: `[21]`, indices in `LIMBS` of the limb visible at each of these positions.
            size: Side of the square picture in pixels; joints outside of it are missing.
        """
        seen = _ACCEPTED[np.arange(len(DETECTED)), limbs]
        expected = np.where(seen, _WHEN_SEEN, _WHEN_HIDDEN)
        self._belief = expected if self._belief is None else self._belief * _INERTIA + expected * (1 - _INERTIA)
        self._drift = _DRIFT * self._drift + np.sqrt(1 - _DRIFT**2) * self._rng.normal(size=len(DETECTED))
        doubt = 0.5 * (1 - _WHEN_SEEN) + 0.25 * (_WHEN_SEEN - self._belief)
        confidence = np.clip(self._belief + doubt * self._drift, 0.01, 0.999)
        points = np.column_stack([places, confidence])
        return skeleton.drop_unseen(to_body25(points, _INDEX, len(DETECTED)), size, size)


def _accepted_limbs(joint: str) -> set[str]:
    """Returns the limbs that may be visible at the position of a joint that is not hidden."""
    side, _, part = joint.partition("_")
    if part == "shoulder":
        return {f"{side}_arm", "trunk", "head"}
    if part in ("elbow", "wrist"):
        return {f"{side}_arm"}
    if part == "hip":
        return {"trunk", "skirt", "left_leg", "right_leg"}
    if part == "knee":
        return {f"{side}_leg", "skirt"}
    if part in ("ankle", "heel", "big_toe"):
        return {f"{side}_leg"}
    return {"head"}


_ACCEPTED = np.array([[limb in _accepted_limbs(joint) for limb in LIMBS] for joint in DETECTED])
_WHEN_SEEN, _WHEN_HIDDEN = np.array(
    [_LIMB_CONFIDENCES.get(name.rpartition("_")[2], _TRUNK_CONFIDENCES) for name in DETECTED]
).T
