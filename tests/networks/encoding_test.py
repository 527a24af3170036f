"""Tests of value ranges and map colours, encoded and decoded."""

import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.body import parsing_labels, pose_map
from retarget_tf.body.parsing_labels import UNKNOWN, LabelSchema
from retarget_tf.networks import encoding

each_schema = pytest.mark.parametrize("schema", parsing_labels.SCHEMAS.values(), ids=lambda schema: schema.name)


def test_pixels_survive_the_way_to_signed_and_back() -> None:
    pixels = np.arange(256, dtype=np.uint8)
    signed = encoding.to_signed(pixels)
    assert signed.dtype == tf.float32
    assert (float(signed[0]), float(signed[255])) == (-1.0, 1.0)
    back = encoding.to_pixels(signed)
    assert back.dtype == tf.uint8
    np.testing.assert_array_equal(back, pixels)


def test_to_pixels_rounds_and_clips() -> None:
    signed = tf.constant([-3.0, -1.0 + 0.6 / 127.5, -1.0 + 0.4 / 127.5, 7.0])
    assert encoding.to_pixels(signed).numpy().tolist() == [0, 1, 0, 255]


@each_schema
def test_nearest_class_of_its_colour_is_the_class(schema: LabelSchema) -> None:
    ids = np.arange(schema.num_classes, dtype=np.uint8).reshape(1, 1, -1)
    rgb = encoding.colour_map(ids, schema)
    assert rgb.shape == (1, 1, schema.num_classes, 3)
    np.testing.assert_allclose(encoding.to_pixels(rgb)[0, 0], schema.palette)
    decoded = encoding.nearest_class(rgb, schema)
    assert decoded.dtype == tf.uint8
    np.testing.assert_array_equal(decoded, ids)


@each_schema
def test_nearest_class_stands_noise_under_half_the_smallest_distance(schema: LabelSchema) -> None:
    palette = np.asarray(schema.palette, np.float32)
    distances = np.linalg.norm(palette[:, None] - palette[None], axis=-1)
    reach = 0.49 * distances[~np.eye(len(palette), dtype=bool)].min()
    direction = np.random.default_rng(0).normal(size=(50, len(palette), 3))
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    noisy = ((palette + reach * direction) / 127.5 - 1).astype(np.float32)
    expected = np.broadcast_to(np.arange(len(palette)), (50, len(palette)))
    np.testing.assert_array_equal(encoding.nearest_class(noisy, schema), expected)


def test_unknown_pixels_are_grey_and_not_known() -> None:
    parsing_map = np.array([[[0, UNKNOWN]]], np.uint8)
    np.testing.assert_array_equal(encoding.colour_map(parsing_map, parsing_labels.PARTS10)[0, 0, 1], [0, 0, 0])
    known = encoding.known_pixels(parsing_map)
    assert known.dtype == tf.float32
    np.testing.assert_array_equal(known, [[[[1.0], [0.0]]]])


def test_discriminator_condition_is_frame_and_stick_figure() -> None:
    frame = np.random.default_rng(0).uniform(-1, 1, (2, 16, 16, 3)).astype(np.float32)
    keypoints = np.random.default_rng(1).uniform(1, 15, (2, 25, 3)).astype(np.float32)
    condition = encoding.discriminator_condition(tf.constant(frame), keypoints)
    assert condition.shape == (2, 16, 16, 6)
    np.testing.assert_array_equal(condition[..., :3], frame)
    np.testing.assert_array_equal(condition[..., 3:], pose_map.draw_stick_figure(keypoints, 16))
