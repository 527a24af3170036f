"""Samples the parts' maps at positions between their pixels.

A look-up costs as much as ten sums, so each position is looked up once: `pack` stores each pixel with its neighbours to
the right and below in one number.

The code of a pixel is 0 where the part has none, otherwise its class id, plus `SEEN` if the reference shows the pixel
(rather than it being guessed behind another part). Four codes fill the 24 bits in which float32 counts exactly; floats,
because TensorFlow is faster with them than with shifts and masks of int32.
"""

from keras import ops

from retarget_tf.arrays import Tensor

MAX_CLASSES = 32
SEEN = float(MAX_CLASSES)
_CODES = 64.0

_COVERED = 0.45  # share of a position that must be covered; at a half, thin limbs would lose pixels


def pack(codes: Tensor) -> Tensor:
    """Packs each 2 x 2 pixels into one number.

    Args:
        codes: float32 `[batch, parts, height, width]`.

    Returns:
        float32 `[batch, parts, height + 1, width + 1]`: `[..., y, x]` holds the four pixels from `[y - 1, x - 1]` to
        `[y, x]`; pixels outside of the picture are 0.
    """
    pairs = _beside(codes, _CODES, axis=3)
    return _beside(pairs, _CODES**2, axis=2)


def _beside(values: Tensor, times: float, axis: int) -> Tensor:
    before, after = ([(0, 0)] * 4 for _ in range(2))
    before[axis], after[axis] = (1, 0), (0, 1)
    return ops.pad(values, before) + ops.pad(values * times, after)


def smooth(packed: Tensor, part: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Samples the codes at positions; the outline of a part is smoothed by bilinear interpolation.

    Args:
        packed: The maps of all parts, from `pack`.
        part: int32 `[batch, n, 1]`, indices of the parts to sample.
        x: float32 `[batch, n, places]` in pixels.
        y: float32 `[batch, n, places]` in pixels.

    Returns:
        code: float32 `[batch, n, places]`, of the nearest pixel, or the greatest of its neighbours where that is 0.
        covered: bool `[batch, n, places]`, True where the part's interpolated coverage exceeds `_COVERED`.
    """
    height, width = packed.shape[2:]
    # Positions far outside are clipped to just outside of the picture, where nothing is covered.
    x, y = ops.clip(x + 0.5, 0.0, width - 0.01), ops.clip(y + 0.5, 0.0, height - 0.01)
    left, top = ops.floor(x), ops.floor(y)
    right_by, down_by = x - left, y - top
    corners = _look_up(packed, part, top, left)
    lower, upper = (split(pair, _CODES) for pair in split(corners, _CODES**2))  # each: right, left
    above, below = _share_covered(upper, right_by), _share_covered(lower, right_by)
    covered = above + (below - above) * down_by
    down = down_by > 0.5
    nearest_row = [ops.where(down, b, a) for a, b in zip(upper, lower, strict=True)]
    code = ops.where(right_by > 0.5, *nearest_row)
    greatest = ops.maximum(ops.maximum(*upper), ops.maximum(*lower))
    return ops.where(code > 0, code, greatest), covered > _COVERED


def nearest(codes: Tensor, part: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Returns the codes `[batch, n, places]` of the pixels that contain the positions; see `smooth`, but not packed."""
    height, width = codes.shape[2:]
    column, row = ops.floor(ops.clip(x, 0.0, width - 0.5)), ops.floor(ops.clip(y, 0.0, height - 0.5))
    return _look_up(codes, part, row, column)


def split(values: Tensor, by: float) -> tuple[Tensor, Tensor]:
    """Returns quotient and remainder of non-negative whole numbers in float32; `by` must be a power of two."""
    quotient = ops.floor(values * (1 / by))
    return quotient, values - quotient * by


def _look_up(values: Tensor, part: Tensor, row: Tensor, column: Tensor) -> Tensor:
    parts, height, width = values.shape[1:]
    # The index of each example, without knowing the size of the batch.
    picture = ops.cumsum(ops.ones_like(row[:, :1, :1]), axis=0) - 1.0
    first = (ops.cast(picture, "int32") * parts + part) * (height * width)
    return ops.take(ops.reshape(values, (-1,)), ops.cast(row * float(width) + column, "int32") + first, axis=0)


def _share_covered(pair: tuple[Tensor, Tensor], right_by: Tensor) -> Tensor:
    right, left = (ops.minimum(codes, 1.0) for codes in pair)
    return left + (right - left) * right_by
