"""The stick figure as a tensor, drawn inside the graph.

One implementation serves training, rollout, `.keras` files and serving, so records and requests carry 25 points,
never pictures, and training and serving cannot drift apart. Only `keras.ops` are used: a functional model that
draws can be saved and loaded where this package is not installed.
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
        size: side of the picture in pixels.

    Returns:
        float32 `[batch, size, size, 3]` in [-1, 1], black where nothing is. Where limbs overlap their colours mix.
    """
    coverage = _limb_coverage(keypoints, size)
    colours = np.asarray(skeleton.LIMB_COLOURS, np.float32) / 255.0
    painted = ops.einsum("blyx,lc->byxc", coverage, colours)
    overlap = ops.expand_dims(ops.sum(coverage, axis=1), -1)
    return painted / ops.maximum(overlap, 1.0) * 2.0 - 1.0


def draw_limbs(keypoints: Tensor, size: int) -> Tensor:
    """The limbs in a channel each, as bright as the less sure of their two joints: float32 `[batch, size, size, 24]`.

    Nothing mixes, so that an arm in front of the trunk is seen as well as one beside it.
    """
    confidence = ops.minimum(*(ops.take(keypoints[..., 2], joints, axis=1) for joints in _limb_ends()))
    return ops.transpose(_limb_coverage(keypoints, size) * confidence[..., None, None], (0, 2, 3, 1))


def line_radius(size: int) -> float:
    """Half of the line's width in pixels: 2 at 256 px, never under 0.75 so that no line breaks up."""
    return max(0.75, size / 128.0)


def normalised_coordinates(keypoints: Tensor, size: int) -> Tensor:
    """Joint coordinates as a vector: x and y in [-1, 1] (0 where missing) and the confidence.

    Args:
        keypoints: float32 `[batch, 25, 3]` in pixels of a `size` x `size` picture.
        size: side of the picture in pixels.

    Returns:
        float32 `[batch, 75]`.
    """
    present = ops.cast(keypoints[..., 2:] > 0, "float32")
    xy = (keypoints[..., :2] * (2.0 / size) - 1.0) * present
    return ops.reshape(ops.concatenate([xy, keypoints[..., 2:]], axis=-1), (-1, skeleton.NUM_JOINTS * 3))


def _limb_coverage(keypoints: Tensor, size: int) -> Tensor:
    """How much of each pixel each limb covers: float32 `[batch, limbs, size, size]` in [0, 1]."""
    # As [batch, limbs, 1, 1] against pixel centres [size, 1] and [size].
    start, end = (
        ops.reshape(ops.take(keypoints, joints, axis=1), (-1, len(joints), 3, 1, 1)) for joints in _limb_ends()
    )
    centres = np.arange(size, dtype=np.float32) + 0.5
    x, y = centres[None, :], centres[:, None]
    along_x, along_y = end[:, :, 0] - start[:, :, 0], end[:, :, 1] - start[:, :, 1]
    length_squared = ops.maximum(along_x * along_x + along_y * along_y, 1e-6)
    # The nearest point of the segment: its share of the way, clipped to the ends.
    from_x, from_y = ops.subtract(x, start[:, :, 0]), ops.subtract(y, start[:, :, 1])
    share = ops.clip((from_x * along_x + from_y * along_y) / length_squared, 0.0, 1.0)
    distance = ops.sqrt(ops.square(from_x - share * along_x) + ops.square(from_y - share * along_y))
    present = ops.cast(ops.logical_and(start[:, :, 2] > 0, end[:, :, 2] > 0), "float32")
    return ops.clip(line_radius(size) + 0.5 - distance, 0.0, 1.0) * present


def _limb_ends() -> list[npt.NDArray[np.int32]]:
    """The joints at the start and at the end of each limb."""
    return [np.asarray(end, np.int32) for end in zip(*skeleton.LIMBS, strict=True)]
