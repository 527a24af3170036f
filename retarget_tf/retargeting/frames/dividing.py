"""Divides the photo's person into the parts that are moved, finer than `limb_warp` does for maps.

Where a map only shows cloth, a photograph shows that a piece of the sleeve was left at the trunk. So cloth beside a
bare arm goes to the trunk, a sleeve is as wide towards the trunk as away from it, little of the trunk is hidden behind
a hanging arm and all of it behind a crossing one, limbs end in discs around their joints, and a skirt is a part of its
own.
"""

import dataclasses

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body.limb_warp import sampling
from retarget_tf.body.limb_warp.anatomy import NAMES, PART
from retarget_tf.body.parsing_labels import PARTS10, LabelSchema
from retarget_tf.pictures.nearest import nearest_pixels
from retarget_tf.retargeting.frames.motion import Skeleton

SKIRT = len(NAMES)  # index of the skirt, which lies between two legs

_OVERLAP = 0.012  # of the canvas's side, by which a part goes on below its neighbours, so that no gap opens at a joint
_BARE = 0.15  # an arm is bare if a smaller share of its bone lies in cloth
_BONE = 2.0  # pixels beside a bone that still count as on it
_BOOT = 0.7  # share of the shin's length above which only boots reach
_SHOULDER = 0.3  # share of the upper arm's length at which the sleeve leaves the trunk
_LEAST_WIDTH = {"upper_arm": 0.036, "forearm": 0.03}  # half of it, in body units
_CUFF = 1.15  # an arm's length up to which a sleeve reaches
_BINS = 16  # places along an arm at which its width is measured
_CROSSES = 0.5  # an arm crosses the trunk if its bone is as far from upright as this sine says
_ARM_HEIGHT = 0.12  # of the canvas's side: height up to which the trunk is whole behind a crossing arm
_SKIRT_PARTS = [PART[name] for name in NAMES if name in ("lap", "hem") or name.endswith(("thigh", "shin"))]
_TRUNK = PART["trunk"]
_ARMS = [PART[name] for name in NAMES if name.endswith("arm")]
_IN_ONE_PIECE = 0.9  # share of a skirt's last rows that is cloth, from its left to its right end
_TWO_SHINS = 0.11  # width of trousers around both ankles, less the distance of the ankles, in body units
_WIDER = 1.12  # a hem is so much wider than the legs that come out of it; trousers are not


@dataclasses.dataclass(frozen=True)
class Piece:
    """A part of the body in the photo. Masks are bool `[size, size]` on the canvas.

    Attributes:
        seen: Where the photo shows it.
        whole: Where it is, also behind other parts.
        class_ids: Its classes, uint8 `[size, size]`; outside of `whole` they mean nothing.
    """

    seen: BoolArray
    whole: BoolArray
    class_ids: Uint8Array


def divide(skeleton: Skeleton, parsing_map: Uint8Array, schema: LabelSchema) -> dict[int, Piece]:
    """Returns the pieces of the person by part; the skirt's key is `SKIRT`.

    Args:
        skeleton: The photo's pose and map, cut into parts by `limb_warp`.
        parsing_map: Class ids, uint8 `[size, size]`.
        schema: Label schema of the map.
    """
    codes = skeleton.codes.copy()
    cloth = np.isin(parsing_map, _ids(schema, "clothes"))
    for side in ("left", "right"):
        _give_hand_to_forearm(codes, side, skeleton, np.isin(parsing_map, _ids(schema, f"{side}_arm")))
        _give_shoe_to_foot(codes, side, skeleton, np.isin(parsing_map, _ids(schema, "shoes")))
    for arm in _ARMS:
        _part_arm_from_trunk(codes, arm, skeleton, cloth)
    _narrow_hidden_trunk(codes[_TRUNK], skeleton)
    crossing = [arm for arm in _ARMS if abs(skeleton.bone(arm)[1][0]) > _CROSSES]
    _close_hidden_trunk(codes[_TRUNK], np.asarray((codes[crossing] >= sampling.SEEN).any(axis=0)))
    pieces = {}
    skirt = (codes[_SKIRT_PARTS] >= sampling.SEEN).any(axis=0) & cloth
    if _is_skirt(skirt, np.isin(parsing_map, _ids(schema, "leg")), skeleton):
        codes[_SKIRT_PARTS] *= ~skirt
        pieces[SKIRT] = Piece(skirt, skirt, parsing_map)
    for part, source in enumerate(skeleton.cut_from):
        class_ids = (codes[source] % sampling.MAX_CLASSES).astype(np.uint8)
        own = class_ids > 0
        if own.any():
            discs, within = skeleton.caps(source, own)
            class_ids = class_ids[nearest_pixels(own)]
            below = _may_be_below(source, codes)
            grown = _grown(own, (parsing_map == class_ids) & below, round(_OVERLAP * len(own)))
            whole = (grown | (discs & (parsing_map > 0))) & within
            pieces[part] = Piece((codes[source] >= sampling.SEEN) & within, whole, class_ids)
    return _with_the_rest(pieces, parsing_map)


def _with_the_rest(pieces: dict[int, Piece], parsing_map: Uint8Array) -> dict[int, Piece]:
    """Gives pixels of the person that are in no piece to the nearest one."""
    owner = np.full(parsing_map.shape, -1)
    for part, piece in pieces.items():
        owner[piece.seen] = part
    rest = (parsing_map > 0) & (owner < 0)
    if not rest.any() or rest.all():
        return pieces
    owner = np.where(rest, owner[nearest_pixels(owner >= 0)], -1)
    return {
        part: Piece(
            piece.seen | (owner == part),
            piece.whole | (owner == part),
            np.where(owner == part, parsing_map, piece.class_ids).astype(np.uint8),
        )
        for part, piece in pieces.items()
    }


def _may_be_below(part: int, codes: Float32Array) -> BoolArray:
    """Returns where a part may go on below others: a limb below its own parts, the trunk not below arms beside it."""
    seen = codes >= sampling.SEEN
    side, limb = NAMES[part].partition("_")[::2]
    if not limb:
        return ~np.asarray(seen[_ARMS].any(axis=0)) | (codes[part] > 0)
    own = [PART[name] for name in NAMES if name.startswith(side) and name.endswith("arm") == limb.endswith("arm")]
    return np.asarray(seen[own].any(axis=0))


def _give_hand_to_forearm(codes: Float32Array, side: str, skeleton: Skeleton, bare: BoolArray) -> None:
    """Gives a hand that is nearer to the upper arm, because the elbow is bent, to the forearm; changes the codes."""
    upper, forearm = PART[f"{side}_upper_arm"], PART[f"{side}_forearm"]
    along, across, length = skeleton.along_bone(upper)
    on_bone = (np.abs(across) <= _BONE) & (along >= 0) & (along <= length)
    count, patches = cv2.connectedComponents(bare.astype(np.uint8))
    for patch in range(1, count):
        here = patches == patch
        if not (here & on_bone).any() and (codes[forearm][here] >= sampling.SEEN).any():
            _give(codes, upper, forearm, here)


def _give_shoe_to_foot(codes: Float32Array, side: str, skeleton: Skeleton, shoes: BoolArray) -> None:
    """Gives what a shin has of a shoe to the foot, unless it is a boot; changes the codes."""
    shin, foot = PART[f"{side}_shin"], PART[f"{side}_foot"]
    along, _, length = skeleton.along_bone(shin)
    shoe = shoes & (codes[shin] >= sampling.SEEN)
    if not shoe[along < _BOOT * length].any():
        _give(codes, shin, foot, shoe)


def _give(codes: Float32Array, part: int, other: int, where: BoolArray) -> None:
    """Gives what is seen of a part there to another; changes the codes."""
    given = where & (codes[part] >= sampling.SEEN)
    codes[other][given], codes[part][given] = codes[part][given], 0


def _part_arm_from_trunk(codes: Float32Array, arm: int, skeleton: Skeleton, cloth: BoolArray) -> None:
    """Gives cloth beside a bare arm to the trunk, and to a sleeve all cloth within its width; changes the codes."""
    trunk, own = codes[_TRUNK], codes[arm] >= sampling.SEEN
    along, across, length = skeleton.along_bone(arm)
    on_bone = (np.abs(across) <= 1) & (along >= 0) & (along <= length)
    if not on_bone.any() or cloth[on_bone].mean() < _BARE:
        _give(codes, arm, _TRUNK, cloth)
        return
    outwards = -np.sign(np.sum(across * (trunk > 0)))  # the side of the arm away from the trunk
    bins = np.clip((along / length * _BINS).astype(int), 0, _BINS - 1)
    edge = own & cloth & (across * outwards > 0) & (along >= 0) & (along <= length)
    width = np.zeros(_BINS, np.float32)
    np.maximum.at(width, bins[edge], np.abs(across[edge]))
    if not (width > 0).any():
        return
    known = np.flatnonzero(width)
    width = np.interp(np.arange(_BINS), known, width[known]).astype(np.float32)
    is_upper = NAMES[arm].endswith("upper_arm")
    width = np.maximum(width, _LEAST_WIDTH["upper_arm" if is_upper else "forearm"] * skeleton.unit)
    sleeve = (trunk >= sampling.SEEN) & cloth & (along <= _CUFF * length) & (np.abs(across) <= width[bins])
    if is_upper:  # at the shoulder the sleeve goes on below the trunk
        below = sleeve & (along < _SHOULDER * length) & ~own
        codes[arm][below] = trunk[below] % sampling.MAX_CLASSES
    _give(codes, _TRUNK, arm, sleeve & (along >= (_SHOULDER * length if is_upper else 0)))


def _narrow_hidden_trunk(trunk: Float32Array, skeleton: Skeleton) -> None:
    """Ends what is hidden of the trunk, in each row, soon after what is seen of it; changes the codes.

    `limb_warp` expects a trunk as wide as the shoulders; behind an arm that hangs down there is much less.
    """
    start, direction = skeleton.bone(_TRUNK)
    if abs(direction[1]) < abs(direction[0]):
        return  # she lies: rows do not cross the trunk
    reach = _OVERLAP * len(trunk)
    columns = np.arange(trunk.shape[1])
    for row in np.flatnonzero(trunk.any(axis=1)):
        spine = start[0] + (row + 0.5 - start[1]) * direction[0] / direction[1]
        runs = np.cumsum(np.diff(trunk[row] > 0, prepend=False))
        nearest = runs[min(np.flatnonzero(trunk[row]), key=lambda column: abs(column + 0.5 - spine))]
        seen = np.flatnonzero((trunk[row] >= sampling.SEEN) & (runs == nearest))
        if len(seen):
            far = (columns < seen[0] - reach) | (columns > seen[-1] + reach) | (runs != nearest)
            trunk[row][far & (trunk[row] < sampling.SEEN)] = 0


def _close_hidden_trunk(trunk: Float32Array, arms: BoolArray) -> None:
    """Adds what crossing arms hide: their pixels between seen pixels of a column of the trunk; changes its codes."""
    column = np.ones((round(_ARM_HEIGHT * len(trunk)), 1), np.uint8)
    seen = (trunk >= sampling.SEEN).astype(np.uint8)
    hidden = (cv2.morphologyEx(seen, cv2.MORPH_CLOSE, column) > 0) & arms & (trunk == 0)
    if hidden.any():
        trunk[hidden] = (trunk[nearest_pixels(trunk > 0)] % sampling.MAX_CLASSES)[hidden]


def _is_skirt(cloth: BoolArray, legs: BoolArray, skeleton: Skeleton) -> bool:
    """Decides whether the cloth around the legs is a skirt: in one piece, and wider at its hem than the legs there."""
    rows = np.flatnonzero(cloth.any(axis=1))
    if not len(rows):
        return False
    height = max(int(0.03 * len(cloth)), 2)
    end = rows[-1] - height + 1
    below = np.flatnonzero(legs[rows[-1] - height : rows[-1] + 2 * height].any(axis=0))
    if len(below):
        of_legs = float(np.ptp(below))
    else:  # it reaches the ankles: shoes look out at the hem itself
        end -= height
        (left, _), (right, _) = (skeleton.bone(PART[f"{side}_foot"]) for side in ("left", "right"))
        of_legs = abs(float(left[0] - right[0])) + _TWO_SHINS * skeleton.unit
    hem = cloth[max(end - height - 1, 0) : end]
    at_hem = np.flatnonzero(hem.any(axis=0))
    if not len(at_hem) or hem[:, at_hem[0] : at_hem[-1] + 1].mean() < _IN_ONE_PIECE:
        return False
    return bool(np.ptp(at_hem) > _WIDER * of_legs)


def _ids(schema: LabelSchema, ending: str) -> list[int]:
    """Returns the classes whose name in `parts10` has this ending."""
    return [
        index
        for index, part in enumerate(schema.to_parts10)
        if part < PARTS10.num_classes and PARTS10.classes[part].endswith(ending)
    ]


def _grown(mask: BoolArray, within: BoolArray, steps: int) -> BoolArray:
    """Grows a mask by a pixel a step, without leaps over what is not `within`."""
    grown = mask
    for _ in range(steps):
        grown = mask | ((cv2.dilate(grown.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & within)
    return grown
