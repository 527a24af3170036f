"""Finds for every pixel of a new pose what each part brings there, and puts the parts on top of each other."""

import dataclasses
from typing import Any

import numpy as np
from keras import ops

from retarget_tf import skeleton
from retarget_tf.limb_warp import anatomy, cutting, sampling
from retarget_tf.limb_warp.anatomy import NAMES, PART, PARTS, POINT
from retarget_tf.parsing_labels import PARTS10, LabelSchema

Tensor = Any

_TRUNK_DEPTH = 0.2  # of a trunk seen from the side, in units
_NOSE, _EAR, _HEAD = 0.09, 0.07, 0.075  # distances from the head's axis, in units
_GRAZING = 0.2  # the cosine under which a place on the head counts as hidden

_RANK = np.array([[part.rank + 1e-3 * index] for index, part in enumerate(PARTS.values())], np.float32)
_RANK_IF_SEEN = np.array([[part.rank_if_seen] for part in PARTS.values()], np.float32)
_QUARTER_TURN = np.array([[0, 1], [-1, 0]], np.float32)


def warp_map(
    reference_map: Tensor, reference_keypoints: Tensor, keypoints: Tensor, schema: LabelSchema = PARTS10
) -> Tensor:
    """Moves the reference's map into another pose.

    Args:
        reference_map: float32 `[batch, height, width, classes]`, one-hot or probabilities; all zero where a pixel's
            class is unknown. Height and width must be static.
        reference_keypoints: float32 `[batch, 25, 3]` in pixels of the reference.
        keypoints: float32 `[batch, 25, 3]` in pixels: the pose to take.
        schema: of the map. Classes are dealt to parts of the body by what they are in `parts10`.

    Returns:
        float32 `[batch, height, width, classes]`, one-hot: background where no part lies. All zero for a picture
        whose reference is unknown as a whole.
    """
    height, width, classes = reference_map.shape[1:]
    reference = anatomy.complete(reference_keypoints, anatomy.template(height, width))
    pose = anatomy.complete(keypoints, reference[:, : skeleton.NUM_JOINTS])
    start, end = _bones_of(reference), _bones_of(pose)

    pieces, use_twin = cutting.cut(reference_map, reference, start.unit, schema)
    keys = _stacked(pieces, keypoints, classes)
    start, side = start.of_twins(use_twin), ops.where(use_twin, -1.0, 1.0)

    along, across = end.measure(height, width)
    head_across = across[:, PART["head"] : PART["head"] + 1]
    on_bone = ops.minimum(ops.maximum(along, 0.0), end.length)
    # A bone stretches; what lies beyond its ends (a hand, the round of a shoulder) keeps its shape.
    along = on_bone * (start.length / end.length) + (along - on_bone) * (start.unit / end.unit)
    across = across * (side * start.width / end.width)
    found = sampling.smooth(keys, *start.place(along, across))
    found = _turn_head(found, keys, start, end, along, head_across)
    top = ops.one_hot(ops.max(found, axis=1) % classes, classes, dtype="float32")
    anything_known = ops.cast(ops.max(reference_map, axis=(1, 2, 3), keepdims=True) > 0, "float32")
    return ops.reshape(top, (-1, height, width, classes)) * anything_known


@dataclasses.dataclass(frozen=True)
class _Bones:
    """Where the bone of each part lies: `[batch, parts, 1 or 2]` in pixels.

    Attributes:
        origin: its start.
        along: unit vector to its end.
        across: the same, a quarter turn on.
        length: from start to end.
        width: what widths of the part are measured by.
        unit: pixels of one unit of the body, `[batch, 1, 1]`.
        gaze: sine and cosine of the angle between the face and the camera, `[batch, 1, 1]` each; the sine is positive
            where the nose points to the `across` of the head.
    """

    origin: Tensor
    along: Tensor
    across: Tensor
    length: Tensor
    width: Tensor
    unit: Tensor
    gaze: tuple[Tensor, Tensor]

    def measure(self, height: int, width: int) -> tuple[Tensor, Tensor]:
        """Pixels along and across each bone, of every pixel's centre: `[batch, parts, height * width]` each."""
        along, across = (anatomy.scan_pixels(self.origin, axis, height, width) for axis in (self.along, self.across))
        return along, across

    def place(self, along: Tensor, across: Tensor) -> tuple[Tensor, Tensor]:
        """Points (x, y), each `[batch, parts, n]`, of what `measure` gives."""
        x, y = (
            self.origin[..., i : i + 1] + along * self.along[..., i : i + 1] + across * self.across[..., i : i + 1]
            for i in (0, 1)
        )
        return x, y

    def of_twins(self, use_twin: Tensor) -> "_Bones":
        """The bone of the other side where `use_twin` `[batch, parts, 1]` says so; twins are equally wide."""
        swapped = {
            name: cutting.swap(getattr(self, name), use_twin) for name in ("origin", "along", "across", "length")
        }
        return dataclasses.replace(self, **swapped)

    def of_head(self) -> "_Bones":
        """The head alone."""
        head = slice(PART["head"], PART["head"] + 1)
        names = ("origin", "along", "across", "length", "width")
        return dataclasses.replace(self, **{name: getattr(self, name)[:, head] for name in names})


def _bones_of(points: Tensor) -> _Bones:
    origin = ops.take(points, anatomy.BONES[:, 0], axis=1)
    # A bone that points at the camera counts as hanging down.
    vector = ops.take(points, anatomy.BONES[:, 1], axis=1) - origin + np.array([0, 1e-2], np.float32)
    length = anatomy.length(vector)
    along = vector / length
    across = ops.matmul(along, _QUARTER_TURN)
    unit = anatomy.body_unit(points)
    # The half axes of an ellipse seen from an angle add in squares.
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


def _stacked(pieces: cutting.Pieces, keypoints: Tensor, classes: int) -> Tensor:
    """The pieces as numbers of which the greatest lies on top; the remainder by `classes` is the class, 0 is nothing.

    What was seen in the reference lies over all that was filled in.
    """
    seen = ops.concatenate([keypoints[..., 2], ops.ones_like(keypoints[:, :3, 2])], axis=1)
    seen = ops.minimum(*(ops.take(seen, anatomy.BONES[:, end], axis=1) for end in (0, 1)))[..., None]
    order = ops.argsort(ops.argsort(seen * _RANK_IF_SEEN + _RANK, axis=1), axis=1)
    order = ops.cast(order, "int32")[..., None]
    filled = ops.where(pieces.filled > 0, order * classes + pieces.filled, 0)
    return ops.where(pieces.seen > 0, (order + len(NAMES)) * classes + pieces.seen, filled)


def _turn_head(found: Tensor, keys: Tensor, start: _Bones, end: _Bones, along: Tensor, across: Tensor) -> Tensor:
    """Paints the head as a cylinder that has turned: from behind a face becomes hair.

    A place that the reference hides takes what is opposite on the head, or else what is at the rim.
    """
    head = slice(PART["head"], PART["head"] + 1)
    start, end = start.of_head(), end.of_head()
    sine = ops.clip(across / (_HEAD * end.unit), -1.0, 1.0)  # of the angle on the cylinder, from the camera
    angle = (sine, ops.sqrt(1.0 - sine * sine))
    from_face = _add_angles(angle, (-end.gaze[0], end.gaze[1]))
    same, same_depth = _add_angles(from_face, start.gaze)
    opposite, opposite_depth = _add_angles((-from_face[0], from_face[1]), start.gaze)
    rim = ops.where(same > 0, 1.0, -1.0) * float(np.sqrt(1 - _GRAZING**2))
    sine = ops.where(same_depth > _GRAZING, same, ops.where(opposite_depth > _GRAZING, opposite, rim))
    painted = sampling.nearest(keys[:, head], *start.place(along[:, head], sine * (_HEAD * start.unit)))
    rigid = found[:, head]
    painted = ops.where(ops.logical_and(rigid > 0, painted > 0), painted, rigid)
    return ops.concatenate([found[:, : head.start], painted, found[:, head.stop :]], axis=1)


def _add_angles(a: tuple[Tensor, Tensor], b: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Sine and cosine of the sum of two angles that are given by theirs."""
    return a[0] * b[1] + a[1] * b[0], a[1] * b[1] - a[0] * b[0]
