"""How tall a person stands and how long each bone is, from keypoints in the picture alone.

A picture shows a bone at its true length times foreshortening, at an angle nobody knows. One photo therefore tells
little of one bone, and a whole clip may show the hips from the side alone. What is known beforehand closes the gap:

    length in the picture = height * usual share of the bone * exp(deviation) * foreshortening, and noise

The deviation of a bone is about 0 (normal, a spread for each bone: noses and shoulders differ more than shins), the
foreshortening is drawn from what dancers show of this bone (trunk and legs are hardly ever foreshortened, hips and
shoulders vanish in profile, feet and ears from the front), and noise is 1 % of the height in a keypoint plus 2 % for
coming nearer to the camera. The height is the one at which all bones together are likeliest. Of each bone the
posterior mean of its deviation is taken, so what the pictures do not tell stays usual.

Frames of a clip look alike, so a frame is no whole view: a second of a dance counts as one more view of a bone, and
its twin on the other side as half a view. `STANDARD` holds shares, spreads and foreshortenings as
`tests.benchmarks.bone_lengths` measures them.
"""

import dataclasses
import functools

import numpy as np

from retarget_tf.arrays import Float32Array, Float64Array
from retarget_tf.body import skeleton

_Float64 = Float64Array


@dataclasses.dataclass(frozen=True)
class StandardBone:
    """A bone of the standard body, known before any picture.

    Attributes:
        share: of the standing height.
        spread: standard deviation of the logarithm of its length among people of one height.
        foreshortening: length in the picture over the true one: quantiles at `QUANTILES`.
    """

    share: float
    spread: float
    foreshortening: tuple[float, ...]


QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
# By outer joint. Spreads are a little wider than the dancers', because detectors do not agree where joints are.
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
HEIGHT = skeleton.joints("nose", "neck", "left_knee", "left_ankle")  # bones that make it

_NOISE = 0.01  # of keypoints, in standing heights
_NEARNESS = 0.02  # how much larger or smaller all looks, nearer to the camera or further from it
_WILD = 0.01  # share of bones that follow no rule: one of them shall not decide
_VIEW = 30  # consecutive frames show a bone from about one side
_TWIN = 0.5  # of a view: left and right often do the same
_BELIEVED = 0.4  # joints under this confidence are guesses: they tell no lengths

_STEP = 0.01  # of all logarithms
_DEVIATIONS = np.arange(-40, 41) * _STEP
_SHORTENINGS = np.arange(-500, 201) * _STEP  # logarithms of length in the picture over true length


@dataclasses.dataclass(frozen=True)
class Bones:
    """What pictures tell of a person.

    Attributes:
        log_height: logarithm of the standing height in pixels.
        deviations: by outer joint of the left or middle bones seen: logarithm of the length over the usual one.
    """

    log_height: float
    deviations: dict[int, float]


def measure_bones(
    keypoints: Float32Array, usual: dict[int, float] | None = None, spread_share: float = 1.0
) -> Bones | None:
    """Height and bones of a person.

    Args:
        keypoints: `[frames, 25, 3]` in pixels; one frame for a photo.
        usual: deviations that are expected of this person, 0 where there is none.
        spread_share: how widely people vary around that, 1 as around the standard body.

    Returns:
        None where no bone of legs, trunk and neck is seen.
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
    bone: int, logs: _Float64, weight: float, heights: _Float64, usual: float, spread_share: float
) -> tuple[_Float64, _Float64]:
    """Log-likelihood of each logarithm of the height, and the mean deviation of the bone at it: `[heights]` both."""
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


def _observe(keypoints: Float32Array, bone: int) -> tuple[_Float64, float]:
    """Logarithms of the heights at which a bone and its twin look unforeshortened, and the weight of each in views."""
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
def _log_chances(bone: int) -> _Float64:
    """Logarithm of the density of `_SHORTENINGS` for one view of a bone."""
    shown = STANDARD[bone].foreshortening
    # Beyond the outer quantiles it goes on a little: 40 samples stand for the whole distribution.
    at, values = (0.0, *QUANTILES, 1.0), (0.8 * shown[0], *shown, 1.005 * shown[-1])
    samples = np.interp((np.arange(40) + 0.5) / 40, at, values)
    spread = np.hypot(_NEARNESS, _NOISE / STANDARD[bone].share / samples)
    error = (_SHORTENINGS[:, None] - np.log(samples)) / spread
    density = (np.exp(-0.5 * error**2) / spread / np.sqrt(2 * np.pi)).mean(axis=1)
    anything = 1 / (_SHORTENINGS[-1] - _SHORTENINGS[0])
    return np.asarray(np.log((1 - _WILD) * density + _WILD * anything))
