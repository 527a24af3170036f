"""Combines the segmenter's confidences and a pose into a map of `parts10`.

The segmenter distinguishes hair, skin, cloth and accessories but not limbs; the pose has limbs but no outlines. Each
pixel of the person gets the class that follows from its material and its nearest limb:

    hair; a hat on the head           -> hair
    skin of face, neck and trunk      -> face
    skin nearest to an arm or leg     -> that arm or leg
    cloth above / below the waist     -> upper / lower clothes (sleeves are upper)
    cloth or accessory at a foot      -> shoes (socks and boots too)
    an accessory away from the body   -> background (bags, balls)

The clip's vote on clothes (`wardrobe`) serves as a prior for skin and cloth: skin is expected close to bare limbs, and
cloth around clothed limbs, also at some distance, since cloth hangs and swings.
"""

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, IndexArray, Uint8Array
from retarget_tf.body import parsing_labels
from retarget_tf.footage.extraction import cleanup, detectors, wardrobe
from retarget_tf.footage.extraction.body_geometry import (
    FOOT,
    HEAD,
    SHIN,
    THIGH,
    TRUNK,
    Bones,
    Nearness,
    bones_of,
    nearness,
)

_ID = {name: index for index, name in enumerate(parsing_labels.PARTS10.classes)}

_CANDIDATE = 0.4  # pixels with less foreground confidence are background, except along the limbs

# Distances in radii over which a bone's expectation of skin or cloth falls off.
_SKIN_SPREAD = 1.4
_CLOTH_SPREAD = 2.0
_LEAST_CLOTH = 0.15  # cloth with a smaller expectation is not the person's (a curtain)
_LEAST_CLOTH_BY_SKIN = 0.3  # the same for pixels nearest to bare skin (a shadow between the legs)
_NEVER_BARE = 0.3  # where the vote has a smaller share of skin, skin is taken for cloth
_BARE = 0.8  # where the vote has a larger share of skin, a limb counts as bare
_TRUNK_SKIN = 0.5  # smallest share of skin assumed on the trunk: necklines and open backs are seen only in some views

# Largest distances in radii; pixels farther away are not the person's (a ball, a face in the background).
_LIMB_SKIN_REACH = 1.9
_TRUNK_SKIN_REACH = 1.25
_TRUNK_SIDE = 0.75
_ACCESSORY_REACH = 1.1
_HEAD_REACH = 1.7
_FOOT_REACH = 2.2
_CROWN = 0.7  # along the line from the neck to the middle of the head: cloth beyond this is a hat

_PENALTY = 3.0  # distance of cloth to a bare limb, or of skin to a clothed one, is multiplied by up to 1 + this
_CORE_BONUS = 3.0  # logits added for the person on the middle line of a limb, which keeps thin arms whole
_CORE_WIDTH = 0.4  # width of that bonus in radii
_FAR = 10_000  # coordinates in pixels are clipped to this range for drawing


def assign(confidences: Float32Array, keypoints: Float32Array, clothes: wardrobe.Wardrobe) -> Uint8Array:
    """Makes the parsing map of one frame.

    Args:
        confidences: Confidences of the segmenter, float32 `[height, width, 6]`.
        keypoints: float32 `[25, 3]` in pixels of the same picture; joints of low confidence improve the result.
        clothes: Result of the clip's vote.

    Returns:
        Class ids of `parts10`, uint8 `[height, width]`; all background if the keypoints show no body.
    """
    parsing_map = np.zeros(confidences.shape[:2], np.uint8)
    bones = bones_of(keypoints)
    if bones is None:
        return parsing_map
    rows, columns = candidates(confidences, _limb_lines(parsing_map.shape, bones))
    if not len(rows):
        return parsing_map
    near = nearness(np.stack([columns, rows], axis=-1).astype(np.float32) + 0.5, bones)
    scores = _scores(confidences[rows, columns], bones, near, clothes)
    shown = _is_person(scores.sum(axis=1), bones, near)
    parsing_map[rows, columns] = np.where(shown, scores[:, 1:].argmax(axis=1) + 1, 0)
    body = np.zeros(parsing_map.shape, np.bool_)
    body[rows, columns] = near.distance.min(axis=1) < 1
    return cleanup.remove_specks(parsing_map, body)


def candidates(confidences: Float32Array, limbs: BoolArray | None = None) -> tuple[IndexArray, IndexArray]:
    """Returns rows and columns of the pixels that may belong to the person, by confidence or by the mask `limbs`."""
    likely = confidences[..., detectors.BACKGROUND] < 1 - _CANDIDATE
    rows, columns = np.nonzero(likely if limbs is None else likely | limbs)
    return rows, columns


def _limb_lines(shape: tuple[int, ...], bones: Bones) -> BoolArray:
    """Draws the bones' middle lines, as wide as `_CORE_BONUS` has an effect."""
    lines = np.zeros(shape, np.uint8)
    for start, end, radius in zip(bones.start, bones.end, bones.radius, strict=True):
        width = max(1, round(4 * _CORE_WIDTH * float(radius)))
        first, last = np.clip(np.stack([start, end]), -_FAR, _FAR).round().astype(int).tolist()
        cv2.line(lines, first, last, 1, width)
    return lines > 0


def _scores(confidences: Float32Array, bones: Bones, near: Nearness, clothes: wardrobe.Wardrobe) -> Float32Array:
    """Returns the confidence of each `parts10` class for each pixel, float32 `[pixels, 10]`; background stays 0."""
    pixels = np.arange(len(confidences))
    nearest, distance = _nearest(near.distance)
    segment, along = bones.segment[nearest], near.along[pixels, nearest]
    near_head = _distance_to(near, bones, HEAD) < _HEAD_REACH
    on_head = near_head & (segment == HEAD) & (along > _CROWN)
    on_leg = (segment == THIGH) | (segment == SHIN) | (segment == FOOT)
    in_shoe = (segment == FOOT) & (distance < _FOOT_REACH) & clothes.has_shoes
    shoe, sock_or_cloth = (clothes.cover_at(segment, along, kind) for kind in (wardrobe.SHOE, wardrobe.CLOTH))
    footwear = in_shoe | ((segment == SHIN) & (shoe > sock_or_cloth))

    hair, body, face, cloth, others = (confidences[:, channel] for channel in range(1, detectors.NUM_CHANNELS))
    bareness = clothes.cover_at(bones.segment, near.along, wardrobe.SKIN)
    expected_skin, expected_cloth = _expected(bones, near, bareness)
    skin, cloth = body + face * ~near_head, cloth + hair * on_leg
    skin, cloth = _reweighted(skin, cloth, expected_skin, expected_cloth)

    skin_bone = _skin_bone(bones, near, bareness)
    is_limb, bare_there = bones.segment[skin_bone] < TRUNK, bareness[pixels, skin_bone]
    never_bare = is_limb & (bare_there < _NEVER_BARE)
    skin, cloth = np.where(never_bare, 0, skin), np.where(never_bare, cloth + skin, cloth)
    in_reach = near.distance[pixels, skin_bone] < np.where(is_limb, _LIMB_SKIN_REACH, _TRUNK_SKIN_REACH)
    skin = skin * (in_reach | (_distance_to(near, bones, TRUNK) < 1))
    least_cloth = np.where(bareness[pixels, nearest] > _BARE, _LEAST_CLOTH_BY_SKIN, _LEAST_CLOTH)
    cloth = cloth * ((expected_cloth > least_cloth) | in_shoe | on_head)
    others = others * ((distance < _ACCESSORY_REACH) | near_head | in_shoe)

    skin_label = _skin_labels(bones)[skin_bone]
    cloth_bone, _ = _nearest(near.distance * (1 + _PENALTY * bareness))
    below_waist = wardrobe.body_height(bones, near, cloth_bone) > clothes.waist
    garment = np.where(below_waist, _ID["lower_clothes"], _ID["upper_clothes"])
    garment = np.where(footwear, _ID["shoes"], garment)
    accessory = np.where((expected_skin > expected_cloth) & ~footwear, skin_label, garment)

    scores = np.zeros((len(confidences), len(_ID)), np.float32)
    scores[:, _ID["hair"]] += hair * ~on_leg
    scores[:, _ID["face"]] += face * near_head
    scores[pixels, skin_label] += skin
    scores[pixels, np.where(on_head, _ID["hair"], garment)] += cloth
    scores[pixels, np.where(near_head & ~on_leg, _ID["hair"], accessory)] += others
    return scores


def _skin_bone(bones: Bones, near: Nearness, bareness: Float32Array) -> IndexArray:
    """Returns the bone to which skin at each pixel belongs: a near one where the vote expects skin.

    Skin at the side of a clothed trunk is assigned to an arm, which the pose has misplaced or missed.
    """
    bone, _ = _nearest(near.distance * (1 + _PENALTY * (1 - bareness)))
    is_arm = bones.segment < THIGH
    if not is_arm.any():
        return bone
    arm, _ = _nearest(np.where(is_arm, near.distance, np.inf))
    pixels = np.arange(len(bone))
    at_side = (bones.segment[bone] == TRUNK) & (near.distance[pixels, bone] > _TRUNK_SIDE)
    return np.where(at_side & (bareness[pixels, bone] < _TRUNK_SKIN), arm, bone)


def _expected(bones: Bones, near: Nearness, bareness: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Computes how much skin and cloth the vote expects at each pixel, as the largest expectation of any bone.

    Args:
        bones: Bones of the pose.
        near: Positions of the pixels relative to the bones.
        bareness: float32 `[pixels, bones]`: the vote's share of skin at each pixel's position along each bone.

    Returns:
        Expected skin and expected cloth, float32 `[pixels]` in 0..1.
    """
    skin = np.where(bones.segment == TRUNK, np.maximum(bareness, _TRUNK_SKIN), bareness)
    skin = skin * np.exp(-np.square(np.square(near.distance / _SKIN_SPREAD)))
    hangs = bones.segment != FOOT  # at a foot cloth is a shoe, or a reflection below it
    cloth = (1 - bareness) * np.exp(-((near.distance / _CLOTH_SPREAD) ** 2)) * hangs
    return skin.max(axis=1), cloth.max(axis=1)


def _reweighted(
    skin: Float32Array, cloth: Float32Array, expected_skin: Float32Array, expected_cloth: Float32Array
) -> tuple[Float32Array, Float32Array]:
    """Redistributes the sum of skin and cloth by Bayes' rule, with the expectations as priors."""
    total = skin + cloth
    weighted_skin = skin * np.maximum(expected_skin, wardrobe.FLOOR)
    weighted_cloth = cloth * np.maximum(expected_cloth, wardrobe.FLOOR)
    share = weighted_skin / np.maximum(weighted_skin + weighted_cloth, 1e-9)
    return total * share, total * (1 - share)


def _nearest(distance: Float32Array) -> tuple[IndexArray, Float32Array]:
    bone = distance.argmin(axis=1)
    return bone, np.take_along_axis(distance, bone[:, None], axis=1)[:, 0]


def _distance_to(near: Nearness, bones: Bones, segment: int) -> Float32Array:
    chosen = bones.segment == segment
    if not chosen.any():
        return np.full(len(near.distance), np.inf, np.float32)
    return near.distance[:, chosen].min(axis=1)


def _skin_labels(bones: Bones) -> IndexArray:
    arm = np.where(bones.is_left, _ID["left_arm"], _ID["right_arm"])
    leg = np.where(bones.is_left, _ID["left_leg"], _ID["right_leg"])
    return np.where(bones.segment >= TRUNK, _ID["face"], np.where(bones.segment < THIGH, arm, leg))


def _is_person(claimed: Float32Array, bones: Bones, near: Nearness) -> BoolArray:
    """Decides for each pixel whether it belongs to the person, with a bonus on the middle lines of confident limbs."""
    probability = np.clip(claimed, 1e-4, 1 - 1e-4)
    core = np.exp(-((near.distance / _CORE_WIDTH) ** 2)) * bones.confidence * (bones.segment < TRUNK)
    return np.log(probability / (1 - probability)) + _CORE_BONUS * core.max(axis=1) > 0
