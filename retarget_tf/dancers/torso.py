"""Builds trunk and neck, with tops, coats and collars."""

import numpy as np

from retarget_tf.arrays import Float64Array
from retarget_tf.dancers.body import Outfit, Person
from retarget_tf.dancers.kinematics import SIDES
from retarget_tf.dancers.sculpture import LAYER, Sculptor, chain

_WAIST_EASE = 0.9  # share of the looseness that widens a top at the waist, where it hangs down from the ribs


def add_torso(sculptor: Sculptor, person: Person) -> Float64Array:
    """Adds trunk, top and neck; returns the depth of the top `[frames]`."""
    outfit, label = person.outfit, top_label(person.outfit)
    shoulders, ribs, waist, hem = _add_levels(sculptor, person, outfit.looseness)
    depth = sculptor.depth(ribs, waist)
    if outfit.coverage < 1:
        skin = chain(*_add_levels(sculptor, person, 0.0))
        sculptor.part("trunk", "trunk", skin, "torso_skin", person.skin, depth - LAYER / 2)
    if outfit.coverage > 0:
        # A crop top ends between ribs and waist, or between waist and hem.
        below = max(2 * outfit.coverage - 1, 0)
        levels = [shoulders, ribs, sculptor.between(ribs, waist, min(2 * outfit.coverage, 1))]
        levels += [sculptor.between(waist, hem, below)] if below else []
        sculptor.part("top", "trunk", chain(*levels), label, outfit.upper_colour, depth, pattern=outfit.upper_pattern)
    if outfit.block and outfit.coverage == 1:
        edge = sculptor.between(hem, waist, 2 * outfit.block)
        sculptor.part("block", "trunk", ((edge, hem),), label, outfit.block_colour, depth + LAYER / 4)
    if outfit.coat is not None:
        _add_coat(sculptor, person, (shoulders, ribs, waist, hem), depth)
    _add_neck(sculptor, person, shoulders, depth)
    return depth


def top_label(outfit: Outfit) -> str:
    """Returns the `cihp20` class of the garment on the trunk."""
    return "dress" if outfit.lower == "dress" else "upper_clothes"


def _add_levels(sculptor: Sculptor, person: Person, looseness: float) -> tuple[int, int, int, int]:
    """Adds shoulders, ribs, waist and hem of a trunk widened by `looseness`."""
    body, points, bones = person.body, sculptor.pose.points, sculptor.pose.bones
    chest, pelvis = bones["chest"], bones["pelvis"]
    loose, ease = 1 + 0.6 * looseness, 1 + _WAIST_EASE * looseness
    shoulders = sculptor.ellipsoid(
        points["neck"] - 0.006 * chest[..., 1], chest, (0.95 * body.shoulder_half, 0.027, 0.62 * body.chest[1])
    )
    ribs_at = points["neck"] - 0.30 * body.trunk * chest[..., 1] + 0.006 * chest[..., 2]
    ribs = sculptor.ellipsoid(ribs_at, chest, (body.chest[0] * loose, 0.040, body.chest[1] * loose))
    waist = sculptor.ellipsoid(points["waist"], bones["belly"], (body.waist[0] * ease, 0.03, body.waist[1] * ease))
    hem_at = points["mid_hip"] + (0.035 - person.outfit.tunic) * pelvis[..., 1]
    wide = 1.03 * (1 + looseness)
    hem = sculptor.ellipsoid(hem_at, pelvis, (body.pelvis[0] * wide, 0.008, body.pelvis[1] * wide))
    return shoulders, ribs, waist, hem


def _add_coat(sculptor: Sculptor, person: Person, levels: tuple[int, int, int, int], top: Float64Array) -> None:
    """Adds an open coat: a shell over the top, a strip of the top visible in front, and two flaps over the thighs."""
    outfit, points, bones = person.outfit, sculptor.pose.points, sculptor.pose.bones
    assert outfit.coat is not None
    shell = [sculptor.scaled(level, 1.10) for level in levels]
    depth, colour = top + LAYER / 8, outfit.coat_colour
    sculptor.part("coat", "trunk", chain(*shell), "coat", colour, depth)
    front = [_add_front(sculptor, person, level) for level in levels]
    facing = bones["chest"][:, 2, 2] > 0.1
    strip_depth = np.where(facing, depth + LAYER / 8, top - LAYER)
    label, pattern = top_label(outfit), outfit.upper_pattern
    sculptor.part("front", "trunk", chain(*front), label, outfit.upper_colour, strip_depth, pattern=pattern)
    for side, sign in SIDES:
        thigh = points[f"{side}_knee"] - points[f"{side}_hip"]
        share = outfit.coat / person.body.thigh
        at = points[f"{side}_hip"] + share * thigh + 0.012 * sign * bones["pelvis"][..., 0]
        flap = sculptor.ring(at, bones["pelvis"], 0.056 * person.body.leg_girth)
        seat = sculptor.ring(points[f"{side}_hip"] + 0.03 * bones["pelvis"][..., 1], bones["pelvis"], 0.052)
        sculptor.part(f"{side}_flap", "skirt", ((seat, flap),), "coat", colour, depth - LAYER / 16)


def _add_front(sculptor: Sculptor, person: Person, level: int) -> int:
    """Adds a narrow strip at the front of a level of the trunk."""
    centre, axes = sculptor.at(level)
    narrow = np.array([0.22 + 0.2 * person.outfit.looseness, 1.0, 0.3])
    return sculptor.place(centre + 0.7 * axes[..., 2], axes * narrow)


def _add_neck(sculptor: Sculptor, person: Person, shoulders: int, top: Float64Array) -> None:
    body, outfit, points, chest = person.body, person.outfit, sculptor.pose.points, sculptor.pose.bones["chest"]
    radius = 0.029 * (0.5 + 0.5 * body.arm_girth)
    chin = sculptor.ball(points["chin"] + 0.25 * body.head * sculptor.pose.bones["head"][..., 1], radius, chest)
    base = sculptor.ball(points["neck"] + (0.015 + 0.008 * outfit.neckline) * chest[..., 1], radius * 1.06, chest)
    slope = sculptor.scaled(shoulders, 0.74)
    collar = sculptor.scaled(base, 1.1)
    covered = outfit.coverage > 0
    label, colour = (top_label(outfit), outfit.upper_colour) if covered else ("torso_skin", person.skin)
    pattern = outfit.upper_pattern if covered else None
    if outfit.coat is not None:
        label, colour, pattern = "coat", outfit.coat_colour, None
    sculptor.part("collar", "trunk", ((collar, slope),), label, colour, top + LAYER / 3, pattern=pattern)
    if outfit.neckline > 0.7 and covered:
        throat = sculptor.between(base, chin, 0.45, 1.06)
        label, colour, pattern = top_label(outfit), outfit.upper_colour, outfit.upper_pattern
        sculptor.part("turtleneck", "trunk", ((base, throat),), label, colour, top + 0.75 * LAYER, pattern=pattern)
    if outfit.neckline < -0.2 and covered:
        depth = 0.02 + 0.06 * (-0.2 - outfit.neckline)
        point = sculptor.ball(
            points["neck"] - depth * chest[..., 1] + 0.6 * body.chest[1] * chest[..., 2], 0.006, chest
        )
        in_sight = np.where(chest[:, 2, 2] > 0, top + LAYER / 2, top - LAYER)
        sculptor.part("cleavage", "trunk", ((base, point),), "torso_skin", person.skin, in_sight)
    sculptor.part("neck", "trunk", ((chin, base),), "torso_skin", person.skin, top + LAYER / 2)
