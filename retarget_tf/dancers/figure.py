"""Builds the whole figure, body and clothes, from the volumes of its parts; arms and shadow are built here."""

import numpy as np

from retarget_tf.arrays import Float64Array
from retarget_tf.dancers import head, kinematics, legwear, torso
from retarget_tf.dancers.body import Colour, Person
from retarget_tf.dancers.kinematics import SIDES, Motion
from retarget_tf.dancers.sculpture import LAYER, Figure, Sculptor, chain

_SHADOW: Colour = (20, 18, 24)
# Even of a dress: the part of a dress below the hips becomes lower clothes, and so would a sleeve that hangs there.
_SLEEVE = "upper_clothes"
# Where a detector places joints: shoulders and hips at these shares of their distance from the middle of the body, the
# wrist beyond its joint by a share of the forearm, the ankle above its joint by a share of the shin.
_SHOULDER_SHARE, _HIP_SHARE, _BEYOND_WRIST, _ABOVE_ANKLE = 0.92, 1.09, 0.05, 0.04


def build_figure(person: Person, motion: Motion) -> Figure:
    """Builds the volumes of a person in all frames of a motion."""
    pose = kinematics.pose_body(person.body, motion)
    sculptor = Sculptor(pose)
    _add_shadow(sculptor)
    top = torso.add_torso(sculptor, person)
    for side, sign in SIDES:
        _add_arm(sculptor, person, side, sign)
    legwear.add_legs(sculptor, person, motion, top)
    landmarks = head.add_head(sculptor, person, top)
    landmarks |= _limb_landmarks(pose)
    return Figure(*sculptor.stacked(), tuple(sculptor.parts), landmarks, pose.points["mid_hip"])


def _limb_landmarks(pose: kinematics.Pose) -> dict[str, Float64Array]:
    """Returns where a detector places the joints of the limbs, `[frames, 3]` by name.

    These are MediaPipe's positions in footage, measured as shares of the trunk's length; they differ a little from the
    centres of rotation.
    """
    points = pose.points
    landmarks: dict[str, Float64Array] = {}
    for side, _ in SIDES:
        at = {joint: points[f"{side}_{joint}"] for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")}
        heel, toe, foot = points[f"{side}_heel"], points[f"{side}_big_toe"], pose.bones[f"{side}_foot"]
        at["shoulder"] = points["neck"] + _SHOULDER_SHARE * (at["shoulder"] - points["neck"])
        at["hip"] = points["mid_hip"] + _HIP_SHARE * (at["hip"] - points["mid_hip"])
        at["wrist"] = at["wrist"] + _BEYOND_WRIST * (at["wrist"] - at["elbow"])
        # Heel and toe lie in the shoe, a little above the sole.
        at["ankle"] = at["ankle"] + _ABOVE_ANKLE * (at["knee"] - at["ankle"])
        at["heel"] = heel + 0.030 * foot[..., 1]
        at["big_toe"] = heel + 0.86 * (toe - heel) + 0.014 * foot[..., 1]
        landmarks |= {f"{side}_{joint}": place for joint, place in at.items()}
    return landmarks


def _add_shadow(sculptor: Sculptor) -> None:
    points, root = sculptor.pose.points, sculptor.pose.bones["root"]
    floor = np.array([1.0, 0.0, 1.0])
    feet = [
        sculptor.ellipsoid((points[f"{side}_heel"] + points[f"{side}_big_toe"]) / 2 * floor, root, (0.07, 0.002, 0.11))
        for side, _ in SIDES
    ]
    hips = sculptor.ellipsoid(points["mid_hip"] * floor, root, (0.11, 0.002, 0.11))
    behind_all = np.full(len(root), -1e3)
    sculptor.part("shadow", "none", ((*feet, hips),), "background", _SHADOW, behind_all, opacity=0.22)


def _add_arm(sculptor: Sculptor, person: Person, side: str, sign: float) -> None:
    body, outfit, points, bones = person.body, person.outfit, sculptor.pose.points, sculptor.pose.bones
    arm, girth = f"{side}_arm", body.arm_girth
    shoulder, elbow, wrist = (points[f"{side}_{joint}"] for joint in ("shoulder", "elbow", "wrist"))
    # The bulk of the shoulder lies a little below its joint.
    rounding = shoulder + 0.06 * (elbow - shoulder) - 0.014 * bones["chest"][..., 1]
    bone, fore = bones[f"{side}_upper_arm"], bones[f"{side}_forearm"]
    upper = (sculptor.ball(rounding, 0.0310 * girth, bone), sculptor.ball(elbow, 0.0215 * girth, bone))
    muscle = sculptor.ball(elbow * 0.74 + wrist * 0.26, 0.0218 * girth, fore)
    lower = (upper[1], muscle, sculptor.ball(wrist, 0.0145 * girth, fore))
    # An arm that hangs beside the body is drawn over it.
    upper_depth, lower_depth = sculptor.depth(*upper) + 0.02, sculptor.depth(*lower) + 0.02
    if outfit.sleeves == "long":
        label, colour, width = _SLEEVE, outfit.upper_colour, 1.12 + 1.5 * outfit.looseness
        pattern = outfit.upper_pattern
        if outfit.coat is not None:
            label, colour, width, pattern = "coat", outfit.coat_colour, width + 0.15, None
        sleeve = tuple(sculptor.scaled(index, width) for index in (*upper, muscle))
        cuff = sculptor.ring(wrist, bones[f"{side}_forearm"], 0.0195 * girth * width)
        before = sculptor.part(
            f"{side}_upper_sleeve", arm, chain(*sleeve[:2]), label, colour, upper_depth, pattern=pattern
        )
        after = sculptor.part(
            f"{side}_lower_sleeve", arm, chain(*sleeve[1:], cuff), label, colour, lower_depth, pattern=pattern
        )
        sculptor.seam(before, after, (sleeve[0], sleeve[1], cuff))
    else:
        before = sculptor.part(f"{side}_upper_arm", arm, chain(*upper), arm, person.skin, upper_depth)
        after = sculptor.part(f"{side}_forearm", arm, chain(*lower), arm, person.skin, lower_depth)
        sculptor.seam(before, after, (upper[0], upper[1], lower[2]))
    if outfit.sleeves == "short":
        share, width = outfit.sleeve_share, 1.15 + 1.5 * outfit.looseness
        hem_at = shoulder * (1 - share) + elbow * share
        hem = sculptor.ring(hem_at, bones[f"{side}_upper_arm"], (0.035 - 0.006 * share) * girth * width)
        pieces = ((sculptor.scaled(upper[0], 1.05 + 0.5 * outfit.looseness), hem),)
        sculptor.part(
            f"{side}_short_sleeve",
            arm,
            pieces,
            _SLEEVE,
            outfit.upper_colour,
            upper_depth + LAYER,
            pattern=outfit.upper_pattern,
        )
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
