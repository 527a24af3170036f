"""What a generator must beat: ways to make the next maps that need no training.

A baseline is started from the references' keypoints and their true maps, and then turns driving poses into maps,
several clips at once.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

import cv2
import numpy as np
import tensorflow as tf

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import limb_warp
from retarget_tf.body.parsing_labels import UNKNOWN, LabelSchema

Mover = Callable[[Float32Array], Uint8Array]

_FEWEST_JOINTS = 4  # two poses that share less cannot be compared


class Baseline(Protocol):
    """Started once for each batch of clips."""

    def start(self, keypoints: Float32Array, parsing_maps: Uint8Array) -> Mover:
        """Takes the references.

        Args:
            keypoints: float32 `[batch, 25, 3]` of the references.
            parsing_maps: their true maps, uint8 `[batch, size, size]`.

        Returns:
            A function of the driving keypoints `[batch, 25, 3]`, called frame by frame, that gives the maps of class
            ids `[batch, size, size]` without unknown pixels.
        """


class CopyFirst:
    """The reference's true map stays, whatever the pose."""

    def start(self, keypoints: Float32Array, parsing_maps: Uint8Array) -> Mover:
        """See `Baseline`."""
        first = without_unknown(parsing_maps)
        return lambda _: first


class NearestPose:
    """The true map of the most similar pose in a library, put where the driving pose is and in its size.

    Two poses are compared after the shift and scale that fit one to the other, over the joints that both show,
    each weighted by the smaller confidence; the same shift and scale then move the map. No other person's
    clothes are known, so this shows how far the pose alone leads.
    """

    def __init__(self, keypoints: Float32Array, parsing_maps: Uint8Array) -> None:
        """Takes the library.

        Args:
            keypoints: float32 `[poses, 25, 3]`.
            parsing_maps: uint8 `[poses, size, size]`.
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
        """A library of keypoints and their maps."""
        keypoints, maps = zip(*frames, strict=True)
        return cls(np.stack(keypoints), np.stack(maps))

    def start(self, keypoints: Float32Array, parsing_maps: Uint8Array) -> Mover:
        """See `Baseline`. A pose that cannot be compared repeats the map before it."""
        last = without_unknown(parsing_maps)

        def move(driving: Float32Array) -> Uint8Array:
            nonlocal last
            last = np.stack([self._look_up(pose, before) for pose, before in zip(driving, last, strict=True)])
            return last

        return move

    def _look_up(self, pose: Float32Array, otherwise: Uint8Array) -> Uint8Array:
        """The nearest library map moved to the pose, or `otherwise`."""
        shared = self._seen @ (pose[:, 2] > 0)
        fewest = max(_FEWEST_JOINTS, np.count_nonzero(pose[:, 2]) / 2)
        if shared.max() < fewest:
            return otherwise
        weights = np.minimum(pose[:, 2], self._weights)  # [poses, joints]
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-6)
        [xy], [origin] = _about_origin(pose[None])
        # Weighted moments over the joints, of the pose and of each one in the library.
        pose_mean, mean = weights @ xy, np.einsum("pj,pjc->pc", weights, self._xy)
        pose_variance = weights @ np.sum(xy**2, axis=-1) - np.sum(pose_mean**2, axis=-1)
        variance = np.einsum("pj,pj->p", weights, self._squares) - np.sum(mean**2, axis=-1)
        covariance = np.einsum("pj,pj->p", weights, np.einsum("pjc,jc->pj", self._xy, xy)) - np.sum(
            pose_mean * mean, axis=-1
        )
        pose_spread, spread = (np.sqrt(np.maximum(values, 1e-6)) for values in (pose_variance, variance))
        # The mean square that is left between two sets of unit spread is 2 - 2 correlation.
        correlation = np.where(shared >= fewest, covariance / (pose_spread * spread), -np.inf)
        best = int(np.argmax(correlation))
        centre, pose_centre = mean[best] + self._origins[best], pose_mean[best] + origin
        return _moved(without_unknown(self._maps[best]), centre, pose_centre, pose_spread[best] / spread[best])


class LimbWarp:
    """The reference's true map cut into limbs, each moved by its joints; see `limb_warp`."""

    def __init__(self, schema: LabelSchema) -> None:
        """Takes the schema of the maps."""
        self._schema = schema
        self._warp = tf.function(self._warped, reduce_retracing=True, autograph=False)

    def start(self, keypoints: Float32Array, parsing_maps: Uint8Array) -> Mover:
        """See `Baseline`. A pose without any joint is taken for the reference's."""
        references = tf.constant(parsing_maps), tf.constant(keypoints)
        return lambda driving: self._warp(*references, tf.constant(driving)).numpy()

    def _warped(self, parsing_maps: tf.Tensor, reference_keypoints: tf.Tensor, keypoints: tf.Tensor) -> tf.Tensor:
        # Unknown pixels (255) have no class: all zero.
        one_hot = tf.one_hot(tf.cast(parsing_maps, tf.int32), self._schema.num_classes)
        warped = limb_warp.warp_map(one_hot, reference_keypoints, keypoints, self._schema)
        return tf.cast(tf.argmax(warped, axis=-1), tf.uint8)


def _about_origin(keypoints: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Joints `[poses, joints, 2]` about the mean of those that are seen, and that mean `[poses, 2]`.

    Small numbers keep the digits of float32 when moments are subtracted.
    """
    seen = (keypoints[..., 2:] > 0).astype(np.float32)
    origins = np.sum(keypoints[..., :2] * seen, axis=1) / np.maximum(seen.sum(axis=1), 1)
    return (keypoints[..., :2] - origins[:, None]) * seen, origins


def _moved(parsing_map: Uint8Array, centre: Float32Array, to: Float32Array, scale: float) -> Uint8Array:
    """Scales the map and puts its point `centre` (x, y in pixels) at `to`; background comes in from outside."""
    # OpenCV counts from the centre of the first pixel, keypoints from its corner.
    shift = (centre - 0.5) - (to - 0.5) / scale
    inverse = np.array([[1 / scale, 0, shift[0]], [0, 1 / scale, shift[1]]])
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(parsing_map, inverse, parsing_map.shape[::-1], flags=flags, borderValue=0)


def without_unknown(parsing_map: Uint8Array) -> Uint8Array:
    """A contender must name a class everywhere: what the truth does not know counts as background."""
    return np.where(parsing_map == UNKNOWN, np.uint8(0), parsing_map)
