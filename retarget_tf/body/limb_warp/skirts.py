"""Hangs a skirt between both legs, where the reference shows one.

Cut into limbs, a skirt becomes trousers at the first wide step. So its cloth is laid below the limbs once more, and
each pixel between the legs moves with both of them, the nearer one more.
"""

import numpy as np
from keras import ops

from retarget_tf.arrays import Tensor
from retarget_tf.body.limb_warp import anatomy, sampling
from retarget_tf.body.limb_warp.anatomy import PART, POINT
from retarget_tf.body.limb_warp.bones import Bones, at, stretched
from retarget_tf.body.parsing_labels import PARTS10, LabelSchema

_LIMBS = [f"{side}_{limb}" for side in ("left", "right") for limb in ("thigh", "shin")]
_LEFT, _RIGHT = slice(2), slice(2, None)

# All lengths are in body units, areas in squares of them.
_ROWS = 0.035  # distance of a hem from the rows above and below that are compared
_IN_ONE_PIECE = 0.9  # share of a hem that is cloth, from its left to its right end
_WIDER = 0.11  # by which a skirt's hem is wider than both legs together; wide shorts are not
_LEG = 0.03  # least width of legs, and of cloth
_LOWEST = 0.75  # share of the way from hips to ankles below which a hem is not compared with the legs
_FAR = 0.05  # distance from legs and trunk that wide trousers do not reach
_FLARED = 0.001  # area of cloth that lies as far as that from them
_REACH = 0.1  # how much farther from a leg than half of the step cloth can hang


def worn(codes: Tensor, distance: Tensor, points: Tensor, unit: Tensor, schema: LabelSchema) -> Tensor:
    """Returns the codes of the skirt's pixels, float32 `[batch, 1, height, width]`; all 0 where none is worn.

    Cloth around the legs is a skirt if it is in one piece at the hem, and either wider there than both legs below, or
    somewhere far from the legs.

    Args:
        codes: float32 `[batch, parts, height, width]`, see `cutting.cut`.
        distance: Of each pixel from each part, see `cutting.distances`.
        points: float32 `[batch, 28, 2]` in pixels, see `anatomy.complete`.
        unit: Length of one body unit in pixels, `[batch, 1, 1]`.
        schema: Label schema of the map.
    """
    height, width = codes.shape[2:]
    seen = ops.max(codes, axis=1)
    cloth, legs = (ops.take(table, ops.cast(seen, "int32"), axis=0) for table in _cloth_and_legs(schema))
    widths = ops.sum(cloth, axis=2)
    row, column = np.arange(height, dtype=np.float32), np.arange(1, width + 1, dtype=np.float32)
    last_column, first_column = (ops.max(cloth * columns, axis=2) for columns in (column, column[::-1].copy()))
    spans = last_column + first_column - float(width)

    unit = unit[:, :, 0]
    last = ops.max(ops.where(widths > _LEG * unit, row, -1.0), axis=1, keepdims=True)
    step = ops.maximum(ops.round(_ROWS * unit), 1.0)
    at_hem = ops.logical_and(last - step >= row, last - 2 * step <= row)
    below_hem = ops.logical_and(last < row, last + 2 * step >= row)
    hem, legs_below = _mean(widths, at_hem), _mean(ops.sum(legs, axis=2), below_hem)
    hips, ankles = (points[:, POINT[name], 1:] for name in ("mid_hip", "mid_ankle"))
    shows_legs = ops.logical_and(legs_below > _LEG * unit, last < hips + _LOWEST * (ankles - hips))
    is_wide = ops.logical_and(shows_legs, hem - legs_below > _WIDER * unit + 1.0)

    nearest = distance[:, PART["trunk"]]
    for limb in _LIMBS:
        nearest = ops.minimum(nearest, distance[:, PART[limb]])
    far = ops.cast(nearest > _FAR, "float32") * ops.reshape(cloth, (-1, height * width))
    is_flared = ops.sum(far, axis=1, keepdims=True) > _FLARED * ops.square(unit)
    is_skirt = ops.logical_and(hem > _IN_ONE_PIECE * _mean(spans, at_hem), ops.logical_or(is_wide, is_flared))
    return (seen * cloth * ops.cast(is_skirt, "float32")[..., None])[:, None]


def hang(codes: Tensor, start: Bones, end: Bones) -> tuple[Tensor, Tensor, Tensor]:
    """Moves a skirt with both legs.

    A pixel's source is interpolated from one leg's bones to the other's. Nothing hangs farther from both legs than half
    of the step: folded knees would tear the cloth over the picture.

    Args:
        codes: Codes of the skirt's pixels in the reference, see `worn`.
        start: Bones of the reference; hidden limbs are not replaced by the other side's.
        end: Bones of the new pose.

    Returns:
        The code of each pixel, 0 where no skirt hangs, and the column and row of the reference that it comes from:
        float32 `[batch, 1, height * width]` each.
    """
    height, width = codes.shape[2:]
    start, end = start.of(_LIMBS), end.of(_LIMBS)
    along = anatomy.scan_pixels(end.origin, end.along, height, width)
    inwards = anatomy.scan_pixels(end.origin, end.across * _sign_inwards(end), height, width)
    on_bone, growth, stretch = stretched(along, start, end)
    tips = end.origin + end.along * end.length
    steps = anatomy.length(tips[:, _LEFT] - tips[:, _RIGHT])
    reach = ops.max(steps, axis=1, keepdims=True) / 2 + _REACH * end.unit
    away = ops.square(inwards) + ops.square(along - on_bone)
    hangs = ops.minimum(away[:, _LEFT], away[:, _RIGHT]) < ops.square(reach)

    from_bone = ops.maximum(inwards, 0.0) + 1e-3 * end.unit
    to_right = from_bone[:, _LEFT] / (from_bone[:, _LEFT] + from_bone[:, _RIGHT])
    to_left = 1.0 - to_right
    # Halfway between thighs, a straight hem is `cos(angle / 2) ** 2` as far down as on them. Shins start far apart.
    cosine = ops.maximum(ops.sum(end.along[:, _LEFT] * end.along[:, _RIGHT], axis=-1, keepdims=True), 0.0)
    shorter = 2.0 * (1.0 - cosine) * np.array([[1.0], [0.0]], np.float32)
    longer = 1.0 / (1.0 - shorter * to_left * to_right)
    weights = ops.concatenate([to_left, to_right], axis=1)
    down = (growth * along + stretch * on_bone) * weights * ops.tile(longer, (1, 2, 1))
    aside = inwards * weights
    across = growth * start.across * _sign_inwards(start)
    is_low = ops.sum(along[:, 1::2] * weights[:, 1::2], axis=1, keepdims=True) > 0
    place = []
    for i in (0, 1):
        moved = weights * at(start.origin, i) + down * at(start.along, i) + aside * at(across, i)
        moved = moved[:, _LEFT] + moved[:, _RIGHT]
        place.append(ops.where(is_low, moved[:, 1:], moved[:, :1]))
    found = sampling.nearest(codes, np.zeros((1, 1, 1), np.int32), *place)
    x, y = place
    return ops.where(ops.where(is_low, hangs[:, 1:], hangs[:, :1]), found, 0.0), x, y


def _cloth_and_legs(schema: LabelSchema) -> tuple[Tensor, Tensor]:
    """Returns which codes are of lower garments that are seen, and which of bare legs or shoes: float32, 0 or 1."""
    names = [PARTS10.classes[part] if part < PARTS10.num_classes else "" for part in schema.to_parts10]
    tables = np.zeros((2, 2 * sampling.MAX_CLASSES), np.float32)
    for index, name in enumerate(names):
        tables[0, sampling.MAX_CLASSES + index] = name == "lower_clothes" or index in schema.in_one_piece
        tables[1, sampling.MAX_CLASSES + index] = name.endswith(("leg", "shoes"))
    return ops.convert_to_tensor(tables[0]), ops.convert_to_tensor(tables[1])


def _mean(values: Tensor, where: Tensor) -> Tensor:
    """Returns the mean `[batch, 1]` of values `[batch, rows]`; 0 if there are none."""
    weights = ops.cast(where, "float32")
    count = ops.maximum(ops.sum(weights, axis=1, keepdims=True), 1.0)
    return ops.sum(values * weights, axis=1, keepdims=True) / count


def _sign_inwards(bones: Bones) -> Tensor:
    """Returns 1 where `across` of a limb points to the other leg, otherwise -1: `[batch, limbs, 1]`."""
    middle = bones.origin + bones.along * bones.length / 2
    other = ops.concatenate([middle[:, _RIGHT], middle[:, _LEFT]], axis=1)
    return ops.where(ops.sum(bones.across * (other - middle), axis=-1, keepdims=True) > 0, 1.0, -1.0)
