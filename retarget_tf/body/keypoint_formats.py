"""Converts the keypoints of other detectors to BODY_25, joint by joint name.

Neck and mid-hip are computed as the mean of both shoulders and both hips where a skeleton lacks them. Other joints that
it lacks, such as toes, stay missing.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from retarget_tf.arrays import Float32Array
from retarget_tf.body.skeleton import JOINT, NUM_JOINTS, joints

# MediaPipe Pose Landmarker, 33 landmarks ("Pose landmarker model" in its guide): no neck, mid-hip and small toes.
_MEDIAPIPE = {
    "nose": 0, "left_eye": 2, "right_eye": 5, "left_ear": 7, "right_ear": 8, "left_shoulder": 11,
    "right_shoulder": 12, "left_elbow": 13, "right_elbow": 14, "left_wrist": 15, "right_wrist": 16, "left_hip": 23,
    "right_hip": 24, "left_knee": 25, "right_knee": 26, "left_ankle": 27, "right_ankle": 28, "left_heel": 29,
    "right_heel": 30, "left_big_toe": 31, "right_big_toe": 32,
}  # fmt: skip

# COCO with a neck, as OpenPose and DWPose write it: BODY_25 without mid-hip and feet.
_COCO18 = {
    "nose": 0, "neck": 1, "right_shoulder": 2, "right_elbow": 3, "right_wrist": 4, "left_shoulder": 5,
    "left_elbow": 6, "left_wrist": 7, "right_hip": 8, "right_knee": 9, "right_ankle": 10, "left_hip": 11,
    "left_knee": 12, "left_ankle": 13, "right_eye": 14, "left_eye": 15, "right_ear": 16, "left_ear": 17,
}  # fmt: skip

# COCO as its own annotations and most detectors write it: no neck, no mid-hip, no feet.
_COCO17 = {
    "nose": 0, "left_eye": 1, "right_eye": 2, "left_ear": 3, "right_ear": 4, "left_shoulder": 5, "right_shoulder": 6,
    "left_elbow": 7, "right_elbow": 8, "left_wrist": 9, "right_wrist": 10, "left_hip": 11, "right_hip": 12,
    "left_knee": 13, "right_knee": 14, "left_ankle": 15, "right_ankle": 16,
}  # fmt: skip

# BODY_23 of OpenPose's development version of 2018, whose files Everybody Dance Now uses: no heels.
_BODY23 = {
    "neck": 0, "right_shoulder": 1, "right_elbow": 2, "right_wrist": 3, "left_shoulder": 4, "left_elbow": 5,
    "left_wrist": 6, "mid_hip": 7, "right_hip": 8, "right_knee": 9, "right_ankle": 10, "right_big_toe": 11,
    "right_small_toe": 12, "left_hip": 13, "left_knee": 14, "left_ankle": 15, "left_big_toe": 16, "left_small_toe": 17,
    "nose": 18, "right_eye": 19, "right_ear": 20, "left_eye": 21, "left_ear": 22,
}  # fmt: skip

# Halpe (Fang et al. 2022), AlphaPose's full body: COCO-17, the top of the head, neck and hip, and feet. Halpe-136
# appends face and hands.
_HALPE26 = _COCO17 | {
    "neck": 18, "mid_hip": 19, "left_big_toe": 20, "right_big_toe": 21, "left_small_toe": 22, "right_small_toe": 23,
    "left_heel": 24, "right_heel": 25,
}  # fmt: skip

# COCO-WholeBody (Jin et al. 2020) appends feet, face and hands to COCO-17; DWPose to COCO-18, in the same order.
_FEET = ("left_big_toe", "left_small_toe", "left_heel", "right_big_toe", "right_small_toe", "right_heel")
_WHOLE_BODY133 = _COCO17 | {name: 17 + index for index, name in enumerate(_FEET)}
_DWPOSE134 = _COCO18 | {name: 18 + index for index, name in enumerate(_FEET)}


def from_mediapipe33(landmarks: npt.ArrayLike) -> Float32Array:
    """Converts MediaPipe's 33 landmarks to BODY_25; the small toes stay missing.

    Args:
        landmarks: `[..., 33, 3]`: x, y in pixels and visibility 0..1.

    Returns:
        float32 `[..., 25, 3]`, including joints of low visibility: `skeleton.drop_unseen` removes them.
    """
    return to_body25(landmarks, _MEDIAPIPE, 33)


def from_coco18(keypoints: npt.ArrayLike) -> Float32Array:
    """Converts COCO-18 keypoints `[..., 18, 3]` (with a neck) to BODY_25; toes and heels stay missing."""
    return to_body25(keypoints, _COCO18, 18)


def from_coco17(keypoints: npt.ArrayLike) -> Float32Array:
    """Converts COCO-17 keypoints `[..., 17, 3]` to BODY_25; toes and heels stay missing."""
    return to_body25(keypoints, _COCO17, 17)


def from_body23(keypoints: npt.ArrayLike) -> Float32Array:
    """Converts BODY_23 keypoints `[..., 23, 3]` to BODY_25; heels stay missing."""
    return to_body25(keypoints, _BODY23, 23)


def from_whole_body133(keypoints: npt.ArrayLike) -> Float32Array:
    """Converts COCO-WholeBody keypoints `[..., 133, 3]` to BODY_25; face and hands are left out."""
    return to_body25(keypoints, _WHOLE_BODY133, 133)


def from_dwpose134(keypoints: npt.ArrayLike) -> Float32Array:
    """Converts DWPose's whole body `[..., 134, 3]` (COCO-18, feet, face, hands) to BODY_25."""
    return to_body25(keypoints, _DWPOSE134, 134)


def from_halpe26(keypoints: npt.ArrayLike) -> Float32Array:
    """Converts Halpe's 26 keypoints of the body `[..., 26, 3]` to BODY_25; the top of the head is left out."""
    return to_body25(keypoints, _HALPE26, 26)


def from_halpe136(keypoints: npt.ArrayLike) -> Float32Array:
    """Converts Halpe's 136 keypoints `[..., 136, 3]` to BODY_25; face and hands are left out."""
    return to_body25(keypoints, _HALPE26, 136)


def to_body25(keypoints: npt.ArrayLike, index_of: Mapping[str, int], count: int) -> Float32Array:
    """Converts any skeleton to BODY_25.

    Args:
        keypoints: `[..., count, 3]`: x, y in pixels and confidence 0..1.
        index_of: Maps BODY_25 joint names to positions in `keypoints`. A neck or mid-hip left out becomes the mean of
            shoulders or hips, with the smaller of the two confidences; other joints left out are missing.
        count: Number of points of the skeleton, against which the shape is checked.

    Returns:
        float32 `[..., 25, 3]`.

    Raises:
        ValueError: The keypoints do not end in `[count, 3]`.
    """
    points = np.asarray(keypoints, np.float32)
    if points.shape[-2:] != (count, 3):
        raise ValueError(f"keypoints must be [..., {count}, 3]. Received: shape={points.shape}")
    body = np.zeros((*points.shape[:-2], NUM_JOINTS, 3), np.float32)
    for name, index in index_of.items():
        body[..., JOINT[name], :] = points[..., index, :]
    for middle, pair in (("neck", "shoulder"), ("mid_hip", "hip")):
        if middle not in index_of:
            left, right = joints(pair)
            body[..., JOINT[middle], :] = _mean_joint(body[..., left, :], body[..., right, :])
    return body


def _mean_joint(a: Float32Array, b: Float32Array) -> Float32Array:
    confidence = np.minimum(a[..., 2:], b[..., 2:])
    xy = np.where(confidence > 0, (a[..., :2] + b[..., :2]) / 2, 0)
    return np.concatenate([xy, confidence], axis=-1)
