"""Tests of one training step of `stable`: what is fed in, what is fed back, what is learned."""

import dataclasses
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.errors import ConfigError
from retarget_tf.networks import encoding
from retarget_tf.networks.config import StableModelConfig
from retarget_tf.training.config import PaperTrainingConfig, StableTrainingConfig
from retarget_tf.training.stream_trainer import StreamTrainer

SIZE = 32
CONFIG = StableModelConfig(image_size=SIZE, filters=2, refinement=2)
# Nothing random but the start of a stream.
PLAIN = StableTrainingConfig(
    steps=1,
    batch_size=4,
    learning_rate=2e-3,
    teacher_forced_share=0,
    photo_share=0,
    drop_previous=0,
    joint_dropout=0,
    ema=0,
)


def make_batch(batch: int = 4, *, is_start: bool = False) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(4, 28, (2, batch, 25, 3)).astype(np.float32)
    keypoints[..., 2] = 1
    maps = np.zeros((3, batch, SIZE, SIZE), np.uint8)
    for index, top in enumerate((4, 6, 8)):  # before, now, reference
        maps[index, :, top : top + 16, 12:20] = 3
    return {
        "keypoints": tf.constant(keypoints[0]),
        "parsing_map": tf.constant(maps[1]),
        "previous_map": tf.constant(maps[0]),
        "reference_frame": tf.constant(rng.integers(0, 256, (batch, SIZE, SIZE, 3)), tf.uint8),
        "reference_keypoints": tf.constant(keypoints[1]),
        "reference_map": tf.constant(maps[2]),
        "is_start": tf.fill([batch], is_start),
        "is_as_seen": tf.fill([batch], True),
    }


def make_trainer(settings: StableTrainingConfig = PLAIN, config: StableModelConfig = CONFIG) -> StreamTrainer:
    trainer = StreamTrainer(config, settings)
    trainer.compile()
    return trainer


def task(trainer: StreamTrainer, batch: dict[str, Any]) -> tuple[dict[str, Any], Any, Any]:
    return trainer._task(batch, tf.constant([1, 2], tf.int64))


def test_a_stream_that_goes_on_is_fed_its_own_last_map() -> None:
    trainer = make_trainer()
    trainer.progress.assign(0.5)
    own = tf.one_hot(tf.fill([4, SIZE, SIZE], 7), 10)
    trainer.streams.assign(own)
    inputs, real, _ = task(trainer, make_batch())
    np.testing.assert_array_equal(inputs["previous_map"], own)
    np.testing.assert_array_equal(real, encoding.one_hot(make_batch()["parsing_map"], CONFIG.schema))


def test_a_stream_that_starts_knows_nothing_of_the_one_before() -> None:
    trainer = make_trainer(dataclasses.replace(PLAIN, batch_size=64))
    trainer.streams.assign(tf.one_hot(tf.fill([64, SIZE, SIZE], 7), 10))
    batch = make_batch(64, is_start=True)
    previous = task(trainer, batch)[0]["previous_map"].numpy()
    assert previous[..., 7].max() == 0
    starts = [encoding.one_hot(batch[name], CONFIG.schema).numpy() for name in ("previous_map", "reference_map")]
    kinds = [(previous == start).all(axis=(1, 2, 3)).mean() for start in (*starts, np.zeros_like(starts[0]))]
    assert min(kinds) > 0.1, "truth, reference and nothing all occur"
    assert sum(kinds) == 1


def test_teacher_forcing_feeds_the_truth_for_the_first_share() -> None:
    trainer = make_trainer(dataclasses.replace(PLAIN, teacher_forced_share=0.2))
    truth = encoding.one_hot(make_batch()["previous_map"], CONFIG.schema)
    trainer.progress.assign(0.1)
    np.testing.assert_array_equal(task(trainer, make_batch())[0]["previous_map"], truth)
    trainer.progress.assign(0.3)
    assert float(tf.reduce_max(task(trainer, make_batch())[0]["previous_map"])) == 0  # its own: nothing yet


def test_photo_parsing_samples_get_the_photos_pose_and_no_maps() -> None:
    trainer = make_trainer(dataclasses.replace(PLAIN, photo_share=1))
    before = trainer.streams.numpy().copy()
    batch = make_batch()
    inputs, real, parses = task(trainer, batch)
    assert bool(tf.reduce_all(parses))
    assert float(tf.reduce_max(inputs["reference_map"])) == float(tf.reduce_max(inputs["previous_map"])) == 0
    np.testing.assert_array_equal(inputs["keypoints"], batch["reference_keypoints"])
    np.testing.assert_array_equal(real, encoding.one_hot(batch["reference_map"], CONFIG.schema))
    trainer.train_step(batch)
    np.testing.assert_array_equal(trainer.streams, before)  # the slot's stream waits


def test_the_map_that_is_fed_back_is_one_hot() -> None:
    trainer = make_trainer()
    trainer.train_step(make_batch())
    kept = trainer.streams.numpy()
    assert set(np.unique(kept)) == {0.0, 1.0}
    np.testing.assert_array_equal(kept.sum(axis=-1), 1)


@pytest.mark.slow
def test_loss_falls_on_one_batch() -> None:
    trainer = make_trainer(config=dataclasses.replace(CONFIG, filters=8, refinement=8))
    step, batch = tf.function(trainer.train_step), make_batch(is_start=True)
    first = float(step(batch)["loss"])
    for _ in range(60):
        last = float(step(batch)["loss"])
    assert last < 0.5 * first


def test_unknown_pixels_teach_nothing() -> None:
    trainer = make_trainer()
    batch = make_batch()
    batch["parsing_map"] = tf.fill(batch["parsing_map"].shape, tf.constant(255, tf.uint8))
    assert float(trainer.train_step(batch)["loss"]) == 0.0


@pytest.mark.slow
def test_the_average_of_the_weights_is_what_is_saved() -> None:
    trainer = make_trainer(dataclasses.replace(PLAIN, ema=0.75))
    before = [weight.numpy() for weight in trainer.generator.trainable_variables]
    trainer.train_step(make_batch())
    after = [weight.numpy() for weight in trainer.generator.trainable_variables]
    saved = [weight.numpy() for weight in trainer.generator_to_save().trainable_variables]
    for old, new, average in zip(before, after, saved, strict=True):
        np.testing.assert_allclose(average, (2 * old + 9 * new) / 11, atol=1e-6)  # (1 + 1) / (10 + 1) at the first step
    for _ in range(40):
        trainer.draws.assign_add(1)
    trainer.train_step(make_batch())
    newest = [weight.numpy() for weight in trainer.generator.trainable_variables]
    after = [weight.numpy() for weight in trainer.generator_to_save().trainable_variables]
    for old, new, average in zip(saved, newest, after, strict=True):
        np.testing.assert_allclose(average, 0.75 * old + 0.25 * new, atol=1e-6)


def test_given_weights_are_the_first_average_too() -> None:
    trainer, other = make_trainer(dataclasses.replace(PLAIN, ema=0.75)), make_trainer()
    trainer.begin_with(other.generator.get_weights())
    for average, weight in zip(trainer.averages, other.generator.trainable_variables, strict=True):
        np.testing.assert_array_equal(average, weight.numpy())


def test_without_an_average_the_weights_are_saved() -> None:
    trainer = make_trainer()
    assert trainer.generator_to_save() is trainer.generator


@pytest.mark.slow
def test_the_warped_reference_leads_by_more_in_what_is_saved() -> None:
    plain, led = make_trainer(), make_trainer(dataclasses.replace(PLAIN, warp_lead=2.0))
    before = led.generator.get_layer("warp_logits").get_weights()[0]
    saved = led.generator_to_save()
    np.testing.assert_allclose(saved.get_layer("warp_logits").get_weights()[0], before + 2 * np.eye(10), atol=1e-6)
    np.testing.assert_array_equal(led.generator.get_layer("warp_logits").get_weights()[0], before)  # it trains on
    for one, other in zip(saved.weights, plain.generator_to_save().weights, strict=True):
        if "warp_logits" not in one.path:
            np.testing.assert_array_equal(one, other)


def test_networks_and_training_of_two_presets_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"must be of one preset\. Received: networks of stable, training of paper"):
        StreamTrainer(CONFIG, PaperTrainingConfig(steps=1))  # type: ignore[arg-type]


@pytest.mark.slow
def test_every_step_draws_anew_and_a_seed_repeats() -> None:
    stream = dataclasses.replace(PLAIN, drop_previous=0.5)
    first, twin = make_trainer(stream), make_trainer(stream)
    for trainer in (first, twin):
        for _ in range(2):
            trainer.train_step(make_batch(is_start=True))
    assert int(first.draws.numpy()) == 2
    np.testing.assert_allclose(first.streams, twin.streams, atol=1e-6)


@pytest.mark.slow
def test_float16_scales_its_loss_and_trains() -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        trainer = make_trainer()
        for _ in range(8):
            logs = trainer.train_step(make_batch())
    finally:
        keras.config.set_dtype_policy("float32")
    assert isinstance(trainer.generator_optimizer, keras.optimizers.LossScaleOptimizer)
    assert np.isfinite(float(logs["loss"]))
