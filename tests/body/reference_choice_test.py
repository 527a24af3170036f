"""Tests of the choice among several photos, with poses whose distances can be computed by hand."""

import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.arrays import Float32Array
from retarget_tf.body import reference_choice, skeleton
from retarget_tf.body.skeleton import JOINT

FRONT = {
    "nose": (0, -40), "neck": (0, -29), "mid_hip": (0, 0), "left_shoulder": (10, -29), "left_elbow": (14, -13),
    "left_wrist": (16, 2), "left_hip": (5.5, 0), "left_knee": (6, 23), "left_ankle": (6, 46), "left_eye": (1.5, -41.5),
    "left_ear": (3.5, -40.5), "left_big_toe": (7.5, 50), "left_heel": (6, 49),
}  # fmt: skip
ARM_UP = {"left_elbow": (14.0, -45.0), "left_wrist": (16.0, -60.0)}


def pose(
    x: float = 60, y: float = 70, scale: float = 1.0, moved: dict[str, tuple[float, float]] | None = None
) -> Float32Array:
    """Keypoints `[25, 3]` of a person seen from the front, with the mid-hip at x and y in pixels."""
    places = {name.replace("left", "right"): (-px, py) for name, (px, py) in FRONT.items()}
    keypoints = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
    for name, (px, py) in {**places, **FRONT, **(moved or {})}.items():
        keypoints[JOINT[name]] = (x + scale * px, y + scale * py, 1)
    return keypoints


def from_behind(keypoints: Float32Array) -> Float32Array:
    """The same outline with left and right exchanged, as of a person who shows her back; the nose is not seen."""
    swapped = keypoints[list(skeleton.MIRRORED_JOINT)]
    swapped[JOINT["nose"]] = 0
    return swapped


def distance(one: Float32Array, other: Float32Array) -> float:
    return float(reference_choice.distances(one[None], other[None, None])[0, 0, 0])


def test_place_and_size_do_not_count() -> None:
    assert distance(pose(), pose(40, 90, 0.5)) == pytest.approx(0, abs=1e-4)


def test_a_moved_hand_counts_by_the_square_of_its_way() -> None:
    near, far = ({"left_wrist": (16.0 + dx, 2.0)} for dx in (1, 3))
    assert distance(pose(), pose(moved=far)) == pytest.approx(9 * distance(pose(), pose(moved=near)), rel=0.1)


@pytest.mark.parametrize(
    ("wanted", "row"),
    [(pose(30, 80, 0.7), 0), (pose(moved=ARM_UP), 1), (from_behind(pose()), 2)],
    ids=["front", "arm up", "back"],
)
def test_the_photo_that_is_nearest_in_pose_is_chosen(wanted: Float32Array, row: int) -> None:
    photos = np.stack([pose(), pose(50, 66, 1.2, ARM_UP), from_behind(pose(50, 66, 1.2))])
    chosen = reference_choice.choose(reference_choice.distances(photos, wanted[None, None])[:, 0], tf.constant([-1]))
    assert chosen.numpy().tolist() == [row]


def test_a_photo_stays_until_another_is_clearly_nearer() -> None:
    last = tf.constant([-1])
    rows = []
    for distances in ([0.2, 0.1], [0.095, 0.1], [0.08, 0.1], [0.1, 0.095]):
        last = reference_choice.choose(tf.constant([distances]), last)
        rows.append(int(last[0]))
    assert rows == [1, 1, 0, 0]


def test_rows_count_the_photos_of_all_people_before() -> None:
    distances = tf.constant([[0.3, 0.1, 0.2], [0.1, 0.2, 0.3], [0.3, 0.2, 0.1]])
    assert reference_choice.choose(distances, tf.constant([-1, -1, -1])).numpy().tolist() == [1, 3, 8]
    stay = tf.constant([[0.105, 0.1, 0.2]] * 3)
    assert reference_choice.choose(stay, tf.constant([0, 3, 7])).numpy().tolist() == [0, 3, 7]


def test_each_person_is_compared_with_her_own_photos() -> None:
    up = pose(moved=ARM_UP)
    photos = np.stack([pose(), up, up, pose()])
    wanted = np.stack([[up, pose()], [up, pose()]])
    apart = reference_choice.distances(photos, wanted).numpy()
    assert apart.shape == (2, 2, 2)
    assert apart.argmin(axis=-1).tolist() == [[1, 0], [0, 1]]


def test_missing_joints_and_nobody_are_no_obstacle() -> None:
    nobody = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
    half = pose()
    half[list(skeleton.joints("knee", "ankle", "heel", "big_toe", "wrist"))] = 0
    photos = np.stack([half, nobody])
    apart = reference_choice.distances(photos, np.stack([[pose(), nobody]])).numpy()
    assert np.isfinite(apart).all()
    assert apart[0, 0, 0] < apart[0, 0, 1]


def test_a_graph_of_unknown_sizes_gives_the_same_numbers() -> None:
    draw = np.random.default_rng(0)
    photos, wanted = (draw.uniform(0, 128, shape).astype(np.float32) for shape in ((6, 25, 3), (2, 4, 25, 3)))
    specs = [tf.TensorSpec([None, 25, 3]), tf.TensorSpec([None, None, 25, 3])]
    in_graph = tf.function(reference_choice.distances, input_signature=specs)(photos, wanted)
    np.testing.assert_allclose(in_graph, reference_choice.distances(photos, wanted), rtol=1e-4)
