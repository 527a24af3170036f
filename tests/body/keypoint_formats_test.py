"""Tests of the conversion of other skeletons to BODY_25, worked out by hand."""

import numpy as np
import pytest

from retarget_tf.body import keypoint_formats
from retarget_tf.body.skeleton import JOINT


def test_from_mediapipe_takes_means_for_neck_and_mid_hip() -> None:
    landmarks = np.zeros((2, 33, 3), np.float32)
    landmarks[:, 0] = (5, 6, 0.9)  # nose
    landmarks[:, 11] = (30, 40, 0.8)  # left shoulder
    landmarks[:, 12] = (10, 20, 0.6)  # right shoulder
    landmarks[:, 23] = (30, 80, 0.7)  # left hip; the right one is missing
    landmarks[:, 31] = (33, 99, 0.5)  # left foot index
    body = keypoint_formats.from_mediapipe33(landmarks)
    assert body.shape == (2, 25, 3)
    assert body.dtype == np.float32
    np.testing.assert_allclose(body[1, JOINT["nose"]], (5, 6, 0.9))
    np.testing.assert_allclose(body[1, JOINT["neck"]], (20, 30, 0.6))
    np.testing.assert_array_equal(body[1, JOINT["mid_hip"]], (0, 0, 0))
    np.testing.assert_allclose(body[1, JOINT["left_big_toe"]], (33, 99, 0.5))
    np.testing.assert_array_equal(body[1, [JOINT["left_small_toe"], JOINT["right_small_toe"]]], np.zeros((2, 3)))


def test_from_coco_keeps_the_neck_and_has_no_feet() -> None:
    keypoints = np.stack([np.arange(18), np.arange(18) * 2, np.ones(18)], axis=-1)
    body = keypoint_formats.from_coco18(keypoints)
    np.testing.assert_array_equal(body[JOINT["neck"]], (1, 2, 1))
    np.testing.assert_array_equal(body[JOINT["right_ear"]], (16, 32, 1))
    np.testing.assert_array_equal(body[JOINT["mid_hip"]], ((8 + 11) / 2, 8 + 11, 1))
    np.testing.assert_array_equal(body[JOINT["left_big_toe"] :], np.zeros((6, 3)))


def test_from_coco17_takes_means_for_neck_and_mid_hip() -> None:
    keypoints = np.stack([np.arange(17), np.arange(17) * 2, np.ones(17)], axis=-1)
    body = keypoint_formats.from_coco17(keypoints)
    np.testing.assert_array_equal(body[JOINT["neck"]], (5.5, 11, 1))
    np.testing.assert_array_equal(body[JOINT["mid_hip"]], (11.5, 23, 1))
    np.testing.assert_array_equal(body[JOINT["left_wrist"]], (9, 18, 1))
    np.testing.assert_array_equal(body[JOINT["right_ankle"]], (16, 32, 1))
    np.testing.assert_array_equal(body[JOINT["left_big_toe"] :], np.zeros((6, 3)))


def test_halpe_has_a_neck_a_hip_and_feet_and_a_top_of_the_head_that_is_left_out() -> None:
    keypoints = np.stack([np.arange(136), np.arange(136) * 2, np.ones(136)], axis=-1)
    # Nose, neck, right arm, left arm, mid-hip, right leg, left leg, eyes and ears, left foot, right foot.
    arms, legs = [6, 8, 10, 5, 7, 9], [12, 14, 16, 11, 13, 15]
    expected = [0, 18, *arms, 19, *legs, 2, 1, 4, 3, 20, 22, 24, 21, 23, 25]
    for body in (keypoint_formats.from_halpe26(keypoints[:26]), keypoint_formats.from_halpe136(keypoints)):
        np.testing.assert_array_equal(body, keypoints[expected])


def test_another_skeleton_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must be \[\.\.\., 33, 3\]\. Received: shape=\(17, 3\)"):
        keypoint_formats.from_mediapipe33(np.zeros((17, 3)))
