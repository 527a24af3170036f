"""The bones of a pose as vectors, and the order in which its parts lie on top of each other."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from keras import ops

from retarget_tf.arrays import Tensor
from retarget_tf.body.limb_warp import anatomy
from retarget_tf.body.limb_warp.anatomy import NAMES, PART, PARTS, POINT, TWINS

_TRUNK_DEPTH = 0.2  # width of a trunk seen from the side, in body units
_NOSE, _EAR = 0.09, 0.07  # distances from the head's axis, in body units

_RANK = np.array([[part.rank + 1e-3 * index] for index, part in enumerate(PARTS.values())], np.float32)
_RANK_IF_SEEN = np.array([[part.rank_if_seen] for part in PARTS.values()], np.float32)


@dataclasses.dataclass(frozen=True)
class Bones:
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

    @property
    def vectors(self) -> Tensor:
        """The bones from start to end in body units, `[batch, parts, 2]`."""
        return self.along * self.length / self.unit

    def of_twins(self, use_twin: Tensor) -> "Bones":
        """Takes the other side's bone where `use_twin` `[batch, parts, 1]` is True; both sides are equally wide."""
        swapped = {name: swap(getattr(self, name), use_twin) for name in ("origin", "along", "across", "length")}
        return dataclasses.replace(self, **swapped)

    def of(self, parts: Sequence[str]) -> "Bones":
        """Returns the bones of some parts only, in that order."""
        names, index = ("origin", "along", "across", "length", "width"), [PART[part] for part in parts]
        return dataclasses.replace(self, **{name: ops.take(getattr(self, name), index, axis=1) for name in names})


def swap(values: Tensor, use_twin: Tensor) -> Tensor:
    """Takes values `[batch, parts, n]` from the other side's part where `use_twin` `[batch, parts, 1]` is True."""
    return ops.where(use_twin, ops.take(values, TWINS, axis=1), values)


def bones_of(points: Tensor) -> Bones:
    """Returns the bones of points `[batch, 28, 2]` in pixels, see `anatomy.complete`."""
    origin = ops.take(points, anatomy.BONES[:, 0], axis=1)
    along, across, length = anatomy.direction(ops.take(points, anatomy.BONES[:, 1], axis=1) - origin)
    unit = anatomy.body_unit(points)
    # Seen from an angle, the projected half-axes of an ellipse add in squares.
    shoulders = anatomy.length(points[:, POINT["left_shoulder"]] - points[:, POINT["right_shoulder"]])[:, None]
    trunk = ops.sqrt(ops.square(shoulders) + ops.square(_TRUNK_DEPTH * unit))
    width = ops.concatenate([trunk if name == "trunk" else unit for name in NAMES], axis=1)
    return Bones(origin, along, across, length, width, unit, _gaze(points, across[:, PART["head"]], unit))


def _gaze(points: Tensor, across: Tensor, unit: Tensor) -> tuple[Tensor, Tensor]:
    nose = points[:, POINT["nose"]] - points[:, POINT["head"]]
    ears = points[:, POINT["right_ear"]] - points[:, POINT["left_ear"]]
    sine = ops.sum(nose * across, axis=-1, keepdims=True) / _NOSE
    cosine = ops.sum(ears * across, axis=-1, keepdims=True) / (2 * _EAR) + 1e-3 * unit[:, 0]
    norm = ops.sqrt(sine * sine + cosine * cosine)
    return (sine / norm)[:, None], (cosine / norm)[:, None]


def ranks(keypoints: Tensor) -> Tensor:
    """Returns each part's place in the order from bottom to top, 0 to parts - 1: float32 `[batch, parts, 1]`."""
    seen = ops.concatenate([keypoints[..., 2], ops.ones_like(keypoints[:, :3, 2])], axis=1)
    seen = ops.minimum(*(ops.take(seen, anatomy.BONES[:, end], axis=1) for end in (0, 1)))[..., None]
    order = ops.argsort(ops.argsort(seen * _RANK_IF_SEEN + _RANK, axis=1), axis=1)
    return ops.cast(order, "float32")


def stretched(along: Tensor, start: Bones, end: Bones) -> tuple[Tensor, Tensor, Tensor]:
    """Returns `on_bone`, `growth`, `stretch`: `along` is `growth * along + stretch * on_bone` on the reference's bone.

    The bone is stretched to the reference's length; what lies beyond its ends (a hand) keeps its shape.
    """
    growth = start.unit / end.unit
    return ops.minimum(ops.maximum(along, 0.0), end.length), growth, start.length / end.length - growth


def at(vectors: Tensor, index: int) -> Tensor:
    """Returns one coordinate `[..., 1]` of vectors `[..., 2]`: 0 is x, 1 is y."""
    return vectors[..., index : index + 1]


def add_angles(a: tuple[Tensor, Tensor], b: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Adds two angles, each given as (sine, cosine)."""
    return a[0] * b[1] + a[1] * b[0], a[1] * b[1] - a[0] * b[0]
