"""Retargets a live source, such as a webcam, pose by pose.

    live = retargeter.live_frames(target)    # photographs
    frame = live.step(keypoints, dt)
    live = retargeter.live(target)           # maps of class ids
    parsing_map = live.step(keypoints, dt)

Each step needs the poses so far only, so a frame is there as soon as its pose is. The transform onto the target's
canvas is the fit `limbs` of `placing`. A file is fitted to its whole path, a
stream only to the poses so far: the first pose, then again after 1, 2, 4, ... 64 seconds. Each new fit is blended in
over one second to avoid jumps. After 64 seconds the fit stays and no more poses are stored, so memory is bounded.
Sides that the detector exchanged are put right by the poses so far. `OneEuroFilter` smooths, since the smoothing of
files needs future frames. A joint that is lost goes on with its parent for half a second; missing joints of arms and
legs are then filled from the other side, mirrored.
"""

import collections
from typing import TYPE_CHECKING, Final

import numpy as np

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.body.keypoint_filters import ExchangedSides, LostJoints, OneEuroFilter, fill_from_twin
from retarget_tf.body.pose_transform import PoseTransform
from retarget_tf.retargeting.frames.shadow import GROUND_WINDOW
from retarget_tf.retargeting.placing import fit_to
from retarget_tf.retargeting.targets import Target

if TYPE_CHECKING:  # import TensorFlow
    from retarget_tf.retargeting.frames.frame_maker import FrameMaker
    from retarget_tf.retargeting.rollout import Rollout

FIRST_REFIT, LAST_REFIT = 1.0, 64.0  # seconds since the first pose
FADE_SECONDS: Final = 1.0
_SAMPLE_SECONDS: Final = 0.1  # smallest time between two poses that are stored for the fit


class LivePath:
    """Smooths a stream of poses and moves them onto the target's canvas."""

    def __init__(self, target: Target) -> None:
        """Starts a stream that is moved onto the canvas of this target."""
        self._target, self._placed = target, target.keypoints
        self._filter: OneEuroFilter | None = None
        self._sides, self._lost = ExchangedSides(), LostJoints()
        self._known: list[Float32Array] = []
        self._fits: tuple[PoseTransform, PoseTransform] | None = None
        self._seconds = self._faded_since = self._sampled_at = 0.0
        self._refit_at = FIRST_REFIT

    def step(self, keypoints: Float32Array, dt: float) -> Float32Array:
        """Returns the next pose on the canvas, float32 `[25, 3]`.

        Args:
            keypoints: float32 `[25, 3]` in pixels of the source. If no joint is present, the last pose is repeated,
                or before the first pose, the target's own pose.
            dt: Seconds since the last step.
        """
        if self._filter is None:
            box = skeleton.person_box(keypoints)
            if box is None:
                return self._placed
            self._filter = OneEuroFilter(max(float(box[3] - box[1]), 1.0))
        self._seconds += dt
        smooth = self._filter.step(self._sides.step(keypoints, dt), dt)
        pose = fill_from_twin(self._lost.step(smooth, dt)[None])[0]
        if pose[:, 2].any():
            self._placed = self._place(pose)
        return self._placed

    def _place(self, pose: Float32Array) -> Float32Array:
        if not self._known or self._sampled_at + _SAMPLE_SECONDS <= self._seconds <= LAST_REFIT:
            self._known.append(pose)
            self._sampled_at = self._seconds
        if self._fits is None:
            self._fits = (self._fit(),) * 2
        elif self._refit_at <= min(self._seconds, LAST_REFIT):
            self._fits = self._fits[1], self._fit()
            self._faded_since = self._seconds
            self._refit_at = max(2 * self._refit_at, self._seconds + FADE_SECONDS)
        share = np.float32(min((self._seconds - self._faded_since) / FADE_SECONDS, 1.0))
        before, after = (fit.apply(pose) for fit in self._fits)
        return before + share * (after - before)

    def _fit(self) -> PoseTransform:
        return fit_to(self._target, np.stack(self._known), "limbs", source_size=(1, 1))


class LiveRetargeter:
    """Generates a map for each pose of a stream; built by `Retargeter.live`."""

    def __init__(self, rollout: "Rollout", path: LivePath) -> None:
        self._rollout, self._path = rollout, path

    def step(self, keypoints: Float32Array, dt: float) -> Uint8Array:
        """Returns the next map of class ids, uint8 `[size, size]`; arguments as in `LivePath.step`."""
        return self._rollout.step(self._path.step(keypoints, dt)[None])[0]


class LiveFrames:
    """Makes a photographic frame for each pose of a stream; built by `Retargeter.live_frames`."""

    def __init__(self, maker: "FrameMaker", path: LivePath) -> None:
        self._maker, self._path = maker, path
        self._recent: collections.deque[Float32Array] = collections.deque(maxlen=GROUND_WINDOW + 1)

    def step(self, keypoints: Float32Array, dt: float) -> Uint8Array:
        """Returns the next frame, as of `FrameMaker.dance`; arguments as in `LivePath.step`."""
        self._recent.append(self._path.step(keypoints, dt))
        return self._maker.frame(np.stack(self._recent))
