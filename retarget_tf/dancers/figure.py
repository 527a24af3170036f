"""Body and clothes of a person in a pose, as volumes."""

import numpy as np

from retarget_tf.dancers import head, kinematics, legwear
from retarget_tf.dancers.body import Colour, Person
from retarget_tf.dancers.kinematics import SIDES, FloatArray, Motion
from retarget_tf.dancers.sculpture import LAYER, Figure, Sculptor, chain

_SHADOW: Colour = (20, 18, 24)
# Of a dress too: its parts are told apart by height, and an arm that hangs below the hips would become a skirt.
_SLEEVE = "upper_clothes"


def build_figure(person: Person, motion: Motion) -> Figure:
    """The volumes of a person who dances a motion."""
    pose = kinematics.pose_body(person.body, motion)
    sculptor = Sculptor(pose)
    _add_shadow(sculptor)
    top = _add_trunk(sculptor, person)
    for side, sign in SIDES:
        _add_arm(sculptor, person, side, sign)
    legwear.add_legs(sculptor, person, motion, top)
    landmarks = head.add_head(sculptor, person, top)
    for side, _ in SIDES:
        for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle"):
            landmarks[f"{side}_{joint}"] = pose.points[f"{side}_{joint}"]
        for joint in ("heel", "big_toe"):  # in the shoe, a little above the sole
            landmarks[f"{side}_{joint}"] = pose.points[f"{side}_{joint}"] + 0.013 * pose.bones[f"{side}_foot"][..., 1]
    centres, axes = sculptor.stacked()
    gaze = pose.bones["head"][..., 2]
    return Figure(centres, axes, tuple(sculptor.parts), landmarks, gaze, pose.points["mid_hip"])


def _add_shadow(sculptor: Sculptor) -> None:
    """A soft patch on the floor under hips and feet."""
    points, root = sculptor.pose.points, sculptor.pose.bones["root"]
    floor = np.array([1.0, 0.0, 1.0])
    feet = [
        sculptor.ellipsoid((points[f"{side}_heel"] + points[f"{side}_big_toe"]) / 2 * floor, root, (0.07, 0.002, 0.11))
        for side, _ in SIDES
    ]
    hips = sculptor.ellipsoid(points["mid_hip"] * floor, root, (0.11, 0.002, 0.11))
    behind_all = np.full(len(root), -1e3)
    sculptor.part("shadow", "none", ((*feet, hips),), "background", _SHADOW, behind_all, opacity=0.22)


def _add_trunk(sculptor: Sculptor, person: Person) -> FloatArray:
    """Top and neck; returns the depth of the top."""
    body, outfit, points, bones = person.body, person.outfit, sculptor.pose.points, sculptor.pose.bones
    loose, chest, pelvis = 1 + outfit.looseness, bones["chest"], bones["pelvis"]
    shoulders = sculptor.ellipsoid(
        points["neck"] - 0.012 * chest[..., 1], chest, (0.95 * body.shoulder_half, 0.027, 0.62 * body.chest[1])
    )
    ribs_at = points["neck"] - 0.30 * body.trunk * chest[..., 1] + 0.006 * chest[..., 2]
    ribs = sculptor.ellipsoid(ribs_at, chest, (body.chest[0] * loose, 0.040, body.chest[1] * loose))
    waist = sculptor.ellipsoid(points["waist"], bones["belly"], (body.waist[0] * loose, 0.03, body.waist[1] * loose))
    hem_at = points["mid_hip"] + (0.035 - outfit.tunic) * pelvis[..., 1]
    wide = 1.03 * loose
    hem = sculptor.ellipsoid(hem_at, pelvis, (body.pelvis[0] * wide, 0.008, body.pelvis[1] * wide))
    depth = sculptor.depth(ribs, waist)
    label = _top_label(person)
    sculptor.part("top", "trunk", chain(shoulders, ribs, waist, hem), label, outfit.upper_colour, depth)
    if outfit.block:
        edge = sculptor.between(hem, waist, 2 * outfit.block)
        sculptor.part("block", "trunk", ((edge, hem),), label, outfit.block_colour, depth + LAYER / 4)
    _add_neck(sculptor, person, shoulders, depth)
    return depth


def _add_neck(sculptor: Sculptor, person: Person, shoulders: int, top: FloatArray) -> None:
    body, points, chest = person.body, sculptor.pose.points, sculptor.pose.bones["chest"]
    radius = 0.029 * (0.5 + 0.5 * body.arm_girth)
    chin = sculptor.ball(points["chin"] + 0.25 * body.head * sculptor.pose.bones["head"][..., 1], radius)
    base = sculptor.ball(points["neck"] - 0.002 * chest[..., 1], radius * 1.06)
    slope = sculptor.scaled(shoulders, 0.74)
    collar = sculptor.scaled(base, 1.1)
    sculptor.part(
        "collar", "trunk", ((collar, slope),), _top_label(person), person.outfit.upper_colour, top + LAYER / 3
    )
    sculptor.part("neck", "trunk", ((chin, base),), "torso_skin", person.skin, top + LAYER / 2)


def _add_arm(sculptor: Sculptor, person: Person, side: str, sign: float) -> None:
    body, outfit, points, bones = person.body, person.outfit, sculptor.pose.points, sculptor.pose.bones
    arm, girth = f"{side}_arm", body.arm_girth
    shoulder, elbow, wrist = (points[f"{side}_{joint}"] for joint in ("shoulder", "elbow", "wrist"))
    # The flesh of the shoulder lies a little below its joint.
    rounding = shoulder + 0.06 * (elbow - shoulder) - 0.014 * bones["chest"][..., 1]
    upper = (sculptor.ball(rounding, 0.0335 * girth), sculptor.ball(elbow, 0.0255 * girth))
    muscle = sculptor.ball(elbow * 0.74 + wrist * 0.26, 0.0265 * girth)
    lower = (upper[1], muscle, sculptor.ball(wrist, 0.0165 * girth))
    # An arm that hangs beside the body is drawn over it.
    upper_depth, lower_depth = sculptor.depth(*upper) + 0.02, sculptor.depth(*lower) + 0.02
    if outfit.sleeves == "long":
        label, colour, width = _SLEEVE, outfit.upper_colour, 1.08 + outfit.looseness
        sleeve = tuple(sculptor.scaled(index, width) for index in (*upper, muscle))
        cuff = sculptor.ring(wrist, bones[f"{side}_forearm"], 0.0195 * girth * width)
        before = sculptor.part(f"{side}_upper_sleeve", arm, chain(*sleeve[:2]), label, colour, upper_depth)
        after = sculptor.part(f"{side}_lower_sleeve", arm, chain(*sleeve[1:], cuff), label, colour, lower_depth)
        sculptor.seam(before, after, (sleeve[0], sleeve[1], cuff))
    else:
        before = sculptor.part(f"{side}_upper_arm", arm, chain(*upper), arm, person.skin, upper_depth)
        after = sculptor.part(f"{side}_forearm", arm, chain(*lower), arm, person.skin, lower_depth)
        sculptor.seam(before, after, (upper[0], upper[1], lower[2]))
    if outfit.sleeves == "short":
        share, width = outfit.sleeve_share, 1.12 + outfit.looseness
        hem_at = shoulder * (1 - share) + elbow * share
        hem = sculptor.ring(hem_at, bones[f"{side}_upper_arm"], (0.035 - 0.006 * share) * girth * width)
        pieces = ((sculptor.scaled(upper[0], 1.03 + 0.3 * outfit.looseness), hem),)
        sculptor.part(f"{side}_short_sleeve", arm, pieces, _SLEEVE, outfit.upper_colour, upper_depth + LAYER)
    _add_hand(sculptor, person, side, sign, lower[2])


def _add_hand(sculptor: Sculptor, person: Person, side: str, sign: float, wrist: int) -> None:
    length, fore = person.body.hand, sculptor.pose.bones[f"{side}_forearm"]
    at = sculptor.pose.points[f"{side}_wrist"]
    palm = sculptor.ellipsoid(at - 0.36 * length * fore[..., 1], fore, (0.013, 0.024, 0.021))
    fingers = sculptor.ellipsoid(at - 0.76 * length * fore[..., 1], fore, (0.009, 0.020, 0.015))
    thumb_at = at - 0.42 * length * fore[..., 1] + 0.021 * fore[..., 2] - sign * 0.006 * fore[..., 0]
    thumb = sculptor.ellipsoid(thumb_at, fore, (0.007, 0.015, 0.007))
    pieces: tuple[tuple[int, ...], ...] = ((palm, fingers), (palm, thumb))
    if person.outfit.sleeves != "long":
        pieces = ((wrist, palm), *pieces)
    sculptor.part(f"{side}_hand", f"{side}_arm", pieces, f"{side}_arm", person.skin, sculptor.depth(palm) + 0.022)


def _top_label(person: Person) -> str:
    """The `cihp20` class of what covers the trunk."""
    return "dress" if person.outfit.lower == "dress" else "upper_clothes"
