"""Places the poses of a source on the target's canvas."""

from typing import TypedDict, Unpack

from absl import logging

from retarget_tf.arrays import Float32Array
from retarget_tf.body import keypoint_filters, pose_transform
from retarget_tf.body.pose_transform import Fit, PoseTransform, UpperBody
from retarget_tf.retargeting.targets import Target


class Placing(TypedDict, total=False):
    """How the source's poses are placed on the target's canvas: keyword arguments of `place_path` and its callers.

    Attributes:
        fit: How the path is scaled and moved, see `pose_transform.fit_path`. Default: `limbs`.
        clean: Repairs the source with `keypoint_filters.clean_keypoints` first. Default: True.
        source_size: Width and height of the source's pictures, used only by `fit="none"`. Default: the canvas's size.
        source_fps: Frames per second of the source, used only by `clean`. Default: `keypoint_filters.DEFAULT_FPS`.
    """

    fit: Fit
    clean: bool
    source_size: tuple[int, int]
    source_fps: float


def place_path(target: Target, source_keypoints: Float32Array, **placing: Unpack[Placing]) -> Float32Array:
    """Moves the source's poses onto the target's canvas.

    Args:
        target: The person to generate.
        source_keypoints: float32 `[frames, 25, 3]` in pixels of the source. A frame without joints repeats the last
            pose.
        **placing: See `Placing`.

    Returns:
        float32 `[frames, 25, 3]` in pixels of the canvas.

    Raises:
        ValueError: No frame has a joint.
    """
    if placing.get("clean", True):
        fps = placing.get("source_fps", keypoint_filters.DEFAULT_FPS)
        source_keypoints = keypoint_filters.clean_keypoints(source_keypoints, fps)
    size = len(target.canvas)
    transform = fit_to(target, source_keypoints, placing.get("fit", "limbs"), placing.get("source_size", (size, size)))
    if isinstance(transform, UpperBody):
        logging.warning(
            "target: the photo shows no legs down to the feet, so only the upper body dances. "
            "Give a photo of the whole person."
        )
    return transform.apply(pose_transform.hold_pose(source_keypoints))


def fit_to(target: Target, poses: Float32Array, fit: Fit, source_size: tuple[int, int]) -> PoseTransform:
    """Returns the transform from poses of a source, float32 `[frames, 25, 3]` in its pixels, onto the target's canvas.

    `limbs` moves only the upper body of a target whose photo shows no feet. The other arguments and the errors are
    those of `pose_transform.fit_path`.
    """
    known, cut_off = target.known_keypoints, None
    if fit == "limbs" and not target.shows_feet:
        cut_off = UpperBody.fitted(poses, known, target.keypoints, target.lower_edge)
    return cut_off or pose_transform.fit_path(fit, poses, known, len(target.canvas), source_size)
