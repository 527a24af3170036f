"""Tests of joints, mirror pairs, the joint tree and body measures, worked out by hand."""

import numpy as np
import pytest

from retarget_tf.body import skeleton
from retarget_tf.body.skeleton import JOINT, JOINTS, MIRRORED_JOINT, NUM_JOINTS


def test_joint_order_is_that_of_body_25() -> None:
    # The indices of OpenPose's doc/02_output.md that the rest of the world counts on.
    expected = {
        "nose": 0,
        "neck": 1,
        "right_wrist": 4,
        "left_wrist": 7,
        "mid_hip": 8,
        "left_ankle": 14,
        "right_heel": 24,
    }
    assert {name: JOINT[name] for name in expected} == expected
    assert len(set(JOINTS)) == NUM_JOINTS == 25


def test_mirroring_joints_twice_changes_nothing() -> None:
    assert [MIRRORED_JOINT[MIRRORED_JOINT[joint]] for joint in range(NUM_JOINTS)] == list(range(NUM_JOINTS))
    assert MIRRORED_JOINT[JOINT["left_wrist"]] == JOINT["right_wrist"]
    fixed = [JOINTS[joint] for joint in range(NUM_JOINTS) if MIRRORED_JOINT[joint] == joint]
    assert fixed == ["nose", "neck", "mid_hip"]


def test_limbs_are_a_tree_and_mirror_onto_limbs_of_other_colours() -> None:
    assert len(skeleton.LIMBS) == NUM_JOINTS - 1
    assert {joint for limb in skeleton.LIMBS for joint in limb} == set(range(NUM_JOINTS))
    mirrored = {(MIRRORED_JOINT[a], MIRRORED_JOINT[b]) for a, b in skeleton.LIMBS}
    assert mirrored == set(skeleton.LIMBS)
    assert len(set(skeleton.LIMB_COLOURS)) == len(skeleton.LIMBS)


def test_every_joint_hangs_on_one_that_comes_before_it_and_on_the_mid_hip_in_the_end() -> None:
    reached = [JOINT["mid_hip"]]
    for joint, parent in skeleton.PARENTS.items():
        assert parent in reached
        reached.append(joint)
    assert sorted(reached) == list(range(NUM_JOINTS))
    assert {MIRRORED_JOINT[a]: MIRRORED_JOINT[b] for a, b in skeleton.PARENTS.items()} == skeleton.PARENTS
    assert skeleton.PARENTS[JOINT["left_wrist"]] == JOINT["left_elbow"]
    assert skeleton.PARENTS[JOINT["right_small_toe"]] == JOINT["right_ankle"]


def test_joints_without_a_side_are_both() -> None:
    assert skeleton.joints("nose", "left_knee", "hip") == tuple(
        JOINT[name] for name in ("nose", "left_knee", "left_hip", "right_hip")
    )
    assert [JOINTS[joint] for joint in skeleton.HEAD] == ["nose", "left_eye", "right_eye", "left_ear", "right_ear"]
    assert tuple(MIRRORED_JOINT[joint] for joint in skeleton.LEFT_FOOT) == skeleton.RIGHT_FOOT


@pytest.mark.parametrize(
    ("joint", "kept"),
    [
        ((0.0, 0.0, 0.3), True),
        ((9.9, 9.9, 1.0), True),
        ((5.0, 5.0, 0.29), False),
        ((10.0, 5.0, 1.0), False),
        ((-0.1, 5.0, 1.0), False),
        ((np.nan, 5.0, 1.0), False),
        ((5.0, np.inf, 1.0), False),
        ((5.0, 5.0, np.nan), False),
    ],
)
def test_drop_unseen(joint: tuple[float, float, float], kept: bool) -> None:
    keypoints = np.tile(np.array((1, 2, 0.5), np.float32), (25, 1))
    keypoints[3] = joint
    dropped = skeleton.drop_unseen(keypoints, 10, 10)
    np.testing.assert_array_equal(dropped[3], np.array(joint, np.float32) if kept else (0, 0, 0))
    np.testing.assert_array_equal(np.delete(dropped, 3, axis=0), np.delete(keypoints, 3, axis=0))


def test_drop_unseen_knows_width_from_height() -> None:
    keypoints = np.zeros((25, 3), np.float32)
    keypoints[:2] = (15, 5, 1), (5, 15, 1)
    np.testing.assert_array_equal(skeleton.drop_unseen(keypoints, 20, 10)[:2, 2], (1, 0))
    np.testing.assert_array_equal(skeleton.drop_unseen(keypoints, 10, 20)[:2, 2], (0, 1))


def test_person_box_is_of_the_joints_present() -> None:
    keypoints = np.zeros((2, 25, 3), np.float32)
    assert skeleton.person_box(keypoints) is None
    keypoints[0, 3], keypoints[1, 4] = (4, 9, 1), (6, 5, 1)
    np.testing.assert_array_equal(skeleton.person_box(keypoints), (4, 5, 6, 9))


def test_height_is_from_the_highest_to_the_lowest_joint_of_those_asked_for() -> None:
    keypoints = np.zeros((4, 25, 3), np.float32)
    keypoints[0, [JOINT["right_wrist"], JOINT["nose"], JOINT["left_ear"]]] = (1, 5, 1), (1, 20, 1), (9, 18, 1)
    keypoints[0, [JOINT["left_heel"], JOINT["right_ankle"]]] = (1, 90, 1), (1, 80, 1)
    keypoints[1, JOINT["nose"]] = (1, 20, 1)
    keypoints[2, [JOINT["nose"], JOINT["left_heel"]]] = (1, 50, 1), (1, 20, 1)
    nan = np.nan
    np.testing.assert_array_equal(skeleton.heights(keypoints, skeleton.HEAD, skeleton.FEET), (72, nan, -30, nan))
    np.testing.assert_array_equal(skeleton.heights(keypoints), (85, 0, 30, nan))
    assert skeleton.heights(keypoints[0]) == 85
    np.testing.assert_array_equal(skeleton.lowest(keypoints, skeleton.joints("ankle")), (80, nan, nan, nan))


def test_box_side_is_the_longer_one() -> None:
    keypoints = np.zeros((25, 3), np.float32)
    assert skeleton.box_side(keypoints) == 0
    keypoints[3:5] = (4, 9, 1), (16, 5, 1)
    assert skeleton.box_side(keypoints) == 12
    keypoints[5] = (4, 30, 1)
    assert skeleton.box_side(keypoints) == 25


def test_who_is_in_view_when() -> None:
    keypoints = np.zeros((9, 25, 3), np.float32)
    keypoints[2, skeleton.JOINT["left_wrist"]] = 1  # a hand comes into the picture
    keypoints[[3, 4, 6], skeleton.JOINT["neck"]] = 1
    assert skeleton.time_in_view(keypoints) == slice(3, 7)
    assert [skeleton.nearest_in_view(keypoints, frame) for frame in (0, 3, 5, 8)] == [3, 3, 4, 6]
    assert skeleton.time_in_view(keypoints[:3]) == slice(2, 3)
    assert skeleton.time_in_view(keypoints[:2]) == slice(0, 2)
    assert skeleton.nearest_in_view(keypoints[:2], 1) == 1


@pytest.mark.parametrize("turns", [-1, 0, 1, 2])
def test_quarter_turns_are_those_of_the_picture(turns: int) -> None:
    """A straight person in a picture that is turned to the left, as `np.rot90` does."""
    size = 64
    pose = np.zeros((NUM_JOINTS, 3), np.float32)
    pose[list(skeleton.joints("neck", "mid_hip", "knee"))] = [(32, 20, 1), (32, 35, 1), (36, 45, 1), (28, 45, 1)]
    x, y = pose[:, 0].copy(), pose[:, 1].copy()
    for _ in range(turns % 4):
        x, y = y, size - x
    assert skeleton.quarter_turns(np.stack([x, y, pose[:, 2]], axis=-1)) == turns


def test_who_sits_or_bends_is_not_turned() -> None:
    pose = np.zeros((NUM_JOINTS, 3), np.float32)
    pose[list(skeleton.joints("neck", "mid_hip", "knee"))] = [(20, 32, 1), (35, 32, 1), (36, 48, 1), (35, 46, 1)]
    assert skeleton.quarter_turns(pose) == 0
    pose[JOINT["neck"]] = 0
    assert skeleton.quarter_turns(pose) == 0
