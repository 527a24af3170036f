"""Repairs a live stream of keypoints pose by pose: exchanged sides, noise, gaps."""

import collections

import numpy as np
import numpy.typing as npt

from retarget_tf.arrays import Float32Array
from retarget_tf.body import skeleton
from retarget_tf.body.keypoint_filters.gaps import GUESSED, LONGEST_GAP
from retarget_tf.body.keypoint_filters.swaps import repair_swaps

_LOOKED_BACK = 20  # poses


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


class LostJoints:
    """Holds a joint that is lost at its last offset from its parent, as `fill_gaps` does at the end of a clip."""

    def __init__(self) -> None:
        """Starts a stream."""
        self._offset = np.zeros((skeleton.NUM_JOINTS, 2), np.float32)
        self._age = np.full(skeleton.NUM_JOINTS, np.inf)

    def step(self, keypoints: Float32Array, dt: float) -> Float32Array:
        """Fills the next keypoints `[25, 3]`, `dt` seconds after the previous ones, up to .5 s after the last sight."""
        filled = keypoints.copy()
        self._age += dt
        for joint, parent in skeleton.PARENTS.items():  # from the trunk outward
            if keypoints[joint, 2] > 0 and keypoints[parent, 2] > 0:
                self._offset[joint], self._age[joint] = keypoints[joint, :2] - keypoints[parent, :2], 0
            elif keypoints[joint, 2] == 0 and filled[parent, 2] > 0 and self._age[joint] <= LONGEST_GAP:
                filled[joint] = *(filled[parent, :2] + self._offset[joint]), GUESSED
        return filled


class ExchangedSides:
    """Undoes poses in which the detector exchanged left and right, as `repair_swaps` does, by the poses so far."""

    def __init__(self) -> None:
        """Starts a stream."""
        self._recent: collections.deque[Float32Array] = collections.deque(maxlen=_LOOKED_BACK)
        self._seconds: collections.deque[float] = collections.deque(maxlen=_LOOKED_BACK)

    def step(self, keypoints: Float32Array, dt: float) -> Float32Array:
        """Repairs the next keypoints `[25, 3]`, `dt` seconds after the previous ones."""
        self._recent.append(keypoints)
        self._seconds.append(dt)
        return repair_swaps(np.stack(self._recent), 1 / float(np.median(self._seconds)))[-1]


def _blend(cutoff: npt.ArrayLike, dt: float) -> Float32Array:
    """Returns the weight of the new value in a low-pass filter of that cutoff in hertz."""
    turned = np.asarray(cutoff, np.float32) * np.float32(2 * np.pi * dt)
    return turned / (turned + 1)
