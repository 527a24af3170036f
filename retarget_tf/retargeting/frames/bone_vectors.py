"""The bones of a pose as NumPy vectors."""

import dataclasses

import numpy as np

from retarget_tf.arrays import Float32Array
from retarget_tf.body.limb_warp import bones
from retarget_tf.body.limb_warp.anatomy import NAMES, PART

_SHOULDERS = 0.2  # distance of both shoulders in body units
_FEET = [index for index, name in enumerate(NAMES) if name.endswith("foot")]
_FOOT_TURN = 0.4  # radians; a foot turns by this much at most: seen from another side it would be another picture
_FIELDS = ("origin", "along", "across", "length", "width", "unit")


@dataclasses.dataclass(frozen=True)
class Vectors:
    """The bones of a pose as arrays `[parts, 1 or 2]` in pixels of the canvas; see `limb_warp.bones.Bones`."""

    origin: Float32Array
    along: Float32Array
    across: Float32Array
    length: Float32Array
    width: Float32Array
    unit: Float32Array
    gaze: tuple[float, float]

    @classmethod
    def each_of(cls, tensors: bones.Bones) -> "list[Vectors]":
        """Takes a batch of poses apart."""
        arrays = {name: np.asarray(getattr(tensors, name)) for name in _FIELDS}
        sines, cosines = (np.asarray(value)[:, 0, 0].tolist() for value in tensors.gaze)
        return [
            cls(**{name: array[index] for name, array in arrays.items()}, gaze=gaze)
            for index, gaze in enumerate(zip(sines, cosines, strict=True))
        ]

    def on_bone(self, part: int, x: Float32Array, y: Float32Array) -> tuple[Float32Array, Float32Array]:
        """Returns places along a part's bone, 0 at its start, and across it, 0 on it; x and y broadcast, in pixels."""
        right, down = x - self.origin[part, 0], y - self.origin[part, 1]
        along, across = (right * axis[part, 0] + down * axis[part, 1] for axis in (self.along, self.across))
        return along, across

    @property
    def facing(self) -> float:
        """The shoulders' width in the picture as a share of a trunk seen from the front: 1 front, 0 side, -1 back."""
        left, right = (self.origin[PART[f"{side}_upper_arm"], 0] for side in ("left", "right"))
        return float(np.clip((left - right) / (_SHOULDERS * self.unit[0, 0]), -1, 1))


def with_quiet_feet(start: Vectors, end: Vectors) -> Vectors:
    """Returns the new pose with feet of the photo's shape, turned by `_FOOT_TURN` at most."""
    along, across, length = end.along.copy(), end.across.copy(), end.length.copy()
    for part in _FEET:
        before = np.arctan2(start.along[part, 1], start.along[part, 0])
        turn = np.arctan2(along[part, 1], along[part, 0]) - before
        turn = (turn + np.pi) % (2 * np.pi) - np.pi
        angle = before + np.clip(turn, -_FOOT_TURN, _FOOT_TURN)
        along[part] = np.cos(angle), np.sin(angle)
        across[part] = _quarter_turn(along[part], start.along[part], start.across[part])
        length[part] = start.length[part] * end.unit[0] / start.unit[0]
    return dataclasses.replace(end, along=along, across=across, length=length)


def _quarter_turn(along: Float32Array, like_along: Float32Array, like_across: Float32Array) -> Float32Array:
    """Rotates a vector by 90 degrees, to the side on which `like_across` lies of `like_along`."""
    side = np.sign(like_along[0] * like_across[1] - like_along[1] * like_across[0])
    return side * np.array([-along[1], along[0]], np.float32)
