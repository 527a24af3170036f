"""Computes how much longer each bone of the target is than the source's, from keypoints of both.

`bone_lengths` estimates the bones of both people from all available frames, and the estimates are divided. Bones that
are hardly seen are estimated near their usual length, so a ratio is far from 1 only where the pictures show it.

The source is compared with the standard body. Part of its deviations comes from where the detector puts joints, which
is the same in both people, so half of each deviation is expected of the target too.

After "global pose normalization" (Chan et al. 2019, Everybody Dance Now, section on pose normalization), which takes
one scale from ankle positions and heights; the ratios of limbs are our own addition.
"""

import dataclasses

import numpy as np

from retarget_tf.arrays import Float32Array
from retarget_tf.body import skeleton
from retarget_tf.body.pose_transform.bone_lengths import HEIGHT, STANDARD, measure_bones

MIN_RATIO, MAX_RATIO = 0.6, 1.6
_SHARED = 0.5  # correlation of the deviations of two people seen by one detector


@dataclasses.dataclass(frozen=True)
class Proportions:
    """The target's size and bone lengths relative to the source's.

    Attributes:
        scale: Height of the target in its pixels divided by the height of the source in its own.
        ratios: float32 `[25]`, length of the bone that ends at each joint, target divided by source, after scaling the
            source by `scale`; 1 where nothing is known.
    """

    scale: float
    ratios: Float32Array


def compare_bodies(source: Float32Array, target: Float32Array) -> Proportions | None:
    """Estimates the target's proportions relative to the source's.

    Args:
        source: `[frames, 25, 3]` in pixels of the source.
        target: `[frames, 25, 3]` in pixels of the target; one frame for a photo.

    Returns:
        The proportions, or None if one of the two shows no bone of the legs, trunk and neck.
    """
    of_source = measure_bones(source)
    if of_source is None:
        return None
    expected = {bone: _SHARED * deviation for bone, deviation in of_source.deviations.items()}
    of_target = measure_bones(target, expected, float(np.sqrt(1 - _SHARED**2)))
    if of_target is None:
        return None
    ratios = np.ones(skeleton.NUM_JOINTS)
    for bone, deviation in of_source.deviations.items():
        ratio = np.exp(of_target.deviations.get(bone, expected[bone]) - deviation)
        ratios[[bone, skeleton.MIRRORED_JOINT[bone]]] = ratio
    for side in ("left", "right"):  # the small toe lies beside the big one
        ratios[skeleton.JOINT[f"{side}_small_toe"]] = ratios[skeleton.JOINT[f"{side}_big_toe"]]
    common = np.average(ratios[list(HEIGHT)], weights=[STANDARD[bone].share for bone in HEIGHT])
    scale = float(np.exp(of_target.log_height - of_source.log_height) * common)
    return Proportions(scale, np.clip(ratios / common, MIN_RATIO, MAX_RATIO).astype(np.float32))
