"""Tests of a dance on a photo without feet: rendered dancers give poses, and what lies below an edge is hidden."""

import numpy as np
import pytest

from retarget_tf import dancers
from retarget_tf.arrays import Float32Array
from retarget_tf.body import skeleton
from retarget_tf.body.pose_transform import UpperBody, guess_legs

SIZE = 128
NECK, HIPS, ANKLE = (skeleton.JOINT[name] for name in ("neck", "mid_hip", "left_ankle"))
LEGS = [HIPS, *skeleton.joints("hip", "knee", "ankle")]


def dance_of(person: int, frames: int = 20) -> Float32Array:
    return np.stack([points for _, _, points in dancers.render_frames(dancers.Recipe(5, person, 0, frames, SIZE))])


def cut_at(pose: Float32Array, edge: float) -> Float32Array:
    """What a photo shows of a pose whose lower edge is at this y."""
    return np.where(pose[..., 1:2] < edge, pose, 0).astype(np.float32)


def edge_at(pose: Float32Array, where: str) -> float:
    """A little above the hips, or below hips or knees; the lower edge of a photo."""
    neck, hips, knees = pose[NECK, 1], pose[HIPS, 1], pose[list(skeleton.joints("knee")), 1].max()
    return float({"waist": hips - 0.1 * (hips - neck), "hips": hips + 2, "knees": knees + 2}[where])


def upper_body(source: Float32Array, pose: Float32Array, edge: float) -> UpperBody:
    shown = cut_at(pose, edge)
    fitted = UpperBody.fitted(source, shown[None], guess_legs(shown), edge)
    assert fitted is not None
    return fitted


@pytest.mark.parametrize("where", ["waist", "hips", "knees"])
@pytest.mark.parametrize("person", [0, 1, 3])
def test_hidden_legs_are_guessed_near_where_they_are(person: int, where: str) -> None:
    pose = dance_of(person, 2)[0]
    shown = cut_at(pose, edge_at(pose, where))
    whole = guess_legs(shown)
    seen = shown[:, 2] > 0
    np.testing.assert_array_equal(whole[seen], shown[seen])
    assert (whole[LEGS, 2] > 0).all()
    height = skeleton.heights(pose, skeleton.HEAD, skeleton.FEET)
    np.testing.assert_allclose(whole[[HIPS, ANKLE], 1], pose[[HIPS, ANKLE], 1], atol=0.12 * float(height))
    left, right = (whole[joint, 0] for joint in skeleton.joints("hip"))
    assert (left > right) == (pose[skeleton.JOINT["left_hip"], 0] > pose[skeleton.JOINT["right_hip"], 0])


def test_without_a_neck_no_legs_are_guessed() -> None:
    pose = dance_of(0, 2)[0]
    pose[NECK] = 0
    shown = cut_at(pose, edge_at(pose, "waist"))
    np.testing.assert_array_equal(guess_legs(shown), shown)
    assert UpperBody.fitted(dance_of(1), shown[None], shown, 60.0) is None


@pytest.mark.parametrize("where", ["hips", "knees"])
@pytest.mark.parametrize("person", [0, 1, 3])
def test_hips_and_legs_stay_and_the_trunk_keeps_its_size(person: int, where: str) -> None:
    pose, source = dance_of(person, 2)[0], dance_of(2) * np.array([3, 3, 1], np.float32)
    edge = edge_at(pose, where)
    moved = upper_body(source, pose, edge).apply(source)
    np.testing.assert_array_equal(moved[:, LEGS], np.broadcast_to(guess_legs(cut_at(pose, edge))[LEGS], (20, 7, 3)))
    trunk = np.linalg.norm(moved[:, NECK, :2] - moved[:, HIPS, :2], axis=-1)
    assert np.median(trunk) == pytest.approx(np.linalg.norm(pose[NECK, :2] - pose[HIPS, :2]), rel=0.1)
    wrist = skeleton.JOINT["left_wrist"]
    assert np.ptp(moved[:, wrist, :2], axis=0).max() > 0.5 * np.ptp(source[:, wrist, :2], axis=0).max() / 3


def test_a_bent_trunk_never_ends_above_the_edge_that_cuts_it() -> None:
    pose = dance_of(0, 2)[0]
    edge = edge_at(pose, "waist")
    upright = upper_body(pose[None], pose, edge)
    whole = guess_legs(cut_at(pose, edge))
    turn = np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]], np.float32)
    bent = pose.copy()
    bent[:, :2] = (pose[:, :2] - pose[HIPS, :2]) @ turn.T + pose[HIPS, :2]
    moved = upright.apply(bent)
    longer = np.linalg.norm(moved[NECK, :2] - moved[HIPS, :2]) / np.linalg.norm(whole[NECK, :2] - whole[HIPS, :2])
    half = abs(np.diff(whole[list(skeleton.joints("shoulder")), 0])[0]) / 2
    above = whole[HIPS, 1] - edge
    corner = above * np.cos(0.4) + half * np.sin(0.4)  # the higher end of the cut, above the hips
    assert moved[HIPS, 1] - longer * corner == pytest.approx(edge, abs=1.5)
    assert moved[HIPS, 1] > whole[HIPS, 1] + 1
    assert upright.apply(pose)[HIPS, 1] == pytest.approx(whole[HIPS, 1], abs=0.5), "an upright one is not lowered"


def test_a_source_without_hips_is_placed_by_its_neck() -> None:
    pose, source = dance_of(1, 2)[0], dance_of(2)
    source = np.stack([cut_at(one, edge_at(one, "waist")) for one in source])
    moved = upper_body(source, pose, edge_at(pose, "hips")).apply(source)
    np.testing.assert_allclose(np.median(moved[:, NECK, :2], axis=0), pose[NECK, :2], atol=1)
    missing = source[..., 2] == 0
    missing[:, LEGS] = False
    assert not moved[missing].any()
