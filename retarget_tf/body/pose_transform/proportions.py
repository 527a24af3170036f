"""How much longer each bone of the target is than the source's, from keypoints of both in the picture.

Both people are measured by `bone_lengths`, each from all pictures there are, and the lengths are divided. What
pictures do not tell stays usual, so a ratio is far from 1 only where a person is seen to be unusual.

Usual is first of all what the standard body is. But the source's deviations are in part not the source's own:
where the detector puts a joint is the same in both people. So half of each is expected of the target too.

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
    """A target beside a source.

    Attributes:
        scale: height of the target in its pixels over that of the source in its own.
        ratios: float32 `[25]`, of the bone that ends at each joint, beyond the scale; 1 where nothing is known.
    """

    scale: float
    ratios: Float32Array


def compare_bodies(source: Float32Array, target: Float32Array) -> Proportions | None:
    """The proportions of a target beside a source.

    Args:
        source: `[frames, 25, 3]` in pixels.
        target: `[frames, 25, 3]` in other pixels; one frame for a photo.

    Returns:
        None where one of the two shows no bone of legs, trunk and neck.
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
