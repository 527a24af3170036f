"""Moves each part of the reference's map with its bone, by inverse warping, and overlays the parts."""

import dataclasses

import numpy as np
from keras import ops

from retarget_tf.arrays import Tensor
from retarget_tf.body import skeleton
from retarget_tf.body.limb_warp import anatomy, cutting, sampling
from retarget_tf.body.limb_warp.anatomy import NAMES, PART, PARTS, POINT
from retarget_tf.body.parsing_labels import PARTS10, LabelSchema

_TRUNK_DEPTH = 0.2  # width of a trunk seen from the side, in body units
_NOSE, _EAR, _HEAD = 0.09, 0.07, 0.075  # distances from the head's axis, in body units
_GRAZING = 0.2  # a point on the head whose normal has a smaller cosine with the line of sight counts as hidden

_RANK = np.array([[part.rank + 1e-3 * index] for index, part in enumerate(PARTS.values())], np.float32)
_RANK_IF_SEEN = np.array([[part.rank_if_seen] for part in PARTS.values()], np.float32)
# The candidates of all parts for a pixel are compared as numbers, and the greatest wins. From the lowest digits up: the
# code (see `sampling`), whether the pixel comes from the other side's limb, the rank of the part, and whether the pixel
# was seen or only filled in.
_MIRRORED = 2 * sampling.SEEN
_RANK_STEP = 2 * _MIRRORED
_IN_SIGHT = 16 * _RANK_STEP


def warp_map(
    reference_map: Tensor, reference_keypoints: Tensor, keypoints: Tensor, schema: LabelSchema = PARTS10
) -> Tensor:
    """Moves the reference's map into another pose.

    Args:
        reference_map: float32 `[batch, height, width, classes]`, one-hot or probabilities; all zero where a pixel's
            class is unknown. Height and width must be static.
        reference_keypoints: float32 `[batch, 25, 3]` in pixels of the reference.
        keypoints: float32 `[batch, 25, 3]` in pixels, the new pose.
        schema: Label schema of the map. Its table to `parts10` decides which parts of the body a class belongs to.

    Returns:
        float32 `[batch, height, width, classes]`, one-hot: background where no part lies. All zero for an example whose
        reference is unknown everywhere.

    Raises:
        ValueError: There are more than `sampling.MAX_CLASSES` classes.
    """
    height, width, classes = reference_map.shape[1:]
    if classes > sampling.MAX_CLASSES:
        raise ValueError(f"reference_map must have at most {sampling.MAX_CLASSES} classes. Received: classes={classes}")
    reference = anatomy.complete(reference_keypoints, anatomy.template(height, width))
    pose = anatomy.complete(keypoints, reference[:, : skeleton.NUM_JOINTS])
    start, end = _bones_of(reference), _bones_of(pose)

    codes, use_twin = cutting.cut(reference_map, reference, start.unit, schema)
    start = start.of_twins(use_twin)
    part = ops.where(use_twin, anatomy.TWINS[:, None].astype(np.int32), np.arange(len(NAMES), dtype=np.int32)[:, None])
    found, covered = sampling.smooth(sampling.pack(codes), part, *_sources(start, end, use_twin, height, width))
    found = _turn_head(found, codes, start, end)
    lift = _ranks(keypoints) * _RANK_STEP + ops.cast(use_twin, "float32") * _MIRRORED
    found = found + ops.floor(found / sampling.SEEN) * _IN_SIGHT + lift
    top = ops.max(ops.where(covered, found, 0.0), axis=1)
    _, code = sampling.split(top, _RANK_STEP)
    ids = ops.take(_classes_of_codes(schema), ops.cast(code, "int32"), axis=0)
    warped = ops.reshape(ops.one_hot(ids, classes, dtype="float32"), (-1, height, width, classes))
    return warped * ops.cast(ops.max(reference_map, axis=(1, 2, 3), keepdims=True) > 0, "float32")


def _sources(start: "_Bones", end: "_Bones", use_twin: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Returns x and y in the reference from which each pixel of each part comes, `[batch, parts, height * width]`."""
    along = anatomy.scan_pixels(end.origin, end.along, height, width)
    on_bone, growth, stretch = _stretched(along, start, end)
    widening = ops.where(use_twin, -1.0, 1.0) * start.width / end.width
    x, y = (
        anatomy.scan_pixels(
            end.origin,
            _at(start.along, i) * growth * end.along + _at(start.across, i) * widening * end.across,
            height,
            width,
            _at(start.origin, i),
        )
        + on_bone * (_at(start.along, i) * stretch)
        for i in (0, 1)
    )
    return x, y


def _stretched(along: Tensor, start: "_Bones", end: "_Bones") -> tuple[Tensor, Tensor, Tensor]:
    """Returns `on_bone`, `growth`, `stretch`: `along` is `growth * along + stretch * on_bone` on the reference's bone.

    The bone is stretched to the reference's length; what lies beyond its ends (a hand) keeps its shape.
    """
    growth = start.unit / end.unit
    return ops.minimum(ops.maximum(along, 0.0), end.length), growth, start.length / end.length - growth


@dataclasses.dataclass(frozen=True)
class _Bones:
    """The bone of each part, `[batch, parts, 1 or 2]` in pixels.

    Attributes:
        origin: Start of the bone.
        along: Unit vector from start to end.
        across: `along` rotated by 90 degrees.
        length: Length of the bone.
        width: Unit in which distances across the bone are measured; they scale with it.
        unit: Length of one body unit in pixels, `[batch, 1, 1]`.
        gaze: Sine and cosine of the angle between the face and the camera, `[batch, 1, 1]` each. The sine is positive
            where the nose points in the direction `across` of the head.
    """

    origin: Tensor
    along: Tensor
    across: Tensor
    length: Tensor
    width: Tensor
    unit: Tensor
    gaze: tuple[Tensor, Tensor]

    def of_twins(self, use_twin: Tensor) -> "_Bones":
        """Takes the other side's bone where `use_twin` `[batch, parts, 1]` is True; both sides are equally wide."""
        swapped = {
            name: cutting.swap(getattr(self, name), use_twin) for name in ("origin", "along", "across", "length")
        }
        return dataclasses.replace(self, **swapped)

    def of_head(self) -> "_Bones":
        """Returns the bone of the head only."""
        head = slice(PART["head"], PART["head"] + 1)
        names = ("origin", "along", "across", "length", "width")
        return dataclasses.replace(self, **{name: getattr(self, name)[:, head] for name in names})


def _bones_of(points: Tensor) -> _Bones:
    origin = ops.take(points, anatomy.BONES[:, 0], axis=1)
    along, across, length = anatomy.direction(ops.take(points, anatomy.BONES[:, 1], axis=1) - origin)
    unit = anatomy.body_unit(points)
    # Seen from an angle, the projected half-axes of an ellipse add in squares.
    shoulders = anatomy.length(points[:, POINT["left_shoulder"]] - points[:, POINT["right_shoulder"]])[:, None]
    trunk = ops.sqrt(ops.square(shoulders) + ops.square(_TRUNK_DEPTH * unit))
    width = ops.concatenate([trunk if name == "trunk" else unit for name in NAMES], axis=1)
    return _Bones(origin, along, across, length, width, unit, _gaze(points, across[:, PART["head"]], unit))


def _gaze(points: Tensor, across: Tensor, unit: Tensor) -> tuple[Tensor, Tensor]:
    nose = points[:, POINT["nose"]] - points[:, POINT["head"]]
    ears = points[:, POINT["right_ear"]] - points[:, POINT["left_ear"]]
    sine = ops.sum(nose * across, axis=-1, keepdims=True) / _NOSE
    cosine = ops.sum(ears * across, axis=-1, keepdims=True) / (2 * _EAR) + 1e-3 * unit[:, 0]
    norm = ops.sqrt(sine * sine + cosine * cosine)
    return (sine / norm)[:, None], (cosine / norm)[:, None]


def _ranks(keypoints: Tensor) -> Tensor:
    """Returns each part's place in the order from bottom to top, 0 to parts - 1: float32 `[batch, parts, 1]`."""
    seen = ops.concatenate([keypoints[..., 2], ops.ones_like(keypoints[:, :3, 2])], axis=1)
    seen = ops.minimum(*(ops.take(seen, anatomy.BONES[:, end], axis=1) for end in (0, 1)))[..., None]
    order = ops.argsort(ops.argsort(seen * _RANK_IF_SEEN + _RANK, axis=1), axis=1)
    return ops.cast(order, "float32")


def _classes_of_codes(schema: LabelSchema) -> Tensor:
    """Returns the class id of each code, sides exchanged where it is `_MIRRORED`: int32 `[_RANK_STEP]`."""
    ids = np.zeros((2, 2, sampling.MAX_CLASSES), np.int32)  # mirrored or not, seen or not
    ids[..., : schema.num_classes] = np.array([np.arange(schema.num_classes), schema.mirrored])[:, None]
    return ops.convert_to_tensor(ids.ravel())


def _turn_head(found: Tensor, codes: Tensor, start: _Bones, end: _Bones) -> Tensor:
    """Resamples the head as a cylinder that turns with the gaze, so that a face turned away becomes hair.

    A point that the reference hides takes the class of the opposite point of the head or, where that is hidden too, of
    the nearer rim.
    """
    head = slice(PART["head"], PART["head"] + 1)
    start, end, codes = start.of_head(), end.of_head(), codes[:, head]
    along, across = (anatomy.scan_pixels(end.origin, axis, *codes.shape[2:]) for axis in (end.along, end.across))
    sine = ops.clip(across / (_HEAD * end.unit), -1.0, 1.0)  # of the angle around the cylinder; 0 faces the camera
    angle = (sine, ops.sqrt(1.0 - sine * sine))
    from_face = _add_angles(angle, (-end.gaze[0], end.gaze[1]))
    same, same_depth = _add_angles(from_face, start.gaze)
    opposite, opposite_depth = _add_angles((-from_face[0], from_face[1]), start.gaze)
    rim = ops.where(same > 0, 1.0, -1.0) * float(np.sqrt(1 - _GRAZING**2))
    sine = ops.where(same_depth > _GRAZING, same, ops.where(opposite_depth > _GRAZING, opposite, rim))
    on_bone, growth, stretch = _stretched(along, start, end)
    along, across = growth * along + stretch * on_bone, sine * (_HEAD * start.unit)
    place = (_at(start.origin, i) + _at(start.along, i) * along + _at(start.across, i) * across for i in (0, 1))
    painted = sampling.nearest(codes, ops.zeros_like(codes[:, :, 0, :1], dtype="int32"), *place)
    return ops.concatenate(
        [found[:, : head.start], ops.where(painted > 0, painted, found[:, head]), found[:, head.stop :]], axis=1
    )


def _at(vectors: Tensor, index: int) -> Tensor:
    return vectors[..., index : index + 1]


def _add_angles(a: tuple[Tensor, Tensor], b: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Adds two angles, each given as (sine, cosine)."""
    return a[0] * b[1] + a[1] * b[0], a[1] * b[1] - a[0] * b[0]
