"""Where in the photo the pixels of a moved part come from: the motion of `limb_warp`, in NumPy, for a few pixels.

`limb_warp` moves all parts over all pixels of a map within a graph. A video has ten times the pixels, most of which a
part does not touch; here each part is moved within its own small rectangle.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from retarget_tf.arrays import BoolArray, Float32Array, IndexArray, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.body.limb_warp import anatomy, bones, cutting
from retarget_tf.body.limb_warp.anatomy import NAMES, PART
from retarget_tf.body.parsing_labels import LabelSchema
from retarget_tf.retargeting.frames.bone_vectors import Vectors, with_quiet_feet

HEAD = PART["head"]
_HEAD_RADIUS = 0.075  # in body units
_GLANCE = 0.4  # largest shift of a turning face, in radii; the mapping of the outline onto itself holds up to a half
AWAY = float(np.cos(np.radians(100)))  # cosine of the turn from which the face is turned away

_LIMBS = [index for index, name in enumerate(NAMES) if name.endswith(("arm", "thigh", "shin"))]
_NEAR_JOINT = 0.08  # share of a bone near its end in which a joint's radius is measured
_REVEALED = 0.04  # motion in body units with which a limb appears that the photo hides

Bounds = tuple[float, float, float, float]  # left, top, right, bottom


class Skeleton:
    """The photo's pose and map, cut into parts.

    Args:
        parsing_map: Class ids of the photo on the canvas, uint8 `[size, size]`.
        keypoints: The photo's pose, float32 `[25, 3]` in pixels of the canvas.
        schema: Label schema of the map.

    Attributes:
        codes: float32 `[parts, size, size]`, the class of each part at each pixel, see `limb_warp.sampling`.
        cut_from: The part that each part's pixels are cut from: itself, or the other side's where it is hidden.
    """

    codes: Float32Array
    cut_from: IndexArray

    def __init__(self, parsing_map: Uint8Array, keypoints: Float32Array, schema: LabelSchema) -> None:
        size = len(parsing_map)
        one_hot = tf.one_hot(tf.cast(parsing_map, tf.int32), schema.num_classes)[None]
        reference = anatomy.complete(tf.constant(keypoints)[None], anatomy.template(size, size))
        start = bones.bones_of(reference)
        distance = cutting.distances(reference, start.unit, size, size)
        codes, use_twin = cutting.cut(one_hot, distance, reference, start.unit, schema)
        twins = np.asarray(use_twin)[0, :, 0]
        self.codes = np.asarray(codes)[0]
        self.cut_from = np.where(twins, anatomy.TWINS, np.arange(len(NAMES)))
        self._mirrored: BoolArray = twins
        (self._photo,) = Vectors.each_of(start)
        (self._start,) = Vectors.each_of(start.of_twins(use_twin))
        self._like = reference[:, : skeleton.NUM_JOINTS]

    @property
    def unit(self) -> float:
        """Length of one body unit of the photo in pixels, see `limb_warp`."""
        return float(self._photo.unit[0, 0])

    def bone(self, part: int) -> tuple[Float32Array, Float32Array]:
        """Returns the start of a part's bone in the photo and its direction, float32 `[2]` each, x and y."""
        return self._photo.origin[part], self._photo.along[part]

    def along_bone(self, part: int) -> tuple[Float32Array, Float32Array, float]:
        """Returns the places of all pixels along and across a part's bone in the photo, and its length, in pixels.

        Returns:
            along: float32 `[size, size]`, 0 at the bone's start.
            across: float32 `[size, size]`, 0 on the bone.
            length: Length of the bone.
        """
        centres = np.arange(self.codes.shape[-1], dtype=np.float32) + 0.5
        along, across = self._photo.on_bone(part, centres, centres[:, None])
        return along, across, float(self._photo.length[part, 0])

    def caps(self, part: int, own: BoolArray) -> tuple[BoolArray, BoolArray]:
        """Rounds a part of an arm or leg off at its joints, so that they bend without corners.

        Args:
            part: Index of the part in the photo.
            own: Where it is, bool `[size, size]`.

        Returns:
            discs: bool `[size, size]`: the discs around its joints.
            within: bool `[size, size]`: where the part may be; beyond a joint only within its disc.
        """
        discs, within = np.zeros_like(own), np.ones_like(own)
        if part not in _LIMBS:
            return discs, within
        along, across, length = self.along_bone(part)
        for end, beyond in ((0.0, along < 0), (length, along > length)):
            near = own & (np.abs(along - end) < max(_NEAR_JOINT * length, 1.5))
            is_hand = end and NAMES[part].endswith("forearm")
            if near.any() and not is_hand:
                disc = np.hypot(along - end, across) <= np.quantile(np.abs(across[near]), 0.95)
                discs |= disc
                within &= disc | ~beyond
        return discs, within

    def motions(self, poses: Float32Array) -> "list[Motion]":
        """Returns the motions from the photo's pose to each of a dance, float32 `[frames, 25, 3]` in canvas pixels."""
        poses = tf.constant(poses)
        end = bones.bones_of(anatomy.complete(poses, self._like))
        ranks = np.asarray(bones.ranks(poses))[..., 0]
        return [
            Motion(self._photo, self._start, with_quiet_feet(self._start, vectors), self._mirrored, rank.argsort())
            for vectors, rank in zip(Vectors.each_of(end), ranks, strict=True)
        ]

    def move_to(self, keypoints: Float32Array) -> "Motion":
        """Returns the motion from the photo's pose to another, float32 `[25, 3]` in pixels of the canvas."""
        return self.motions(keypoints[None])[0]


@dataclasses.dataclass(frozen=True)
class Motion:
    """The motion of all parts from the photo's pose to a new one. Coordinates are in pixels of the canvas.

    Attributes:
        order: The parts from bottom to top.
    """

    _photo: Vectors
    _start: Vectors
    _end: Vectors
    _mirrored: BoolArray
    order: IndexArray

    def visibility(self, part: int) -> float:
        """Returns 0..1: a limb that the photo hides, and that is taken from the other side, shows when it has moved."""
        if not self._mirrored[part]:
            return 1.0
        before, now = (
            np.stack([bone.origin[part], bone.origin[part] + bone.length[part] * bone.along[part]])
            for bone in (self._photo, self._end)
        )
        moved = np.abs(now - before).max() / float(self._photo.unit[0, 0])
        return float(np.clip(moved / _REVEALED - 0.5, 0, 1))

    def shows_face(self) -> bool:
        """Whether the head is seen from the same side as in the photo."""
        return self._turn()[1] > AWAY

    def likeness(self) -> float:
        """Returns how alike the views of the photo and of the new pose are, -2 (opposite sides) to 2."""
        return self._turn()[1] + 1 - abs(self._end.facing - self._photo.facing)

    def turns_around(self) -> bool:
        """Whether the legs change sides in the picture, as if she turned her back."""
        apart = [
            bone.origin[PART["left_thigh"], 0] - bone.origin[PART["right_thigh"], 0]
            for bone in (self._photo, self._end)
        ]
        return bool(apart[0] * apart[1] < 0)

    def source(
        self, part: int, x: Float32Array, y: Float32Array, start_from: int | None = None
    ) -> tuple[Float32Array, Float32Array]:
        """Returns x and y in the photo, `[height, width]`, of places of a part in the new pose.

        Args:
            part: Index of the part.
            x: float32 `[1, width]`.
            y: float32 `[height, 1]`.
            start_from: Index of another part, whose bone in the photo it is moved from.
        """
        start, end, old = self._start, self._end, part if start_from is None else start_from
        along, across = end.on_bone(part, x, y)
        growth, stretch, widening = self._factors(part)
        along = along * growth + np.clip(along, 0, end.length[part, 0]) * stretch
        across = across * widening
        if part == HEAD:
            across = self._glanced(across)
        return (
            start.origin[old, 0] + along * start.along[old, 0] + across * start.across[old, 0],
            start.origin[old, 1] + along * start.along[old, 1] + across * start.across[old, 1],
        )

    def unturned(self, x: Float32Array, y: Float32Array) -> tuple[Float32Array, Float32Array]:
        """Moves places away from the middle of the legs as far as they would lie if she had not turned to the side."""
        lap, trunk, end = PART["lap"], PART["trunk"], self._end
        wider = self._start.width[trunk, 0] / self._start.unit[0, 0] / (end.width[trunk, 0] / end.unit[0, 0]) - 1
        _, across = end.on_bone(lap, x, y)
        return x + wider * across * end.across[lap, 0], y + wider * across * end.across[lap, 1]

    def distance(self, part: int, x: Float32Array, y: Float32Array, *, in_photo: bool = False) -> Float32Array:
        """Returns the distance of places to a part's bone in the new or the photo's pose; arguments as in `source`."""
        pose = self._photo if in_photo else self._end
        along, across = pose.on_bone(part, x, y)
        beyond = along - np.clip(along, 0, pose.length[part, 0])
        return np.hypot(across, beyond)

    def scale(self) -> float:
        """Returns the size of the body in the new pose as a share of its size in the photo."""
        return float(self._end.unit[0, 0] / self._photo.unit[0, 0])

    def stride(self) -> float:
        """Returns the distance between the knees or the ankles in the new pose, whichever is larger."""
        (left, right), bone = (PART["left_shin"], PART["right_shin"]), self._end
        knees = bone.origin[left] - bone.origin[right]
        ankles = knees + bone.length[left] * bone.along[left] - bone.length[right] * bone.along[right]
        return float(max(np.hypot(*knees), np.hypot(*ankles)))

    def reach(self, part: int, places: Float32Array) -> float:
        """Returns how far places of the photo `[n, 2]` reach along a part's bone there: 0 its start, 1 its end."""
        along, _ = self._photo.on_bone(part, *places.T)
        return float(along.max() / self._photo.length[part, 0])

    def bounds(self, part: int, places: Float32Array) -> Bounds:
        """Returns the rectangle in the new pose that holds a part with pixels at `places` `[n, 2]` in the photo."""
        start, end = self._start, self._end
        growth, stretch, widening = self._factors(part)
        along, across = start.on_bone(part, *places.T)
        length = float(start.length[part, 0])
        ends = np.array([along.min(), along.max()])
        # The inverse of `source`: on the bone the scale is growth + stretch, beyond its ends growth.
        ends = np.where(
            ends < 0,
            ends / growth,
            np.where(ends > length, end.length[part, 0] + (ends - length) / growth, ends / (growth + stretch)),
        )
        sides = np.array([across.min(), across.max()]) / widening
        corners = end.origin[part] + ends[:, None, None] * end.along[part] + sides[:, None] * end.across[part]
        low, high = corners.reshape(-1, 2).min(axis=0), corners.reshape(-1, 2).max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def _factors(self, part: int) -> tuple[float, float, float]:
        start, end = self._start, self._end
        growth = float(start.unit[0, 0] / end.unit[0, 0])
        stretch = float(start.length[part, 0] / end.length[part, 0]) - growth
        widening = float(start.width[part, 0] / end.width[part, 0])
        return growth, stretch, -widening if self._mirrored[part] else widening

    def _turn(self) -> tuple[float, float]:
        """Sine and cosine of the angle from the new gaze to the photo's."""
        (sine, cosine), (to_sine, to_cosine) = self._start.gaze, self._end.gaze
        return sine * to_cosine - cosine * to_sine, cosine * to_cosine + sine * to_sine

    def _glanced(self, across: Float32Array) -> Float32Array:
        """Shifts a turning face within the outline of the head, instead of turning it as a solid head would."""
        radius = _HEAD_RADIUS * self._start.unit[0, 0]
        inside = np.clip(across / radius, -1, 1)
        shift = _GLANCE * self._turn()[0] if self.shows_face() else 0.0
        return across + np.float32(shift * radius) * (1 - inside * inside)
