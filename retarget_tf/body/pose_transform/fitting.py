"""Chooses the transform that maps a whole source onto the target's canvas."""

import dataclasses
from typing import Literal, get_args

from retarget_tf.arrays import Float32Array
from retarget_tf.body import skeleton
from retarget_tf.body.pose_transform.proportions import compare_bodies
from retarget_tf.body.pose_transform.reshaping import Reshaping
from retarget_tf.body.pose_transform.similarity import PoseTransform, Similarity, fit_body, fit_box, fit_picture, stand

Fit = Literal["limbs", "body", "path", "none"]
FITS: list[str] = list(get_args(Fit))


@dataclasses.dataclass(frozen=True)
class LimbTransform:
    """Gives the source the target's proportions, then moves it to the target's place."""

    reshaping: Reshaping
    similarity: Similarity

    def apply(self, keypoints: Float32Array) -> Float32Array:
        """Moves keypoints `[..., 25, 3]`."""
        return self.similarity.apply(self.reshaping.apply(keypoints))


def fit_path(
    fit: Fit, source: Float32Array, target: Float32Array, size: int, source_size: tuple[int, int]
) -> PoseTransform:
    """Returns one transform for all frames of a source onto the target's canvas.

    Args:
        fit: How to fit. `body` scales and shifts the source to the target's height, ground line and place, then shrinks
            and shifts it as far as needed to keep the whole path on the canvas. `limbs` also gives each limb the
            target's length, as far as it can be estimated (see `proportions`). `path` fills the canvas with the box
            around the path. `none` letterboxes the source's picture into the canvas. A target without
            joints is fitted as with `path`.
        source: `[frames, 25, 3]` in pixels of the source; frames without a person have no joints.
        target: `[25, 3]` on the canvas, or `[frames, 25, 3]` if more than one pose is known.
        size: Side of the canvas in pixels.
        source_size: Width and height of the source's picture in pixels.

    Raises:
        ValueError: No frame of the source has a joint.
    """
    if skeleton.person_box(source) is None:
        raise ValueError("source must have joints in at least one frame. Received: none")
    if fit == "none":
        return fit_picture(source_size, size)
    if fit == "path" or skeleton.person_box(target) is None:
        return fit_box(source, size)
    target = target.reshape(-1, *target.shape[-2:])
    return fit_body(source, target, size) if fit == "body" else fit_limbs(source, target, size)


def fit_limbs(source: Float32Array, target: Float32Array, size: int) -> PoseTransform:
    """Fits the source, `[frames, 25, 3]` like the target, to the target's proportions and place; see `fit_path`."""
    proportions = compare_bodies(source, target)
    if proportions is None:
        return fit_body(source, target, size)
    reshaping = Reshaping.fitted(proportions.ratios, source)
    return LimbTransform(reshaping, stand(reshaping.apply(source), target, size, proportions.scale))
