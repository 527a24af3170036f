"""How much longer each bone of the target is than the source's, from keypoints of both in the picture.

The lengths of a bone in the picture are its true length times foreshortening, 0..1. Over a whole clip a high
percentile comes close to the true length, and one wild frame does not move it. A single photo shows each bone once
or twice, at an unknown angle: there a short bone says little, a long one much. Both follow from one model of the
ratio x of the target's length to the source's:

    x = scale * ratio * foreshortening + noise

with ratio about 1 (log-normal, 7 %), noise of 1 % of the body's height, and foreshortening drawn from what the
source's own clip shows of this bone, and from bones that point anywhere. With more views the longest one counts, which
is hardly foreshortened, and its noise is averaged out. The scale is the one that makes all bones together likeliest;
the ratio of a bone is its posterior mean, so what the picture does not tell stays at 1. Left and right bones have one
ratio.

The sum of legs, trunk and neck then says how much of the common part of all ratios is the body's height.
After "global pose normalization" (Chan et al. 2019, Everybody Dance Now, section on pose normalization), which takes
one scale from ankle positions and heights; the ratios of limbs are our own addition.
"""

import dataclasses

import numpy as np
import numpy.typing as npt

from retarget_tf import skeleton
from retarget_tf.pose_transform.reshaping import PARENTS

FloatArray = npt.NDArray[np.float32]
_Float64 = npt.NDArray[np.float64]

MIN_RATIO, MAX_RATIO = 0.6, 1.6
_SPREAD = 0.07  # of the ratios of two people's bones, as limbs vary by about 5 % of the height among people
_NOISE = 0.01  # of keypoints, in body heights
_PERCENTILE = 90  # of the lengths over a clip
_VIEW = 15  # consecutive frames show a bone from about one side
_BELIEVED = 0.4  # joints under this confidence are guesses: they tell no lengths

_BONES = tuple(joint for joint in PARENTS if not skeleton.JOINTS[joint].startswith("right_"))
_HEIGHT = tuple(skeleton.JOINT[name] for name in ("nose", "neck", "left_knee", "left_ankle"))  # bones that make it

_RATIOS = np.exp(np.linspace(np.log(MIN_RATIO), np.log(MAX_RATIO), 81))
_PRIOR = np.exp(-0.5 * (np.log(_RATIOS) / _SPREAD) ** 2)
_PRIOR /= _PRIOR.sum()
_QUANTILES = (np.arange(40) + 0.5) / 40


@dataclasses.dataclass(frozen=True)
class Proportions:
    """A target beside a source.

    Attributes:
        scale: height of the target in its pixels over that of the source in its own.
        ratios: float32 `[25]`, of the bone that ends at each joint, beyond the scale; 1 where nothing is known.
    """

    scale: float
    ratios: FloatArray


@dataclasses.dataclass(frozen=True)
class _Evidence:
    """What the pictures say of one bone: source's length, target's over it, possible foreshortenings, noise."""

    length: float
    ratio: float
    foreshortening: _Float64
    noise: float

    def likelihoods(self, scales: _Float64) -> _Float64:
        """`[scales, ratios]`: density of the ratio seen, at each scale and ratio of the bone."""
        expected = _RATIOS[:, None] * self.foreshortening
        error = (self.ratio / scales[:, None, None] - expected) / self.noise
        return np.asarray(np.exp(-0.5 * error**2).mean(axis=-1) / scales[:, None])


def compare_bodies(source: FloatArray, target: FloatArray) -> Proportions | None:
    """The proportions of a target beside a source.

    Args:
        source: `[frames, 25, 3]` in pixels.
        target: `[frames, 25, 3]` in other pixels; one frame for a photo.

    Returns:
        None where the two share none of the bones of legs, trunk and neck.
    """
    found, seen = _all_lengths(source), _all_lengths(target)
    shared = [bone for bone in found if bone in seen]
    makes_height = [bone for bone in _HEIGHT if bone in shared]
    if not makes_height:
        return None
    height = sum(_long(found[bone]) for bone in makes_height)
    evidence = {bone: _weigh(found[bone], seen[bone], height) for bone in shared}
    scale = _likeliest_scale(list(evidence.values()))
    ratios = np.ones(skeleton.NUM_JOINTS)
    for bone, of_bone in evidence.items():
        posterior = _PRIOR * of_bone.likelihoods(np.asarray([scale]))[0]
        if posterior.sum() > 1e-9:
            ratios[[bone, skeleton.MIRRORED_JOINT[bone]]] = (posterior * _RATIOS).sum() / posterior.sum()
    common = np.average(ratios[makes_height], weights=[evidence[bone].length for bone in makes_height])
    known = [joint for bone in evidence for joint in (bone, skeleton.MIRRORED_JOINT[bone])]
    ratios[known] = np.clip(ratios[known] / common, MIN_RATIO, MAX_RATIO)
    return Proportions(float(scale * common), ratios.astype(np.float32))


def _all_lengths(keypoints: FloatArray) -> dict[int, _Float64]:
    lengths = {bone: _lengths(keypoints, bone) for bone in _BONES}
    return {bone: of_bone for bone, of_bone in lengths.items() if len(of_bone) and _long(of_bone) > 0}


def _long(lengths: _Float64) -> float:
    return float(np.percentile(lengths, _PERCENTILE))


def _lengths(keypoints: FloatArray, bone: int) -> _Float64:
    """Lengths in the picture of a bone and its twin, in all frames that show both ends."""
    lengths = []
    for outer in {bone, skeleton.MIRRORED_JOINT[bone]}:
        ends = keypoints[:, (outer, PARENTS[outer])]
        ends = ends[(ends[..., 2] >= _BELIEVED).all(axis=-1)]
        lengths.append(np.linalg.norm(ends[:, 0, :2] - ends[:, 1, :2], axis=-1))
    return np.concatenate(lengths).astype(np.float64)


def _weigh(source: _Float64, target: _Float64, height: float) -> _Evidence:
    length = _long(source)
    views = 1 + (len(target) - 1) / _VIEW
    chances = _QUANTILES ** (1 / views)  # the quantiles of the longest of n views
    shown = np.minimum(np.quantile(source / length, chances), 1)
    anywhere = np.sqrt(1 - (1 - chances) ** 2)  # a direction's height on the sphere is uniform
    return _Evidence(
        length,
        _long(target) / length,
        np.concatenate([shown, anywhere[::2]]),
        _NOISE * height / length / np.sqrt(views),
    )


def _likeliest_scale(evidence: list[_Evidence]) -> float:
    seen = [of_bone.ratio for of_bone in evidence]
    scale = _best(evidence, np.geomspace(min(seen) / MAX_RATIO, max(seen) * MAX_RATIO, 80))
    return _best(evidence, scale * np.linspace(0.97, 1.03, 31))


def _best(evidence: list[_Evidence], scales: _Float64) -> float:
    # One bone that fits nowhere shall not decide: its likelihood has a floor.
    total = sum(np.log(of_bone.likelihoods(scales) @ _PRIOR + 1e-4) for of_bone in evidence)
    return float(scales[np.argmax(total)])
