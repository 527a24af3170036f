"""Drops outliers, and smooths keypoints as much as their own noise asks for.

A detector that smooths over time, such as MediaPipe's for videos, leaves hardly any noise, and smoothing again only
rounds off fast motion. One that looks at every picture anew leaves 1 % of the height. So the noise is measured joint by
joint, and a window grows only as long as it changes nothing but noise.
"""

import math

import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, Float64Array
from retarget_tf.body.keypoint_filters.swaps import person_height

_OUTLIER_SPEED = 5.0  # heights per second; faster motion out and back is none of a body
_OUTLIER_JUMP = 0.08  # of the height; smaller jumps are left to the smoothing
_OUTLIER_SECONDS = 0.15  # longest stay of an outlier
_LONGEST = 0.25  # seconds to each side of the longest window
_TOLERANCE = 1.5  # standard deviations by which fits over windows of different lengths may differ
_ORDER = 5  # of the differences that measure noise: motion of up to 2 Hz hardly shows in them at 16 frames a second
_FEWEST_DIFFERENCES = 8  # from which noise is measured
_QUARTILE = 0.3186  # lower quartile of the absolute values of a standard normal distribution
_DEGREE = 2  # of the polynomial


def drop_outliers(keypoints: Float32Array, fps: float) -> Float32Array:
    """Makes joints missing that jump away and come back within .15 s, faster than a body can move.

    Args:
        keypoints: float32 `[frames, 25, 3]`.
        fps: Frames per second.
    """
    result = keypoints.copy()
    least = person_height(keypoints) * max(_OUTLIER_JUMP, _OUTLIER_SPEED / fps)
    for stay in range(1, max(1, round(_OUTLIER_SECONDS * fps)) + 1):
        if len(keypoints) < stay + 2 or least == 0:
            break
        before, first, last, after = (
            result[start : len(result) - stay - 1 + start] for start in (0, 1, stay, stay + 1)
        )
        away = np.minimum(_distance(before, first), _distance(last, after))
        frame, joint = np.nonzero((away > least) & (_distance(before, after) < away / 3))
        for offset in range(1, stay + 1):
            result[frame + offset, joint] = 0
    return result


def _distance(a: Float32Array, b: Float32Array) -> Float32Array:
    """Returns distances `[frames, 25]` in pixels; NaN, which is larger than nothing, where a joint is missing."""
    both = (a[..., 2] > 0) & (b[..., 2] > 0)
    return np.where(both, np.linalg.norm(a[..., :2] - b[..., :2], axis=-1), np.float32(np.nan))


def smooth(keypoints: Float32Array, fps: float) -> Float32Array:
    """Fits a parabola around each frame, over a window as long as the joint's noise allows.

    The window grows frame by frame, up to .25 s to each side, and stops before its value leaves the range that the
    values of all shorter windows allow, 1.5 standard deviations of noise on both sides (Goldenshluger and Nemirovski
    1997). So noise at rest is averaged over the whole window, a fast hand keeps its amplitude, and keypoints without
    noise stay as they are.

    Args:
        keypoints: float32 `[frames, 25, 3]`. Missing joints stay missing.
        fps: Frames per second.
    """
    result = keypoints.copy()
    for joint in range(keypoints.shape[1]):
        seen = keypoints[:, joint, 2] > 0
        places = np.where(seen[:, None], keypoints[:, joint, :2], 0).astype(np.float64)
        noise = _noise(places, seen)
        if noise > 0:
            result[seen, joint, :2] = _smoothed(places, seen, noise, int(_LONGEST * fps))[seen]
    return result


def _noise(places: Float64Array, seen: BoolArray) -> float:
    """Returns the standard deviation of the noise in `[frames, 2]`, in pixels; 0 where too few frames tell.

    High differences of motion are small, those of noise are large. Their lower quartile leaves out outliers and the
    moments of fastest motion.
    """
    if len(places) <= _ORDER:
        return 0.0
    signs = np.array([(-1) ** index * math.comb(_ORDER, index) for index in range(_ORDER + 1)], np.float64)
    whole = _windows(seen.astype(np.float64), _ORDER + 1).all(axis=-1)
    differences = np.abs(_windows(places, _ORDER + 1)[whole] @ signs)
    if len(differences) < _FEWEST_DIFFERENCES:
        return 0.0
    spread = float(np.quantile(differences, 0.25)) / _QUARTILE
    return spread / math.sqrt(math.comb(2 * _ORDER, _ORDER))


def _smoothed(places: Float64Array, seen: BoolArray, noise: float, longest: int) -> Float64Array:
    result = places.copy()
    low, high = places - _TOLERANCE * noise, places + _TOLERANCE * noise
    grows = seen.copy()
    for radius in range(2, longest + 1):
        values, gain = _parabolas(places, seen, radius)
        known = gain < 1  # with fewer frames seen than a parabola needs, the window just grows on
        margin = _TOLERANCE * noise * np.where(known, gain, 1)[:, None]
        narrower_low, narrower_high = np.maximum(low, values - margin), np.minimum(high, values + margin)
        grows &= (narrower_low <= narrower_high).all(axis=-1) | ~known
        taken = (grows & known)[:, None]
        result = np.where(taken, values, result)
        low, high = np.where(taken, narrower_low, low), np.where(taken, narrower_high, high)
    return result


def _parabolas(places: Float64Array, seen: BoolArray, radius: int) -> tuple[Float64Array, Float64Array]:
    """Returns the values `[frames, 2]` of parabolas fitted around each frame, and their noise `[frames]` as a share.

    Args:
        places: `[frames, 2]`, 0 where not seen.
        seen: bool `[frames]`.
        radius: Number of frames to each side.
    """
    size = 2 * radius + 1
    powers = np.linspace(-1, 1, size)[:, None] ** np.arange(2 * _DEGREE + 1)
    weights = _windows(np.pad(seen.astype(np.float64), radius), size)
    moments = weights @ powers
    normal = moments[:, np.add.outer(np.arange(_DEGREE + 1), np.arange(_DEGREE + 1))]
    enough = weights.sum(axis=-1) > _DEGREE + 1
    normal[~enough] = np.eye(_DEGREE + 1)
    kernel = weights * (np.linalg.inv(normal)[:, 0] @ powers[:, : _DEGREE + 1].T)
    padded = np.pad(places, ((radius, radius), (0, 0)))
    values = np.einsum("fw,fcw->fc", kernel, _windows(padded, size))
    gain = np.sqrt(np.sum(np.square(kernel), axis=-1))
    return values, np.where(enough, gain, np.inf)


def _windows(values: Float64Array, size: int) -> Float64Array:
    return np.lib.stride_tricks.sliding_window_view(values, size, axis=0)
