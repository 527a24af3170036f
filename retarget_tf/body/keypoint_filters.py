"""Repairs detected keypoints: exchanges swapped left and right sides back, fills gaps, and smooths noise.

All functions take and return float32 `[frames, 25, 3]` (see `skeleton`; confidence 0 is missing) and leave their
argument unchanged. Joints filled in get the confidence `GUESSED`, just enough to count as seen. `clean_keypoints`
applies all steps to a clip; `OneEuroFilter` smooths a live stream, where later frames are not known yet.
"""

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from retarget_tf.arrays import BoolArray, Float32Array
from retarget_tf.body import skeleton

GUESSED: Final = skeleton.CONFIDENCE_THRESHOLD

_SIDED = tuple(joint for joint, twin in enumerate(skeleton.MIRRORED_JOINT) if joint != twin)
# (joint, parent) pairs of the arms and legs, from the trunk outward.
_LIMBS = tuple((j, inner) for j, inner in skeleton.PARENTS.items() if j in _SIDED and j not in skeleton.HEAD)
_SWAPPED_TOGETHER = (
    _SIDED,  # the whole person
    skeleton.joints("eye", "ear"),
    skeleton.joints("shoulder", "hip"),
    skeleton.joints("elbow", "wrist"),
    skeleton.joints("knee", "ankle", "heel", "big_toe", "small_toe"),
)
# Costs of switching between "correct" and "swapped" and of each swapped frame, as shares of the person's height.
_CHANGE_COST, _SWAPPED_COST = 0.015, 0.001


def clean_keypoints(keypoints: Float32Array, *, max_gap: int = 15, window: int = 7) -> Float32Array:
    """Applies `repair_swaps`, `fill_gaps`, `fill_from_twin` and `smooth_median`, in this order.

    Args:
        keypoints: float32 `[frames, 25, 3]`.
        max_gap: Longest gap in frames that `fill_gaps` interpolates.
        window: Number of frames of the median, odd; larger is smoother, 1 turns the smoothing off.
    """
    return smooth_median(fill_from_twin(fill_gaps(repair_swaps(keypoints), max_gap)), window)


def fill_gaps(keypoints: Float32Array, max_gap: int = 15) -> Float32Array:
    """Fills gaps of a joint of up to `max_gap` frames: its offset from its parent is interpolated, or held at the ends.

    So a hand that is lost goes on with the elbow, instead of staying where it was in the picture. Where the parent is
    missing too, the joint's place takes the part of the offset.
    """
    filled = _interpolated(keypoints, max_gap)
    for joint, parent in skeleton.PARENTS.items():  # from the trunk outward
        seen = np.minimum(keypoints[:, [joint], 2:], keypoints[:, [parent], 2:])
        offset = np.concatenate([keypoints[:, [joint], :2] - keypoints[:, [parent], :2], seen], axis=-1)
        offset = _interpolated(offset, max_gap)[:, 0]
        follows = (keypoints[:, joint, 2] == 0) & (offset[:, 2] > 0) & (filled[:, parent, 2] > 0)
        filled[:, joint] = _with_guesses(filled[:, joint], follows, filled[:, parent, :2] + offset[:, :2])
    return filled


def _interpolated(keypoints: Float32Array, max_gap: int) -> Float32Array:
    seen = keypoints[..., 2] > 0
    time = np.arange(len(keypoints))[:, None]
    never_before, never_after = -1, len(keypoints)
    before = np.maximum.accumulate(np.where(seen, time, never_before), axis=0)
    after = np.minimum.accumulate(np.where(seen, time, never_after)[::-1], axis=0)[::-1]
    has_before, has_after = before != never_before, after != never_after
    gap = np.where(has_before & has_after, after - before - 1, np.where(has_before, time - before, after - time))
    filled = ~seen & (has_before | has_after) & (gap <= max_gap)
    start = np.where(has_before, before, after) % len(keypoints)
    end = np.where(has_after, after, before) % len(keypoints)
    share = (time - start) / np.maximum(end - start, 1)
    joints = np.arange(keypoints.shape[1])
    first, last = keypoints[start, joints, :2], keypoints[end, joints, :2]
    return _with_guesses(keypoints, filled, first + share[..., None] * (last - first))


def bridge_absences(keypoints: Float32Array, max_gap: int = 15) -> Float32Array:
    """Fills up to `max_gap` consecutive frames without any joint by interpolating linearly between the poses around.

    Confidences are interpolated too. Use it where every frame needs a position, such as to crop frames for a parser;
    stored keypoints should show that nobody was detected. `fill_gaps` fills the gaps of single joints.
    """
    found = np.flatnonzero(keypoints[..., 2].max(axis=1) > 0)
    bridged = keypoints.copy()
    for before, after in itertools.pairwise(found):
        if 1 < after - before <= max_gap + 1:
            for frame in range(before + 1, after):
                share = (frame - before) / (after - before)
                bridged[frame] = (1 - share) * keypoints[before] + share * keypoints[after]
    return bridged


def fill_from_twin(keypoints: Float32Array) -> Float32Array:
    """Fills missing joints of arms and legs from the same limb of the other side, mirrored.

    The other side's bone is reflected at the line from mid-hip to neck (a vertical where these are missing) and
    attached to the joint's parent. The guess is right for symmetric moves seen from the front or the back; in all other
    cases the limb at least has a plausible length and is connected to the body.
    """
    result = keypoints.copy()
    hip, neck = (keypoints[:, skeleton.JOINT[name]] for name in ("mid_hip", "neck"))
    trunk = neck[:, :2] - hip[:, :2]
    length = np.linalg.norm(trunk, axis=-1, keepdims=True)
    known = (neck[:, 2:] > 0) & (hip[:, 2:] > 0) & (length > 0)
    axis = np.where(known, trunk / np.where(known, length, 1), np.array([0, -1], np.float32))
    for joint, inner in _LIMBS:
        twin, twin_inner = skeleton.MIRRORED_JOINT[joint], skeleton.MIRRORED_JOINT[inner]
        needed = result[:, inner, 2], keypoints[:, twin, 2], keypoints[:, twin_inner, 2]
        filled = (result[:, joint, 2] == 0) & (np.minimum.reduce(needed) > 0)
        bone = keypoints[:, twin, :2] - keypoints[:, twin_inner, :2]
        mirrored = 2 * (bone * axis).sum(axis=-1, keepdims=True) * axis - bone
        result[:, joint] = _with_guesses(result[:, joint], filled, result[:, inner, :2] + mirrored)
    return result


def smooth_median(keypoints: Float32Array, window: int = 7) -> Float32Array:
    """Replaces each coordinate by its median over the `window` frames around it; missing joints stay missing.

    Raises:
        ValueError: `window` is even or not positive.
    """
    if window < 1 or window % 2 == 0:
        raise ValueError(f"window must be odd and positive. Received: window={window}")
    seen = keypoints[..., 2] > 0
    places = np.where(seen[..., None], keypoints[..., :2], np.float32(np.nan))
    padded = np.pad(places, ((window // 2, window // 2), (0, 0), (0, 0)), constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, window, axis=0)
    # Sorting puts NaN last, so the first `count` values are those seen. `np.nanmedian` would warn where there are none.
    ordered, count = np.sort(around, axis=-1), np.isfinite(around).sum(axis=-1, keepdims=True)
    low, high = (np.take_along_axis(ordered, np.maximum(middle, 0), -1) for middle in ((count - 1) // 2, count // 2))
    median = np.where(seen[..., None], ((low + high) / 2)[..., 0] if window > 1 else places, np.float32(0))
    return np.concatenate([median, keypoints[..., 2:]], axis=-1).astype(np.float32)


def repair_swaps(keypoints: Float32Array) -> Float32Array:
    """Undoes frames in which the detector exchanged left and right.

    The whole person, the face, the trunk, the arms and the legs are repaired in turn. For each group, dynamic
    programming (Viterbi 1967) labels every frame "correct" or "swapped" such that the sum of three costs is smallest:
    the distance that joints jump between frames, a cost for each switch of the label, and a small cost for each swapped
    frame, since detectors are mostly right. Legs that really cross do not jump, and so stay as they are.
    """
    result = keypoints.copy()
    height = _person_height(keypoints)
    if height == 0:
        return result
    for joints in _SWAPPED_TOGETHER:
        swapped = _swapped_frames(result, joints, height)[:, None]
        twins = [skeleton.MIRRORED_JOINT[joint] for joint in joints]
        result[:, joints] = np.where(swapped[..., None], result[:, twins], result[:, joints])
    return result


class OneEuroFilter:
    """Smooths a stream of keypoints, strongly at rest and hardly in motion (1 EUR filter, Casiez et al. 2012).

    A low-pass filter whose cutoff frequency grows with the speed: `min_cutoff + beta * |speed|`. Missing joints stay
    missing; when a joint returns, its filter restarts.
    """

    def __init__(
        self, unit: float, *, min_cutoff: float = 3.0, beta: float = 40.0, derivative_cutoff: float = 2.0
    ) -> None:
        """Sets up a filter for one stream.

        Args:
            unit: Height of the person in pixels; speeds are measured in heights per second.
            min_cutoff: Cutoff frequency in hertz of a joint at rest; lower values smooth more.
            beta: Hertz added to the cutoff per height per second of speed; higher values reduce the lag.
            derivative_cutoff: Cutoff frequency in hertz of the filter that smooths the speed.
        """
        if min(unit, min_cutoff, derivative_cutoff) <= 0 or beta < 0:
            raise ValueError(
                "unit and cutoffs must be positive, beta not negative. "
                f"Received: {unit=}, {min_cutoff=}, {beta=}, {derivative_cutoff=}"
            )
        self._unit, self._min_cutoff, self._beta, self._derivative_cutoff = unit, min_cutoff, beta, derivative_cutoff
        self._last = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
        self._speed = np.zeros((skeleton.NUM_JOINTS, 2), np.float32)

    def step(self, keypoints: Float32Array, dt: float) -> Float32Array:
        """Filters the next keypoints `[25, 3]`, detected `dt` seconds after the previous ones."""
        if dt <= 0:
            raise ValueError(f"dt must be positive. Received: dt={dt}")
        seen = keypoints[:, 2:] > 0
        goes_on = seen & (self._last[:, 2:] > 0)
        speed = (keypoints[:, :2] - self._last[:, :2]) / np.float32(dt * self._unit)
        speed = self._speed + _blend(self._derivative_cutoff, dt) * (speed - self._speed)
        self._speed = np.where(goes_on, speed, np.float32(0))
        cutoff = self._min_cutoff + self._beta * np.abs(self._speed)
        place = self._last[:, :2] + _blend(cutoff, dt) * (keypoints[:, :2] - self._last[:, :2])
        place = np.where(goes_on, place, keypoints[:, :2])
        self._last = np.where(seen, np.concatenate([place, keypoints[:, 2:]], axis=1), 0).astype(np.float32)
        return self._last.copy()


def _blend(cutoff: npt.ArrayLike, dt: float) -> Float32Array:
    """Returns the weight of the new value in a low-pass filter of that cutoff in hertz."""
    turned = np.asarray(cutoff, np.float32) * np.float32(2 * np.pi * dt)
    return turned / (turned + 1)


def _with_guesses(keypoints: Float32Array, filled: BoolArray, places: npt.NDArray[np.floating]) -> Float32Array:
    guesses = np.concatenate([places, np.full((*filled.shape, 1), GUESSED)], axis=-1)
    return np.where(filled[..., None], guesses, keypoints).astype(np.float32)


def _person_height(keypoints: Float32Array) -> float:
    """Returns the median height in pixels over the frames with at least two joints; 0 if there are none."""
    heights = skeleton.heights(keypoints[(keypoints[..., 2] > 0).sum(axis=1) > 1])
    return float(np.median(heights)) if heights.size else 0.0


def _swapped_frames(keypoints: Float32Array, joints: Sequence[int], height: float) -> BoolArray:
    """Returns bool `[frames]`: the frames in which these joints are swapped, by the labelling of lowest cost."""
    stay, cross = _jumps(keypoints, joints, height)
    costs = np.array([0.0, _SWAPPED_COST])
    came_from = np.zeros((len(keypoints), 2), int)
    for frame in range(1, len(keypoints)):
        change = cross[frame] + _CHANGE_COST
        ways = costs[:, None] + np.array([[stay[frame], change], [change, stay[frame]]])
        came_from[frame] = ways.argmin(axis=0)
        costs = ways.min(axis=0) + np.array([0.0, _SWAPPED_COST])
    path = np.zeros(len(keypoints), int)
    path[-1] = costs.argmin()
    for frame in range(len(keypoints) - 1, 0, -1):
        path[frame - 1] = came_from[frame, path[frame]]
    return path == 1


def _jumps(keypoints: Float32Array, joints: Sequence[int], height: float) -> tuple[Float32Array, Float32Array]:
    """Returns the joints' mean jumps `[frames]`, in person heights, from where they and where their twins were seen."""
    seen = keypoints[:, joints, 2] > 0
    last_sight = np.maximum.accumulate(np.where(seen, np.arange(len(keypoints))[:, None], 0), axis=0)[:-1]
    held = keypoints[last_sight, joints]
    own = keypoints[1:, joints, :2]
    twin_column = np.array([joints.index(skeleton.MIRRORED_JOINT[joint]) for joint in joints])
    twin = held[:, twin_column]
    usable = seen[1:] & (held[..., 2] > 0) & (twin[..., 2] > 0)
    count = np.maximum(usable.sum(axis=1), 1) * height
    jumps = [(np.linalg.norm(own - place[..., :2], axis=-1) * usable).sum(axis=1) / count for place in (held, twin)]
    stay, cross = (np.concatenate([[0], jump]).astype(np.float32) for jump in jumps)
    return stay, cross
