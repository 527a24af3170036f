"""Baselines that generate parsing maps without training, for comparison with generators.

A baseline is started with the keypoints and true maps of a batch of references, then converts the driving poses to maps
frame by frame.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

import cv2
import numpy as np
import tensorflow as tf

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import limb_warp, reference_choice
from retarget_tf.body.parsing_labels import UNKNOWN, LabelSchema

Mover = Callable[[Float32Array], Uint8Array]

_FEWEST_JOINTS = 4  # poses with fewer joints in common are not compared


class Baseline(Protocol):
    """Anything that generates maps from references and driving poses."""

    def start(self, keypoints: Float32Array, parsing_maps: Uint8Array) -> Mover:
        """Starts a batch of clips.

        Args:
            keypoints: Keypoints of the references, float32 `[batch, 25, 3]`; for `LimbWarp` `[batch * photos, 25, 3]`,
                those of a person in a row.
            parsing_maps: True maps of the references, uint8 `[batch, size, size]` or `[batch * photos, size, size]`.

        Returns:
            A function to be called frame by frame with the driving keypoints `[batch, 25, 3]`; it returns maps
            `[batch, size, size]` without unknown pixels.
        """


class CopyFirst:
    """Repeats the reference's true map in every frame."""

    def start(self, keypoints: Float32Array, parsing_maps: Uint8Array) -> Mover:
        """See `Baseline`."""
        first = without_unknown(parsing_maps)
        return lambda _: first


class NearestPose:
    """Looks up the most similar pose in a library and moves its true map to the driving pose's place and size.

    The distance of two poses is computed after the best shift and scale, over their common joints, each weighted by the
    smaller confidence. The same shift and scale then move the map. The library shows other people's clothes, so the
    score tells how much the pose alone achieves.
    """

    def __init__(self, keypoints: Float32Array, parsing_maps: Uint8Array) -> None:
        """Stores the library.

        Args:
            keypoints: Poses, float32 `[poses, 25, 3]`.
            parsing_maps: Their maps, uint8 `[poses, size, size]`.
        """
        if not len(keypoints) or len(keypoints) != len(parsing_maps):
            raise ValueError(
                "the library must hold as many maps as poses, and at least one. "
                f"Received: keypoints={keypoints.shape}, parsing_maps={parsing_maps.shape}"
            )
        self._maps = parsing_maps
        self._weights, self._seen = keypoints[:, :, 2], (keypoints[:, :, 2] > 0).astype(np.float32)
        self._xy, self._origins = _about_origin(keypoints)
        self._squares = np.sum(self._xy**2, axis=-1)

    @classmethod
    def from_frames(cls, frames: Iterable[tuple[Float32Array, Uint8Array]]) -> "NearestPose":
        """Creates a library from pairs of keypoints and map."""
        keypoints, maps = zip(*frames, strict=True)
        return cls(np.stack(keypoints), np.stack(maps))

    def start(self, keypoints: Float32Array, parsing_maps: Uint8Array) -> Mover:
        """See `Baseline`. A pose that cannot be compared repeats the previous map."""
        last = without_unknown(parsing_maps)

        def move(driving: Float32Array) -> Uint8Array:
            nonlocal last
            last = np.stack([self._look_up(pose, before) for pose, before in zip(driving, last, strict=True)])
            return last

        return move

    def _look_up(self, pose: Float32Array, otherwise: Uint8Array) -> Uint8Array:
        """Returns the nearest pose's map, moved to `pose`, or `otherwise` if no pose has enough joints in common."""
        shared = self._seen @ (pose[:, 2] > 0)
        fewest = max(_FEWEST_JOINTS, np.count_nonzero(pose[:, 2]) / 2)
        if shared.max() < fewest:
            return otherwise
        weights = np.minimum(pose[:, 2], self._weights)  # [poses, joints]
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-6)
        [xy], [origin] = _about_origin(pose[None])
        # Weighted moments over the joints of the pose and of each pose in the library.
        pose_mean, mean = weights @ xy, np.einsum("pj,pjc->pc", weights, self._xy)
        pose_variance = weights @ np.sum(xy**2, axis=-1) - np.sum(pose_mean**2, axis=-1)
        variance = np.einsum("pj,pj->p", weights, self._squares) - np.sum(mean**2, axis=-1)
        covariance = np.einsum("pj,pj->p", weights, np.einsum("pjc,jc->pj", self._xy, xy)) - np.sum(
            pose_mean * mean, axis=-1
        )
        pose_spread, spread = (np.sqrt(np.maximum(values, 1e-6)) for values in (pose_variance, variance))
        # Between two poses scaled to unit spread, the mean squared distance is 2 - 2 * correlation.
        correlation = np.where(shared >= fewest, covariance / (pose_spread * spread), -np.inf)
        best = int(np.argmax(correlation))
        centre, pose_centre = mean[best] + self._origins[best], pose_mean[best] + origin
        return _moved(without_unknown(self._maps[best]), centre, pose_centre, pose_spread[best] / spread[best])


class LimbWarp:
    """Warps the true map of the reference limb by limb, see `limb_warp`; of several the one nearest in pose."""

    def __init__(self, schema: LabelSchema) -> None:
        """Compiles the warp for maps of a label schema."""
        self._schema = schema
        self._warp = tf.function(self._warped, reduce_retracing=True, autograph=False)

    def start(self, keypoints: Float32Array, parsing_maps: Uint8Array) -> Mover:
        """See `Baseline`. A pose without any joint counts as the reference's pose."""
        references = tf.constant(parsing_maps), tf.constant(keypoints)
        rows: tf.Tensor | None = None

        def move(driving: Float32Array) -> Uint8Array:
            nonlocal rows
            last = tf.fill([len(driving)], -1) if rows is None else rows
            warped, rows = self._warp(*references, tf.constant(driving), last)
            return np.asarray(warped.numpy(), np.uint8)

        return move

    def _warped(
        self, parsing_maps: tf.Tensor, reference_keypoints: tf.Tensor, keypoints: tf.Tensor, last: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the moved maps, and the rows of the references that were chosen for them."""
        rows = reference_choice.nearest(reference_keypoints, keypoints, last)
        # One-hot codes of unknown pixels (255) are all zero.
        one_hot = tf.one_hot(tf.cast(tf.gather(parsing_maps, rows), tf.int32), self._schema.num_classes)
        warped = limb_warp.warp_map(one_hot, tf.gather(reference_keypoints, rows), keypoints, self._schema)
        return tf.cast(tf.argmax(warped, axis=-1), tf.uint8), rows


def _about_origin(keypoints: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Returns joints `[poses, joints, 2]` relative to the mean of the joints seen, and that mean `[poses, 2]`.

    Centring avoids cancellation in float32 when moments are subtracted.
    """
    seen = (keypoints[..., 2:] > 0).astype(np.float32)
    origins = np.sum(keypoints[..., :2] * seen, axis=1) / np.maximum(seen.sum(axis=1), 1)
    return (keypoints[..., :2] - origins[:, None]) * seen, origins


def _moved(parsing_map: Uint8Array, centre: Float32Array, to: Float32Array, scale: float) -> Uint8Array:
    """Scales the map and moves its point `centre` (x, y in pixels) to `to`; pixels from outside are background."""
    # OpenCV counts from the centre of the first pixel, keypoints from its corner.
    shift = (centre - 0.5) - (to - 0.5) / scale
    inverse = np.array([[1 / scale, 0, shift[0]], [0, 1 / scale, shift[1]]])
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(parsing_map, inverse, parsing_map.shape[::-1], flags=flags, borderValue=0)


def without_unknown(parsing_map: Uint8Array) -> Uint8Array:
    """Replaces unknown pixels by background, since baselines must return a class everywhere."""
    return np.where(parsing_map == UNKNOWN, np.uint8(0), parsing_map)
