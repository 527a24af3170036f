"""Compares pictures decoded inside a graph with OpenCV's."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.pictures import image_files_graph

PICTURE = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8), (5, 5), 0)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_decodes_what_opencv_decodes(suffix: str) -> None:
    data = cv2.imencode(suffix, PICTURE)[1]
    expected = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1].astype(int)
    decoded = tf.function(image_files_graph.decode_picture)(tf.constant(bytes(data))).numpy()
    # TensorFlow decodes JPEG with libjpeg's fast transform.
    assert np.abs(decoded - expected).mean() <= (0 if suffix == ".png" else 1.5)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_gray_and_alpha_come_out_with_three_channels(suffix: str) -> None:
    channels = 4 if suffix == ".png" else 1
    data = cv2.imencode(suffix, np.full((5, 7, channels), 90, np.uint8))[1]
    assert image_files_graph.decode_picture(tf.constant(bytes(data))).shape == (5, 7, 3)
