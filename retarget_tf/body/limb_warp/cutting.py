"""Assigns each pixel of the reference's map to parts of the body.

A pixel goes to the part whose bone is nearest among those that its class may belong to (`_HOMES`). Where another part
covers a part, the hidden pixels get the class that the part has in the same row of the picture.
"""

from typing import Any

import numpy as np
from keras import ops

from retarget_tf.arrays import Tensor
from retarget_tf.body.limb_warp.anatomy import BONES, NAMES, PART, PARTS, POINT, TWINS, direction, length, scan_pixels
from retarget_tf.body.limb_warp.sampling import SEEN
from retarget_tf.body.parsing_labels import PARTS10, UNKNOWN, LabelSchema

_NEVER = 100.0
_OVERLAP = 0.012  # in body units; pixels almost equally near to two parts go to both, so that no gap opens at a bend
_ROWS = 0.025  # distance of rows, as a share of the picture's height, at which a row's vote falls to 1 / e
_ROUND_ENDS = 0.05  # in body units, added to a bone's length: one that points at the camera still shows its round ends

# The parts that a class of `parts10` may belong to, and a distance in body units added to each part's own.
_HOMES: dict[str, dict[str, float]] = {
    "hair": {"head": 0},
    "face": {"head": 0, "trunk": 0.02},
    "upper_clothes": {"trunk": 0, "upper_arm": 0, "forearm": 0.01, "thigh": 0.05, "lap": 0.05},
    "lower_clothes": {"trunk": 0.01, "lap": 0, "hem": 0, "thigh": 0, "shin": 0},
    "left_arm": {"left_upper_arm": 0, "left_forearm": 0},
    "right_arm": {"right_upper_arm": 0, "right_forearm": 0},
    "left_leg": {"left_thigh": 0, "left_shin": 0, "left_foot": 0},
    "right_leg": {"right_thigh": 0, "right_shin": 0, "right_foot": 0},
    "shoes": {"foot": 0, "shin": 0.02},
}

_SEGMENTS = [(name, part.start, part.end) for name, part in PARTS.items()] + [
    (name, *ends) for name, part in PARTS.items() for ends in part.beside
]
_ENDS = np.array([[POINT[start], POINT[end]] for _, start, end in _SEGMENTS])
_THICKNESS = np.array([[part.thickness] for part in PARTS.values()], np.float32)
# A limb with less than this share of the pixels of the other side's limb counts as hidden; so does a forearm that is
# much thinner. A foot is replaced only in the clearest cases, because the other foot is seen from another side.
_HIDDEN_SHARES = {"thigh": 0.6, "shin": 0.6, "upper_arm": 0.35, "forearm": 0.6, "foot": 0.2}
_HIDDEN_SHARE = np.array([[_HIDDEN_SHARES.get(name.partition("_")[2], 0.0)] for name in NAMES], np.float32)
# A pixel at a smaller distance than this from a part (in body units, negative inside) also belongs to it, behind
# whatever is seen there.
_SURE = {"lap": -_NEVER, "hem": -_NEVER}
_SURELY_WITHIN = np.array([[_SURE.get(name, -0.02)] for name in NAMES], np.float32)


def _distance_penalties(schema: LabelSchema) -> Any:
    """Returns `_HOMES` as float32 `[classes, parts]`; a class that `parts10` lacks may belong to any part."""
    homes = np.full((PARTS10.num_classes, len(NAMES)), _NEVER, np.float32)
    for class_name, allowed in _HOMES.items():
        for name in NAMES:
            for suffix, penalty in allowed.items():
                if name == suffix or name.endswith("_" + suffix):
                    homes[PARTS10.classes.index(class_name), PART[name]] = penalty
    anywhere = np.zeros(len(NAMES), np.float32)
    return np.stack([anywhere if home == UNKNOWN else homes[home] for home in schema.to_parts10])


def cut(
    reference_map: Tensor, distance: Tensor, points: Tensor, unit: Tensor, schema: LabelSchema
) -> tuple[Tensor, Tensor]:
    """Assigns the pixels to the parts.

    Args:
        reference_map: float32 `[batch, height, width, classes]`.
        distance: Of each pixel from each part, see `distances`.
        points: float32 `[batch, 28, 2]` in pixels, see `anatomy.complete`.
        unit: Length of one body unit in pixels, `[batch, 1, 1]`.
        schema: Label schema of the map.

    Returns:
        codes: float32 `[batch, parts, height, width]`, the class of each part at each pixel, seen or assumed behind
            other parts; for the coding see `sampling`.
        use_twin: bool `[batch, parts, 1]`, True for limbs so hidden that the other side's limb, mirrored, should
            replace them.
    """
    height, width, classes = reference_map.shape[1:]
    shape = (-1, len(NAMES), height, width)
    flat = ops.reshape(reference_map, (-1, 1, height * width, classes))
    ids = ops.cast(ops.argmax(flat, axis=-1), "int32")
    penalties = ops.convert_to_tensor(_distance_penalties(schema))
    cost = distance + ops.swapaxes(ops.take(penalties, ids[:, 0], axis=0), 1, 2)
    least = ops.min(cost, axis=1, keepdims=True)
    # Background and pixels whose class no part may have go to no part, however near.
    least = ops.where(ops.logical_and(least < _NEVER / 2, ids > 0), least, -_NEVER)
    own = cost <= least + _OVERLAP
    # A part can only be hidden by foreground or by unknown pixels.
    hidden = ops.logical_or(ids > 0, ops.max(flat, axis=-1) <= 0)
    behind = ops.logical_and(distance < _SURELY_WITHIN, hidden)
    rows = _class_of_rows(ops.reshape(ops.cast(own, "float32"), shape), reference_map)
    filled = ops.where(ops.reshape(behind, shape), rows, 0.0)
    seen = ops.cast(ops.reshape(ids, (-1, 1, height, width)), "float32") + SEEN
    codes = ops.where(ops.reshape(own, shape), seen, filled)

    area = ops.sum(ops.cast(cost <= least, "float32"), axis=-1, keepdims=True)
    bones = ops.take(points, BONES[:, 1], axis=1) - ops.take(points, BONES[:, 0], axis=1)
    area = area / (length(bones) + _ROUND_ENDS * unit)
    return codes, area < ops.take(area, TWINS, axis=1) * _HIDDEN_SHARE


def _class_of_rows(own: Tensor, reference_map: Tensor) -> Tensor:
    """Returns the class id `[batch, parts, height, 1]` most frequent in each part's rows, near rows counting more.

    `own` `[batch, parts, height, width]` is 1 where the part has a pixel. A part without any pixel gets class 0.
    """
    counts = ops.matmul(ops.transpose(own, (0, 2, 1, 3)), reference_map)  # [batch, height, parts, classes]
    row = np.arange(reference_map.shape[1], dtype=np.float32) / reference_map.shape[1]
    nearness = np.exp(-np.abs(row[:, None] - row) / _ROWS).astype(np.float32)
    counts = ops.einsum("yz,bzpk->bpyk", nearness, counts)
    return ops.cast(ops.argmax(counts, axis=-1), "float32")[..., None]


def distances(points: Tensor, unit: Tensor, height: int, width: int) -> Tensor:
    """Returns each pixel's distance to each part in body units: `[batch, parts, height * width]`, negative inside."""
    start = ops.take(points, _ENDS[:, 0], axis=1)
    along, across, lengths = direction(ops.take(points, _ENDS[:, 1], axis=1) - start)
    aside = scan_pixels(start, across / unit, height, width)
    along = scan_pixels(start, along / unit, height, width)
    beyond = along - ops.minimum(ops.maximum(along, 0.0), lengths / unit)
    squared = ops.square(aside) + ops.square(beyond)
    of_part = [squared[:, index] for index in range(len(NAMES))]
    for index, (name, _, _) in enumerate(_SEGMENTS[len(NAMES) :], start=len(NAMES)):
        of_part[PART[name]] = ops.minimum(of_part[PART[name]], squared[:, index])
    return ops.sqrt(ops.stack(of_part, axis=1)) - _THICKNESS
