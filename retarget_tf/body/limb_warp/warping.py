"""Moves each part of the reference's map with its bone, by inverse warping, and overlays the parts."""

import dataclasses

import numpy as np
from keras import ops

from retarget_tf.arrays import Tensor
from retarget_tf.body import skeleton
from retarget_tf.body.limb_warp import anatomy, cutting, hands, sampling, skirts
from retarget_tf.body.limb_warp.anatomy import NAMES, PART
from retarget_tf.body.limb_warp.bones import Bones, add_angles, at, bones_of, ranks, stretched
from retarget_tf.body.parsing_labels import PARTS10, LabelSchema

_HEAD = 0.06  # radius of the head with hair in body units, between its half breadth and half depth
_NAPE = 0.05  # in body units; hair reaches so much farther down at the back than the reference shows it
_STILL = 0.05  # in body units; nothing is guessed for limbs that moved by less
_GRAZING = 0.2  # a point on the head whose normal has a smaller cosine with the line of sight counts as hidden

# The candidates of all parts for a pixel are compared as numbers, and the greatest wins. From the lowest digits up: the
# code (see `sampling`), whether the pixel comes from the other side's limb, the rank of the part, and whether the pixel
# was seen or only filled in.
MIRRORED = 2 * sampling.SEEN
_RANK_STEP = 2 * MIRRORED
_IN_SIGHT = 16 * _RANK_STEP


@dataclasses.dataclass(frozen=True)
class Cut:
    """The reference, cut into parts: all that does not depend on the new pose.

    Attributes:
        points: float32 `[batch, 28, 2]`, the joints in pixels, see `anatomy.complete`.
        bones: The bones of that pose.
        codes: float32 `[batch, parts, height, width]`, see `cutting.cut`.
        use_twin: bool `[batch, parts, 1]`: limbs so hidden that the other side's replaces them, if they move.
        skirt: float32 `[batch, 1, height, width]`, see `skirts.worn`.
    """

    points: Tensor
    bones: Bones
    codes: Tensor
    use_twin: Tensor
    skirt: Tensor


@dataclasses.dataclass(frozen=True)
class Moved:
    """A pose, and what lies on top at each pixel of it, `[batch, height * width]` each.

    Attributes:
        code: float32: the class in the reference, plus `sampling.SEEN` if the reference shows it, plus `MIRRORED` if it
            comes from the other side's limb; 0 where no part lies.
        x: float32, the column in the reference that the pixel comes from.
        y: float32, its row.
        part: int32, the part on top: an index in `anatomy.NAMES`, or one more for a skirt.
        bones: The bones of the new pose.
    """

    code: Tensor
    x: Tensor
    y: Tensor
    part: Tensor
    bones: Bones


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
    code = move(cut(reference_map, reference_keypoints, schema), keypoints, schema).code
    ids = ops.take(classes_of_codes(schema), ops.cast(code, "int32"), axis=0)
    warped = ops.reshape(ops.one_hot(ids, classes, dtype="float32"), (-1, height, width, classes))
    return warped * ops.cast(ops.max(reference_map, axis=(1, 2, 3), keepdims=True) > 0, "float32")


def cut(reference_map: Tensor, reference_keypoints: Tensor, schema: LabelSchema) -> Cut:
    """Cuts the reference into parts; for the arguments and the error see `warp_map`."""
    height, width, classes = reference_map.shape[1:]
    if classes > sampling.MAX_CLASSES:
        raise ValueError(f"reference_map must have at most {sampling.MAX_CLASSES} classes. Received: classes={classes}")
    points = anatomy.complete(reference_keypoints, anatomy.template(height, width))
    bones = bones_of(points)
    distance = cutting.distances(points, bones.unit, height, width)
    codes, use_twin = cutting.cut(reference_map, distance, points, bones.unit, schema)
    return Cut(points, bones, codes, use_twin, skirts.worn(codes, distance, points, bones.unit, schema))


def move(reference: Cut, keypoints: Tensor, schema: LabelSchema) -> Moved:
    """Moves the parts into a new pose and lays them over each other; for the arguments see `warp_map`."""
    height, width = reference.codes.shape[2:]
    start, use_twin = reference.bones, reference.use_twin
    end = bones_of(anatomy.complete(keypoints, reference.points[:, : skeleton.NUM_JOINTS]))
    hanging, *skirt_places = skirts.hang(reference.skirt, start, end)
    # What the photo shows of a limb is right for the photo's own pose, however little it is.
    has_moved = anatomy.length(end.vectors - start.vectors) > _STILL
    codes = hands.guess(reference.codes, start, has_moved, schema)
    use_twin = ops.logical_and(use_twin, has_moved)
    start = start.of_twins(use_twin)
    part = ops.where(use_twin, anatomy.TWINS[:, None].astype(np.int32), np.arange(len(NAMES), dtype=np.int32)[:, None])
    places = _sources(start, end, use_twin, height, width)
    found, covered = sampling.smooth(sampling.pack(codes), part, *places)
    found = _turn_head(found, codes, start, end, schema)
    lift = ranks(keypoints) * _RANK_STEP + ops.cast(use_twin, "float32") * MIRRORED
    candidates = _candidates(found, covered, lift)
    hanging = _candidates(hanging, hanging > 0, lift[:, PART["lap"] : PART["lap"] + 1])[:, 0]
    top = ops.max(candidates, axis=1)
    is_skirt = hanging > top
    _, code = sampling.split(ops.maximum(top, hanging), _RANK_STEP)
    part = ops.cast(ops.argmax(candidates, axis=1), "int32")
    x, y = (
        ops.where(is_skirt, of_skirt[:, 0], ops.take_along_axis(of_parts, part[:, None], axis=1)[:, 0])
        for of_parts, of_skirt in zip(places, skirt_places, strict=True)
    )
    return Moved(code, x, y, ops.where(is_skirt, len(NAMES), part), end)


def _candidates(found: Tensor, covered: Tensor, lift: Tensor) -> Tensor:
    """Returns a number for each part and pixel, `[batch, parts, height * width]`, 0 where it does not cover it."""
    found = found + ops.floor(found / sampling.SEEN) * _IN_SIGHT + lift
    return ops.where(covered, found, 0.0)


def _sources(start: Bones, end: Bones, use_twin: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Returns x and y in the reference from which each pixel of each part comes, `[batch, parts, height * width]`."""
    along = anatomy.scan_pixels(end.origin, end.along, height, width)
    on_bone, growth, stretch = stretched(along, start, end)
    widening = ops.where(use_twin, -1.0, 1.0) * start.width / end.width
    x, y = (
        anatomy.scan_pixels(
            end.origin,
            at(start.along, i) * growth * end.along + at(start.across, i) * widening * end.across,
            height,
            width,
            at(start.origin, i),
        )
        + on_bone * (at(start.along, i) * stretch)
        for i in (0, 1)
    )
    return x, y


def classes_of_codes(schema: LabelSchema) -> Tensor:
    """Returns the class id of each code, sides exchanged where it is `MIRRORED`: int32 `[_RANK_STEP]`."""
    ids = np.zeros((2, 2, sampling.MAX_CLASSES), np.int32)  # mirrored or not, seen or not
    ids[..., : schema.num_classes] = np.array([np.arange(schema.num_classes), schema.mirrored])[:, None]
    return ops.convert_to_tensor(ids.ravel())


def _turn_head(found: Tensor, codes: Tensor, start: Bones, end: Bones, schema: LabelSchema) -> Tensor:
    """Resamples the head as a cylinder that turns with the gaze, so that a face turned away becomes hair.

    A point that the reference hides takes the class of the opposite point of the head or, where that is hidden too, of
    the nearer rim. Behind the ears it is hair, somewhat farther down than the reference shows hair.
    """
    head = slice(PART["head"], PART["head"] + 1)
    start, end, codes = start.of(["head"]), end.of(["head"]), codes[:, head]
    along, across = (anatomy.scan_pixels(end.origin, axis, *codes.shape[2:]) for axis in (end.along, end.across))
    aside = across / (_HEAD * end.unit)
    sine = ops.clip(aside, -1.0, 1.0)  # of the angle around the cylinder; 0 faces the camera
    angle = (sine, ops.sqrt(1.0 - sine * sine))
    from_face = add_angles(angle, (-end.gaze[0], end.gaze[1]))
    same, same_depth = add_angles(from_face, start.gaze)
    opposite, opposite_depth = add_angles((-from_face[0], from_face[1]), start.gaze)
    rim = ops.where(same > 0, 1.0, -1.0) * ops.maximum(ops.abs(same), float(np.sqrt(1 - _GRAZING**2)))
    source = ops.where(same_depth > _GRAZING, same, ops.where(opposite_depth > _GRAZING, opposite, rim))
    source = source + ops.sign(source) * ops.abs(aside - sine)  # what stands off from the cylinder does so anywhere
    on_bone, growth, stretch = stretched(along, start, end)
    along, across = growth * along + stretch * on_bone, source * (_HEAD * start.unit)
    place = (at(start.origin, i) + at(start.along, i) * along + at(start.across, i) * across for i in (0, 1))
    painted = sampling.nearest(codes, ops.zeros_like(codes[:, :, 0, :1], dtype="int32"), *place)
    is_hidden = ops.maximum(same_depth, opposite_depth) < -1e-3  # not in the reference's own pose, rounding included
    hair, lowest = _hair(codes, start, schema)
    is_back = ops.logical_and(ops.logical_and(is_hidden, from_face[1] < 0), along < lowest + _NAPE * start.unit)
    painted = ops.where(is_back, hair, painted)
    return ops.concatenate(
        [found[:, : head.start], ops.where(painted > 0, painted, found[:, head]), found[:, head.stop :]], axis=1
    )


def _hair(codes: Tensor, head: Bones, schema: LabelSchema) -> tuple[Tensor, Tensor]:
    """Returns the code of the head's hair, 0 without any, and how far down the head's bone it reaches in pixels."""
    hair = ops.zeros_like(codes)
    for index in np.flatnonzero(np.equal(schema.to_parts10, PARTS10.classes.index("hair"))):
        hair = ops.where(ops.equal(codes, float(index) + sampling.SEEN), codes, hair)
    hair = ops.reshape(hair, (-1, 1, codes.shape[2] * codes.shape[3]))
    along = anatomy.scan_pixels(head.origin, head.along, *codes.shape[2:])
    return ops.max(hair, axis=2, keepdims=True), ops.max(ops.where(hair > 0, along, -1e6), axis=2, keepdims=True)
