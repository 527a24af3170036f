"""Tests of the augmentation of streams: one camera a stream, another view of its reference, and detector errors."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.arrays import AnyArray, Float64Array
from retarget_tf.body import parsing_labels, skeleton
from retarget_tf.dataset import augmentation
from retarget_tf.dataset.augmentation import (
    CameraRange,
    ColourRange,
    DetectionErrors,
    Pictures,
    Stream,
    StreamAugmentationConfig,
    stream_augmentation,
)
from retarget_tf.dataset.augmentation.detection import LIMBS
from retarget_tf.errors import ConfigError

SCHEMA = parsing_labels.PARTS10
SIZE = 64
LEFT_ARM, RIGHT_ARM = SCHEMA.classes.index("left_arm"), SCHEMA.classes.index("right_arm")
LEFT_WRIST, RIGHT_WRIST = skeleton.JOINT["left_wrist"], skeleton.JOINT["right_wrist"]
AUGMENTATION = stream_augmentation(joint_dropout=0.05, relabel=0.06, thicken=0.3)
MOVES = StreamAugmentationConfig(
    mirror=True, camera=AUGMENTATION.camera, reference_camera=AUGMENTATION.reference_camera
)


def two_blobs(frames: int = 2) -> Stream:
    """Discs of 13 pixels around both wrists, the left one red and the right one green, on black."""
    places = {(LEFT_WRIST, LEFT_ARM, 0): (42.0, 25.5), (RIGHT_WRIST, RIGHT_ARM, 1): (20.5, 39.0)}
    rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5
    frame = np.zeros((1, SIZE, SIZE, 3), np.uint8)
    parsing_map = np.zeros((1, SIZE, SIZE), np.uint8)
    keypoints = np.zeros((1, skeleton.NUM_JOINTS, 3), np.float32)
    for (joint, label, channel), (x, y) in places.items():
        disc = (columns - x) ** 2 + (rows - y) ** 2 < 6.5**2
        frame[0, disc, channel] = 200
        parsing_map[0, disc] = label
        keypoints[0, joint] = x, y, 0.9
    reference = Pictures(tf.constant(frame), tf.constant(keypoints), tf.constant(parsing_map))
    return Stream(
        tf.constant(np.repeat(keypoints, frames, 0)), tf.constant(np.repeat(parsing_map, frames, 0)), reference
    )


def augmented(config: StreamAugmentationConfig, draw: int = 0, stream: Stream | None = None) -> Stream:
    return augmentation.augment_stream(stream or two_blobs(), tf.constant([5, draw], tf.int64), config, SCHEMA)


def centre(weights: AnyArray) -> Float64Array:
    """(x, y) of the centre of mass of a picture `[size, size]`."""
    rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5
    return np.array([(columns * weights).sum(), (rows * weights).sum()]) / weights.sum()


def flat(stream: Stream) -> tuple[tf.Tensor, ...]:
    reference = stream.reference
    return stream.keypoints, stream.parsing_maps, reference.frames, reference.keypoints, reference.parsing_maps


def tensors(stream: Stream) -> list[AnyArray]:
    return [np.asarray(value) for value in flat(stream)]


def full_body(frames: int) -> tf.Tensor:
    keypoints = np.full((frames, skeleton.NUM_JOINTS, 3), SIZE / 2, np.float32)
    keypoints[..., 2] = 0.9
    return tf.constant(keypoints)


@pytest.mark.slow
def test_blobs_move_with_their_joints_in_frame_and_map() -> None:
    in_maps, in_frames = [], []
    for draw in range(40):
        moved = augmented(MOVES, draw)
        frame, reference_map = moved.reference.frames.numpy()[0].astype(float), moved.reference.parsing_maps.numpy()[0]
        reference_keypoints = moved.reference.keypoints.numpy()[0]
        for joint, label in ((LEFT_WRIST, LEFT_ARM), (RIGHT_WRIST, RIGHT_ARM)):
            x, y, confidence = reference_keypoints[joint]
            assert confidence == np.float32(0.9)
            in_maps.append(centre(reference_map == label) - (x, y))
            in_maps.append(centre(moved.parsing_maps.numpy()[1] == label) - moved.keypoints.numpy()[1, joint, :2])
            channel = frame[int(y), int(x)].argmax()  # a mirrored left wrist keeps its colour and becomes a right one
            in_frames.append(centre(frame[..., channel]) - (x, y))
    assert np.abs(in_maps).max() < 0.5  # the nearest pixel is up to half a pixel off, to no side more than another
    assert np.abs(np.mean(in_maps, axis=0)).max() < 0.05
    assert np.abs(in_frames).max() < 0.1


@pytest.mark.slow
def test_half_of_the_streams_are_mirrored_with_their_reference() -> None:
    config = StreamAugmentationConfig(mirror=True)
    mirrored = 0
    for draw in range(40):
        moved = augmented(config, draw)
        flipped = moved.keypoints[0, RIGHT_WRIST, 0] == SIZE - 42.0
        mirrored += bool(flipped)
        plain = augmentation.mirror(two_blobs().reference, SCHEMA) if flipped else two_blobs().reference
        np.testing.assert_array_equal(moved.reference.frames, plain.frames)
        np.testing.assert_array_equal(moved.reference.parsing_maps, plain.parsing_maps)
        np.testing.assert_array_equal(moved.parsing_maps[1], plain.parsing_maps[0])
        np.testing.assert_allclose(moved.reference.keypoints, plain.keypoints, atol=1e-4)
    assert 10 < mirrored < 30


def test_without_any_change_nothing_changes() -> None:
    for before, after in zip(tensors(two_blobs()), tensors(augmented(StreamAugmentationConfig())), strict=True):
        np.testing.assert_array_equal(before, after)


def test_one_camera_holds_during_a_stream_and_the_reference_has_another() -> None:
    moved = augmented(MOVES, 3, two_blobs(frames=5))
    for index in range(1, 5):
        np.testing.assert_array_equal(moved.parsing_maps[index], moved.parsing_maps[0])
        np.testing.assert_array_equal(moved.keypoints[index], moved.keypoints[0])
    assert np.abs(moved.reference.keypoints[0] - moved.keypoints[0]).max() > 0.2
    shared = augmented(dataclasses.replace(MOVES, reference_camera=CameraRange()), 3)
    np.testing.assert_array_equal(shared.reference.parsing_maps[0], shared.parsing_maps[0])
    np.testing.assert_array_equal(shared.keypoints, moved.keypoints[:2])  # the draws do not lean on each other


def test_outside_is_the_colour_of_the_edge_and_background() -> None:
    plain = two_blobs()
    filled = Stream(
        plain.keypoints,
        tf.fill(plain.parsing_maps.shape, tf.constant(3, tf.uint8)),
        Pictures(
            tf.fill(plain.reference.frames.shape, tf.constant(77, tf.uint8)),
            plain.reference.keypoints,
            tf.fill(plain.reference.parsing_maps.shape, tf.constant(255, tf.uint8)),
        ),
    )
    moved = augmented(StreamAugmentationConfig(camera=CameraRange(scale=(0.5, 0.5))), stream=filled)
    expected = np.zeros((SIZE, SIZE), np.uint8)
    expected[16:48, 16:48] = 3
    np.testing.assert_array_equal(moved.parsing_maps[0], expected)
    np.testing.assert_array_equal(moved.reference.parsing_maps[0], expected * 85)  # unknown stays unknown
    assert np.all(moved.reference.frames == 77)


def test_joints_that_leave_the_picture_are_missing() -> None:
    moved = augmented(StreamAugmentationConfig(camera=CameraRange(scale=(4, 4))))  # the wrists go to x = 72 and -14
    assert not np.any(moved.keypoints)
    assert not np.any(moved.reference.keypoints)


def test_colours_change_in_the_reference_frame_alone() -> None:
    config = StreamAugmentationConfig(reference_colours=AUGMENTATION.reference_colours)
    plain = tensors(two_blobs())
    frames = []
    for draw in range(8):
        keypoints, maps, frame, *reference = tensors(augmented(config, draw))
        frames.append(frame.astype(int))
        for before, after in zip((*plain[:2], *plain[3:]), (keypoints, maps, *reference), strict=True):
            np.testing.assert_array_equal(before, after)
    changes = np.stack(frames) - plain[2]
    assert np.abs(changes).max(axis=(1, 2, 3, 4)).min() > 3
    assert np.abs(changes).max() < 110  # modest
    assert len({frame.tobytes() for frame in frames}) == 8


@pytest.mark.parametrize(
    ("part", "factor"),
    [({"brightness": 0.1}, 0), ({"contrast": 0.3}, 0), ({"saturation": 0.5}, 1), ({"hue": 0.1}, 1)],
)
def test_each_change_of_colour_can_stand_alone(part: dict[str, float], factor: int) -> None:
    grey = tf.fill([1, 8, 8, 3], 100.0) + tf.reshape([0.0, 0.0, 40.0 * factor], [1, 1, 1, 3])
    frames = tf.concat([grey[:, :4] - 40, grey[:, 4:] + 40], axis=1)
    changed = ColourRange(**part).apply(frames, tf.constant([1, 2]))
    assert 1 < np.abs(changed - frames).max() < 40
    np.testing.assert_allclose(ColourRange().apply(frames, tf.constant([1, 2])), frames, atol=1e-4)


def test_joints_are_missed_as_often_as_said() -> None:
    errors = DetectionErrors(joint_dropout=0.05)
    missed = errors.apply(full_body(2000), tf.zeros([skeleton.NUM_JOINTS, 2]), tf.constant([0, 1]), SIZE)[..., 2] == 0
    assert abs(np.mean(missed) - 0.05) < 0.005
    assert np.ptp(np.mean(missed, axis=0)) < 0.05  # no joint is spared
    assert np.all(np.mean(missed, axis=1) < 0.5)


def test_limbs_are_missed_as_a_whole() -> None:
    errors = DetectionErrors(limb_dropout=0.1)
    body = errors.apply(full_body(2000), tf.zeros([skeleton.NUM_JOINTS, 2]), tf.constant([0, 1]), SIZE).numpy()
    missed = [frozenset(np.flatnonzero(frame[:, 2] == 0)) for frame in body]
    limbs = set(map(frozenset, LIMBS))
    assert set(missed) == limbs | {frozenset()}
    assert abs(np.mean([bool(joints) for joints in missed]) - 0.1) < 0.02
    assert not np.any(body[body[..., 2] == 0])  # and never a point at some place without confidence


def test_noise_is_drawn_for_each_frame_and_bias_for_a_stream() -> None:
    still = Stream(full_body(400), tf.zeros([400, SIZE, SIZE], tf.uint8), two_blobs().reference)
    errors, bias = DetectionErrors(noise=0.01), 0.05
    noisy = augmented(StreamAugmentationConfig(errors=errors), stream=still).keypoints.numpy() - still.keypoints.numpy()
    assert abs(noisy[..., :2].std() / SIZE - 0.01) < 5e-4
    assert np.abs(noisy[..., :2].mean(axis=0)).max() / SIZE < 0.002
    assert not np.any(noisy[..., 2])
    moved = augmented(StreamAugmentationConfig(bias=bias), stream=still)
    biased = moved.keypoints.numpy()[..., :2] - SIZE / 2
    assert 0.03 < biased[0].std() / SIZE < 0.07
    assert not np.ptp(biased, axis=0).any()
    reference = moved.reference.keypoints.numpy() - still.reference.keypoints.numpy()
    np.testing.assert_allclose(reference[0, LEFT_WRIST, :2], biased[0, LEFT_WRIST], atol=1e-4)


def test_missing_joints_stay_missing() -> None:
    config = dataclasses.replace(AUGMENTATION, mirror=False)
    for draw in range(5):
        keypoints, _, _, reference_keypoints, _ = tensors(augmented(config, draw))
        for points in (keypoints, reference_keypoints):
            assert set(np.nonzero(points)[1]) <= {LEFT_WRIST, RIGHT_WRIST}


@pytest.mark.slow
def test_a_change_is_a_function_of_its_seed_also_inside_tf_data() -> None:
    def changed(draw: tf.Tensor) -> tuple[tf.Tensor, ...]:
        seed = tf.stack([np.int64(5), draw])
        return flat(augmentation.augment_stream(two_blobs(), seed, AUGMENTATION, SCHEMA))

    for draw, in_graph in enumerate(tf.data.Dataset.range(6).map(changed, num_parallel_calls=2)):
        for one, other in zip(tensors(augmented(AUGMENTATION, draw)), in_graph, strict=True):
            np.testing.assert_allclose(one, other.numpy(), atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "settings", "received"),
    [
        (CameraRange, {"scale": (1.2, 0.8)}, r"scale=\(1.2, 0.8\)"),
        (CameraRange, {"scale": (0.0, 1.0)}, r"scale=\(0.0, 1.0\)"),
        (CameraRange, {"shift": -0.1}, "shift=-0.1"),
        (CameraRange, {"rotation": 200.0}, "rotation=200.0"),
        (ColourRange, {"contrast": 1.0}, "contrast=1.0"),
        (ColourRange, {"hue": 0.6}, "hue=0.6"),
        (DetectionErrors, {"joint_dropout": 1.5}, "joint_dropout=1.5"),
        (StreamAugmentationConfig, {"bias": -1.0}, "bias=-1.0"),
    ],
)
def test_settings_out_of_range_are_refused(kind: Any, settings: dict[str, Any], received: str) -> None:
    with pytest.raises(ConfigError, match=f"must .*Received: .*{received}"):
        kind(**settings)
