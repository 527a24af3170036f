"""Computes the square crops of extraction: a fixed one for each clip, and a closer one for the segmenter in each frame.

The clip's square is what is stored. It contains the person's whole path and does not move, so that a static background
stays static. The segmenter's square follows the person, so that its input of 256 x 256 pixels shows the person large.
"""

import numpy as np

from retarget_tf.arrays import Float32Array
from retarget_tf.body import skeleton
from retarget_tf.pictures.square_crop import SquareCrop

# The hair reaches beyond the box of the joints by this share of the box's longer side; hands and soles, by half of it.
_BEYOND_JOINTS = 0.12
_STEADY = 5  # frames of the running median
_VIEW_MARGIN = 0.1  # border of the segmenter's view, which needs background, as a share of the person's longer side


def clip_crop(keypoints: Float32Array, width: int, height: int, margin: float) -> SquareCrop | None:
    """Computes the square around a person's whole path.

    Args:
        keypoints: float32 `[frames, 25, 3]` in pixels of the picture.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.
        margin: Free border on each side within the picture, as a share of the path's longer side.

    Returns:
        The square, which reaches outside of the picture only if it is larger than it; None if no frame has a joint.
    """
    boxes = [box for frame in keypoints if (box := _body_box(frame, width, height)) is not None]
    if not boxes:
        return None
    # The median keeps a joint that is wrong for a frame or two from widening the crop.
    steady = np.median(np.lib.stride_tricks.sliding_window_view(_extended(np.stack(boxes)), _STEADY, axis=0), axis=-1)
    box = np.concatenate([steady.min(axis=0)[:2], steady.max(axis=0)[2:]])
    left, top, right, bottom = _grown(box, margin, width, height)
    side = max(right - left, bottom - top, 2.0)
    return SquareCrop(
        _moved_inside((left + right - side) / 2, side, width),
        _moved_inside((top + bottom - side) / 2, side, height),
        side,
    )


def person_view(keypoints: Float32Array, width: int, height: int, scale: float = 1.0) -> SquareCrop | None:
    """Computes the segmenter's square around the person of one frame; returns None if no joint is present.

    Args:
        keypoints: float32 `[25, 3]` in pixels of the picture.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.
        scale: Enlarges the square by this factor, to measure how much maps depend on it.
    """
    box = _body_box(keypoints, width, height)
    if box is None:
        return None
    left, top, right, bottom = (float(edge) for edge in box)
    side = max(right - left, bottom - top, 2.0) * (1 + 2 * _VIEW_MARGIN) * scale
    return SquareCrop((left + right - side) / 2, (top + bottom - side) / 2, side)


def _body_box(keypoints: Float32Array, width: int, height: int) -> Float32Array | None:
    """Returns left, top, right, bottom of the body: the box of its joints, enlarged and clipped to the picture."""
    box = skeleton.person_box(keypoints)
    if box is None:
        return None
    reach = _BEYOND_JOINTS * max(box[2] - box[0], box[3] - box[1])
    beyond = np.full(4, reach / 2)
    beyond[(1 - skeleton.quarter_turns(keypoints)) % 4] = reach  # where the head is: the top if the person stands
    body = box + beyond * (-1, -1, 1, 1)
    return np.clip(body, 0, (width, height, width, height)).astype(np.float32)


def _grown(box: Float32Array, margin: float, width: int, height: int) -> tuple[float, float, float, float]:
    left, top, right, bottom = (float(edge) for edge in box)
    reach = margin * max(right - left, bottom - top)
    return max(left - reach, 0.0), max(top - reach, 0.0), min(right + reach, width), min(bottom + reach, height)


def _extended(boxes: Float32Array) -> Float32Array:
    """Repeats the first and last rows, so that a running median keeps the number of rows."""
    return np.pad(boxes, [(_STEADY // 2, _STEADY // 2), (0, 0)], mode="edge")


def _moved_inside(start: float, side: float, length: int) -> float:
    return min(max(start, 0.0), length - side) if side <= length else start
