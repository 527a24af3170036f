"""Tests of the stick figure: a raster computed by hand, symmetry, and missing joints."""

import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.arrays import Float32Array
from retarget_tf.body import pose_map, skeleton
from retarget_tf.body.skeleton import JOINT, LIMB_COLOURS, LIMBS
from tests.testing import mirror_keypoints

ARM = ("right_shoulder", "right_elbow")


def figure(**joints: tuple[float, float]) -> Float32Array:
    """Keypoints `[1, 25, 3]` with these joints present and all others missing."""
    keypoints = np.zeros((1, 25, 3), np.float32)
    for name, xy in joints.items():
        keypoints[0, JOINT[name]] = (*xy, 1.0)
    return keypoints


def whole_figure(size: int, seed: int = 0) -> Float32Array:
    xy = np.random.default_rng(seed).uniform(0.1 * size, 0.9 * size, (1, 25, 2))
    return np.concatenate([xy, np.ones((1, 25, 1))], axis=-1).astype(np.float32)


def draw(keypoints: Float32Array, size: int) -> Float32Array:
    return np.asarray(pose_map.draw_stick_figure(keypoints, size))


def colour_of(*limb: str) -> Float32Array:
    index = LIMBS.index((JOINT[limb[0]], JOINT[limb[1]]))
    return np.asarray(LIMB_COLOURS[index], np.float32) / 255.0


def test_horizontal_limb_by_hand() -> None:
    # From the centre of pixel 2 to that of pixel 5 in row 4. The radius is 0.75, so a pixel's coverage is
    # 1.25 - distance, clipped: 1 on the line, 1/4 one pixel off, 0 beyond and at the corners (sqrt 2 away).
    q = 0.25
    coverage = np.zeros((8, 8), np.float32)
    coverage[3] = [0, 0, q, q, q, q, 0, 0]
    coverage[4] = [0, q, 1, 1, 1, 1, q, 0]
    coverage[5] = [0, 0, q, q, q, q, 0, 0]
    picture = draw(figure(right_shoulder=(2.5, 4.5), right_elbow=(5.5, 4.5)), 8)
    np.testing.assert_allclose(picture[0], coverage[..., None] * colour_of(*ARM) * 2 - 1, atol=1e-6)
    assert picture.dtype == np.float32


def test_overlapping_limbs_mix() -> None:
    # Upper and lower arm lie on each other.
    picture = draw(figure(right_shoulder=(2.5, 4.5), right_elbow=(5.5, 4.5), right_wrist=(2.5, 4.5)), 8)
    mixed = (colour_of(*ARM) + colour_of("right_elbow", "right_wrist")) / 2
    np.testing.assert_allclose(picture[0, 4, 3], mixed * 2 - 1, atol=1e-6)


def test_limb_of_no_length_is_a_dot() -> None:
    picture = draw(figure(right_shoulder=(4.5, 4.5), right_elbow=(4.5, 4.5)), 8)
    np.testing.assert_allclose(picture[0, 4, 4], colour_of(*ARM) * 2 - 1, atol=1e-6)
    assert np.count_nonzero(np.any(picture[0] > -1, axis=-1)) == 5


def test_a_missing_joint_draws_nothing() -> None:
    np.testing.assert_array_equal(draw(np.zeros((1, 25, 3), np.float32), 8), -1.0)
    lonely = figure(right_shoulder=(4, 4), left_knee=(6, 6))
    np.testing.assert_array_equal(draw(lonely, 8), -1.0)
    # Present is what has a confidence, wherever it lies.
    whole, dropped = whole_figure(32), whole_figure(32)
    dropped[0, JOINT["left_wrist"]] = 0
    without_forearm = whole_figure(32)
    without_forearm[0, JOINT["left_wrist"], 2] = 0
    np.testing.assert_array_equal(draw(dropped, 32), draw(without_forearm, 32))
    assert np.any(draw(dropped, 32) != draw(whole, 32))


def test_mirrored_keypoints_draw_the_mirrored_limbs() -> None:
    size = 32
    keypoints = whole_figure(size)

    def coverage(one_limb: Float32Array, limb: tuple[int, int]) -> Float32Array:
        """Of a single limb, brightness over its colour's is coverage: `[1, size, size]`."""
        brightness = (draw(one_limb, size) + 1) / 2
        return brightness.max(axis=-1) / colour_of(*(skeleton.JOINTS[joint] for joint in limb)).max()

    for limb in LIMBS:
        one_limb = np.zeros_like(keypoints)
        one_limb[:, limb] = keypoints[:, limb]
        twin = (skeleton.MIRRORED_JOINT[limb[0]], skeleton.MIRRORED_JOINT[limb[1]])
        mirrored = coverage(mirror_keypoints(one_limb, size), twin)
        np.testing.assert_allclose(mirrored, coverage(one_limb, limb)[:, :, ::-1], atol=1e-5)
        assert mirrored.max() > 0.5


def test_left_and_right_look_different() -> None:
    keypoints = whole_figure(32)
    swapped = keypoints[:, skeleton.MIRRORED_JOINT]
    assert np.abs(draw(keypoints, 32) - draw(swapped, 32)).max() > 0.5


def test_values_stay_in_range_and_pictures_of_a_batch_are_independent() -> None:
    keypoints = np.concatenate([whole_figure(64, seed) for seed in range(3)])
    keypoints[1] += 40  # partly outside
    pictures = draw(keypoints, 64)
    assert pictures.shape == (3, 64, 64, 3)
    assert pictures.min() == -1.0
    assert 0.9 < pictures.max() <= 1.0
    np.testing.assert_allclose(pictures[1:2], draw(keypoints[1:2], 64), atol=1e-6)


def test_same_inside_a_graph_of_unknown_batch() -> None:
    @tf.function(input_signature=[tf.TensorSpec([None, 25, 3])])
    def in_graph(keypoints: tf.Tensor) -> tf.Tensor:
        return pose_map.draw_stick_figure(keypoints, 32)

    assert in_graph.get_concrete_function().structured_outputs.shape == [None, 32, 32, 3]
    for batch in (1, 3):
        keypoints = np.concatenate([whole_figure(32, seed) for seed in range(batch)])
        np.testing.assert_allclose(in_graph(keypoints), draw(keypoints, 32), atol=1e-6)


@pytest.mark.parametrize(("size", "radius"), [(32, 0.75), (96, 0.75), (128, 1.0), (256, 2.0)])
def test_line_radius(size: int, radius: float) -> None:
    assert pose_map.line_radius(size) == radius


def test_normalised_coordinates_by_hand() -> None:
    keypoints = np.zeros((2, 25, 3), np.float32)
    keypoints[1, JOINT["neck"]] = (4, 8, 0.5)
    keypoints[1, JOINT["nose"]] = (0, 2, 1.0)
    vector = np.asarray(pose_map.normalised_coordinates(keypoints, 8))
    assert vector.shape == (2, 75)
    np.testing.assert_array_equal(vector[0], 0)
    np.testing.assert_allclose(vector[1, :6], [-1, -0.5, 1.0, 0, 1, 0.5])
    np.testing.assert_array_equal(vector[1, 6:], 0)
