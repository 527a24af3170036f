"""Hangs a skirt between both legs, where the reference shows one.

Cut into limbs, a skirt becomes trousers at the first wide step. So the parts between the legs, `lap` and `hem`, get all
cloth of a skirt, and each of their pixels moves with both legs, the nearer one more. Other people are warped as if this
module were not there.
"""

import numpy as np
from keras import ops

from retarget_tf.arrays import BoolArray, Tensor
from retarget_tf.body.limb_warp import anatomy, sampling
from retarget_tf.body.limb_warp.anatomy import NAMES, PART, POINT
from retarget_tf.body.limb_warp.bones import Bones, at, stretched
from retarget_tf.body.parsing_labels import PARTS10, LabelSchema

_PIECES = (("lap", "thigh"), ("hem", "shin"))  # parts between the legs, and the limb on either side
_LIMBS = [f"{side}_{limb}" for side in ("left", "right") for _, limb in _PIECES]
_COUNT = len(_PIECES)

# All lengths are in body units, areas in squares of them.
_ROWS = 0.035  # distance of a hem from the rows above and below that are compared
_IN_ONE_PIECE = 0.9  # share of a hem that is cloth, from its left to its right end
_WIDER = 0.11  # by which a skirt's hem is wider than both legs together; wide shorts are not
_LEG = 0.03  # what is seen at least of the legs below the hem
_ANKLES = 0.75  # place between hips and ankles below which the legs do not show
_FAR = 0.05  # distance from legs and trunk that wide trousers do not reach
_FLARED = 0.001  # area of cloth as far as that
_REACH = 0.1  # farther from a leg than half of the step that cloth can be


def is_worn(reference_map: Tensor, distance: Tensor, points: Tensor, unit: Tensor, schema: LabelSchema) -> Tensor:
    """Decides whether the cloth around the legs is a skirt: bool `[batch, 1, 1]`.

    The cloth at the hem is in one piece, and either wider than both legs below it, or cloth lies far from the legs.

    Args:
        reference_map: float32 `[batch, height, width, classes]`.
        distance: Of each pixel from each part, see `cutting.distances`.
        points: float32 `[batch, 28, 2]` in pixels, see `anatomy.complete`.
        unit: Length of one body unit in pixels, `[batch, 1, 1]`.
        schema: Label schema of the map.
    """
    height, width = reference_map.shape[1:3]
    kinds = np.stack([_is_cloth(schema), _is_leg(schema)], axis=1).astype(np.float32)
    cloth, legs = ops.split(ops.cast(ops.matmul(reference_map, kinds) > 0.5, "float32"), 2, axis=3)
    cloth, legs = cloth[..., 0], legs[..., 0]
    unit = unit[:, :, 0]
    row, column = np.arange(height, dtype=np.float32), np.arange(1, width + 1, dtype=np.float32)
    widths = ops.sum(cloth, axis=2)
    ends = ops.max(cloth * column, axis=2), ops.max(cloth * column[::-1], axis=2)
    last = ops.max(ops.where(widths > _LEG * unit, row, -1.0), axis=1, keepdims=True)
    step = ops.maximum(ops.round(_ROWS * unit), 1.0)
    hem = ops.cast(ops.logical_and(row <= last - step, row >= last - 2 * step), "float32")
    below = ops.cast(ops.logical_and(row > last, row <= last + 2 * step), "float32")

    def mean(values: Tensor, rows: Tensor) -> Tensor:
        return ops.sum(values * rows, axis=1, keepdims=True) / ops.maximum(ops.sum(rows, axis=1, keepdims=True), 1.0)

    at_hem, of_legs = mean(widths, hem), mean(ops.sum(legs, axis=2), below)
    in_one_piece = at_hem > _IN_ONE_PIECE * mean(ends[0] + ends[1] - width, hem)
    hips, ankles = points[:, POINT["mid_hip"], 1:], points[:, POINT["mid_ankle"], 1:]
    shows_legs = ops.logical_and(of_legs > _LEG * unit, last < hips + _ANKLES * (ankles - hips))
    is_wide = ops.logical_and(shows_legs, at_hem - of_legs > _WIDER * unit + 1.0)
    near = ops.min(ops.take(distance, [PART["trunk"], *(PART[limb] for limb in _LIMBS)], axis=1), axis=1)
    far = ops.cast(near > _FAR, "float32") * ops.reshape(cloth, (-1, height * width))
    flared = ops.sum(far, axis=1, keepdims=True) > _FLARED * ops.square(unit)
    return ops.logical_and(in_one_piece, ops.logical_or(is_wide, flared))[:, None]


def with_cloth_of_legs(codes: Tensor, is_skirt: Tensor, schema: LabelSchema) -> Tensor:
    """Adds the cloth that is seen on both legs to the parts between them, where a skirt is worn.

    Args:
        codes: float32 `[batch, parts, height, width]`, see `cutting.cut`.
        is_skirt: bool `[batch, 1, 1]`.
        schema: Label schema of the map.
    """
    wanted = np.zeros(2 * sampling.MAX_CLASSES, bool)
    wanted[sampling.MAX_CLASSES :][: schema.num_classes] = _is_cloth(schema)
    parts = [codes[:, index : index + 1] for index in range(len(NAMES))]
    for piece, limb in _PIECES:
        on_legs = ops.maximum(parts[PART[f"left_{limb}"]], parts[PART[f"right_{limb}"]])
        is_wanted = ops.take(ops.convert_to_tensor(wanted), ops.cast(on_legs, "int32"), axis=0)
        parts[PART[piece]] = ops.where(ops.logical_and(is_wanted, is_skirt[..., None]), on_legs, parts[PART[piece]])
    return ops.concatenate(parts, axis=1)


def sources(start: Bones, end: Bones, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Returns x and y in the reference from which a skirt's `lap` and `hem` come, `[batch, 2, height * width]`.

    Between the legs they are interpolated from one leg's bone to the other's. What lies farther from both than half of
    the step is taken from outside of the picture, or folded knees would tear the cloth over it.
    """
    start, end, (left, right) = start.of(_LIMBS), end.of(_LIMBS), (slice(_COUNT), slice(_COUNT, None))
    along = anatomy.scan_pixels(end.origin, end.along, height, width)
    inwards = anatomy.scan_pixels(end.origin, end.across * _inwards(end), height, width)
    from_bones = ops.maximum(inwards, 0.0) + 1e-3 * end.unit
    share = from_bones[:, left] / (from_bones[:, left] + from_bones[:, right])
    along = along / ops.tile(1.0 - _bulge(end, left, right) * share * (1.0 - share), (1, 2, 1))
    on_bone, growth, stretch = stretched(along, start, end)
    across = start.across * _inwards(start)
    x, y = (
        growth * (at(start.along, i) * along + at(across, i) * inwards)
        + on_bone * (at(start.along, i) * stretch)
        + at(start.origin, i)
        for i in (0, 1)
    )
    x, y = (values[:, left] + share * (values[:, right] - values[:, left]) for values in (x, y))
    tips = end.origin + end.along * end.length
    reach = ops.max(anatomy.length(tips[:, left] - tips[:, right]), axis=1, keepdims=True) / 2 + _REACH * end.unit
    away = ops.square(inwards) + ops.square(along - on_bone)
    is_far = ops.minimum(away[:, left], away[:, right]) > ops.square(reach)
    return ops.where(is_far, -float(width), x), y


def _bulge(bones: Bones, left: slice, right: slice) -> Tensor:
    """Returns by how much more than a straight one a hem at one length of both bones bulges, `[batch, 2, 1]`.

    Halfway between two thighs that are spread by an angle, a straight hem has only `cos(angle / 2) ** 2` of the length
    that it has on them. Shins do not start from one point, so theirs is left as it is.
    """
    cosine = ops.sum(bones.along[:, left] * bones.along[:, right], axis=-1, keepdims=True)
    return 2.0 * (1.0 - ops.maximum(cosine, 0.0)) * np.array([[1.0], [0.0]], np.float32)


def hang(sources: tuple[Tensor, Tensor], of_skirt: tuple[Tensor, Tensor], is_skirt: Tensor) -> list[Tensor]:
    """Puts the sources of a skirt in the place of those of `lap` and `hem`, where a skirt is worn."""
    first, last = PART["lap"], PART["hem"] + 1
    return [
        ops.concatenate(
            [values[:, :first], ops.where(is_skirt, of_skirt, values[:, first:last]), values[:, last:]], axis=1
        )
        for values, of_skirt in zip(sources, of_skirt, strict=True)
    ]


def _inwards(bones: Bones) -> Tensor:
    """Returns 1 where `across` of a leg's bone points to the other leg, otherwise -1: `[batch, limbs, 1]`."""
    middle = bones.origin + bones.along * bones.length / 2
    other = ops.concatenate([middle[:, _COUNT:], middle[:, :_COUNT]], axis=1)
    return ops.where(ops.sum(bones.across * (other - middle), axis=-1, keepdims=True) > 0, 1.0, -1.0)


def _is_cloth(schema: LabelSchema) -> BoolArray:
    """Returns which classes are lower garments, bool `[classes]`."""
    lower = PARTS10.classes.index("lower_clothes")
    return np.array([part == lower or index in schema.in_one_piece for index, part in enumerate(schema.to_parts10)])


def _is_leg(schema: LabelSchema) -> BoolArray:
    """Returns which classes are bare legs or shoes, bool `[classes]`."""
    legs = [index for index, name in enumerate(PARTS10.classes) if name.endswith(("leg", "shoes"))]
    return np.isin(schema.to_parts10, legs)
