"""Reads the pieces of the parts at places between their pixels.

A look-up costs as much as ten sums, so each place is looked up once: `pack` puts each pixel and its neighbours to the
right and below into one number.
"""

from typing import Any

from keras import ops

Tensor = Any

# The code of a pixel, 0 for nothing: the class in the lowest five bits, and one bit that tells if the pixel was seen.
# Four codes, each six bits above the one before it, do not run into each other in 31 bits, and between class and
# sight a code has room for the rank of its part.
MAX_CLASSES = 32
SEEN = 1 << 11
_CODE = SEEN | (MAX_CLASSES - 1)
_STRIDE = 6

_COVERED = 0.45  # a little under a half: thin limbs wear away otherwise


def pack(codes: Tensor) -> Tensor:
    """Each 2x2 pixels in one number.

    Args:
        codes: int32 `[batch, parts, height, width]`.

    Returns:
        int32 `[batch, parts, height + 1, width + 1]`: at `[..., y, x]` the pixels from `[y - 1, x - 1]` to `[y, x]`;
        there is nothing around the picture.
    """
    pairs = _beside(codes, _STRIDE, axis=3)
    return _beside(pairs, 2 * _STRIDE, axis=2)


def _beside(values: Tensor, bits: int, axis: int) -> Tensor:
    before, after = ([(0, 0)] * 4 for _ in range(2))
    before[axis], after[axis] = (1, 0), (0, 1)
    return ops.pad(values, before) + ops.pad(values * (1 << bits), after)


def smooth(packed: Tensor, part: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The codes at places, with edges that bilinear interpolation makes smooth.

    Args:
        packed: see `pack`.
        part: int32 `[batch, n, 1]`, the one to read.
        x: float32 `[batch, n, places]` in pixels.
        y: the same.

    Returns:
        int32 `[batch, n, places]`: the code of the nearest pixel, or of a neighbour where that one has none; and bool,
        where more than about half of the place is covered.
    """
    height, width = packed.shape[2:]
    # What is far outside finds nothing.
    x, y = ops.clip(x + 0.5, 0.0, width - 0.01), ops.clip(y + 0.5, 0.0, height - 0.01)
    left, top = ops.floor(x), ops.floor(y)
    right_by, down_by = x - left, y - top
    corners = _look_up(packed, part, top, left)
    upper, lower = (
        [select_bits(ops.right_shift(corners, _as_tensor(_STRIDE * i)), _CODE) for i in row] for row in ((0, 1), (2, 3))
    )
    above, below = _share_covered(upper, right_by), _share_covered(lower, right_by)
    covered = above + (below - above) * down_by
    down = down_by > 0.5
    nearest_row = [ops.where(down, b, a) for a, b in zip(upper, lower, strict=True)]
    code = ops.where(right_by > 0.5, nearest_row[1], nearest_row[0])
    greatest = ops.maximum(ops.maximum(*upper), ops.maximum(*lower))
    return ops.where(code > 0, code, greatest), covered > _COVERED


def nearest(codes: Tensor, part: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The codes `[batch, n, places]` of the pixels that the places lie in; see `smooth`."""
    height, width = codes.shape[2:]
    column, row = ops.floor(ops.clip(x, 0.0, width - 0.5)), ops.floor(ops.clip(y, 0.0, height - 0.5))
    return _look_up(codes, part, row, column)


def select_bits(values: Tensor, bits: int) -> Tensor:
    """`values & bits`, int32."""
    return ops.bitwise_and(values, _as_tensor(bits))


def _as_tensor(value: int) -> Tensor:
    # A plain number, or an array of it, is not read back from a saved model as these operations want it.
    return ops.convert_to_tensor(value, dtype="int32")


def _look_up(values: Tensor, part: Tensor, row: Tensor, column: Tensor) -> Tensor:
    parts, height, width = values.shape[1:]
    # The batch may be of any size.
    picture = ops.cumsum(ops.ones_like(row[:, :1, :1]), axis=0) - 1.0
    first = (ops.cast(picture, "int32") * parts + part) * (height * width)
    return ops.take(ops.reshape(values, (-1,)), ops.cast(row * float(width) + column, "int32") + first, axis=0)


def _share_covered(pair: list[Tensor], right_by: Tensor) -> Tensor:
    left, right = (ops.cast(codes > 0, "float32") for codes in pair)
    return left + (right - left) * right_by
