"""Draws dances: smooth joint angles and a path on the floor; the same (seed, person, clip) gives the same dance.

A dance follows a beat. The hips travel, sway, sink and turn. On every beat one foot steps to where the hips will be
while the other stays planted; the leg angles follow from hips and feet (two-bone inverse kinematics on a standard
body). Arms, waist and head move between key poses. Where a joint would move faster than in real dances, time is slowed
down.
"""

import numpy as np

from retarget_tf.arrays import Float64Array
from retarget_tf.dancers import footwork, kinematics, styles
from retarget_tf.dancers.body import Body
from retarget_tf.dancers.glide import draw_keys, glide
from retarget_tf.dancers.kinematics import ANGLE, ANGLES, SIDES, Motion
from retarget_tf.dancers.styles import Style

FPS = 30.0
# The farthest that a joint of the standard body may move between two frames, in standing heights.
MAX_STEP = 0.038

# Frames drawn beyond the end, because steps depend on where the hips will be and the slow-down is smoothed over time.
_LOOKAHEAD = 48

_STANDARD_BODY = Body()

# Key poses of an arm: flexion, abduction and rotation of the shoulder, flexion of the elbow, in degrees.
_ARM_POSES = {
    "hanging": (4, 9, 0, 14),
    "open": (10, 40, 10, 18),
    "on_hip": (-22, 44, -55, 100),
    "sideways": (0, 88, 10, 8),
    "goal_post": (0, 84, 80, 88),
    "overhead": (160, 12, 0, 14),
    "high_v": (8, 142, 10, 12),
    "crown": (130, 40, 45, 78),
    "reaching": (84, 4, 0, 10),
    "reaching_up": (124, 8, 0, 16),
    "crossed": (48, -10, -58, 92),
    "chest": (30, 22, -66, 122),
    "behind": (-36, 14, -40, 42),
    "framing": (96, 24, 34, 118),
    "waving": (0, 100, 82, 58),
    "running": (22, 8, 0, 88),
}
_POSES = np.radians(np.array(list(_ARM_POSES.values()), float))
_POSE_WEIGHTS = np.array([3, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1.5, 1, 1, 1, 1, 1.5])
_ARM_ANGLES = ("shoulder_flexion", "shoulder_abduction", "shoulder_rotation", "elbow_flexion")


def draw_motion(seed: int, person: int, clip: int, frames: int) -> Motion:
    """Draws the dance of a person's clip; with more frames, a dance begins in the same way and continues."""
    rng = np.random.default_rng([seed, person, clip, 1])
    beat = float(rng.uniform(13, 19))
    periodic = bool(rng.uniform() < 0.5)
    style = styles.draw_style(rng, beat)
    upper, lower = rng.spawn(2)
    time = np.arange(frames + _LOOKAHEAD) / beat  # in beats
    angles = np.zeros((len(time), len(ANGLES)))
    _move_upper_body(upper, style, time, periodic, angles)
    path = footwork.move_legs(lower, style, time, periodic, _STANDARD_BODY, angles)
    if style.restlessness:
        _look_at_camera(path[:, 3], angles)
    return _slow_down(Motion(_soften(kinematics.clip_to_limits(angles)), path), frames)


def _move_upper_body(
    rng: np.random.Generator, style: Style, time: Float64Array, periodic: bool, angles: Float64Array
) -> None:
    arms_rng, swing_rng, keys_rng = rng.spawn(3)
    arms = _draw_arms(arms_rng, style, time, periodic)
    for index, (side, _) in enumerate(SIDES):
        for column, name in enumerate(_ARM_ANGLES):
            angles[:, ANGLE[f"{side}_{name}"]] = arms[:, 4 * index + column]
    spreads = {
        "waist_turn": (0, 16), "waist_roll": (0, 9), "waist_pitch": (4, 9), "head_pitch": (2, 9), "head_roll": (0, 9),
        "head_turn": (0, 18),
    }  # fmt: skip
    middle, spread = np.radians(np.array(list(spreads.values()), float)).T * np.array([[1], [style.liveliness]])
    keys = draw_keys(time[-1], 2, periodic, lambda: middle + spread * keys_rng.uniform(-1, 1, len(spreads)))
    swing = np.radians(7 * style.liveliness * swing_rng.uniform(0, 1, 3)) * np.sin(
        np.pi * time[:, None] + swing_rng.uniform(0, 2 * np.pi, 3)
    )
    for column, name in enumerate(spreads):
        angles[:, ANGLE[name]] = glide(time, *keys)[:, column]
    for column, name in enumerate(("waist_turn", "waist_roll", "head_roll")):
        angles[:, ANGLE[name]] += swing[:, column]


def _draw_arms(rng: np.random.Generator, style: Style, time: Float64Array, periodic: bool) -> Float64Array:
    """Draws the angles `[frames, 8]` of the left, then of the right arm, each in the order of `_ARM_ANGLES`."""
    if style.arms == "dance":
        return _draw_arm_poses(rng, time, periodic)
    relaxed = np.radians(np.array(_ARM_POSES["hanging"] * 2) + rng.uniform(-4, 6, 8))
    beat = np.pi * time + rng.uniform(0, 2 * np.pi)
    if style.arms == "hanging":
        return relaxed + np.radians(rng.uniform(0, 4, 8)) * np.sin(beat)[:, None]
    if style.arms == "swing":  # both arms alternately, or in parallel
        amplitude, alike = np.radians(rng.uniform(12, 55)), rng.uniform() < 0.3
        moving = np.array([1, 0, 0, 0.3, 1 if alike else -1, 0, 0, 0.3 if alike else -0.3])
        return relaxed + amplitude * moving * np.sin(np.pi * time)[:, None] + np.radians([0, 0, 0, 18] * 2)
    # One hand dribbles a ball on every beat, the other one keeps an opponent away.
    busy, free = np.radians([34, 14, -10, 62]), np.radians([30, 34, -30, 70]) + np.radians(rng.uniform(-20, 20, 4))
    driven = busy + np.radians([20, 4, 0, 34]) * np.sin(2 * beat)[:, None]
    kept = free + np.radians(rng.uniform(0, 12, 4)) * np.sin(beat)[:, None]
    changes = glide(time, *draw_keys(time[-1], 8.0, False, lambda: rng.integers(0, 2, 1).astype(float)), share=0.25)
    return np.concatenate([driven + (kept - driven) * changes, kept + (driven - kept) * changes], axis=1)


def _draw_arm_poses(rng: np.random.Generator, time: Float64Array, periodic: bool) -> Float64Array:
    symmetric = rng.uniform(0, 1)
    weights = _POSE_WEIGHTS / _POSE_WEIGHTS.sum()
    every = float(rng.choice((2, 4)))
    tempo = rng.choice((1.0, 2.0), 8)
    pulse = np.radians(rng.uniform(0, 6, 8)) * np.sin(np.pi * tempo * time[:, None] + rng.uniform(0, 2 * np.pi, 8))

    def draw() -> Float64Array:
        left, right = _POSES[rng.choice(len(_POSES), 2, p=weights)]
        if rng.uniform() < symmetric:
            right = left
        return np.concatenate([left, right]) + np.radians(rng.uniform(-9, 9, 8))

    return glide(time, *draw_keys(time[-1], every, periodic, draw), share=0.85) + pulse


def _look_at_camera(turn: Float64Array, angles: Float64Array) -> None:
    """Turns the head back towards the camera when the hips turn away."""
    angles[:, ANGLE["head_turn"]] -= 0.5 * np.sin(turn)


def _soften(angles: Float64Array) -> Float64Array:
    """Smooths the corners that clipping leaves; a weighted mean never exceeds a limit."""
    weights = np.array([1, 6, 15, 20, 15, 6, 1]) / 64
    padded = np.pad(angles, ((3, 3), (0, 0)), mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, len(weights), axis=0) @ weights


def _slow_down(motion: Motion, frames: int) -> Motion:
    """Slows the dance down where a joint would move further than `MAX_STEP` in a frame."""
    points = np.stack(list(kinematics.pose_body(_STANDARD_BODY, motion).points.values()))
    steps = np.linalg.norm(np.diff(points, axis=1), axis=2).max(axis=0)
    # The largest step near each frame, smoothed by a running mean, so that the pace changes gently.
    window = 9
    near = np.lib.stride_tricks.sliding_window_view(np.pad(steps, window // 2, mode="edge"), window).max(axis=1)
    pace = np.convolve(np.pad(near, window // 2, mode="edge"), np.full(window, 1 / window), mode="valid")
    durations = np.maximum(1, pace / MAX_STEP)
    played = np.interp(np.arange(frames), np.concatenate([[0], np.cumsum(durations)]), np.arange(len(steps) + 1))
    before = np.minimum(played.astype(int), len(steps) - 1)
    share = (played - before)[:, None]
    return Motion(
        motion.angles[before] * (1 - share) + motion.angles[before + 1] * share,
        motion.path[before] * (1 - share) + motion.path[before + 1] * share,
    )
