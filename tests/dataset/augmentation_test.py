"""Tests of jitter and mirroring: by hand on tiny pictures, and inside tf.data."""

import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.body import parsing_labels, skeleton
from retarget_tf.dataset import augmentation
from retarget_tf.dataset.augmentation import AugmentationConfig, Pictures
from retarget_tf.errors import ConfigError
from tests import testing

SCHEMA = parsing_labels.PARTS10
LEFT_ARM, RIGHT_ARM = SCHEMA.classes.index("left_arm"), SCHEMA.classes.index("right_arm")
LEFT_WRIST, RIGHT_WRIST = skeleton.JOINT["left_wrist"], skeleton.JOINT["right_wrist"]


def coloured_by_place(size: int = 4, count: int = 2) -> Pictures:
    """Pixel (row, column) is (10 row, 10 column, picture); the map is 10 row + column; a wrist lies at (1.5, 0.5)."""
    row, column = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
    frames = np.stack([np.stack([10 * row, 10 * column, np.full_like(row, i)], -1) for i in range(count)])
    keypoints = np.zeros((count, skeleton.NUM_JOINTS, 3), np.float32)
    keypoints[:, RIGHT_WRIST] = 1.5, 0.5, 0.8
    maps = np.stack([10 * row + column] * count)
    return Pictures(tf.constant(frames, tf.uint8), tf.constant(keypoints), tf.constant(maps, tf.uint8))


def walking(count: int, size: int = 32) -> Pictures:
    frames, maps, keypoints = zip(*(testing.walking_square(index, size) for index in range(count)), strict=True)
    return Pictures(*(tf.constant(np.stack(values)) for values in (frames, keypoints, maps)))


def test_crop_moves_joints_with_pixels() -> None:
    cropped = augmentation.crop(coloured_by_place(), top=0, left=1, size=3)
    np.testing.assert_array_equal(cropped.parsing_maps[0], [[1, 2, 3], [11, 12, 13], [21, 22, 23]])
    np.testing.assert_array_equal(cropped.frames[0, 2, 0], [20, 10, 0])
    np.testing.assert_allclose(cropped.keypoints[1, RIGHT_WRIST], [0.5, 0.5, 0.8])


@pytest.mark.parametrize(("top", "left"), [(1, 0), (0, 2)])
def test_joints_that_leave_the_picture_are_missing(top: int, left: int) -> None:
    assert not np.any(augmentation.crop(coloured_by_place(), top, left, 2).keypoints)


def test_missing_joints_stay_missing() -> None:
    moved = augmentation.mirror(augmentation.resize(coloured_by_place(), 8), SCHEMA)
    assert np.count_nonzero(np.any(moved.keypoints != 0, axis=-1)) == 2  # the one wrist in each of two pictures


def test_mirror_swaps_sides_of_joints_and_labels() -> None:
    pictures = coloured_by_place()
    maps = np.array([[[LEFT_ARM, 0], [255, RIGHT_ARM]]], np.uint8)
    mirrored = augmentation.mirror(Pictures(pictures.frames[:1, :2, :2], pictures.keypoints[:1], maps), SCHEMA)
    np.testing.assert_array_equal(mirrored.parsing_maps, [[[0, RIGHT_ARM], [LEFT_ARM, 255]]])
    np.testing.assert_allclose(mirrored.keypoints[0, LEFT_WRIST], [0.5, 0.5, 0.8])
    assert not np.any(mirrored.keypoints[0, RIGHT_WRIST])
    np.testing.assert_array_equal(mirrored.frames[0, 0, :, 1], [10, 0])


def test_mirror_agrees_with_the_skeleton_and_undoes_itself() -> None:
    pictures = walking(3)
    once = augmentation.mirror(pictures, SCHEMA)
    np.testing.assert_allclose(once.keypoints, testing.mirror_keypoints(pictures.keypoints.numpy(), 32))
    twice = augmentation.mirror(once, SCHEMA)
    np.testing.assert_array_equal(twice.frames, pictures.frames)
    np.testing.assert_array_equal(twice.parsing_maps, pictures.parsing_maps)
    np.testing.assert_allclose(twice.keypoints, pictures.keypoints, atol=1e-5)


def test_a_joint_on_the_left_edge_is_missing_in_the_mirror() -> None:
    pictures = coloured_by_place()
    keypoints = pictures.keypoints.numpy()
    keypoints[:, RIGHT_WRIST, 0] = 0.0
    mirrored = augmentation.mirror(Pictures(pictures.frames, keypoints, pictures.parsing_maps), SCHEMA)
    assert not np.any(mirrored.keypoints)


def test_resize_averages_frames_and_keeps_ids() -> None:
    small = augmentation.resize(coloured_by_place(), 2)
    np.testing.assert_array_equal(small.frames[0, :, :, 0], [[5, 5], [25, 25]])
    assert set(np.ravel(small.parsing_maps)) <= set(np.ravel(coloured_by_place().parsing_maps))
    np.testing.assert_allclose(small.keypoints[0, RIGHT_WRIST], [0.75, 0.25, 0.8])
    large = augmentation.resize(coloured_by_place(), 8)
    np.testing.assert_array_equal(large.parsing_maps[0, ::2, ::2], coloured_by_place().parsing_maps[0])


def test_jitter_is_a_function_of_its_seed_also_inside_tf_data() -> None:
    pictures = walking(2)
    config = AugmentationConfig()

    def jittered(index: tf.Tensor) -> tuple[tf.Tensor, ...]:
        moved = augmentation.jitter(pictures, tf.stack([np.int64(7), index]), config, SCHEMA)
        return moved.frames, moved.keypoints, moved.parsing_maps

    in_graph = list(tf.data.Dataset.range(8).map(jittered, num_parallel_calls=2))
    by_hand = [jittered(tf.constant(index, tf.int64)) for index in range(8)]
    for one, other in zip(in_graph, by_hand, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)
    assert in_graph[0][0].shape == (2, 32, 32, 3)
    assert len({frames.numpy().tobytes() for frames, _, _ in in_graph}) > 4


def test_jitter_moves_frame_map_and_joints_as_one() -> None:
    # The square's left half is labelled right arm and holds the right shoulder: so it stays, whatever was drawn.
    pictures = walking(3)
    right, left = skeleton.JOINT["right_shoulder"], skeleton.JOINT["left_shoulder"]
    halfway = (pictures.frames[0, 16, 16, 0].numpy().astype(int) + 40) / 2  # from the background to the square
    mirrored = 0
    for draw in range(12):
        moved = augmentation.jitter(pictures, tf.constant([0, draw]), AugmentationConfig(jitter_scale=1.25), SCHEMA)
        keypoints, maps = moved.keypoints.numpy(), moved.parsing_maps.numpy()
        for picture in range(3):
            for joint, arm in ((right, RIGHT_ARM), (left, LEFT_ARM)):
                x, y, confidence = keypoints[picture, joint]
                if confidence:
                    assert maps[picture, int(y), int(x)] == arm
        square = moved.frames.numpy()[..., 0] > halfway
        assert np.mean(square == (maps > 0)) > 0.97
        first_column = square.any(axis=1).argmax(axis=-1)
        mirrored += bool(first_column[0] > first_column[2])
    assert 0 < mirrored < 12  # the square walks to the left in some draws and to the right in others


def test_without_jitter_and_mirror_nothing_moves() -> None:
    pictures = walking(2)
    same = augmentation.jitter(pictures, tf.constant([0, 1]), AugmentationConfig(1.0, mirror=False), SCHEMA)
    np.testing.assert_array_equal(same.frames, pictures.frames)
    np.testing.assert_array_equal(same.keypoints, pictures.keypoints)


def test_a_scale_out_of_range_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"jitter_scale must lie in 1..2. Received: jitter_scale=0.5"):
        AugmentationConfig(jitter_scale=0.5)
