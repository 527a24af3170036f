"""Tests of one training step of `paper`: which gradients change which network, and that it learns."""

import dataclasses
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.networks import encoding, losses
from retarget_tf.networks.config import PaperModelConfig
from retarget_tf.training.config import PaperTrainingConfig
from retarget_tf.training.retarget_gan import RetargetGAN

CONFIG = PaperModelConfig(image_size=32, filters=2)


def make_window(batch: int = 2) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(4, 28, (batch, 2, 25, 3)).astype(np.float32)
    keypoints[..., 2] = 1
    maps = np.zeros((batch, 2, 32, 32), np.uint8)
    maps[:, :, 8:24, 12:20] = 3
    return {
        "frames": tf.constant(rng.integers(0, 256, (batch, 2, 32, 32, 3)), tf.uint8),
        "keypoints": tf.constant(keypoints),
        "parsing_maps": tf.constant(maps),
    }


def make_gan(
    generator_rate: float = 0.1, discriminator_rate: float = 0.1, config: PaperModelConfig = CONFIG
) -> RetargetGAN:
    gan = RetargetGAN(config, PaperTrainingConfig(steps=1))
    gan.compile()
    gan.generator_optimizer.learning_rate = generator_rate
    gan.discriminator_optimizer.learning_rate = discriminator_rate
    return gan


def values(model: keras.Model) -> list[np.ndarray]:
    return [variable.numpy() for variable in model.trainable_variables]


def moved(before: list[np.ndarray], model: keras.Model) -> bool:
    return any(np.any(old != new) for old, new in zip(before, values(model), strict=True))


def test_discriminator_half_leaves_the_generator_untouched() -> None:
    gan = make_gan()
    frame, keypoints, real, _ = gan.triplet(make_window())
    generator_before, discriminator_before = values(gan.generator), values(gan.discriminator)
    condition = encoding.discriminator_condition(frame, keypoints)
    gan.discriminator_step(condition, real, gan.generate(frame, keypoints))
    assert not moved(generator_before, gan.generator)
    assert moved(discriminator_before, gan.discriminator)


def test_generator_half_leaves_the_discriminator_untouched() -> None:
    gan = make_gan(discriminator_rate=0.0)  # the D half then moves nothing, so whatever moves is the G half's
    generator_before, discriminator_before = values(gan.generator), values(gan.discriminator)
    gan.train_step(make_window())
    assert moved(generator_before, gan.generator)
    assert not moved(discriminator_before, gan.discriminator)


def test_the_generators_gradient_sees_the_updated_discriminator() -> None:
    # A big step of D changes what D says of the same picture; G's loss must be the changed one.
    gan, twin = make_gan(0.0, 1.0), make_gan(0.0, 1.0)
    gan.generator.get_layer("up_0_dropout").rate = twin.generator.get_layer("up_0_dropout").rate = 0.0
    for level in (1, 2):
        gan.generator.get_layer(f"up_{level}_dropout").rate = 0.0
        twin.generator.get_layer(f"up_{level}_dropout").rate = 0.0
    window = make_window()
    logs = gan.train_step(window)
    frame, keypoints, real, _ = twin.triplet(window)
    condition = encoding.discriminator_condition(frame, keypoints)
    generated = twin.generate(frame, keypoints, training=True)
    stale = losses.generator_adversarial_loss(twin.judge(condition, generated))
    twin.discriminator_step(condition, real, generated)
    fresh = losses.generator_adversarial_loss(twin.judge(condition, generated))
    assert float(logs["adversarial_loss"]) == pytest.approx(float(fresh), rel=1e-5)
    assert abs(float(fresh) - float(stale)) > 1e-3


@pytest.mark.slow
def test_loss_falls_on_one_batch() -> None:
    gan = make_gan(2e-3, 2e-4, dataclasses.replace(CONFIG, filters=8))
    step = tf.function(gan.train_step)
    window = make_window()
    first = float(step(window)["l1_loss"])
    for _ in range(60):
        last = float(step(window)["l1_loss"])
    assert last < 0.5 * first


def test_unknown_pixels_carry_no_l1() -> None:
    gan = make_gan()
    window = make_window()
    window["parsing_maps"] = tf.fill(window["parsing_maps"].shape, tf.constant(255, tf.uint8))
    assert float(gan.train_step(window)["l1_loss"]) == 0.0


def test_compile_builds_both_optimizers_and_no_third() -> None:
    gan = make_gan()
    assert gan.optimizer is None
    assert gan.generator_optimizer.built
    assert gan.discriminator_optimizer.built


@pytest.mark.slow
def test_float16_scales_its_losses_and_trains() -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        gan = make_gan()
        before = values(gan.generator)
        for _ in range(12):  # the first scales overflow: such steps are skipped and the scale is halved
            logs = gan.train_step(make_window())
    finally:
        keras.config.set_dtype_policy("float32")
    assert isinstance(gan.generator_optimizer, keras.optimizers.LossScaleOptimizer)
    assert np.isfinite(float(logs["generator_loss"]))
    assert moved(before, gan.generator)
