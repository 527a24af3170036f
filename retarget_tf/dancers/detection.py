"""Keypoints as a detector would give them: exact places, but hidden joints are doubted and at times missing.

How sure it is of what was measured with MediaPipe on footage of eight people: of face, shoulders and hips always, from
behind too; of a heel never quite; hidden wrists get lost, hidden knees and ankles hardly ever.
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
# Confidence in a joint that is seen, and in one that is hidden.
_LIMB_CONFIDENCES = {
    "elbow": (0.96, 0.42),
    "wrist": (0.95, 0.31),
    "knee": (0.96, 0.58),
    "ankle": (0.95, 0.62),
    "heel": (0.78, 0.54),
    "toe": (0.94, 0.42),
}
_TRUNK_CONFIDENCES = (0.998, 0.99)
_INERTIA = 0.8  # of the doubt: a joint is not lost within a frame
_DRIFT = 0.93  # how much of the wandering error of the doubt is left after a frame


class Detector:
    """Gives the keypoints of one clip, frame after frame; the doubt has a memory."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._belief: Float32Array | None = None
        self._drift = rng.normal(size=len(DETECTED))

    def observe(self, places: Float32Array, limbs: Uint8Array, size: int) -> Float32Array:
        """BODY_25 keypoints `[25, 3]` of the next frame.

        Args:
            places: pixels (x, y) `[21, 2]` of the joints of `DETECTED`.
            limbs: what is seen there, `[21]`: positions in `LIMBS`.
            size: side of the picture in pixels.
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
    """What may be seen at the place of a joint that is not hidden."""
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
