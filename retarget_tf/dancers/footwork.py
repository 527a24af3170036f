"""Draws the lower half of a dance: the path of the hips, the steps of the feet, and the leg angles between them."""

import numpy as np

from retarget_tf.arrays import Float64Array
from retarget_tf.dancers import kinematics
from retarget_tf.dancers.body import Body
from retarget_tf.dancers.glide import bump, draw_keys, glide, minimum_jerk
from retarget_tf.dancers.kinematics import ANGLE, SIDES
from retarget_tf.dancers.styles import Style

_STEP_BEATS = 0.9  # duration of a step in beats
_HOPS_EVERY = 32.0  # beats after which a series of leaps repeats


def move_legs(
    rng: np.random.Generator, style: Style, time: Float64Array, periodic: bool, body: Body, angles: Float64Array
) -> Float64Array:
    """Draws travel, turns and steps, and fills the angles of pelvis and legs.

    Args:
        rng: Source of randomness.
        style: Style of the movement.
        time: Time of each frame in beats, `[frames]`.
        periodic: Whether the movements repeat with each phrase.
        body: The body for which the leg angles are solved; on other bodies the feet slide a little.
        angles: `[frames, angles]`, filled in place.

    Returns:
        The path `[frames, 4]` of `kinematics.Motion`.
    """
    # Each movement has its own generator, so that a longer clip begins exactly like a shorter one.
    turns, travels, sinks, hops, rolls, *steps = rng.spawn(5 + len(SIDES))
    travel = _draw_travel(travels, style, time, periodic)
    turn = _follow(travel) if style.follows_path else _draw_turns(turns, style, time)
    floor = travel + _draw_sway(travels, style, time, turn)
    left_right = np.sin(np.pi * time)  # negative while the left foot steps: the weight is on the right one
    angles[:, ANGLE["pelvis_roll"]] = np.radians(7 * style.liveliness * rolls.uniform(-1, 1)) * left_right
    sink = _draw_sinking(sinks, style, time, periodic)
    angles[:, ANGLE["pelvis_pitch"]] = np.radians(70) * sink
    angles[:, ANGLE["waist_pitch"]] += np.radians(60) * sink
    feet = [_draw_steps(steps[i], style, time, i, sign, floor, turn) for i, (_, sign) in enumerate(SIDES)]
    pelvis = (
        kinematics.turn_y(turn)
        @ kinematics.turn_x(angles[:, ANGLE["pelvis_pitch"]])
        @ kinematics.turn_z(angles[:, ANGLE["pelvis_roll"]])
    )
    hips = np.stack([floor[:, 0], _hip_height(body, floor, feet, pelvis) - sink, floor[:, 1]], axis=1)
    for (side, sign), (ankles, foot_turn, foot_pitch) in zip(SIDES, feet, strict=True):
        hip = hips + sign * body.hip_half * pelvis[..., 0]
        foot = kinematics.turn_y(foot_turn) @ kinematics.turn_x(foot_pitch)
        _solve_leg(body, side, sign, pelvis, ankles - hip, foot, angles)
    return np.column_stack([floor, _draw_hops(hops, style, time), turn])


def _draw_turns(rng: np.random.Generator, style: Style, time: Float64Array) -> Float64Array:
    """Draws the turn of the hips `[frames]`: mostly near `style.facing`, at times to the side, back or all around."""
    first, front = style.facing + np.radians(rng.uniform(-30, 30)), np.degrees(style.facing)
    if style.spin:
        return first + style.spin * time
    times, turns = [0.0], [first]
    while times[-1] < time[-1]:
        side = rng.choice((-1.0, 1.0))
        if rng.uniform() > style.restlessness:
            length, turn = 4.0, front + rng.uniform(-35, 35)
        else:
            kind = rng.choice(("side", "back", "around"), p=(0.4, 0.25, 0.35))
            length = {"side": 4.0, "back": 4.0, "around": 8.0}[kind]
            away = {"side": rng.uniform(55, 105), "back": rng.uniform(150, 210), "around": 360.0}[kind]
            turn = front + side * away
            front += side * 360 * (kind == "around")
        times.append(times[-1] + length)
        turns.append(np.radians(turn))
    times.append(times[-1] + 4.0)
    turns.append(np.radians(front))
    return glide(time, np.array(times), np.array(turns)[:, None])[:, 0]


def _draw_travel(rng: np.random.Generator, style: Style, time: Float64Array, periodic: bool) -> Float64Array:
    """Draws the position of the hips on the floor `[frames, 2]` (x, z), without the sway."""
    reach = np.array(style.reach)
    if style.follows_path:  # to and fro, or in a long circle
        angle = 2 * np.pi * (time / rng.uniform(16, 26) + rng.uniform())
        return reach * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    (keys_rng,) = rng.spawn(1)  # the number of keys depends on the clip's length; the sway drawn next must not
    return glide(time, *draw_keys(time[-1], 4.0, periodic, lambda: reach * keys_rng.uniform(-1, 1, 2)))


def _draw_sway(rng: np.random.Generator, style: Style, time: Float64Array, turn: Float64Array) -> Float64Array:
    """Draws how the hips shift from foot to foot `[frames, 2]`."""
    sway = (0.006 + 0.02 * style.liveliness * rng.uniform()) * np.sin(np.pi * time)
    return sway[:, None] * np.stack([np.cos(turn), -np.sin(turn)], axis=1)


def _follow(travel: Float64Array) -> Float64Array:
    """Returns the turn `[frames]` of a person who faces the direction of travel."""
    way = np.gradient(travel, axis=0)
    # The direction is undefined where a person stops to walk back; a little depth turns the person towards the camera.
    return np.unwrap(np.arctan2(way[:, 0], way[:, 1] + 1e-4))


def _draw_sinking(rng: np.random.Generator, style: Style, time: Float64Array, periodic: bool) -> Float64Array:
    """Draws how far the hips sink below their standing height `[frames]`: a bounce on the beat, and crouches."""

    def draw() -> Float64Array:
        return np.array([rng.uniform(*style.crouch) if rng.uniform() < style.crouching else 0.0])

    crouch = glide(time, *draw_keys(time[-1], 2.0, periodic, draw))[:, 0]
    return 0.006 + style.bounce * (1 - np.cos(2 * np.pi * time)) + crouch


def _draw_hops(rng: np.random.Generator, style: Style, time: Float64Array) -> Float64Array:
    """Draws the height of leaps `[frames]`: in a few dances a series of small ones on every other beat, else none."""
    if rng.uniform() >= style.hops:
        return np.zeros(len(time))
    start, count = rng.uniform(0, _HOPS_EVERY / 2), int(rng.integers(2, 6))
    height, within = rng.uniform(0.01, 0.03), time % _HOPS_EVERY
    return height * sum((bump((within - start - 2 * k) / 0.8) for k in range(count)), np.zeros(len(time)))


def _draw_steps(
    rng: np.random.Generator,
    style: Style,
    time: Float64Array,
    foot: int,
    sign: float,
    floor: Float64Array,
    turn: Float64Array,
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Draws one foot's ankle position `[frames, 3]`, turn `[frames]` and pitch `[frames]` (positive is toes down)."""
    splay, ankle = np.radians(rng.uniform(2, 16)), Body().ankle
    liveliness = 0.5 * style.liveliness * rng.uniform()
    beats = np.arange(foot, time[-1] + 2, 2.0)
    # One row for each step, so that the steps of a longer clip begin with those of a shorter one.
    chance = rng.uniform(size=(len(beats), 4))
    kicks = np.where(chance[:, 0] < liveliness * 0.6, 0.05 + 0.15 * chance[:, 1], 0)
    stances = sign * (style.stance - 0.02 + 0.05 * chance[:, 2])
    home = np.interp(beats + 1.4, time, np.arange(len(time))).round().astype(int)
    heading = turn[home]
    across, along = np.stack([np.cos(heading), -np.sin(heading)], 1), np.stack([np.sin(heading), np.cos(heading)], 1)
    targets = floor[home] + across * stances[:, None] + along * (0.06 * chance[:, 3:] - 0.03)
    # The first step ends where it starts.
    standing = np.concatenate([targets[:1], targets])
    turned = np.concatenate([heading[:1], heading]) + sign * splay
    index = np.clip(((time - foot) // 2).astype(int), 0, len(beats) - 1)
    progress = (time - beats[index]) / _STEP_BEATS
    eased = minimum_jerk(progress)
    moving = np.linalg.norm(standing[index + 1] - standing[index], axis=1)
    lift = bump(progress) * np.where(moving > 0.005, 0.02 + 0.15 * moving, 0) + bump(progress) * 0.6 * kicks[index]
    kick = (bump(progress) * kicks[index])[:, None] * along[index]
    place = standing[index] + (standing[index + 1] - standing[index]) * eased[:, None] + kick
    ankles = np.stack([place[:, 0], ankle + lift, place[:, 1]], axis=1)
    return ankles, turned[index] + (turned[index + 1] - turned[index]) * eased, 3.5 * lift


def _hip_height(
    body: Body, floor: Float64Array, feet: list[tuple[Float64Array, Float64Array, Float64Array]], pelvis: Float64Array
) -> Float64Array:
    """Returns the greatest height `[frames]` of the hips at which both legs still reach their feet."""
    reach = 0.995 * (body.thigh + body.shin)
    heights = []
    for (_, sign), (ankles, _, _) in zip(SIDES, feet, strict=True):
        hip = sign * body.hip_half * pelvis[..., 0]
        apart = ankles[:, [0, 2]] - floor - hip[:, [0, 2]]
        across = np.minimum((apart**2).sum(axis=1), (0.8 * reach) ** 2)
        heights.append(ankles[:, 1] + np.sqrt(reach**2 - across) - hip[:, 1])
    # A soft minimum: the hips do not jolt when the other leg becomes the shorter one.
    return -0.01 * np.logaddexp(-heights[0] / 0.01, -heights[1] / 0.01)


def _solve_leg(
    body: Body,
    side: str,
    sign: float,
    pelvis: Float64Array,
    reach: Float64Array,
    foot: Float64Array,
    angles: Float64Array,
) -> None:
    """Solves hip, knee and ankle angles for an ankle at `reach` `[frames, 3]` from the hip (two-bone IK)."""
    longest = 0.999 * (body.thigh + body.shin)
    distance = np.clip(np.linalg.norm(reach, axis=1), 0.3 * longest, longest)
    down = reach / np.linalg.norm(reach, axis=1, keepdims=True)
    # The knee bends in the plane of the leg and the foot's heading.
    axis = np.cross(_heading(foot), down)
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    at_hip = np.arccos(_cosine_rule(body.thigh, distance, body.shin))
    at_knee = np.arccos(_cosine_rule(body.thigh, np.full_like(distance, body.shin), distance))
    leg = np.stack([axis, -down, np.cross(axis, -down)], axis=2)
    thigh = leg @ kinematics.turn_x(-at_hip)
    local = pelvis.transpose(0, 2, 1) @ thigh
    for name, angle in zip(("flexion", "abduction", "rotation"), kinematics.ball_angles(local, sign), strict=True):
        angles[:, ANGLE[f"{side}_hip_{name}"]] = angle
    angles[:, ANGLE[f"{side}_knee_flexion"]] = np.pi - at_knee
    shin = thigh @ kinematics.turn_x(np.pi - at_knee)
    flexion, roll, _ = kinematics.ball_angles(shin.transpose(0, 2, 1) @ foot, sign)
    angles[:, ANGLE[f"{side}_ankle_flexion"]] = flexion
    angles[:, ANGLE[f"{side}_ankle_roll"]] = roll


def _heading(foot: Float64Array) -> Float64Array:
    forward = foot[..., 2] * np.array([1.0, 0.0, 1.0])
    return forward / np.linalg.norm(forward, axis=1, keepdims=True)


def _cosine_rule(a: float, b: Float64Array, opposite: "Float64Array | float") -> Float64Array:
    return np.clip((a**2 + b**2 - np.asarray(opposite) ** 2) / (2 * a * b), -1, 1)
