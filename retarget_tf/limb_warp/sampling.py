"""Reads the maps of the parts at places between their pixels."""

from typing import Any

import numpy as np
from keras import ops

Tensor = Any

_COVERED = 0.45  # a little under a half: thin limbs wear away otherwise


def smooth(keys: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The values at places, with edges that bilinear interpolation makes smooth.

    Args:
        keys: int32 `[batch, parts, height, width]`, 0 for nothing.
        x: float32 `[batch, parts, places]` in pixels.
        y: the same.

    Returns:
        int32 `[batch, parts, places]`: the value of the nearest pixel, or of a neighbour where that one has none; 0
        where less than about half of the place is covered.
    """
    height, width = keys.shape[2:]
    # In a border of nothing, so that what is far outside finds nothing.
    padded = ops.pad(keys, ((0, 0), (0, 0), (1, 1), (1, 1)))
    x, y = ops.clip(x + 0.5, 0.0, width + 0.99), ops.clip(y + 0.5, 0.0, height + 0.99)
    left, top = ops.floor(x), ops.floor(y)
    right_by, down_by = x - left, y - top
    flat, index = ops.reshape(padded, (-1,)), _indices(padded, top, left)
    upper, lower = (
        (ops.take(flat, index + row, axis=0), ops.take(flat, index + (row + 1), axis=0)) for row in (0, width + 2)
    )
    above, below = _share_covered(upper, right_by), _share_covered(lower, right_by)
    covered = above + (below - above) * down_by
    nearest_row = [ops.where(down_by > 0.5, b, a) for a, b in zip(upper, lower, strict=True)]
    value = ops.where(right_by > 0.5, nearest_row[1], nearest_row[0])
    greatest = ops.maximum(ops.maximum(*upper), ops.maximum(*lower))
    return ops.where(covered > _COVERED, ops.where(value > 0, value, greatest), 0)


def nearest(keys: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The values of the pixels that the places lie in; see `smooth`."""
    height, width = keys.shape[2:]
    column, row = ops.floor(ops.clip(x, 0.0, width - 0.5)), ops.floor(ops.clip(y, 0.0, height - 0.5))
    return ops.take(ops.reshape(keys, (-1,)), _indices(keys, row, column), axis=0)


def _indices(keys: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """Where `[batch, parts, places]` stand in the flat keys; the batch may be of any size."""
    parts, height, width = keys.shape[1:]
    picture = ops.cumsum(ops.ones_like(row[:, :1, :1]), axis=0) - 1.0
    piece = ops.cast(picture, "int32") * parts + np.arange(parts, dtype=np.int32)[:, None]
    return ops.cast(row * float(width) + column, "int32") + piece * (height * width)


def _share_covered(pair: tuple[Tensor, Tensor], right_by: Tensor) -> Tensor:
    left, right = (ops.cast(values > 0, "float32") for values in pair)
    return left + (right - left) * right_by
