"""Dances: smooth joint angles and a path on the floor, a pure function of (seed, person, clip, frames).

A dance is written on a beat. The hips travel, sway, sink and turn; on every beat one foot steps to where the hips
will be while the other stays planted, and the legs' angles follow from hips and feet (two-bone inverse kinematics
on a standard body). Arms, waist and head glide between key poses. Where all of it together would move a joint
faster than dancers do, time runs slower.
"""

import numpy as np

from retarget_tf.dancers import footwork, kinematics
from retarget_tf.dancers.body import Body
from retarget_tf.dancers.glide import draw_keys, glide
from retarget_tf.dancers.kinematics import ANGLE, ANGLES, SIDES, FloatArray, Motion

FPS = 30.0
# No joint of the standard body moves further than this between two frames, in standing heights.
MAX_STEP = 0.038

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
    """The dance of that clip of that person."""
    rng = np.random.default_rng([seed, person, clip, 1])
    beat = float(rng.uniform(13, 19))
    periodic = bool(rng.uniform() < 0.5)
    time = np.arange(frames + 2) / beat  # in beats
    angles = np.zeros((len(time), len(ANGLES)))
    _move_upper_body(rng, time, periodic, angles)
    path = footwork.move_legs(rng, time, periodic, _STANDARD_BODY, angles)
    _look_at_camera(path[:, 3], angles)
    return _slow_down(Motion(_soften(kinematics.clip_to_limits(angles)), path), frames)


def _move_upper_body(rng: np.random.Generator, time: FloatArray, periodic: bool, angles: FloatArray) -> None:
    arms = _draw_arms(rng, time, periodic)
    for index, (side, _) in enumerate(SIDES):
        for column, name in enumerate(_ARM_ANGLES):
            angles[:, ANGLE[f"{side}_{name}"]] = arms[:, 4 * index + column]
    spreads = {
        "waist_turn": (0, 16), "waist_roll": (0, 9), "waist_pitch": (4, 9), "head_pitch": (2, 9), "head_roll": (0, 9),
        "head_turn": (0, 18),
    }  # fmt: skip
    middle, spread = np.radians(np.array(list(spreads.values()), float)).T
    liveliness = rng.uniform(0.4, 1.2)
    keys = draw_keys(time[-1], 2, periodic, lambda: middle + liveliness * spread * rng.uniform(-1, 1, len(spreads)))
    swing = np.radians(rng.uniform(0, 7, 3)) * np.sin(np.pi * time[:, None] + rng.uniform(0, 2 * np.pi, 3))
    for column, name in enumerate(spreads):
        angles[:, ANGLE[name]] = glide(time, *keys)[:, column]
    for column, name in enumerate(("waist_turn", "waist_roll", "head_roll")):
        angles[:, ANGLE[name]] += swing[:, column]


def _draw_arms(rng: np.random.Generator, time: FloatArray, periodic: bool) -> FloatArray:
    symmetric = rng.uniform(0, 1)
    weights = _POSE_WEIGHTS / _POSE_WEIGHTS.sum()

    def draw() -> FloatArray:
        left, right = _POSES[rng.choice(len(_POSES), 2, p=weights)]
        if rng.uniform() < symmetric:
            right = left
        return np.concatenate([left, right]) + np.radians(rng.uniform(-9, 9, 8))

    every = float(rng.choice((2, 4)))
    arms = glide(time, *draw_keys(time[-1], every, periodic, draw), share=0.85)
    tempo = rng.choice((1.0, 2.0), 8)
    pulse = np.radians(rng.uniform(0, 6, 8)) * np.sin(np.pi * tempo * time[:, None] + rng.uniform(0, 2 * np.pi, 8))
    return arms + pulse


def _look_at_camera(turn: FloatArray, angles: FloatArray) -> None:
    """A dancer who turns away keeps the eyes on the public for a while."""
    angles[:, ANGLE["head_turn"]] -= 0.5 * np.sin(turn)


def _soften(angles: FloatArray) -> FloatArray:
    """Rounds off the moments at which an angle meets its limit; a weighted mean never passes a limit."""
    weights = np.array([1, 6, 15, 20, 15, 6, 1]) / 64
    padded = np.pad(angles, ((3, 3), (0, 0)), mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, len(weights), axis=0) @ weights


def _slow_down(motion: Motion, frames: int) -> Motion:
    """The same dance, slower where a joint would move further than `MAX_STEP` in a frame."""
    points = np.stack(list(kinematics.pose_body(_STANDARD_BODY, motion).points.values()))
    steps = np.linalg.norm(np.diff(points, axis=1), axis=2).max(axis=0)
    # The largest step near a frame, then its running mean: time changes its pace gently.
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
