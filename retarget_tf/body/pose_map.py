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


def draw_stick_figure(keypoints: Tensor, size: int) -> Tensor:
    """Draws the limbs whose two ends are present as antialiased lines with round ends.

    Args:
        keypoints: float32 `[batch, 25, 3]` in pixels of a `size` x `size` picture.
        size: Side of the square picture in pixels.

    Returns:
        float32 `[batch, size, size, 3]`: RGB in [-1, 1] on black (-1). Overlapping limbs average their colours.
    """
    coverage = _limb_coverage(keypoints, size)
    colours = np.asarray(skeleton.LIMB_COLOURS, np.float32) / 255.0
    painted = ops.einsum("blyx,lc->byxc", coverage, colours)
    overlap = ops.expand_dims(ops.sum(coverage, axis=1), -1)
    return painted / ops.maximum(overlap, 1.0) * 2.0 - 1.0


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
    # Checkpoints of trainings find weights by the number of operations before them: keep it.
    # x and y of the ends have shape [batch, limbs, 1, 1] and broadcast against pixel centres [size] and [size, 1].
    start, end = (
        ops.reshape(ops.take(keypoints, joints, axis=1), (-1, len(joints), 3, 1, 1)) for joints in _limb_ends()
    )
    centres = np.arange(size, dtype=np.float32) + 0.5
    x, y = centres[None, :], centres[:, None]
    along_x, along_y = end[:, :, 0] - start[:, :, 0], end[:, :, 1] - start[:, :, 1]
    length_squared = ops.maximum(along_x * along_x + along_y * along_y, 1e-6)
    # The nearest point of the segment, as a share of its length from `start`, clipped to its ends.
    from_x, from_y = ops.subtract(x, start[:, :, 0]), ops.subtract(y, start[:, :, 1])
    share = ops.clip((from_x * along_x + from_y * along_y) / length_squared, 0.0, 1.0)
    distance = ops.sqrt(ops.square(from_x - share * along_x) + ops.square(from_y - share * along_y))
    present = ops.cast(ops.logical_and(start[:, :, 2] > 0, end[:, :, 2] > 0), "float32")
    return ops.clip(line_radius(size) + 0.5 - distance, 0.0, 1.0) * present


def _limb_ends() -> list[npt.NDArray[np.int32]]:
    """Returns two arrays `[24]`: the joint at which each limb starts, and the one at which it ends."""
    return [np.asarray(end, np.int32) for end in zip(*skeleton.LIMBS, strict=True)]
