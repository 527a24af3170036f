"""Tests of the PatchGAN: reference outputs, patch grid, receptive field."""

import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.networks.config import PaperModelConfig
from retarget_tf.networks.discriminator import build_discriminator
from tests.networks.generator_test import count


@pytest.mark.parametrize(("condition_channels", "expected"), [(3, 2_768_705), (6, 2_771_777)])
def test_reference_number_of_parameters(condition_channels: int, expected: int) -> None:
    model = build_discriminator(PaperModelConfig(), condition_channels=condition_channels)
    assert count(model.trainable_variables) == expected


@pytest.mark.parametrize("size", [64, 256])
def test_patch_grid_follows_the_convolutions(size: int) -> None:
    model = build_discriminator(PaperModelConfig(image_size=size, filters=2))
    side = size
    for _ in range(3):  # 4x4, stride 2, one pixel of padding at each side
        side = (side + 2 - 4) // 2 + 1
    for _ in range(2):  # 4x4, stride 1, one pixel of padding
        side = side + 2 - 4 + 1
    assert model.output_shape == (None, side, side, 1)
    if size == 256:
        assert side == 30


@pytest.mark.parametrize(("patch_layers", "field"), [(1, 16), (2, 34), (3, 70), (4, 142)])
def test_receptive_field_is_the_support_of_a_gradient(patch_layers: int, field: int) -> None:
    # Instance normalization would tie the whole picture together; batch norm in inference mode does not.
    model = build_discriminator(PaperModelConfig(image_size=256, filters=1, patch_layers=patch_layers, norm="batch"))
    condition = tf.random.stateless_normal((1, 256, 256, 6), (0, 0))
    parsing_map = tf.Variable(tf.random.stateless_normal((1, 256, 256, 3), (0, 1)))
    with tf.GradientTape() as tape:
        logits = model({"condition": condition, "parsing_map": parsing_map}, training=False)
        middle = logits[0, logits.shape[1] // 2, logits.shape[2] // 2, 0]
    rows = np.flatnonzero(np.abs(tape.gradient(middle, parsing_map)).sum(axis=(0, 2, 3)))
    assert rows[-1] - rows[0] + 1 == field


def test_condition_and_map_both_matter() -> None:
    model = build_discriminator(PaperModelConfig(image_size=32, filters=2))
    zeros = {"condition": tf.zeros((1, 32, 32, 6)), "parsing_map": tf.zeros((1, 32, 32, 3))}
    for name in zeros:
        changed = {**zeros, name: tf.ones_like(zeros[name])}
        assert float(tf.reduce_max(tf.abs(model(changed) - model(zeros)))) > 1e-6
