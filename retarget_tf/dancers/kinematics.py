"""Computes joint positions and bone rotations from joint angles (forward kinematics), and holds the angles' limits.

Axes of the world and of every bone at rest: x to the person's left, y up, z to where the person faces. The camera
looks along -z, so a person's left is on the right of the picture if the person faces the camera. Angles are in radians
and mean the same on the left and right side (abduction is away from the body on both).
"""

import dataclasses
import math

import numpy as np

from retarget_tf.arrays import Float64Array
from retarget_tf.dancers.body import Body

_SIDED_LIMITS = {
    # In degrees: the rounded range of motion of a healthy adult, reduced a little where dancers would look strained.
    "shoulder_flexion": (-45, 170),
    "shoulder_abduction": (-20, 165),
    "shoulder_rotation": (-80, 90),
    "elbow_flexion": (2, 145),
    "hip_flexion": (-30, 115),
    "hip_abduction": (-25, 50),
    "hip_rotation": (-45, 45),
    "knee_flexion": (2, 140),
    "ankle_flexion": (-50, 30),
    "ankle_roll": (-30, 30),
}
_CENTRAL_LIMITS = {
    "pelvis_pitch": (-15, 35),
    "pelvis_roll": (-15, 15),
    "waist_pitch": (-20, 50),
    "waist_roll": (-25, 25),
    "waist_turn": (-40, 40),
    "head_pitch": (-35, 40),
    "head_roll": (-25, 25),
    "head_turn": (-65, 65),
}
LIMITS: dict[str, tuple[float, float]] = {
    name: (math.radians(low), math.radians(high))
    for name, (low, high) in (
        *_CENTRAL_LIMITS.items(),
        *((f"{side}_{name}", limits) for side in ("left", "right") for name, limits in _SIDED_LIMITS.items()),
    )
}
ANGLES = tuple(LIMITS)
ANGLE = {name: index for index, name in enumerate(ANGLES)}
SIDES = (("left", 1.0), ("right", -1.0))


@dataclasses.dataclass(frozen=True)
class Motion:
    """A dance, independent of the body that dances it.

    Attributes:
        angles: Joint angles `[frames, len(ANGLES)]` in radians, within `LIMITS`.
        path: `[frames, 4]`: x and z of the hips on the floor and the height of a leap, all in standing heights, and the
            turn of the hips about the vertical in radians (0 faces the camera, positive is to the person's left).
    """

    angles: Float64Array
    path: Float64Array

    def angle(self, name: str) -> Float64Array:
        """Returns one angle in all frames, `[frames]`."""
        return self.angles[:, ANGLE[name]]


@dataclasses.dataclass(frozen=True)
class Pose:
    """Joints and bones of a body in standing heights; the floor is y = 0.

    Attributes:
        points: Position `[frames, 3]` of each joint by name.
        bones: Rotation `[frames, 3, 3]` of each bone by name; its columns are the bone's axes in the world.
    """

    points: dict[str, Float64Array]
    bones: dict[str, Float64Array]


def clip_to_limits(angles: Float64Array) -> Float64Array:
    """Clips angles `[frames, len(ANGLES)]` to `LIMITS`."""
    low, high = np.array(list(LIMITS.values())).T
    return np.clip(angles, low, high)


def pose_body(body: Body, motion: Motion) -> Pose:
    """Poses a body in every frame: turns the bones by the angles and puts the lower foot on the floor."""
    bones, points = _pose_trunk(body, motion)
    for side, sign in SIDES:
        _pose_arm(body, motion, side, sign, bones, points)
        _pose_leg(body, motion, side, sign, bones, points)
    soles = [points[f"{side}_{part}"][:, 1] for side, _ in SIDES for part in ("heel", "big_toe")]
    shift = np.zeros((len(motion.path), 3))
    shift[:, 0], shift[:, 2] = motion.path[:, 0], motion.path[:, 1]
    shift[:, 1] = motion.path[:, 2] - np.min(soles, axis=0)
    return Pose({name: point + shift for name, point in points.items()}, bones)


def _pose_trunk(body: Body, motion: Motion) -> tuple[dict[str, Float64Array], dict[str, Float64Array]]:
    root = turn_y(motion.path[:, 3])
    pelvis = root @ turn_x(motion.angle("pelvis_pitch")) @ turn_z(motion.angle("pelvis_roll"))
    bend = [motion.angle(f"waist_{name}") for name in ("turn", "pitch", "roll")]
    belly = pelvis @ turn_y(bend[0] / 2) @ turn_x(bend[1] / 2) @ turn_z(bend[2] / 2)
    chest = pelvis @ turn_y(bend[0]) @ turn_x(bend[1]) @ turn_z(bend[2])
    head = (
        chest
        @ turn_y(motion.angle("head_turn"))
        @ turn_x(motion.angle("head_pitch"))
        @ turn_z(motion.angle("head_roll"))
    )
    hip = np.zeros((len(root), 3))
    waist = hip + 0.42 * body.trunk * pelvis[..., 1]
    shoulders = waist + 0.15 * body.trunk * belly[..., 1] + 0.43 * body.trunk * chest[..., 1]
    chin = shoulders + body.neck * (0.6 * chest[..., 1] + 0.4 * head[..., 1])
    points = {"mid_hip": hip, "waist": waist, "neck": shoulders, "chin": chin}
    points["head"] = chin + 0.5 * body.head * head[..., 1] + 0.12 * body.head * head[..., 2]
    bones = {"root": root, "pelvis": pelvis, "belly": belly, "chest": chest, "head": head}
    return bones, points


def _pose_arm(
    body: Body, motion: Motion, side: str, sign: float, bones: dict[str, Float64Array], points: dict[str, Float64Array]
) -> None:
    upper = bones["chest"] @ _ball_joint(motion, f"{side}_shoulder", sign)
    fore = upper @ turn_x(-motion.angle(f"{side}_elbow_flexion"))
    # The shoulder blade rises with the arm; without this a raised arm would seem to grow out of the chest.
    raised = np.clip((upper[..., 1] * -bones["chest"][..., 1]).sum(-1), 0, 1)[:, None]
    shoulder = points["neck"] + bones["chest"][..., 0] * (sign * body.shoulder_half * (1 - 0.16 * raised))
    shoulder = shoulder + bones["chest"][..., 1] * (0.028 * raised)
    elbow = shoulder - body.upper_arm * upper[..., 1]
    wrist = elbow - body.forearm * fore[..., 1]
    points |= {f"{side}_shoulder": shoulder, f"{side}_elbow": elbow, f"{side}_wrist": wrist}
    bones |= {f"{side}_upper_arm": upper, f"{side}_forearm": fore}


def _pose_leg(
    body: Body, motion: Motion, side: str, sign: float, bones: dict[str, Float64Array], points: dict[str, Float64Array]
) -> None:
    thigh = bones["pelvis"] @ _ball_joint(motion, f"{side}_hip", sign)
    shin = thigh @ turn_x(motion.angle(f"{side}_knee_flexion"))
    foot = shin @ turn_x(-motion.angle(f"{side}_ankle_flexion")) @ turn_z(sign * motion.angle(f"{side}_ankle_roll"))
    hip = points["mid_hip"] + sign * body.hip_half * bones["pelvis"][..., 0]
    knee = hip - body.thigh * thigh[..., 1]
    ankle = knee - body.shin * shin[..., 1]
    sole = ankle - body.ankle * foot[..., 1]
    points |= {f"{side}_hip": hip, f"{side}_knee": knee, f"{side}_ankle": ankle}
    points |= {
        f"{side}_heel": sole - 0.26 * body.foot * foot[..., 2],
        f"{side}_big_toe": sole + 0.70 * body.foot * foot[..., 2],
    }
    bones |= {f"{side}_thigh": thigh, f"{side}_shin": shin, f"{side}_foot": foot}


def _ball_joint(motion: Motion, joint: str, sign: float) -> Float64Array:
    flexion, abduction, rotation = (motion.angle(f"{joint}_{name}") for name in ("flexion", "abduction", "rotation"))
    return ball_rotation(flexion, abduction, rotation, sign)


def ball_rotation(flexion: Float64Array, abduction: Float64Array, rotation: Float64Array, sign: float) -> Float64Array:
    """Returns the rotation `[frames, 3, 3]` of a shoulder or hip; `sign` is 1 on the left and -1 on the right."""
    return turn_x(-flexion) @ turn_z(sign * abduction) @ turn_y(sign * rotation)


def ball_angles(rotation: Float64Array, sign: float) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Returns flexion, abduction and rotation, `[frames]` each, of `[frames, 3, 3]`: the inverse of `ball_rotation`."""
    flexion = -np.arctan2(rotation[:, 2, 1], rotation[:, 1, 1])
    abduction = -sign * np.arcsin(np.clip(rotation[:, 0, 1], -1, 1))
    return flexion, abduction, sign * np.arctan2(rotation[:, 0, 2], rotation[:, 0, 0])


def turn_x(angle: Float64Array) -> Float64Array:
    """Returns rotations `[frames, 3, 3]` about x by `angle` `[frames]`."""
    return _turn(angle, 1, 2)


def turn_y(angle: Float64Array) -> Float64Array:
    """Returns rotations `[frames, 3, 3]` about y by `angle` `[frames]`."""
    return _turn(angle, 2, 0)


def turn_z(angle: Float64Array) -> Float64Array:
    """Returns rotations `[frames, 3, 3]` about z by `angle` `[frames]`."""
    return _turn(angle, 0, 1)


def _turn(angle: Float64Array, i: int, j: int) -> Float64Array:
    matrix = np.zeros((len(angle), 3, 3))
    matrix[:] = np.eye(3)
    matrix[:, i, i] = matrix[:, j, j] = np.cos(angle)
    matrix[:, j, i] = np.sin(angle)
    matrix[:, i, j] = -matrix[:, j, i]
    return matrix
