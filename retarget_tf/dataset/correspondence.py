"""Finds the points of a dancer's surface again in another frame of the clip, exactly; for the codes see `surfaces`.

Only `keras.ops` are used, which run in a tf.data pipeline as well as on NumPy arrays.
"""

import numpy as np
from keras import ops

from retarget_tf.arrays import Tensor
from retarget_tf.dataset.surfaces import BETWEEN, CAP

_SAME_DEPTH = 0.02  # largest distance in depth, as a share of the picture's width, of two views of one point


def locate(surface_map: Tensor, pieces: Tensor) -> Tensor:
    """Returns where the points of a surface map lie in another frame.

    Args:
        surface_map: uint8 `[batch, height, width, 3]` of one frame.
        pieces: float32 `[batch, pieces, 2, 3, 4]` of the other frame.

    Returns:
        float32 `[batch, height, width, 4]`: x, y and z in pixels of the other frame, and the cosine between the
        surface's normal and the line of sight there, negative where it faces away; 0 where there is no piece.
    """
    codes = ops.cast(surface_map, "float32")
    number, along, around = codes[..., 0], codes[..., 1] + 0.5, (codes[..., 2] + 0.5) * (2 * np.pi / 256)
    share = ops.clip((along - CAP) / BETWEEN, 0.0, 1.0)
    cap = ops.clip(along / CAP - 1.0, -1.0, 0.0) + ops.clip((along - (256 - CAP)) / CAP, 0.0, 1.0)
    radius = ops.sqrt(ops.maximum(1.0 - cap * cap, 0.0))
    # The code of a cap is spaced evenly along the piece.
    direction = ops.stack([radius * ops.cos(around), radius * ops.sin(around), cap], axis=-1)
    count = pieces.shape[1]
    height, width = surface_map.shape[1:3]
    index = ops.reshape(ops.cast(ops.maximum(number - 1.0, 0.0), "int32"), (-1, height * width, 1))
    flat = ops.take_along_axis(ops.reshape(pieces, (-1, count, 24)), index, axis=1)
    ends = ops.reshape(flat, (-1, height, width, 2, 3, 4))
    share = share[..., None, None]
    volume = ends[:, :, :, 0] * (1.0 - share) + ends[:, :, :, 1] * share
    axes = volume[..., 1:]
    place = volume[..., 0] + ops.sum(axes * direction[..., None, :], axis=-1)
    # The normal is the inverse transpose of the axes times the direction: its rows are cross products of the axes.
    a, b, c = (axes[..., index] for index in range(3))
    crosses = ops.stack([ops.cross(b, c), ops.cross(c, a), ops.cross(a, b)], axis=-1)
    sign = ops.sign(ops.sum(a * ops.cross(b, c), axis=-1))
    normal = ops.sum(crosses * direction[..., None, :], axis=-1)
    cosine = sign * normal[..., 2] / (ops.sqrt(ops.sum(normal * normal, axis=-1)) + 1e-6)
    present = ops.cast(number > 0, "float32")[..., None]
    return ops.concatenate([place, cosine[..., None]], axis=-1) * present


def find(surface_map: Tensor, reference_map: Tensor, reference_pieces: Tensor) -> tuple[Tensor, Tensor]:
    """Returns where the reference shows the points of a frame's surface.

    Args:
        surface_map: uint8 `[batch, height, width, 3]` of the frame.
        reference_map: uint8 `[batch, height, width, 3]`, the surface map of the reference.
        reference_pieces: float32 `[batch, pieces, 2, 3, 4]` of the reference.

    Returns:
        correspondence: float32 `[batch, height, width, 2]`, x and y in pixels of the reference of the surface point
            that each pixel shows; hidden points lie where they would be seen if nothing covered them. 0 in the
            background.
        visibility: float32 `[batch, height, width]`: 1 where the reference shows that point, else 0.
    """
    height, width = surface_map.shape[1:3]
    located, front = locate(surface_map, reference_pieces), locate(reference_map, reference_pieces)
    place = located[..., :2]
    x = ops.clip(ops.floor(place[..., 0]), 0, width - 1)
    y = ops.clip(ops.floor(place[..., 1]), 0, height - 1)
    index = ops.reshape(ops.cast(y * width + x, "int32"), (-1, height * width, 1))
    there = ops.take_along_axis(ops.reshape(front, (-1, height * width, 4)), index, axis=1)
    there = ops.reshape(there, (-1, height, width, 4))
    is_inside = ops.logical_and(ops.equal(x, ops.floor(place[..., 0])), ops.equal(y, ops.floor(place[..., 1])))
    is_near = ops.abs(there[..., 2] - located[..., 2]) < _SAME_DEPTH * width
    faces = ops.logical_and(located[..., 3] > 0, ops.not_equal(there[..., 3], 0))
    return place, ops.cast(ops.logical_and(ops.logical_and(is_inside, is_near), faces), "float32")
