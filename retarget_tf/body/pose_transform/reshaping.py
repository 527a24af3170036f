"""A skeleton with bones of other lengths: the same dance on longer legs and shorter arms.

Walks from the middle of the hips outward and scales each bone's vector in the picture, so every bone keeps its
direction and its foreshortening. The hips keep their place on the floor; where the legs grow they rise, so that the
lowest foot of every frame stays at its level: steps stay on the ground and jumps keep their height.
"""

import dataclasses

import numpy as np

from retarget_tf.arrays import Float32Array
from retarget_tf.body.skeleton import FEET, PARENTS


@dataclasses.dataclass(frozen=True)
class Reshaping:
    """Scales every bone by a ratio of its own.

    Attributes:
        ratios: `[25]`, of the bone that ends at each joint; that of the middle of the hips means nothing.
        rise: pixels by which the hips rise in frames in which no foot is seen.
    """

    ratios: Float32Array
    rise: float = 0.0

    @classmethod
    def fitted(cls, ratios: Float32Array, keypoints: Float32Array) -> "Reshaping":
        """With the usual rise of a clip `[frames, 25, 3]`."""
        rises = _rises(keypoints, _scale_bones(keypoints, ratios))
        return cls(ratios, float(np.nanmedian(rises)) if np.isfinite(rises).any() else 0.0)

    def apply(self, keypoints: Float32Array) -> Float32Array:
        """Keypoints `[..., 25, 3]`. A joint whose inner joint is missing hangs on the next one inward that is seen.

        Where nothing inward is seen, it keeps its place.
        """
        scaled = _scale_bones(keypoints, self.ratios)
        rises = _rises(keypoints, scaled)
        scaled[..., 1] -= np.where(np.isfinite(rises), rises, np.float32(self.rise))[..., None]
        return np.where(keypoints[..., 2:] > 0, scaled, np.float32(0))


def _scale_bones(keypoints: Float32Array, ratios: Float32Array) -> Float32Array:
    # Of a missing joint both hold what is known next inward, or (0, 0, 0) where nothing is.
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
    """How much lower `[...]` the lowest foot came to be, in pixels; NaN where no foot is seen."""
    seen = before[..., FEET, 2] > 0
    low, lower = (np.where(seen, points[..., FEET, 1], np.float32(-np.inf)).max(axis=-1) for points in (before, after))
    some = seen.any(axis=-1)
    return np.where(some, np.where(some, lower, 0) - np.where(some, low, 0), np.float32(np.nan))
