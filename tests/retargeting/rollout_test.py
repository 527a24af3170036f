"""Compares rollouts of a random generator with loops written out by hand."""

import functools
import threading
from collections.abc import Iterator

import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import parsing_labels
from retarget_tf.networks import encoding, generator, presets, stages
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.networks.trained import TrainedGenerator
from retarget_tf.retargeting import rollout

SIZE = 32
FRAMES = 6
CONFIG = ModelConfig.of_preset("paper", image_size=SIZE, filters=2)


@functools.cache
def trained_generator() -> TrainedGenerator:
    """A random generator with weights large enough for its maps to hold several classes."""
    model = generator.build_generator(CONFIG, seed=3)
    model.set_weights([weights * 8 if weights.ndim == 4 else weights for weights in model.get_weights()])
    return TrainedGenerator(
        tf.function(lambda inputs: model(inputs, training=False)), GeneratorSpec(CONFIG, person_height_share=0.8)
    )


def random_clips(batch: int) -> tuple[Uint8Array, Uint8Array, Float32Array]:
    rng = np.random.default_rng(7)
    frames = rng.integers(0, 256, (batch, FRAMES, SIZE, SIZE, 3), np.uint8)
    maps = rng.integers(0, 10, (batch, FRAMES, SIZE, SIZE), np.uint8)
    keypoints = rng.uniform(0, SIZE, (batch, FRAMES, 25, 3)).astype(np.float32)
    keypoints[..., 2] = 1
    return frames, maps, keypoints


def references(batch: int) -> rollout.Reference:
    frames, maps, keypoints = random_clips(batch)
    return rollout.Reference(frames[:, 0], keypoints[:, 0], maps[:, 0])


def one(batch: int, index: int) -> rollout.Reference:
    whole = references(batch)
    pick = slice(index, index + 1)
    return rollout.Reference(whole.frame[pick], whole.keypoints[pick], whole.parsing_map[pick])


def test_free_running_equals_the_manual_loop() -> None:
    frames, _, keypoints = random_clips(1)
    generated = list(rollout.rollout_clip(trained_generator(), references(1), keypoints[0, 1:]))

    picture = encoding.to_signed(frames[:, 0])
    for t in range(1, FRAMES):
        rgb = trained_generator().network({"frame": picture, "keypoints": tf.constant(keypoints[:, t])})["parsing_rgb"]
        expected = encoding.nearest_class(rgb, parsing_labels.PARTS10)
        picture = encoding.colour_map(expected, parsing_labels.PARTS10)
        np.testing.assert_array_equal(generated[t - 1], expected[0])
    assert len(generated) == FRAMES - 1
    assert len(np.unique(generated[-1])) > 1, "a map of one class would prove nothing"


def test_teacher_forced_equals_frame_by_frame_calls() -> None:
    frames, maps, keypoints = random_clips(1)
    forced = rollout.Rollout(trained_generator(), references(1))
    for t in range(1, FRAMES):
        forced.force(frames[:, t - 1], maps[:, t - 1])
        generated = forced.step(keypoints[:, t])
        inputs = {"frame": encoding.to_signed(frames[:, t - 1]), "keypoints": tf.constant(keypoints[:, t])}
        expected = encoding.nearest_class(trained_generator().network(inputs)["parsing_rgb"], parsing_labels.PARTS10)
        np.testing.assert_array_equal(generated, expected)


def test_a_batch_equals_its_clips_one_by_one() -> None:
    _, _, keypoints = random_clips(3)
    batch = rollout.Rollout(trained_generator(), references(3))
    together = np.stack([batch.step(keypoints[:, t]) for t in range(1, FRAMES)], axis=1)
    for clip in range(3):
        alone = list(rollout.rollout_clip(trained_generator(), one(3, clip), keypoints[clip, 1:]))
        np.testing.assert_array_equal(together[clip], alone)


def test_a_clip_is_read_a_few_poses_ahead_at_most() -> None:
    _, _, keypoints = random_clips(1)
    read = 0

    def endless() -> Iterator[Float32Array]:
        nonlocal read
        while True:
            read += 1
            yield keypoints[0, 1]

    maps = rollout.rollout_clip(trained_generator(), references(1), endless())
    for _ in range(3):
        next(maps)
    del maps
    left = read
    assert left < 10
    assert threading.active_count() < 10
    assert read == left


@pytest.mark.parametrize("preset", ["paper", "stable"])
@pytest.mark.parametrize("photos", [1, 2])
def test_in_stages_a_network_generates_what_it_does_as_a_whole(preset: str, photos: int) -> None:
    config = ModelConfig.of_preset(preset, image_size=SIZE, filters=2)
    spec = GeneratorSpec(config, person_height_share=0.8)
    model = generator.build_generator(config, seed=3)
    model.set_weights([weights * 8 if weights.ndim == 4 else weights for weights in model.get_weights()])
    staged = generator.compiled(model, spec)
    whole = TrainedGenerator(staged.network, spec)
    assert whole.cut is None
    frames, maps, keypoints = random_clips(2)
    shown = (frames[:photos, 0], keypoints[:photos, 0], maps[:photos, 0])
    ways = [rollout.Rollout(trained, rollout.Reference(*shown, photos)) for trained in (whole, staged)]
    for t in range(1, FRAMES):
        expected, generated = (way.step(keypoints[:1, t]) for way in ways)
        np.testing.assert_array_equal(generated, expected)
    assert len(np.unique(expected)) > 1


def test_what_the_reference_alone_decides_is_computed_once() -> None:
    config = ModelConfig.of_preset("stable", image_size=SIZE, filters=2)
    model = generator.build_generator(config)
    look, pose, generate = stages.cut(
        model, (("reference_frame", "reference_map", "reference_keypoints"), ("keypoints",), ("previous_map",))
    )
    assert look is not None
    assert pose is not None
    assert generate is not None
    assert sorted(look.input) == ["reference_frame", "reference_keypoints", "reference_map"]
    assert "reference_keypoints" not in pose.input
    assert not {"keypoints", "reference_keypoints"} & set(generate.input)
    assert all(len(stage.operations) > 300 for stage in (look, pose))


def test_the_generated_map_is_fed_back_in_its_colours() -> None:
    _, _, keypoints = random_clips(1)
    running = rollout.Rollout(trained_generator(), references(1))
    assert running.generated_rgb is None
    first = running.step(keypoints[:, 1])
    assert running.generated_rgb is not None, "the picture as it was regressed, for its score"
    assert running.generated_rgb.shape == (1, SIZE, SIZE, 3)
    assert np.abs(running.generated_rgb).max() <= 1
    coloured = encoding.colour_map(first, parsing_labels.PARTS10)
    assert np.abs(running.generated_rgb - coloured).max() > 0.01
    second = running.step(keypoints[:, 2])
    outputs = trained_generator().network({"frame": coloured, "keypoints": tf.constant(keypoints[:, 2])})
    np.testing.assert_array_equal(
        second, encoding.nearest_class(outputs["parsing_rgb"], parsing_labels.PARTS10).numpy()
    )


STABLE = ModelConfig.of_preset("stable", image_size=SIZE, filters=2, refinement=4)


@functools.cache
def stable_generator() -> TrainedGenerator:
    model = generator.build_generator(STABLE, seed=3)
    model.set_weights([weights * 8 if weights.ndim == 4 else weights for weights in model.get_weights()])
    return TrainedGenerator(
        tf.function(lambda inputs: model(inputs, training=False)), GeneratorSpec(STABLE, person_height_share=0.8)
    )


def stable_probabilities(
    reference: rollout.Reference, reference_map: tf.Tensor, previous: tf.Tensor, points: Float32Array
) -> tf.Tensor:
    return stable_generator().network(
        {
            "reference_frame": encoding.to_signed(reference.frame),
            "reference_keypoints": tf.constant(reference.keypoints),
            "reference_map": reference_map,
            "previous_map": previous,
            "keypoints": tf.constant(points),
        }
    )["parsing_probabilities"]


def ids(probabilities: tf.Tensor) -> np.ndarray:
    return tf.argmax(probabilities, axis=-1).numpy().astype(np.uint8)


@pytest.mark.slow
def test_stable_from_a_map_equals_the_manual_loop() -> None:
    _, _, keypoints = random_clips(2)
    reference = references(2)
    running = rollout.Rollout(stable_generator(), reference)
    anchor = previous = tf.one_hot(tf.cast(reference.parsing_map, tf.int32), 10)
    for t in range(1, FRAMES):
        expected = ids(stable_probabilities(reference, anchor, previous, keypoints[:, t]))
        np.testing.assert_array_equal(running.step(keypoints[:, t]), expected)
        previous = tf.one_hot(tf.cast(expected, tf.int32), 10)
    assert len(np.unique(expected)) > 2, "a map of one class would prove nothing"


def test_stable_from_a_photo_parses_it_first_and_only_where_no_map_is_given() -> None:
    _, maps, keypoints = random_clips(2)
    whole = references(2)
    given = maps[:, 0].copy()
    given[1] = parsing_labels.UNKNOWN
    running = rollout.Rollout(stable_generator(), rollout.Reference(whole.frame, whole.keypoints, given))
    nothing = tf.zeros([2, SIZE, SIZE, 10])
    parsed = ids(stable_probabilities(whole, nothing, nothing, whole.keypoints))
    anchor = tf.one_hot(np.stack([given[0], parsed[1]]).astype(np.int32), 10)
    expected = ids(stable_probabilities(whole, anchor, anchor, keypoints[:, 1]))
    np.testing.assert_array_equal(running.step(keypoints[:, 1]), expected)


@pytest.mark.slow
def test_stable_is_forced_by_the_true_map() -> None:
    frames, maps, keypoints = random_clips(1)
    reference = references(1)
    running = rollout.Rollout(stable_generator(), reference)
    running.step(keypoints[:, 1])
    running.force(frames[:, 2], maps[:, 2])
    anchor, truth = (tf.one_hot(tf.cast(known, tf.int32), 10) for known in (reference.parsing_map, maps[:, 2]))
    expected = ids(stable_probabilities(reference, anchor, truth, keypoints[:, 3]))
    np.testing.assert_array_equal(running.step(keypoints[:, 3]), expected)


@pytest.mark.parametrize("preset", ["paper", "stable"])
def test_the_last_map_is_all_that_a_rollout_needs_to_go_on(preset: str) -> None:
    """A loop that begins anew at each step, with the map before it, and where that is unknown, with the reference."""
    _, maps, keypoints = random_clips(2)
    whole = references(2)
    given = maps[:, 0].copy()
    given[1] = parsing_labels.UNKNOWN
    reference = rollout.Reference(whole.frame, whole.keypoints, given)
    trained = stable_generator() if preset == "stable" else trained_generator()
    running = rollout.Rollout(trained, reference)
    last = np.full_like(given, parsing_labels.UNKNOWN)
    for t in range(1, FRAMES):
        loop = presets.make_loop(trained.network, trained.spec.model, reference)
        last = loop.take(trained.network(loop.inputs(loop.resume(last), keypoints[:, t]))).parsing_map.numpy()
        np.testing.assert_array_equal(running.step(keypoints[:, t]), last)


def photos_of(people: int, photos: int) -> rollout.Reference:
    """Random photos, the first of each person being that of `references`."""
    whole = references(people * photos)
    return rollout.Reference(whole.frame, whole.keypoints, whole.parsing_map, photos)


@pytest.mark.slow
def test_each_step_takes_the_photo_that_is_nearest_in_pose() -> None:
    people, photos = 2, 3
    reference = photos_of(people, photos)
    asked = [[2, 4], [2, 5], [0, 3], [1, 3]]  # rows of the photos whose own poses are asked for
    running = rollout.Rollout(stable_generator(), reference)
    maps = tf.one_hot(tf.cast(reference.parsing_map, tf.int32), 10)
    previous = tf.gather(maps, asked[0])  # a rollout starts from the map of the photo that is chosen first
    for rows in asked:
        points = np.asarray(reference.keypoints)[rows]
        one_each = rollout.Reference(reference.frame[rows], points, reference.parsing_map[rows])
        expected = ids(stable_probabilities(one_each, tf.gather(maps, rows), previous, points))
        np.testing.assert_array_equal(running.step(points), expected)
        previous = tf.one_hot(tf.cast(expected, tf.int32), 10)
    assert len(np.unique(expected)) > 2, "a map of one class would prove nothing"


@pytest.mark.parametrize("preset", ["paper", "stable"])
def test_the_same_photo_many_times_is_one_photo(preset: str) -> None:
    trained = stable_generator() if preset == "stable" else trained_generator()
    _, _, keypoints = random_clips(2)
    whole = references(2)
    frames, points, maps = (np.repeat(part, 3, axis=0) for part in (whole.frame, whole.keypoints, whole.parsing_map))
    several = rollout.Rollout(trained, rollout.Reference(frames, points, maps, photos=3))
    one_photo = rollout.Rollout(trained, whole)
    for t in range(1, FRAMES):
        np.testing.assert_array_equal(several.step(keypoints[:, t]), one_photo.step(keypoints[:, t]))


def test_wrong_shapes_are_refused() -> None:
    frames, maps, keypoints = random_clips(1)
    with pytest.raises(ValueError, match="frame, keypoints and parsing_map must be"):
        rollout.Reference(frames[:, 0], keypoints[0, 0], maps[:, 0])
    half = rollout.Reference(frames[:, 0, ::2, ::2], keypoints[:, 0], maps[:, 0, ::2, ::2])
    with pytest.raises(ValueError, match="reference must be 32 px"):
        rollout.Rollout(trained_generator(), half)
