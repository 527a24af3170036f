"""Tests of the losses, worked out by hand: softplus(0) = log 2."""

import math

import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.networks import losses

LOG_2 = math.log(2.0)


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


def test_undecided_discriminator_costs_log_2() -> None:
    zeros = tf.zeros([2, 3, 3, 1])
    assert float(losses.discriminator_loss(zeros, zeros)) == pytest.approx(LOG_2)  # half of twice log 2
    assert float(losses.generator_adversarial_loss(zeros)) == pytest.approx(LOG_2)


def test_discriminator_wants_real_high_and_generated_low() -> None:
    real, generated = tf.constant([[2.0], [0.0]]), tf.constant([[-1.0], [-1.0]])
    expected = 0.5 * ((softplus(-2.0) + LOG_2) / 2 + softplus(-1.0))
    assert float(losses.discriminator_loss(real, generated)) == pytest.approx(expected)
    assert float(losses.discriminator_loss(generated, real)) > expected


def test_generator_wants_to_be_taken_for_real() -> None:
    assert float(losses.generator_adversarial_loss(tf.constant([3.0]))) == pytest.approx(softplus(-3.0))


def test_large_logits_stay_finite() -> None:
    logits = tf.constant([1e4, -1e4])
    assert float(losses.generator_adversarial_loss(logits)) == pytest.approx(5e3)
    assert float(losses.discriminator_loss(logits, logits)) == pytest.approx(5e3)


def test_l1_is_the_mean_over_known_pixels() -> None:
    real = tf.zeros([1, 1, 2, 3])
    generated = tf.constant([[[[1.0, -2.0, 0.0], [100.0, 100.0, 100.0]]]])
    first, both, none = (tf.reshape(tf.constant(known), [1, 1, 2, 1]) for known in ([1.0, 0], [1.0, 1], [0.0, 0]))
    assert float(losses.l1_loss(real, generated, first)) == pytest.approx(1.0)
    assert float(losses.l1_loss(real, generated, both)) == pytest.approx((1.0 + 100.0) / 2)
    assert float(losses.l1_loss(real, generated, none)) == 0.0


def test_cross_entropy_is_the_mean_over_known_pixels() -> None:
    real = np.array([[[[1, 0], [0, 1], [0, 0]]]], np.float32)  # class 0, class 1, unknown
    probabilities = np.array([[[[0.5, 0.5], [0.75, 0.25], [0.1, 0.9]]]], np.float32)
    assert float(losses.cross_entropy_loss(real, probabilities)) == pytest.approx((np.log(2) + np.log(4)) / 2)


def test_dice_counts_foreground_classes_that_are_there() -> None:
    ids = np.array([[[0, 1, 1, 0]]])
    real = np.eye(3, dtype=np.float32)[ids]
    assert float(losses.dice_loss(real, real)) == pytest.approx(0)
    half = np.eye(3, dtype=np.float32)[np.array([[[0, 1, 0, 0]]])]
    assert float(losses.dice_loss(real, half)) == pytest.approx(1 - 2 * 1 / (2 + 1))
    unknown = real * np.array([[[[1], [1], [0], [1]]]], np.float32)  # the pixel that differs does not count
    assert float(losses.dice_loss(unknown, half)) == pytest.approx(0)
    assert float(losses.dice_loss(np.zeros_like(real), half)) == 0
