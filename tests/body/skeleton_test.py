"""Joints, mirror pairs and the ways that lead to BODY_25, by hand."""

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


def test_from_mediapipe_takes_means_for_neck_and_mid_hip() -> None:
    landmarks = np.zeros((2, 33, 3), np.float32)
    landmarks[:, 0] = (5, 6, 0.9)  # nose
    landmarks[:, 11] = (30, 40, 0.8)  # left shoulder
    landmarks[:, 12] = (10, 20, 0.6)  # right shoulder
    landmarks[:, 23] = (30, 80, 0.7)  # left hip; the right one is missing
    landmarks[:, 31] = (33, 99, 0.5)  # left foot index
    body = skeleton.from_mediapipe33(landmarks)
    assert body.shape == (2, 25, 3)
    assert body.dtype == np.float32
    np.testing.assert_allclose(body[1, JOINT["nose"]], (5, 6, 0.9))
    np.testing.assert_allclose(body[1, JOINT["neck"]], (20, 30, 0.6))
    np.testing.assert_array_equal(body[1, JOINT["mid_hip"]], (0, 0, 0))
    np.testing.assert_allclose(body[1, JOINT["left_big_toe"]], (33, 99, 0.5))
    np.testing.assert_array_equal(body[1, [JOINT["left_small_toe"], JOINT["right_small_toe"]]], np.zeros((2, 3)))


def test_from_coco_keeps_the_neck_and_has_no_feet() -> None:
    keypoints = np.stack([np.arange(18), np.arange(18) * 2, np.ones(18)], axis=-1)
    body = skeleton.from_coco18(keypoints)
    np.testing.assert_array_equal(body[JOINT["neck"]], (1, 2, 1))
    np.testing.assert_array_equal(body[JOINT["right_ear"]], (16, 32, 1))
    np.testing.assert_array_equal(body[JOINT["mid_hip"]], ((8 + 11) / 2, 8 + 11, 1))
    np.testing.assert_array_equal(body[JOINT["left_big_toe"] :], np.zeros((6, 3)))


def test_from_coco17_takes_means_for_neck_and_mid_hip() -> None:
    keypoints = np.stack([np.arange(17), np.arange(17) * 2, np.ones(17)], axis=-1)
    body = skeleton.from_coco17(keypoints)
    np.testing.assert_array_equal(body[JOINT["neck"]], (5.5, 11, 1))
    np.testing.assert_array_equal(body[JOINT["mid_hip"]], (11.5, 23, 1))
    np.testing.assert_array_equal(body[JOINT["left_wrist"]], (9, 18, 1))
    np.testing.assert_array_equal(body[JOINT["right_ankle"]], (16, 32, 1))
    np.testing.assert_array_equal(body[JOINT["left_big_toe"] :], np.zeros((6, 3)))


def test_another_skeleton_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must be \[\.\.\., 33, 3\]\. Received: shape=\(17, 3\)"):
        skeleton.from_mediapipe33(np.zeros((17, 3)))


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


def test_mirroring_keypoints_flips_x_and_swaps_sides_but_leaves_missing_joints_missing() -> None:
    keypoints = np.zeros((25, 3), np.float32)
    keypoints[JOINT["left_wrist"]] = (2, 7, 0.5)
    mirrored = skeleton.mirror_keypoints(keypoints, size=8)
    np.testing.assert_array_equal(mirrored[JOINT["right_wrist"]], (6, 7, 0.5))
    assert np.count_nonzero(mirrored) == 3
    np.testing.assert_array_equal(skeleton.mirror_keypoints(mirrored, size=8), keypoints)


def test_person_box_is_of_the_joints_present() -> None:
    keypoints = np.zeros((2, 25, 3), np.float32)
    assert skeleton.person_box(keypoints) is None
    keypoints[0, 3], keypoints[1, 4] = (4, 9, 1), (6, 5, 1)
    np.testing.assert_array_equal(skeleton.person_box(keypoints), (4, 5, 6, 9))
