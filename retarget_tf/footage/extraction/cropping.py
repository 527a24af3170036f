"""The squares that extraction looks through: one fixed square for a clip, and a closer one for each frame's segmenter.

The clip's square is what is stored: it holds the person's whole path and never moves, so that a static background
stays static. The frame's square follows the person, so that the segmenter, which sees 256 x 256 pixels, sees the person
large.
"""

import numpy as np

from retarget_tf.arrays import Float32Array
from retarget_tf.body import skeleton
from retarget_tf.pictures.square_crop import SquareCrop

# A body goes on beyond its joints: hands, hair, soles. Shares of the height or width of the joints' box.
_BEYOND_JOINTS = 0.12
_STEADY = 5  # frames of the running median
_VIEW_MARGIN = 0.1  # of the person's longer side, around the segmenter's view: it wants some background


def clip_crop(keypoints: Float32Array, width: int, height: int, margin: float) -> SquareCrop | None:
    """The square around a person's whole path.

    Args:
        keypoints: float32 `[frames, 25, 3]` in pixels of the picture.
        width: of the picture.
        height: of the picture.
        margin: share of the path's longer side that is added on each side, as far as the picture goes.

    Returns:
        The square; it is moved into the picture where it fits, and leaves it where it does not. None where no joint is
        present in any frame.
    """
    boxes = [box for frame in keypoints if (box := _body_box(frame, width, height)) is not None]
    if not boxes:
        return None
    # A joint that is wrong for a frame or two must not widen the clip.
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
    """The square around the person of one frame, for the segmenter; None where no joint is present.

    Args:
        keypoints: float32 `[25, 3]` in pixels of the picture.
        width: of the picture.
        height: of the picture.
        scale: makes the view larger or smaller; measurements of steadiness use it.
    """
    box = _body_box(keypoints, width, height)
    if box is None:
        return None
    left, top, right, bottom = (float(edge) for edge in box)
    side = max(right - left, bottom - top, 2.0) * (1 + 2 * _VIEW_MARGIN) * scale
    return SquareCrop((left + right - side) / 2, (top + bottom - side) / 2, side)


def _body_box(keypoints: Float32Array, width: int, height: int) -> Float32Array | None:
    """The box of the body, a little beyond its joints, inside of the picture."""
    box = skeleton.person_box(keypoints)
    if box is None:
        return None
    reach = _BEYOND_JOINTS * max(box[2] - box[0], box[3] - box[1])
    body = np.array([box[0] - reach / 2, box[1] - reach, box[2] + reach / 2, box[3] + reach / 2])
    return np.clip(body, 0, (width, height, width, height)).astype(np.float32)


def _grown(box: Float32Array, margin: float, width: int, height: int) -> tuple[float, float, float, float]:
    left, top, right, bottom = (float(edge) for edge in box)
    reach = margin * max(right - left, bottom - top)
    return max(left - reach, 0.0), max(top - reach, 0.0), min(right + reach, width), min(bottom + reach, height)


def _extended(boxes: Float32Array) -> Float32Array:
    """The rows with the first and the last repeated, so that a running median keeps their number."""
    return np.pad(boxes, [(_STEADY // 2, _STEADY // 2), (0, 0)], mode="edge")


def _moved_inside(start: float, side: float, length: int) -> float:
    return min(max(start, 0.0), length - side) if side <= length else start
