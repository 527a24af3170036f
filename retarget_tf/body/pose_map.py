"""Draws keypoints as a stick figure inside the TensorFlow graph.

The input is float32 `[batch, 25, 3]` (x, y, confidence; see `skeleton`), the output float32
`[batch, height, width, channels]`. Training, rollout and serving share this one implementation, so that records and
requests need to carry 25 points only, never pictures. Only `keras.ops` are used: a functional model that draws can be
saved and loaded where this package is not installed.
"""

import numpy as np
import numpy.typing as npt
from keras import ops

from retarget_tf.arrays import Tensor
from retarget_tf.body import skeleton

_FAR = 1e4  # pixels by which limbs that are not there are moved away


def draw_stick_figure(keypoints: Tensor, size: int) -> Tensor:
    """Draws the limbs whose two ends are present as antialiased lines with round ends.

    Args:
        keypoints: float32 `[batch, 25, 3]` in pixels of a `size` x `size` picture.
        size: Side of the square picture in pixels.

    Returns:
        float32 `[batch, size, size, 3]`: RGB in [-1, 1] on black (-1). Overlapping limbs average their colours.
    """
    limbs = len(skeleton.LIMBS)
    colours = np.asarray(skeleton.LIMB_COLOURS, np.float32) / 255.0
    summed = np.append(colours, np.ones((limbs, 1), np.float32), axis=1)  # the last channel counts limbs
    coverage = ops.reshape(_limb_coverage(keypoints, size), (-1, limbs, size * size))
    painted = ops.reshape(ops.matmul(ops.transpose(coverage, (0, 2, 1)), summed), (-1, size, size, 4))
    return painted[..., :3] / ops.maximum(painted[..., 3:], 1.0) * 2.0 - 1.0


def draw_limbs(keypoints: Tensor, size: int) -> Tensor:
    """Draws each limb in a channel of its own: float32 `[batch, size, size, 24]` in [0, 1].

    A limb is as bright as the lower confidence of its two joints. As limbs do not mix, an arm in front of the trunk
    stays visible.
    """
    confidence = ops.minimum(*(ops.take(keypoints[..., 2], joints, axis=1) for joints in _limb_ends()))
    return ops.transpose(_limb_coverage(keypoints, size) * confidence[..., None, None], (0, 2, 3, 1))


def line_radius(size: int) -> float:
    """Returns half of the line width in pixels: 2 at 256 px, and at least 0.75, below which lines would break up."""
    return max(0.75, size / 128.0)


def normalised_coordinates(keypoints: Tensor, size: int) -> Tensor:
    """Returns the joints as one vector: x and y scaled to [-1, 1] (0 where missing), and the confidence.

    Args:
        keypoints: float32 `[batch, 25, 3]` in pixels of a `size` x `size` picture.
        size: Side of the square picture in pixels.

    Returns:
        float32 `[batch, 75]`: x, y, confidence of the first joint, then of the second, and so on.
    """
    present = ops.cast(keypoints[..., 2:] > 0, "float32")
    xy = (keypoints[..., :2] * (2.0 / size) - 1.0) * present
    return ops.reshape(ops.concatenate([xy, keypoints[..., 2:]], axis=-1), (-1, skeleton.NUM_JOINTS * 3))


def _limb_coverage(keypoints: Tensor, size: int) -> Tensor:
    """Returns the share of each pixel that each limb covers: float32 `[batch, limbs, size, size]` in [0, 1]."""
    # Where a pixel lies along and beside a limb is the sum of a row and a column of numbers, which saves time: each
    # operation on `[batch, limbs, size, size]` takes as long as a layer of a small network.
    start, end = (ops.take(keypoints, joints, axis=1) for joints in _limb_ends())
    middle, half = (start[..., :2] + end[..., :2]) / 2.0, (end[..., :2] - start[..., :2]) / 2.0
    reach = ops.sqrt(ops.sum(ops.square(half), axis=-1, keepdims=True))
    is_point = reach < 1e-3
    direction = ops.where(is_point, np.array([1, 0], np.float32), half / ops.where(is_point, 1.0, reach))
    present = ops.cast(ops.logical_and(start[..., 2:] > 0, end[..., 2:] > 0), "float32")
    centres = np.arange(size, dtype=np.float32) + 0.5
    x, y = (ops.subtract(centres, middle[..., axis : axis + 1]) for axis in (0, 1))
    along_x, along_y = direction[..., :1], direction[..., 1:]
    along = (y * along_y)[..., None] + (x * along_x)[:, :, None, :]
    aside = (y * along_x + (1.0 - present) * _FAR)[..., None] - (x * along_y)[:, :, None, :]
    beyond = ops.maximum(ops.abs(along), reach[..., None]) - reach[..., None]  # the ends
    distance = ops.sqrt(beyond * beyond + aside * aside)
    return ops.clip(line_radius(size) + 0.5 - distance, 0.0, 1.0)


def _limb_ends() -> list[npt.NDArray[np.int32]]:
    """Returns two arrays `[24]`: the joint at which each limb starts, and the one at which it ends."""
    return [np.asarray(end, np.int32) for end in zip(*skeleton.LIMBS, strict=True)]
