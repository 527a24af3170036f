"""Tests of the motion of a photo's parts: that of `limb_warp`, except for feet and faces."""

import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.arrays import Float32Array
from retarget_tf.body import skeleton
from retarget_tf.body.limb_warp import anatomy, bones, warping
from retarget_tf.body.limb_warp.anatomy import NAMES, PART
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.retargeting.frames import bone_vectors
from retarget_tf.retargeting.frames.motion import HEAD, Skeleton
from tests.retargeting.frames import puppet

ORDINARY = [name for name in NAMES if name != "head" and not name.endswith("foot")]
CENTRES = np.arange(puppet.SIZE, dtype=np.float32) + 0.5
X, Y = CENTRES[None], CENTRES[:, None]


@pytest.fixture(scope="module")
def own() -> Float32Array:
    return puppet.pose()


@pytest.fixture(scope="module")
def body(own: Float32Array) -> Skeleton:
    return Skeleton(puppet.draw_map(own), own, PARTS10)


def random_pose(seed: int) -> Float32Array:
    """The puppet with all joints moved at random, each third of them unseen."""
    random = np.random.default_rng(seed)
    keypoints = puppet.pose() + (random.normal(0, 6, (25, 3)) * [1, 1, 0]).astype(np.float32)
    keypoints[random.random(25) < 1 / 3] = 0
    return keypoints


def turned(keypoints: Float32Array, factor: float) -> Float32Array:
    """The same pose with a face that is narrower by a factor, seen from behind if that is negative."""
    moved = keypoints.copy()
    face = [skeleton.JOINT[f"{side}_{name}"] for side in ("left", "right") for name in ("eye", "ear")]
    moved[face, 0] = 64 + factor * (moved[face, 0] - 64)
    return moved


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("hidden", ["", "left_arm"])
def test_places_are_those_of_limb_warp(own: Float32Array, seed: int, hidden: str) -> None:
    """A limb that the map hides is the other side's, mirrored, in both."""
    parsing_map = puppet.draw_map(own)
    if hidden:
        parsing_map[parsing_map == puppet.ID[hidden]] = 0
    pose = random_pose(seed)
    body = Skeleton(parsing_map, own, PARTS10)
    twins = body.cut_from != np.arange(len(NAMES))
    assert {NAMES[part] for part in np.flatnonzero(twins)} == (
        {f"left_{n}" for n in ("upper_arm", "forearm")} if hidden else set()
    )
    reference = anatomy.complete(tf.constant(own[None]), anatomy.template(puppet.SIZE, puppet.SIZE))
    end = bones.bones_of(anatomy.complete(tf.constant(pose[None]), reference[:, : skeleton.NUM_JOINTS]))
    use_twin = tf.constant(twins[None, :, None])
    x, y = warping._sources(bones.bones_of(reference).of_twins(use_twin), end, use_twin, puppet.SIZE, puppet.SIZE)
    moved = body.move_to(pose)
    for name in ORDINARY:
        expected = [np.asarray(axis)[0, PART[name]].reshape(puppet.SIZE, puppet.SIZE) for axis in (x, y)]
        found = np.broadcast_arrays(*moved.source(PART[name], X, Y))
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=0.02, err_msg=name)
    np.testing.assert_array_equal(moved.order, np.argsort(np.asarray(bones.ranks(tf.constant(pose[None])))[0, :, 0]))


def test_the_photos_own_pose_moves_nothing(own: Float32Array, body: Skeleton) -> None:
    moved = body.move_to(own)
    for part in range(len(NAMES)):
        x, y = np.broadcast_arrays(*moved.source(part, X, Y))
        np.testing.assert_allclose(x, np.broadcast_to(X, x.shape), atol=1e-3)
        np.testing.assert_allclose(y, np.broadcast_to(Y, y.shape), atol=1e-3)


def test_a_dance_moves_as_its_poses_do_one_by_one(body: Skeleton) -> None:
    poses = np.stack([random_pose(seed) for seed in range(3)])
    for pose, moved in zip(poses, body.motions(poses), strict=True):
        alone = body.move_to(pose)
        np.testing.assert_array_equal(moved.order, alone.order)
        for part in range(len(NAMES)):
            np.testing.assert_allclose(
                np.broadcast_arrays(*moved.source(part, X, Y)), np.broadcast_arrays(*alone.source(part, X, Y)), 1e-4
            )


def test_a_shift_shifts_every_part(body: Skeleton) -> None:
    moved = body.move_to(puppet.pose(dx=9, dy=-5))
    for part in range(len(NAMES)):
        x, y = np.broadcast_arrays(*moved.source(part, X, Y))
        np.testing.assert_allclose(x, np.broadcast_to(X - 9, x.shape), atol=1e-3)
        np.testing.assert_allclose(y, np.broadcast_to(Y + 5, y.shape), atol=1e-3)


def test_a_foreshortened_forearm_leaves_the_hand_as_it_is(body: Skeleton) -> None:
    """On the bone a pixel shows two of the photo's; beyond the wrist it shows one."""
    straight = {"left_upper_arm": 0.0, "left_forearm": 0.0}
    short = puppet.pose(lengths={"left_forearm": 0.5}, **straight)
    elbow, wrist = (short[skeleton.JOINT[f"left_{name}"]] for name in ("elbow", "wrist"))
    rows = np.array([elbow[1] + 1, elbow[1] + 3, wrist[1] + 1, wrist[1] + 3], np.float32)
    part = PART["left_forearm"]
    factor = body.move_to(short)._factors(part)[0]  # the whole body looks smaller by little
    x, y = body.move_to(short).source(part, elbow[None, :1], rows[:, None])
    steps = np.hypot(np.diff(x[:, 0]), np.diff(y[:, 0]))
    assert steps[0] == pytest.approx(2 * 2, rel=1e-3)
    assert steps[2] == pytest.approx(2 * factor, rel=1e-3)
    assert factor == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("degrees", [10, -10, 60, -90])
def test_a_foot_turns_a_little_and_keeps_its_length(body: Skeleton, degrees: float) -> None:
    most = np.degrees(bone_vectors._FOOT_TURN)
    assert 10 < most < 45
    pose = puppet.pose(left_foot=40 + degrees, lengths={"left_foot": 1.5})
    ankle = pose[skeleton.JOINT["left_ankle"], :2]
    x, y = body.move_to(pose).source(
        PART["left_foot"], ankle[:1][None] + np.array([[0, 4]], np.float32), ankle[1:][None]
    )
    # Four pixels to the right in the new pose are four in the photo, seen from a foot that is turned back.
    step = np.array([x[0, 1] - x[0, 0], y[0, 1] - y[0, 0]], np.float32)
    assert np.hypot(*step) == pytest.approx(4, rel=0.02)
    assert np.degrees(np.arctan2(step[1], step[0])) == pytest.approx(np.clip(degrees, -most, most), abs=0.5)


def test_a_face_is_shown_until_it_turns_away(own: Float32Array, body: Skeleton) -> None:
    assert body.move_to(own).shows_face()
    assert body.move_to(turned(own, 0.4)).shows_face()
    assert not body.move_to(turned(own, -1)).shows_face()


def test_a_glance_moves_the_face_within_the_outline_of_the_head(own: Float32Array, body: Skeleton) -> None:
    glancing = own.copy()
    glancing[skeleton.JOINT["nose"], 0] += 3
    ear = own[skeleton.JOINT["left_ear"]]
    radius = 0.075 * body.unit
    columns = np.array([[64 - radius, 64, 64 + radius]], np.float32)
    x, y = (np.ravel(axis) for axis in body.move_to(glancing).source(HEAD, columns, ear[1:2, None]))
    assert x[1] < 64 - 1, "where the head's middle was, the photo shows what was beside it"
    np.testing.assert_allclose(x[[0, 2]], columns[0, [0, 2]], atol=0.2)
    assert np.ptp(y) < 0.2


@pytest.mark.parametrize("seed", range(3))
def test_bounds_hold_all_of_a_part(body: Skeleton, seed: int) -> None:
    places = np.array([[50, 40], [50, 60], [75, 40], [75, 60]], np.float32)
    moved = body.move_to(random_pose(seed))
    x, y = np.meshgrid(np.arange(-300, 430, 3, dtype=np.float32), np.arange(-300, 430, 3, dtype=np.float32))
    for part in range(len(NAMES)):
        if part == HEAD:
            continue
        from_x, from_y = moved.source(part, x[:1], y[:, :1])
        inside = (np.abs(from_x - 62.5) <= 12.5) & (np.abs(from_y - 50) <= 10)
        left, top, right, bottom = moved.bounds(part, places)
        outside = (x < left - 0.01) | (x > right + 0.01) | (y < top - 0.01) | (y > bottom + 0.01)
        assert not (inside & outside).any(), NAMES[part]


def test_limbs_end_in_discs_around_their_joints(own: Float32Array, body: Skeleton) -> None:
    thigh = PART["left_thigh"]
    wide = np.zeros((puppet.SIZE, puppet.SIZE), bool)
    wide[60:110, 66:78] = True
    discs, within = body.caps(thigh, wide)
    along, _, length = body.along_bone(thigh)
    assert not within[along < -8].any()
    assert not within[along > length + 8].any()
    assert within[(along > 0) & (along < length)].all()
    assert discs[int(own[skeleton.JOINT["left_knee"], 1]), int(own[skeleton.JOINT["left_knee"], 0])]
    forearm = PART["left_forearm"]
    _, hand = body.caps(forearm, np.ones_like(wide))
    along, _, length = body.along_bone(forearm)
    assert hand[along > length].all(), "a hand lies beyond the wrist"
