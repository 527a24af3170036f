"""Repairs detected keypoints: exchanges swapped sides back, drops outliers, fills gaps, and smooths noise.

    clean_keypoints   everything, for a whole clip
    swaps             undoes exchanges of left and right
    gaps              fills missing joints
    smoothing         drops outliers, and smooths as much as the joints' own noise asks for
    stream            smooths a live stream and fills its gaps, where later frames are not known yet

All functions take and return float32 `[frames, 25, 3]` (see `skeleton`; confidence 0 is missing) and leave their
argument unchanged. Joints filled in get the confidence `GUESSED`, just enough to count as seen. All times are in
seconds, so the same dance is treated alike at any frame rate.
"""

from typing import Final

from retarget_tf.arrays import Float32Array
from retarget_tf.body.keypoint_filters.gaps import GUESSED, bridge_absences, fill_from_twin, fill_gaps, long_absences
from retarget_tf.body.keypoint_filters.smoothing import drop_outliers, smooth
from retarget_tf.body.keypoint_filters.stream import ExchangedSides, LostJoints, OneEuroFilter
from retarget_tf.body.keypoint_filters.swaps import repair_swaps

__all__ = [
    "DEFAULT_FPS",
    "GUESSED",
    "ExchangedSides",
    "LostJoints",
    "OneEuroFilter",
    "bridge_absences",
    "clean_keypoints",
    "drop_outliers",
    "fill_from_twin",
    "fill_gaps",
    "long_absences",
    "repair_swaps",
    "smooth",
]

DEFAULT_FPS: Final = 30.0  # of keypoints that come without a frame rate


def clean_keypoints(keypoints: Float32Array, fps: float = DEFAULT_FPS) -> Float32Array:
    """Applies `repair_swaps`, `drop_outliers`, `fill_gaps`, `fill_from_twin` and `smooth`, in this order.

    Args:
        keypoints: float32 `[frames, 25, 3]`.
        fps: Frames per second.

    Raises:
        ValueError: `fps` is not positive.
    """
    if fps <= 0:
        raise ValueError(f"fps must be positive. Received: fps={fps}")
    sure = drop_outliers(repair_swaps(keypoints, fps), fps)
    return smooth(fill_from_twin(fill_gaps(sure, fps)), fps)
