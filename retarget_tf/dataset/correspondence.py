"""Finds the points of a dancer's surface again in another frame of the clip, exactly; for the codes see `surfaces`.

Only `keras.ops` are used, which run in a tf.data pipeline as well as on NumPy arrays. The background, most of a
picture, costs nothing: points are computed in a row `[points]`, and put back into their pixels at the end.
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
        pieces: float32 `[batch, pieces, 2, 3, 4]` of the other frame, or `[1, ...]` for the whole batch.

    Returns:
        float32 `[batch, height, width, 4]`: x, y and z in pixels of the other frame, and the cosine between the
        surface's normal and the line of sight there, negative where it faces away; 0 where there is no piece.
    """
    pixels, batch = _pixels_of_surface(surface_map)
    x, y, z, cosine = _locate(_codes_at(surface_map, pixels), batch, pieces)
    return _put_back(ops.stack([x, y, z, cosine], axis=-1), pixels, surface_map)


def find(surface_map: Tensor, reference_map: Tensor, reference_pieces: Tensor) -> tuple[Tensor, Tensor]:
    """Returns where the reference shows the points of a frame's surface.

    Args:
        surface_map: uint8 `[batch, height, width, 3]` of the frame.
        reference_map: uint8 `[batch, height, width, 3]`, the surface map of the reference, or `[1, ...]` for the whole
            batch.
        reference_pieces: float32 `[batch, pieces, 2, 3, 4]` of the reference, or `[1, ...]`.

    Returns:
        correspondence: float32 `[batch, height, width, 2]`, x and y in pixels of the reference of the surface point
            that each pixel shows; hidden points lie where they would be seen if nothing covered them. 0 in the
            background.
        visibility: float32 `[batch, height, width]`: 1 where the reference shows that point, else 0.
    """
    height, width = surface_map.shape[1:3]
    pixels, batch = _pixels_of_surface(surface_map)
    x, y, z, cosine = _locate(_codes_at(surface_map, pixels), batch, reference_pieces)
    column, row = ops.clip(ops.floor(x), 0, width - 1), ops.clip(ops.floor(y), 0, height - 1)
    is_inside = ops.logical_and(ops.equal(column, ops.floor(x)), ops.equal(row, ops.floor(y)))
    if reference_map.shape[0] == 1:
        batch = ops.zeros_like(batch)
    shown = _codes_at(reference_map, (batch * height + ops.cast(row, "int32")) * width + ops.cast(column, "int32"))
    _, _, shown_z, _ = _locate(shown, batch, reference_pieces)
    is_same = ops.logical_and(shown[0] > 0, ops.abs(shown_z - z) < _SAME_DEPTH * width)
    visible = ops.logical_and(ops.logical_and(is_inside, is_same), cosine > 0)
    found = _put_back(ops.stack([x, y, ops.cast(visible, "float32")], axis=-1), pixels, surface_map)
    return found[..., :2], found[..., 2]


def _pixels_of_surface(surface_map: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the positions in the flattened batch of the pixels that show a piece, and their pictures: `[points]`."""
    height, width = surface_map.shape[1:3]
    (pixels,) = ops.nonzero(ops.reshape(ops.cast(surface_map[..., 0], "int32"), (-1,)))
    pixels = ops.cast(pixels, "int32")
    return pixels, pixels // (height * width)


def _codes_at(surface_map: Tensor, pixels: Tensor) -> Tensor:
    """Returns the codes, float32 `[3, points]`, at positions in the flattened batch."""
    codes = ops.take(ops.reshape(surface_map, (-1, 3)), pixels, axis=0)
    return ops.transpose(ops.cast(codes, "float32"))


def _put_back(values: Tensor, pixels: Tensor, surface_map: Tensor) -> Tensor:
    """Spreads values `[points, channels]` over pictures of 0, `[batch, height, width, channels]`."""
    batch, height, width, _ = ops.shape(surface_map)
    channels = values.shape[-1]
    spread = ops.scatter(pixels[:, None], values, (batch * height * width, channels))
    return ops.reshape(spread, (batch, height, width, channels))


def _locate(codes: Tensor, batch: Tensor, pieces: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Returns x, y, z and cosine, each `[points]`, of codes `[3, points]`; `batch` `[points]` says whose pieces."""
    number, along, around = codes[0], codes[1] + 0.5, (codes[2] + 0.5) * (2 * np.pi / 256)
    share = ops.clip((along - CAP) / BETWEEN, 0.0, 1.0)
    cap = ops.clip(along / CAP - 1.0, -1.0, 0.0) + ops.clip((along - (256 - CAP)) / CAP, 0.0, 1.0)
    radius = ops.sqrt(ops.maximum(1.0 - cap * cap, 0.0))
    # The code of a cap is spaced evenly along the piece.
    direction = radius * ops.cos(around), radius * ops.sin(around), cap
    count = ops.shape(pieces)[1]
    index = ops.cast(ops.maximum(number - 1.0, 0.0), "int32")
    if pieces.shape[0] != 1:
        index = index + batch * count
    # One row of numbers for each of the 24 entries of a piece: sums of whole rows are fast.
    table = ops.reshape(ops.transpose(ops.reshape(pieces, (-1, 24))), (2, 3, 4, -1))
    ends = ops.take(table, index, axis=-1)
    volume = ends[0] + (ends[1] - ends[0]) * share
    axes = volume[:, 1], volume[:, 2], volume[:, 3]
    place = volume[:, 0] + _sum_of_products(axes, direction)
    # The normal is the inverse transpose of the axes times the direction: its rows are cross products of the axes.
    crosses = _cross(axes[1], axes[2]), _cross(axes[2], axes[0]), _cross(axes[0], axes[1])
    handedness = ops.sign(ops.sum(axes[0] * crosses[0], axis=0))
    normal = _sum_of_products(crosses, direction)
    cosine = handedness * normal[2] / (ops.sqrt(ops.sum(normal * normal, axis=0)) + 1e-6)
    return place[0], place[1], place[2], cosine


def _sum_of_products(vectors: tuple[Tensor, ...], factors: tuple[Tensor, ...]) -> Tensor:
    return sum(vector * factor for vector, factor in zip(vectors, factors, strict=True))


def _cross(a: Tensor, b: Tensor) -> Tensor:
    """Returns the cross product of vectors `[3, points]`."""
    return ops.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])
