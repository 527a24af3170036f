"""The BODY_25 skeleton: joints, limbs, mirror pairs, the kinematic tree, and measures of a person's keypoints.

Keypoints are float32 `[..., 25, 3]`: x and y in pixels of the stored square image (pixel centres at +0.5) and
a confidence 0..1. Left and right are the person's own. Confidence 0 means missing or unknown; x and y are then 0
and must not be used. Joint order and limbs: OpenPose, doc/02_output.md, "Pose Output Format (BODY_25)".
"""

import itertools
from collections.abc import Sequence

import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array

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

CONFIDENCE_THRESHOLD = 0.3  # a detected joint with less confidence counts as missing
_STRAIGHT = 25.0  # degrees by which hips and knees of a straight person may lie beside a line through the neck


def joints(*names: str) -> tuple[int, ...]:
    """Returns the indices of joints by name. A name without a side, such as `knee`, means the left, then the right."""
    return tuple(JOINT[name] for one in names for name in ((one,) if one in JOINT else (f"left_{one}", f"right_{one}")))


HEAD = joints("nose", "eye", "ear")
LEFT_FOOT = joints("left_ankle", "left_heel", "left_big_toe", "left_small_toe")
RIGHT_FOOT = joints("right_ankle", "right_heel", "right_big_toe", "right_small_toe")
FEET = (*LEFT_FOOT, *RIGHT_FOOT)


_CHAINS = (  # from the mid-hip outward; `*` is left, then right
    "neck *_shoulder *_elbow *_wrist",
    "mid_hip *_hip *_knee *_ankle *_heel",
    "*_ankle *_big_toe",
    "*_ankle *_small_toe",
    "nose *_eye *_ear",
)


def _parents() -> dict[int, int]:
    sided = (chain.replace("*", side) for side in ("left", "right") for chain in _CHAINS)
    chains = (joints(*chain.split()) for chain in ("mid_hip neck nose", *sided))
    return {outer: inner for chain in chains for inner, outer in itertools.pairwise(chain)}


# The kinematic tree: the parent of each joint; mid-hip is the root. A joint comes after its parent, so that a loop
# over the items walks from the hips outward.
PARENTS: dict[int, int] = _parents()


def _mirrored_name(name: str) -> str:
    if name.startswith("left_"):
        return "right_" + name.removeprefix("left_")
    if name.startswith("right_"):
        return "left_" + name.removeprefix("right_")
    return name


MIRRORED_JOINT: tuple[int, ...] = tuple(JOINT[_mirrored_name(name)] for name in JOINTS)


def drop_unseen(keypoints: Float32Array, width: int, height: int) -> Float32Array:
    """Sets joints below `CONFIDENCE_THRESHOLD`, outside of the image, or not finite, to (0, 0, 0).

    Args:
        keypoints: `[..., 25, 3]` in pixels of the image.
        width: Width of the image in pixels.
        height: Height of the image in pixels.
    """
    xy, confidence = keypoints[..., :2], keypoints[..., 2]
    with np.errstate(invalid="ignore"):
        inside = np.all((xy >= 0) & (xy < (width, height)), axis=-1)  # false for NaN
        seen = inside & (confidence >= CONFIDENCE_THRESHOLD)
    return np.where(seen[..., None], keypoints, np.float32(0)).astype(np.float32)


def find_fault(keypoints: Float32Array, size: int) -> tuple[int, str] | None:
    """Returns the first frame of `[frames, 25, 3]` that is not valid and the reason, or None if all are valid.

    Values must be finite, confidences in 0..1, and joints of a confidence above 0 in the `size` x `size` picture.
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


def person_box(keypoints: Float32Array) -> Float32Array | None:
    """Returns the box (left, top, right, bottom) of the joints present in `[..., 25, 3]`; None if there are none."""
    present = keypoints[keypoints[..., 2] > 0]
    if present.size == 0:
        return None
    return np.concatenate([present[:, :2].min(axis=0), present[:, :2].max(axis=0)])


def shows_somebody(keypoints: Float32Array) -> BoolArray:
    """Returns, bool `[frames]`, which of `[frames, 25, 3]` show a trunk, or any joint if no frame shows a trunk."""
    present = keypoints[..., 2] > 0
    trunk = present[:, list(joints("neck", "mid_hip"))].any(axis=-1)
    return np.asarray(trunk if trunk.any() else present.any(axis=-1), np.bool_)


def time_in_view(keypoints: Float32Array) -> slice:
    """Returns the frames from the first to the last that show somebody; all if none does."""
    seen = np.flatnonzero(shows_somebody(keypoints))
    return slice(int(seen[0]), int(seen[-1]) + 1) if len(seen) else slice(0, len(keypoints))


def nearest_in_view(keypoints: Float32Array, frame: int) -> int:
    """Returns the frame of `[frames, 25, 3]` nearest to this one that shows somebody; the frame itself if none does."""
    seen = np.flatnonzero(shows_somebody(keypoints))
    return int(seen[np.abs(seen - frame).argmin()]) if len(seen) else frame


def box_side(keypoints: Float32Array) -> float:
    """Returns the longer side in pixels of the box around the joints present in `[..., 25, 3]`; 0 if there are none.

    Unlike the height, it measures a person's size in bent and lying poses too.
    """
    box = person_box(keypoints)
    return 0.0 if box is None else float(max(box[2] - box[0], box[3] - box[1]))


def highest(keypoints: Float32Array, among: Sequence[int]) -> Float32Array:
    """Returns the smallest y `[...]` of the joints `among` in pixels from the top; NaN where none is present."""
    chosen = keypoints[..., list(among), :]
    y = np.where(chosen[..., 2] > 0, chosen[..., 1], np.float32(np.inf)).min(axis=-1)
    return np.where(np.isfinite(y), y, np.float32(np.nan))


def lowest(keypoints: Float32Array, among: Sequence[int]) -> Float32Array:
    """Returns the largest y `[...]` of the joints `among` in pixels from the top; NaN where none is present."""
    return -highest(keypoints * np.array([1, -1, 1], np.float32), among)


def heights(
    keypoints: Float32Array, tops: Sequence[int] = range(NUM_JOINTS), bottoms: Sequence[int] = range(NUM_JOINTS)
) -> Float32Array:
    """Measures how tall a person appears: pixels from the highest of `tops` to the lowest of `bottoms`.

    Args:
        keypoints: `[..., 25, 3]` in pixels.
        tops: Joints that may be the upper end. `HEAD` ignores raised arms.
        bottoms: Joints that may be the lower end, such as `FEET`.

    Returns:
        float32 `[...]`, negative where the person is upside down; NaN where one end is missing.
    """
    return lowest(keypoints, bottoms) - highest(keypoints, tops)


def hip_line(keypoints: Float32Array) -> Float32Array:
    """Returns y of the mid-hip in each frame of `[frames, 25, 3]`, in pixels from the top.

    Returns:
        float32 `[frames]`, linearly interpolated over frames without hips. All infinite if no frame shows the hips, so
        that every pixel lies above them.
    """
    hips = keypoints[:, JOINT["mid_hip"]]
    known = np.flatnonzero(hips[:, 2] > 0)
    if not known.size:
        return np.full(len(keypoints), np.inf, np.float32)
    return np.interp(np.arange(len(keypoints)), known, hips[known, 1]).astype(np.float32)


def quarter_turns(pose: Float32Array) -> int:
    """Returns by how many quarter turns to the left a straight person was turned who would else stand: -1 to 2.

    Args:
        pose: float32 `[25, 3]`. Without neck and hips, or if trunk and legs do not point the same way, the result is 0.
    """
    neck = pose[JOINT["neck"]]
    below = pose[list(joints("mid_hip", "knee"))]
    below = below[below[:, 2] > 0]
    if not neck[2] or len(below) < 2:
        return 0
    turned = np.degrees(np.arctan2(*(below - neck)[:, :2].T)) / 90  # 0 straight down, 1 to the right
    turns = np.rint(turned)
    if (np.abs(turned - turns) > _STRAIGHT / 90).any() or len(set((turns % 4).tolist())) > 1:
        return 0
    return int((turns[0] + 1) % 4) - 1
