"""Tests of placing poses as they arrive: a still person is placed at once, and later estimates cause no jump."""

import numpy as np
import pytest

from retarget_tf.arrays import Float32Array
from retarget_tf.body import pose_transform, skeleton
from retarget_tf.dancers import Recipe, render_frames
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.networks.generator import build_generator
from retarget_tf.networks.trained import TrainedGenerator
from retarget_tf.retargeting.live import LivePath
from retarget_tf.retargeting.retargeter import Retargeter
from retarget_tf.retargeting.targets import Target
from tests.testing import target_of, walking_square

SIZE = 64
DT = 1 / 30


def dance(person: int, frames: int) -> Float32Array:
    return np.stack([points for _, _, points in render_frames(Recipe(5, person, 0, frames=frames, size=SIZE))])


def standing(pose: Float32Array) -> Target:
    """A target of this pose `[1, 25, 3]`."""
    return target_of(np.zeros((SIZE, SIZE, 3), np.uint8), pose[0], np.zeros((SIZE, SIZE), np.uint8))


@pytest.fixture(scope="module")
def source() -> Float32Array:
    """Three seconds, three times as large as the canvas."""
    return dance(1, 90) * np.asarray([3, 3, 1], np.float32)


@pytest.fixture(scope="module")
def target() -> Float32Array:
    return dance(2, 2)[:1]


def test_a_still_person_is_placed_as_a_file_of_it_would_be(source: Float32Array, target: Float32Array) -> None:
    path = LivePath(standing(target))
    still = source[:1]
    placed = [path.step(still[0], DT) for _ in range(100)]
    expected = pose_transform.fit_path("limbs", still, target, SIZE, (SIZE, SIZE)).apply(still)[0]
    seen = still[0, :, 2] > 0
    for pose in (placed[0], placed[-1]):
        np.testing.assert_allclose(pose[seen, :2], expected[seen, :2], atol=0.5)


def test_a_stream_ends_near_where_the_file_is_placed(source: Float32Array, target: Float32Array) -> None:
    path = LivePath(standing(target))
    placed = np.stack([path.step(pose, DT) for pose in source])
    expected = pose_transform.fit_path("limbs", source, target, SIZE, (SIZE, SIZE)).apply(source)
    both = (placed[..., 2] > 0) & (expected[..., 2] > 0)
    error = np.linalg.norm((placed - expected)[..., :2], axis=-1)
    assert error[-1][both[-1]].mean() < 0.04 * SIZE


def test_new_fits_make_no_jumps(source: Float32Array, target: Float32Array) -> None:
    path = LivePath(standing(target))
    placed = np.stack([path.step(pose, DT) for pose in source])
    filled = (placed[1:, :, 2] > 0) & (placed[:-1, :, 2] > 0)
    was_seen = filled & (source[1:, :, 2] > 0) & (source[:-1, :, 2] > 0)
    steps = np.linalg.norm(np.diff(placed[..., :2], axis=0), axis=-1) * was_seen
    moved = np.linalg.norm(np.diff(source[..., :2], axis=0), axis=-1) * was_seen
    scale = pose_transform.body_heights(placed).mean() / pose_transform.body_heights(source).mean()
    # At 1 and 2 seconds a fit is made; what it changes is spread over the second after.
    assert (steps[25:70].max(axis=1) < 1.3 * scale * moved[24:70].max() + 0.3).all()


def test_whoever_is_gone_repeats_the_pose(source: Float32Array, target: Float32Array) -> None:
    path = LivePath(standing(target))
    nobody = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
    np.testing.assert_array_equal(path.step(nobody, DT), target[0])
    placed = path.step(source[0], DT)
    np.testing.assert_array_equal(path.step(nobody, DT), placed)


def test_a_missing_arm_is_the_mirrored_twin(source: Float32Array, target: Float32Array) -> None:
    path = LivePath(standing(target))
    arm = [skeleton.JOINT["left_elbow"], skeleton.JOINT["left_wrist"]]
    spoilt = source[:10].copy()
    spoilt[:, arm] = 0
    assert all((path.step(pose, DT)[arm, 2] > 0).all() for pose in spoilt)


def test_what_is_kept_does_not_grow(source: Float32Array, target: Float32Array) -> None:
    path = LivePath(standing(target))
    for _ in range(200):
        path.step(source[0], 1.0)
    assert len(path._known) <= 65


def test_maps_of_a_stream() -> None:
    spec = GeneratorSpec(ModelConfig.of_preset("paper", image_size=32, filters=2), person_height_share=0.7)
    network = build_generator(spec.model)
    retargeter = Retargeter(TrainedGenerator(lambda inputs: network(inputs, training=False), spec))
    frame, parsing_map, keypoints = walking_square(0)
    live = retargeter.live(target_of(frame, keypoints, parsing_map))
    for index in range(3):
        step = live.step(walking_square(index)[2] * np.asarray([5, 5, 1], np.float32), DT)
        assert step.shape == (32, 32)
        assert step.dtype == np.uint8


def test_photographs_of_a_stream_are_those_of_a_file() -> None:
    """At the first pose nothing is smoothed yet, so the frame is that of a file with this one pose."""
    frame, maps, keypoints = next(render_frames(Recipe(5, 2, 0, frames=2, size=SIZE)))
    spec = GeneratorSpec(ModelConfig.of_preset("stable", image_size=SIZE, filters=2), person_height_share=0.7)
    retargeter = Retargeter(TrainedGenerator(lambda inputs: inputs, spec))
    target = target_of(frame, keypoints, maps["parts10"])
    live, pose = retargeter.live_frames(target), dance(1, 2)[0]
    [of_file] = retargeter.frames(target, pose[None], clean=False)
    np.testing.assert_array_equal(live.step(pose, DT), of_file)
    raised = pose.copy()
    raised[[skeleton.JOINT["left_elbow"], skeleton.JOINT["left_wrist"]], 1] -= 8
    assert (live.step(raised, DT) != of_file).any()
