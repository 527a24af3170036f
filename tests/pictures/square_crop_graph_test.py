"""Compares the canvas made in the graph with NumPy's, for pixels and for points."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.arrays import Uint8Array
from retarget_tf.body import pose_transform
from retarget_tf.pictures import square_crop_graph
from retarget_tf.pictures.square_crop import SquareCrop

SIZE = 32


def picture(height: int, width: int) -> Uint8Array:
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (5, 5), 0), np.uint8)


@tf.function(
    input_signature=[
        tf.TensorSpec([None, None, 3], tf.uint8),
        tf.TensorSpec([25, 3], tf.float32),
    ]
)
def graph(pixels: tf.Tensor, keypoints: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    square = square_crop_graph.person_square(keypoints, pixels, 0.7)
    return square_crop_graph.apply_square(pixels, square, SIZE), square_crop_graph.move_keypoints(
        keypoints, square, SIZE
    )


@pytest.mark.parametrize(("height", "width"), [(SIZE, SIZE), (20, 16), (150, 100), (900, 700), (12, 300)])
@pytest.mark.parametrize("reach", [0.0, 0.4, 1.0])
def test_graph_equals_square_crop(height: int, width: int, reach: float) -> None:
    """Pixels to a grey level, keypoints to a hundredth of a thousandth of a pixel."""
    random = np.random.default_rng(1)
    keypoints = (random.random((25, 3)) * reach * np.asarray([width, height, 1])).astype(np.float32)
    keypoints[random.random(25) < 0.3] = 0
    pixels = picture(height, width)
    square = pose_transform.person_square(keypoints, np.float32(width), np.float32(height), 0.7)
    crop = SquareCrop(*(float(value) for value in square))
    canvas, moved = graph(pixels, keypoints)
    difference = np.abs(canvas.numpy().astype(int) - crop.apply(pixels, SIZE))
    assert difference.max() <= 2
    assert difference.mean() < 0.3
    np.testing.assert_allclose(moved, crop.move_keypoints(keypoints, SIZE), atol=1e-5)


def test_a_picture_of_the_right_size_is_left_as_it_is() -> None:
    pixels = picture(SIZE, SIZE)
    canvas, _ = graph(pixels, np.zeros((25, 3), np.float32))
    np.testing.assert_array_equal(canvas, pixels)
