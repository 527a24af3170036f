"""Estimates a person's standing height and bone lengths from 2D keypoints.

A picture shows a bone at its true length times an unknown foreshortening, so one photo says little about one bone, and
even a whole clip may show the hips from the side only. A Bayesian model with prior knowledge of bodies closes the gap:

    length in the picture = height * usual share of the bone * exp(deviation) * foreshortening, plus noise

The prior of a bone's deviation is normal around 0, with a spread for each bone (noses and shoulders differ more than
shins). Foreshortening has the distribution observed for this bone in dances (trunk and legs are hardly ever
foreshortened, hips and shoulders vanish in profile, feet and ears from the front). Noise is 1 % of the height for the
keypoints and 2 % for distance from the camera. Height and deviations are estimated by their posterior means, so bones
that the pictures do not show keep their usual length.

Consecutive frames look alike and are not independent: each further `_VIEW` frames count as one more view of
a bone, and the same bone of the other side as half a view. `tests.benchmarks.bone_lengths` measures the shares, spreads
and foreshortenings of `STANDARD`.
"""

import dataclasses
import functools

import numpy as np

from retarget_tf.arrays import Float32Array, Float64Array
from retarget_tf.body import skeleton


@dataclasses.dataclass(frozen=True)
class StandardBone:
    """Prior knowledge of a bone.

    Attributes:
        share: Usual length as a share of the standing height.
        spread: Standard deviation of the logarithm of its length among people of the same height.
        foreshortening: Length in the picture divided by the true length, the quantiles at `QUANTILES`.
    """

    share: float
    spread: float
    foreshortening: tuple[float, ...]


QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
# By outer joint. Spreads are a little wider than the dancers', because detectors place joints differently.
STANDARD = {
    skeleton.JOINT[joint]: StandardBone(*bone)
    for joint, bone in {
        "neck": (0.295, 0.04, (0.95, 0.99, 1.00, 1.00, 1.02)),
        "nose": (0.141, 0.09, (0.46, 0.69, 0.79, 0.93, 1.00)),
        "left_shoulder": (0.095, 0.10, (0.11, 0.47, 0.89, 0.98, 1.02)),
        "left_elbow": (0.166, 0.055, (0.47, 0.86, 0.96, 1.00, 1.03)),
        "left_wrist": (0.149, 0.055, (0.36, 0.76, 0.94, 0.99, 1.04)),
        "left_hip": (0.057, 0.08, (0.08, 0.46, 0.90, 0.97, 1.00)),
        "left_knee": (0.236, 0.05, (0.73, 0.94, 0.98, 1.00, 1.02)),
        "left_ankle": (0.222, 0.05, (0.63, 0.90, 0.95, 0.98, 1.02)),
        "left_heel": (0.045, 0.06, (0.26, 0.46, 0.65, 0.92, 1.01)),
        "left_big_toe": (0.084, 0.06, (0.55, 0.69, 0.81, 0.95, 1.02)),
        "left_eye": (0.029, 0.12, (0.54, 0.74, 0.87, 0.97, 1.04)),
        "left_ear": (0.069, 0.12, (0.10, 0.26, 0.50, 0.83, 1.00)),
    }.items()
}
HEIGHT = skeleton.joints("nose", "neck", "left_knee", "left_ankle")  # the bones that make up the height

_NOISE = 0.01  # standard deviation of keypoints, as a share of the standing height
_NEARNESS = 0.02  # standard deviation of the person's scale due to the distance from the camera
_WILD = 0.01  # share of outliers, so that a single wrong bone cannot decide the result
_VIEW = 30  # frames that show a bone from about the same side
_TWIN = 0.5  # weight of the other side's bone in views: left and right often move alike
_BELIEVED = 0.4  # joints of a lower confidence are guesses and not measured

_STEP = 0.01  # grid step of all logarithms
_DEVIATIONS = np.arange(-40, 41) * _STEP
_SHORTENINGS = np.arange(-500, 201) * _STEP  # logarithms of length in the picture over true length


@dataclasses.dataclass(frozen=True)
class Bones:
    """Estimated size of a person.

    Attributes:
        log_height: Logarithm of the standing height in pixels.
        deviations: log(estimated length / usual length) of each left or middle bone seen, by its outer joint.
    """

    log_height: float
    deviations: dict[int, float]


def measure_bones(
    keypoints: Float32Array, usual: dict[int, float] | None = None, spread_share: float = 1.0
) -> Bones | None:
    """Estimates the height and bone lengths of a person.

    Args:
        keypoints: `[frames, 25, 3]` in pixels; one frame for a photo.
        usual: Prior means of the deviations by outer joint, 0 for bones left out.
        spread_share: Factor of the prior's spreads; smaller values keep the bones closer to `usual`.

    Returns:
        The estimate, or None if no bone of the legs, trunk and neck is seen.
    """
    seen = {bone: _observe(keypoints, bone) for bone in STANDARD}
    seen = {bone: observed for bone, observed in seen.items() if len(observed[0])}
    if not any(bone in seen for bone in HEIGHT):
        return None
    rough = [float(np.percentile(logs, 90)) for logs, _ in seen.values()]
    heights = np.arange(min(rough) - 0.4, max(rough) + 0.8, _STEP)
    evidence, means = np.zeros(len(heights)), {}
    for bone, (logs, weight) in seen.items():
        of_height, means[bone] = _explain(bone, logs, weight, heights, (usual or {}).get(bone, 0.0), spread_share)
        evidence += of_height
    belief = np.exp(evidence - evidence.max())
    belief /= belief.sum()
    return Bones(float(belief @ heights), {bone: float(belief @ mean) for bone, mean in means.items()})


def _explain(
    bone: int, logs: Float64Array, weight: float, heights: Float64Array, usual: float, spread_share: float
) -> tuple[Float64Array, Float64Array]:
    """Returns the log-likelihood of each log height and the bone's mean deviation at that height, `[heights]` both."""
    lengths = heights[0] + _DEVIATIONS[0] + np.arange(len(heights) + len(_DEVIATIONS) - 1) * _STEP
    shortening = (logs[:, None] - lengths).ravel()
    fit = weight * np.interp(shortening, _SHORTENINGS, _log_chances(bone)).reshape(len(logs), -1).sum(axis=0)
    spread = STANDARD[bone].spread * spread_share
    joint = np.lib.stride_tricks.sliding_window_view(fit, len(_DEVIATIONS))
    joint = joint - 0.5 * ((_DEVIATIONS - usual) / spread) ** 2 - np.log(spread)
    top = joint.max(axis=1, keepdims=True)
    belief = np.exp(joint - top)
    total = belief.sum(axis=1)
    return np.log(total) + top[:, 0], belief @ _DEVIATIONS / total


def _observe(keypoints: Float32Array, bone: int) -> tuple[Float64Array, float]:
    """Returns the log heights that a bone's observed lengths imply without foreshortening, and the weight of each."""
    sides = sorted({bone, skeleton.MIRRORED_JOINT[bone]})
    ends = keypoints[:, (sides, [skeleton.PARENTS[side] for side in sides]), :]  # [frames, outer and inner, sides, 3]
    lengths = np.linalg.norm(ends[:, 0, :, :2] - ends[:, 1, :, :2], axis=-1).astype(np.float64)
    known = (ends[..., 2] >= _BELIEVED).all(axis=1) & (lengths > 0)
    count, frames = np.count_nonzero(known), np.count_nonzero(known.any(axis=1))
    if not count:
        return np.zeros(0), 0.0
    views = (1 + (frames - 1) / _VIEW) * (1 + _TWIN * (count / frames - 1))
    return np.log(lengths[known] / STANDARD[bone].share), views / count


@functools.cache
def _log_chances(bone: int) -> Float64Array:
    """Returns the log density at `_SHORTENINGS` of one view of a bone."""
    shown = STANDARD[bone].foreshortening
    # 40 samples represent the distribution, extrapolated a little beyond the outer quantiles.
    at, values = (0.0, *QUANTILES, 1.0), (0.8 * shown[0], *shown, 1.005 * shown[-1])
    samples = np.interp((np.arange(40) + 0.5) / 40, at, values)
    spread = np.hypot(_NEARNESS, _NOISE / STANDARD[bone].share / samples)
    error = (_SHORTENINGS[:, None] - np.log(samples)) / spread
    density = (np.exp(-0.5 * error**2) / spread / np.sqrt(2 * np.pi)).mean(axis=1)
    anything = 1 / (_SHORTENINGS[-1] - _SHORTENINGS[0])
    return np.asarray(np.log((1 - _WILD) * density + _WILD * anything))
