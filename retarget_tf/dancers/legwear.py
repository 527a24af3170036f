"""Builds the legs and their clothes: trousers, shorts, skirts, socks, boots and shoes."""

import numpy as np

from retarget_tf.arrays import Float64Array
from retarget_tf.dancers.body import Person
from retarget_tf.dancers.kinematics import SIDES, Motion
from retarget_tf.dancers.sculpture import LAYER, Sculptor, chain, lagged

# In standing heights: how far a thigh may stick out towards the camera and still be drawn behind the hem of the top,
# and a shin and still be drawn behind a skirt.
_UNDER_TOP, _UNDER_SKIRT = 0.10, 0.15


def add_legs(sculptor: Sculptor, person: Person, motion: Motion, top: Float64Array) -> None:
    """Adds pelvis, legs and garments.

    Args:
        sculptor: Collects the volumes.
        person: The person whose legs are built.
        motion: Motion of the clip; the faster its turns, the more a skirt flares.
        top: Depth of the clothes on the trunk `[frames]`.
    """
    pelvis = _add_pelvis(sculptor, person, top)
    depths = [_add_leg(sculptor, person, side, sign, pelvis, top) for side, sign in SIDES]
    if person.outfit.lower in ("skirt", "dress"):
        thigh, shin = np.max(depths, axis=0)
        _add_skirt(sculptor, person, motion, top, thigh, shin)


def _tucked(depth: Float64Array, top: Float64Array, most: float = _UNDER_TOP) -> Float64Array:
    """Returns a depth behind the hem of the top, unless the part sticks out further than `most`."""
    under = top - 12 * LAYER + 20 * LAYER * (depth - top)  # keeps the order of depth of the two legs
    return np.minimum(depth, np.maximum(under, depth - most))


def _add_pelvis(sculptor: Sculptor, person: Person, top: Float64Array) -> int:
    body, outfit, bone = person.body, person.outfit, sculptor.pose.bones["pelvis"]
    middle = sculptor.pose.points["mid_hip"]

    def level(height: float, width: float, thickness: float) -> int:
        half = (width * body.pelvis[0], thickness, width * body.pelvis[1])
        return sculptor.ellipsoid(middle + height * bone[..., 1], bone, half)

    crotch, hip, belt = level(-0.038, 0.78, 0.028), level(-0.004, 1.0, 0.04), level(0.055, 0.93, 0.02)
    if outfit.lower in ("trousers", "shorts"):
        depth = _tucked(sculptor.depth(hip), top)
        sculptor.part(
            "pelvis",
            "trunk",
            chain(crotch, hip, belt),
            "pants",
            outfit.lower_colour,
            depth,
            pattern=outfit.lower_pattern,
        )
    return hip


def _add_leg(
    sculptor: Sculptor, person: Person, side: str, sign: float, pelvis: int, top: Float64Array
) -> tuple[Float64Array, Float64Array]:
    """Adds a leg with trouser leg, sock and shoe; returns the depths of thigh and shin."""
    outfit, points, girth = person.outfit, sculptor.pose.points, person.body.leg_girth
    leg = f"{side}_leg"
    hip, knee, ankle = (points[f"{side}_{joint}"] for joint in ("hip", "knee", "ankle"))
    bone, shin = sculptor.pose.bones[f"{side}_thigh"], sculptor.pose.bones[f"{side}_shin"]
    root = sculptor.ball(hip, 0.048 * girth, bone)
    middle = sculptor.ball(hip * 0.6 + knee * 0.4, 0.0465 * girth, bone)
    joint = sculptor.ball(knee, 0.0315 * girth, bone)
    calf_at = knee * 0.68 + ankle * 0.32 - 0.008 * shin[..., 2]
    calf = sculptor.ball(calf_at, 0.0288 * girth, shin)
    thin = sculptor.ball(ankle, 0.0188 * girth, shin)
    thigh_depth, shin_depth = _tucked(sculptor.depth(root, joint), top), sculptor.depth(joint, thin)
    if outfit.lower in ("skirt", "dress"):
        shin_depth = _tucked(shin_depth, top, _UNDER_SKIRT)
    if outfit.lower == "trousers":
        sculptor.part(f"{side}_shin", leg, chain(calf, thin), leg, person.skin, shin_depth)
    else:
        before = sculptor.part(f"{side}_thigh", leg, chain(root, middle, joint), leg, person.skin, thigh_depth)
        after = sculptor.part(f"{side}_shin", leg, chain(joint, calf, thin), leg, person.skin, shin_depth)
        sculptor.seam(before, after, (middle, joint, thin))
    if outfit.sock_length:
        sock = tuple(sculptor.between(thin, calf, share, 1.08) for share in (0.0, outfit.sock_length))
        sculptor.part(f"{side}_sock", leg, chain(*sock), "socks", outfit.sock_colour, shin_depth + LAYER)
    if outfit.shaft_length:  # drawn over trousers too
        shaft = tuple(sculptor.between(thin, calf, share, 1.22) for share in (-0.1, outfit.shaft_length))
        sculptor.part(f"{side}_shaft", leg, chain(*shaft), f"{side}_shoe", outfit.shoe_colour, shin_depth + 4 * LAYER)
    if outfit.lower in ("trousers", "shorts"):
        _add_trouser(sculptor, person, side, pelvis, (root, middle, joint, calf), thigh_depth, shin_depth)
    _add_shoe(sculptor, person, side, sign, shin_depth)
    return thigh_depth, shin_depth


def _add_trouser(
    sculptor: Sculptor,
    person: Person,
    side: str,
    pelvis: int,
    leg: tuple[int, int, int, int],
    thigh_depth: Float64Array,
    shin_depth: Float64Array,
) -> None:
    outfit, girth, limb = person.outfit, person.body.leg_girth, f"{side}_leg"
    hip, knee, ankle = (sculptor.pose.points[f"{side}_{joint}"] for joint in ("hip", "knee", "ankle"))
    root, middle, joint, calf = leg
    wide, length, colour = 1.07 + 0.3 * outfit.lower_width, outfit.lower_length, outfit.lower_colour
    pattern = outfit.lower_pattern
    seat = sculptor.scaled(root, 1.05)
    if length <= 1:
        hem_at = hip * (1 - length) + knee * length
        radius = (0.050 - 0.010 * length) * girth * wide * 1.1
        hem = sculptor.ring(hem_at, sculptor.pose.bones[f"{side}_thigh"], radius)
        thigh = sculptor.part(
            f"{side}_trouser", limb, ((seat, hem),), "pants", colour, thigh_depth + 2 * LAYER, pattern=pattern
        )
        end = hem
    else:
        bend = sculptor.scaled(joint, wide)
        hem_at = knee * (2 - length) + ankle * (length - 1)
        radius = 0.030 * girth * wide * (1 + 0.6 * outfit.lower_width)
        hem = sculptor.ring(hem_at, sculptor.pose.bones[f"{side}_shin"], radius)
        upper = chain(seat, sculptor.scaled(middle, 1.06), bend)
        lower = chain(bend, sculptor.scaled(calf, wide), hem)
        thigh = sculptor.part(f"{side}_trouser", limb, upper, "pants", colour, thigh_depth + 2 * LAYER, pattern=pattern)
        shin = sculptor.part(
            f"{side}_trouser_shin", limb, lower, "pants", colour, shin_depth + 2 * LAYER, pattern=pattern
        )
        sculptor.seam(thigh, shin, (middle, bend, hem))
        end = bend
    sculptor.seam(thigh, thigh, (pelvis, seat, end))


def _add_shoe(sculptor: Sculptor, person: Person, side: str, sign: float, shin_depth: Float64Array) -> None:
    body, outfit, foot = person.body, person.outfit, sculptor.pose.bones[f"{side}_foot"]
    floor = sculptor.pose.points[f"{side}_ankle"] - body.ankle * foot[..., 1]
    bulk = {"bare": 0.62, "pumps": 0.66}.get(outfit.footwear, outfit.shoe_bulk)

    def blob(forward: float, up: float, widths: tuple[float, float, float], outward: float = 0.0) -> int:
        at = floor + forward * body.foot * foot[..., 2] + bulk * up * foot[..., 1] + sign * outward * foot[..., 0]
        return sculptor.ellipsoid(at, foot, (bulk * widths[0], bulk * widths[1], widths[2]))

    collar = blob(-0.02, 0.038, (0.025, 0.012, 0.026))
    heel = blob(-0.08, 0.021, (0.024, 0.020, 0.022))
    ball = blob(0.40, 0.017, (0.030, 0.016, 0.028), 0.004)
    toe = blob(0.58, 0.014, (0.024, 0.012, 0.020))
    depth = np.maximum(sculptor.depth(heel, toe), shin_depth + LAYER)
    limb = label = f"{side}_leg"
    colour = person.skin
    pieces: tuple[tuple[int, ...], ...] = ((collar, heel, ball), (heel, ball, toe))
    if outfit.footwear != "bare":
        label, colour = f"{side}_shoe", outfit.shoe_colour
        sole = tuple(
            blob(at, 0.007, (width, 0.008, 0.024)) for at, width in ((-0.10, 0.025), (0.40, 0.031), (0.60, 0.024))
        )
        sculptor.part(f"{side}_sole", limb, (sole,), label, outfit.sole_colour, depth)
    if outfit.footwear == "pumps":
        sculptor.part(f"{side}_instep", limb, pieces, limb, person.skin, depth + LAYER / 2)
        pieces = ((heel,), (ball, toe))
    sculptor.part(f"{side}_shoe", limb, pieces, label, colour, depth + LAYER)


def _add_skirt(
    sculptor: Sculptor, person: Person, motion: Motion, top: Float64Array, thigh: Float64Array, shin: Float64Array
) -> None:
    """Adds a skirt, which spans both thighs, swings after the hips and flares in a turn."""
    body, outfit, points, bones = person.body, person.outfit, sculptor.pose.points, sculptor.pose.bones
    hips, pelvis, length = points["mid_hip"], bones["pelvis"], outfit.lower_length
    swing = np.clip(2.0 * (lagged(hips, 0.75) - hips), -0.05, 0.05) * length
    spin = lagged(np.abs(np.diff(motion.path[:, 3], prepend=motion.path[:1, 3])), 0.85)
    flare = 1 + 0.5 * outfit.lower_width + np.minimum(6 * spin, 0.6) * length
    belt = sculptor.ellipsoid(
        hips + 0.05 * pelvis[..., 1], pelvis, (0.97 * body.pelvis[0], 0.02, 0.97 * body.pelvis[1])
    )
    seat = sculptor.ellipsoid(
        hips - 0.01 * pelvis[..., 1], pelvis, (1.06 * body.pelvis[0], 0.04, 1.06 * body.pelvis[1])
    )
    around, hems = [], []
    for side, _ in SIDES:
        hip, knee, ankle = (points[f"{side}_{joint}"] for joint in ("hip", "knee", "ankle"))
        # Below the knee the cloth hangs down rather than following the shin.
        hanging = 0.3 * (ankle - knee) + 0.7 * np.array([0, -body.shin, 0])
        at = hip + (knee - hip) * min(length, 1.0) + hanging * max(length - 1, 0) + swing
        radius = (0.046 + 0.012 * length) * body.leg_girth * flare
        hems.append(sculptor.ellipsoid(at, bones["root"], np.stack([radius, 0 * radius + 0.008, radius], axis=1)))
        for share in (0.0, min(0.5 * length, 0.5), min(0.85 * length, 0.85)):
            around.append(sculptor.ball(hip + (knee - hip) * share, (0.053 - 0.006 * share) * body.leg_girth, pelvis))
    depth = _tucked(sculptor.depth(seat, *hems), top)
    # The skirt always covers the thighs, and also the shins, except for a foot thrown up behind.
    depth = np.maximum.reduce([depth, thigh + 3 * LAYER, np.minimum(shin + 3 * LAYER, top - LAYER)])
    sculptor.part(
        "skirt",
        "skirt",
        ((belt, seat), (seat, *around, *hems)),
        outfit.lower,
        outfit.lower_colour,
        depth,
        pattern=outfit.lower_pattern,
        surface=(((belt, seat),), ((seat, _round_hem(sculptor, *hems)),)),
    )


def _round_hem(sculptor: Sculptor, left: int, right: int) -> int:
    """Adds the ellipse around the hems over both knees: the surface of a skirt runs down to it."""
    (left_at, axes), (right_at, _) = sculptor.at(left), sculptor.at(right)
    across = right_at - left_at
    wider = np.einsum("fij,fi->fj", axes, across / 2) / np.maximum(np.linalg.norm(axes, axis=1) ** 2, 1e-9)
    return sculptor.place((left_at + right_at) / 2, axes * (1 + np.abs(wider))[:, None])
