"""A source that is still going on: poses of a webcam led onto the target's canvas one by one.

    live = retargeter.live(target)
    parsing_map = live.step(keypoints, dt)

A file's whole path is known before it is placed; a stream's is not. So the fit, `limbs` of `pose_transform`, is made of
the poses so far: of the first one, then again when 1, 2, 4, ... 64 seconds are known, and each new fit is faded in
over a second, so that nothing jumps. After that it stays: the source is known by then, and memory does not grow.
`OneEuroFilter` smooths in place of the median, which looks ahead, and what is missing comes from the mirrored twin.
"""

from typing import Final

import numpy as np

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import pose_transform, skeleton
from retarget_tf.body.keypoint_filters import OneEuroFilter, fill_from_twin
from retarget_tf.body.pose_transform import PoseTransform
from retarget_tf.retargeting.rollout import Rollout

FIRST_REFIT, LAST_REFIT = 1.0, 64.0  # seconds since the first pose
FADE_SECONDS: Final = 1.0
_SAMPLE_SECONDS: Final = 0.1  # between poses that are kept for the fit


class LivePath:
    """Leads a stream of poses onto the target's canvas."""

    def __init__(self, target: Float32Array, size: int) -> None:
        """Starts a stream.

        Args:
            target: float32 `[frames, 25, 3]` on the canvas: all that is known of the target's body; see
                `retarget_inputs.Target.known_keypoints`.
            size: side of the canvas in pixels.
        """
        self._target, self._size = target, size
        self._placed = target[0]
        self._filter: OneEuroFilter | None = None
        self._known: list[Float32Array] = []
        self._fits: tuple[PoseTransform, PoseTransform] | None = None
        self._seconds = self._faded_since = self._sampled_at = 0.0
        self._refit_at = FIRST_REFIT

    def step(self, keypoints: Float32Array, dt: float) -> Float32Array:
        """The next pose on the canvas.

        Args:
            keypoints: float32 `[25, 3]` in pixels of the source. Without any joint the pose before is repeated; before
                the first one it is the target's own.
            dt: seconds since the last step.
        """
        if self._filter is None:
            box = skeleton.person_box(keypoints)
            if box is None:
                return self._placed
            self._filter = OneEuroFilter(max(float(box[3] - box[1]), 1.0))
        self._seconds += dt
        pose = fill_from_twin(self._filter.step(keypoints, dt)[None])[0]
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
        size = self._size
        return pose_transform.fit_path("limbs", np.stack(self._known), self._target, size, (size, size))


class LiveRetargeter:
    """A stream of poses in, a stream of maps out; `Retargeter.live` makes one."""

    def __init__(self, rollout: Rollout, path: LivePath) -> None:
        self._rollout, self._path = rollout, path

    def step(self, keypoints: Float32Array, dt: float) -> Uint8Array:
        """The next map of class ids, uint8 `[size, size]`; see `LivePath.step`."""
        return self._rollout.step(self._path.step(keypoints, dt)[None])[0]
