"""The BODY_25 skeleton: joints, limbs, mirror pairs, and the ways that lead to it from other skeletons.

Keypoints are float32 `[..., 25, 3]`: x and y in pixels of the stored square image (pixel centres at +0.5) and
a confidence 0..1. Left and right are the person's own. Confidence 0 means missing or unknown; x and y are then 0
and mean nothing. Joint order and limbs: OpenPose, doc/02_output.md, "Pose Output Format (BODY_25)".
"""

import numpy as np
import numpy.typing as npt

from retarget_tf.arrays import Float32Array

JOINTS = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist",
    "mid_hip", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "right_eye",
    "left_eye", "right_ear", "left_ear", "left_big_toe", "left_small_toe", "left_heel", "right_big_toe",
    "right_small_toe", "right_heel",
)  # fmt: skip
NUM_JOINTS = len(JOINTS)
JOINT = {name: index for index, name in enumerate(JOINTS)}

_LIMB_COLOURS: dict[tuple[str, str], tuple[int, int, int]] = {
    # The trunk and head in greys and yellows, the right side warm, the left side cool: no two limbs share a
    # colour, and a mirrored figure cannot be taken for its original.
    ("neck", "mid_hip"): (235, 235, 235),
    ("neck", "right_shoulder"): (255, 120, 60),
    ("right_shoulder", "right_elbow"): (255, 60, 30),
    ("right_elbow", "right_wrist"): (255, 0, 90),
    ("neck", "left_shoulder"): (80, 170, 255),
    ("left_shoulder", "left_elbow"): (30, 100, 255),
    ("left_elbow", "left_wrist"): (110, 40, 255),
    ("mid_hip", "right_hip"): (200, 90, 0),
    ("right_hip", "right_knee"): (190, 40, 40),
    ("right_knee", "right_ankle"): (150, 0, 60),
    ("mid_hip", "left_hip"): (0, 150, 190),
    ("left_hip", "left_knee"): (0, 190, 120),
    ("left_knee", "left_ankle"): (0, 130, 60),
    ("neck", "nose"): (255, 230, 90),
    ("nose", "right_eye"): (255, 180, 140),
    ("right_eye", "right_ear"): (255, 140, 170),
    ("nose", "left_eye"): (160, 220, 255),
    ("left_eye", "left_ear"): (150, 180, 220),
    ("left_ankle", "left_big_toe"): (60, 255, 200),
    ("left_big_toe", "left_small_toe"): (120, 255, 160),
    ("left_ankle", "left_heel"): (0, 200, 255),
    ("right_ankle", "right_big_toe"): (255, 0, 200),
    ("right_big_toe", "right_small_toe"): (255, 90, 255),
    ("right_ankle", "right_heel"): (200, 0, 140),
}
LIMBS: tuple[tuple[int, int], ...] = tuple((JOINT[a], JOINT[b]) for a, b in _LIMB_COLOURS)
LIMB_COLOURS: tuple[tuple[int, int, int], ...] = tuple(_LIMB_COLOURS.values())

CONFIDENCE_THRESHOLD = 0.3  # under it a detected joint counts as missing


def _mirrored_name(name: str) -> str:
    if name.startswith("left_"):
        return "right_" + name.removeprefix("left_")
    if name.startswith("right_"):
        return "left_" + name.removeprefix("right_")
    return name


MIRRORED_JOINT: tuple[int, ...] = tuple(JOINT[_mirrored_name(name)] for name in JOINTS)

# MediaPipe Pose Landmarker, 33 landmarks ("Pose landmarker model" in its guide). Neck, mid-hip and the small
# toes are not among them.
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


def from_mediapipe33(landmarks: npt.ArrayLike) -> Float32Array:
    """BODY_25 of MediaPipe landmarks: neck and mid-hip are means of their pairs, the small toes stay missing.

    Args:
        landmarks: `[..., 33, 3]`: x, y in pixels and visibility 0..1.

    Returns:
        float32 `[..., 25, 3]`; nothing is dropped yet: see `drop_unseen`.
    """
    return _gather(np.asarray(landmarks, np.float32), _MEDIAPIPE, 33)


def from_coco18(keypoints: npt.ArrayLike) -> Float32Array:
    """BODY_25 of COCO-18 keypoints `[..., 18, 3]`: mid-hip is the mean of the hips, the feet are missing."""
    return _gather(np.asarray(keypoints, np.float32), _COCO18, 18)


def from_coco17(keypoints: npt.ArrayLike) -> Float32Array:
    """BODY_25 of COCO-17 keypoints `[..., 17, 3]`: neck and mid-hip are means of their pairs, the feet are missing."""
    return _gather(np.asarray(keypoints, np.float32), _COCO17, 17)


def drop_unseen(keypoints: Float32Array, width: int, height: int) -> Float32Array:
    """Sets joints below `CONFIDENCE_THRESHOLD`, outside of the image, or not finite, to (0, 0, 0).

    Args:
        keypoints: `[..., 25, 3]` in pixels of the image.
        width: width of the image in pixels.
        height: height of the image in pixels.
    """
    xy, confidence = keypoints[..., :2], keypoints[..., 2]
    with np.errstate(invalid="ignore"):
        inside = np.all((xy >= 0) & (xy < (width, height)), axis=-1)  # false for NaN
        seen = inside & (confidence >= CONFIDENCE_THRESHOLD)
    return np.where(seen[..., None], keypoints, np.float32(0)).astype(np.float32)


def find_fault(keypoints: Float32Array, size: int) -> tuple[int, str] | None:
    """What keeps keypoints `[frames, 25, 3]` from being stored: the first such frame and the reason, or None.

    Joints have a confidence of 0, or up to 1 and a place in the `size` x `size` picture.
    """
    xy, confidence = keypoints[..., :2], keypoints[..., 2]
    with np.errstate(invalid="ignore"):
        outside = ((xy < 0) | (xy > size)).any(axis=-1) & (confidence > 0)
        faults = {
            "not finite": ~np.isfinite(keypoints).all(axis=-1),
            "of a confidence outside of 0..1": (confidence < 0) | (confidence > 1),
            "outside of the picture": outside,
        }
    found = [(int(np.argmax(of_frame.any(axis=-1))), why) for why, of_frame in faults.items() if of_frame.any()]
    return min(found, key=lambda fault: fault[0], default=None)


def mirror_keypoints(keypoints: Float32Array, size: int) -> Float32Array:
    """The keypoints `[..., 25, 3]` of the horizontally mirrored image: x flips, left and right swap."""
    swapped = keypoints[..., MIRRORED_JOINT, :]
    present = swapped[..., 2] > 0
    x = np.where(present, size - swapped[..., 0], 0)
    return np.stack([x, swapped[..., 1], swapped[..., 2]], axis=-1).astype(np.float32)


def person_box(keypoints: Float32Array) -> Float32Array | None:
    """The box (left, top, right, bottom) of the joints present in `[..., 25, 3]`; None where none is."""
    present = keypoints[keypoints[..., 2] > 0]
    if present.size == 0:
        return None
    return np.concatenate([present[:, :2].min(axis=0), present[:, :2].max(axis=0)])


def hip_line(keypoints: Float32Array) -> Float32Array:
    """The height of the hips in each frame of `[frames, 25, 3]`, in pixels from the top.

    Returns:
        float32 `[frames]`; where the hips are missing, between those of the frames before and after. Infinite where no
        frame shows them: nothing lies below then.
    """
    hips = keypoints[:, JOINT["mid_hip"]]
    known = np.flatnonzero(hips[:, 2] > 0)
    if not known.size:
        return np.full(len(keypoints), np.inf, np.float32)
    return np.interp(np.arange(len(keypoints)), known, hips[known, 1]).astype(np.float32)


def _gather(points: Float32Array, table: dict[str, int], count: int) -> Float32Array:
    if points.shape[-2:] != (count, 3):
        raise ValueError(f"keypoints must be [..., {count}, 3]. Received: shape={points.shape}")
    body = np.zeros((*points.shape[:-2], NUM_JOINTS, 3), np.float32)
    for name, index in table.items():
        body[..., JOINT[name], :] = points[..., index, :]
    for middle, left, right in (
        ("neck", "left_shoulder", "right_shoulder"),
        ("mid_hip", "left_hip", "right_hip"),
    ):
        if middle not in table:
            body[..., JOINT[middle], :] = _mean_joint(body[..., JOINT[left], :], body[..., JOINT[right], :])
    return body


def _mean_joint(a: Float32Array, b: Float32Array) -> Float32Array:
    confidence = np.minimum(a[..., 2:], b[..., 2:])
    xy = np.where(confidence > 0, (a[..., :2] + b[..., :2]) / 2, 0)
    return np.concatenate([xy, confidence], axis=-1)
