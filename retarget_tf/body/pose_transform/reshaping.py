"""Changes the bone lengths of a skeleton: the same dance with, say, longer legs and shorter arms.

Each bone's vector in the picture is scaled, from the mid-hip outward, so every bone keeps its direction and its
foreshortening. The hips keep their x and are raised by as much as longer legs need, so that the lowest foot of every
frame stays at its height: steps stay on the ground and jumps keep their height.
"""

import dataclasses

import numpy as np

from retarget_tf.arrays import Float32Array
from retarget_tf.body.skeleton import FEET, PARENTS


@dataclasses.dataclass(frozen=True)
class Reshaping:
    """Scales every bone by its own ratio.

    Attributes:
        ratios: `[25]`, factor of the bone that ends at each joint; the mid-hip's is not used.
        rise: Pixels by which the body is raised in frames in which no foot is seen.
    """

    ratios: Float32Array
    rise: float = 0.0

    @classmethod
    def fitted(cls, ratios: Float32Array, keypoints: Float32Array) -> "Reshaping":
        """Creates a reshaping whose `rise` is the median of a clip `[frames, 25, 3]`."""
        rises = _rises(keypoints, _scale_bones(keypoints, ratios))
        return cls(ratios, float(np.nanmedian(rises)) if np.isfinite(rises).any() else 0.0)

    def apply(self, keypoints: Float32Array) -> Float32Array:
        """Reshapes keypoints `[..., 25, 3]`; the nearest ancestor that is seen takes the place of a missing parent."""
        scaled = _scale_bones(keypoints, self.ratios)
        rises = _rises(keypoints, scaled)
        scaled[..., 1] -= np.where(np.isfinite(rises), rises, np.float32(self.rise))[..., None]
        return np.where(keypoints[..., 2:] > 0, scaled, np.float32(0))


def _scale_bones(keypoints: Float32Array, ratios: Float32Array) -> Float32Array:
    # For a missing joint both arrays hold its nearest ancestor that is seen, or (0, 0, 0) without one.
    before, after = keypoints.copy(), keypoints.copy()
    for joint, parent in PARENTS.items():
        seen = keypoints[..., joint, 2:] > 0
        hangs = before[..., parent, 2:] > 0
        bone = before[..., joint, :2] - before[..., parent, :2]
        place = np.where(hangs, after[..., parent, :2] + ratios[joint] * bone, before[..., joint, :2])
        after[..., joint, :2] = np.where(seen, place, after[..., parent, :2])
        before[..., joint, :] = np.where(seen, before[..., joint, :], before[..., parent, :])
        after[..., joint, 2] = before[..., joint, 2]
    return after


def _rises(before: Float32Array, after: Float32Array) -> Float32Array:
    """Returns by how many pixels `[...]` the lowest foot moved down; NaN where no foot is seen."""
    seen = before[..., FEET, 2] > 0
    low, lower = (np.where(seen, points[..., FEET, 1], np.float32(-np.inf)).max(axis=-1) for points in (before, after))
    some = seen.any(axis=-1)
    return np.where(some, np.where(some, lower, 0) - np.where(some, low, 0), np.float32(np.nan))
