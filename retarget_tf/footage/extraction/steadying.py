"""Averages the segmenter's confidences over neighbouring frames where the picture does not change.

A pixel that keeps its colour shows the same thing in the next frame, so averaging reduces the segmenter's noise. Pixels
that change colour are left unchanged, so that moving parts are not smeared.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import cv2
import numpy as np

from retarget_tf.arrays import Float32Array, Uint8Array

_STILL = 10.0  # d0 of the weight exp(-(d / d0)^2) of a neighbour frame, with colour difference d in 0..255
_BLUR = 1.0  # standard deviation in pixels of a blur that removes compression noise


class SegmentedFrame(NamedTuple):
    """Cropped frame with the segmenter's confidences.

    Attributes:
        image: RGB uint8 `[size, size, 3]`.
        confidences: float32 `[size, size, 6]`.
        keypoints: float32 `[25, 3]` in pixels of `image`.
    """

    image: Uint8Array
    confidences: Float32Array
    keypoints: Float32Array


def steadied(frames: Iterable[SegmentedFrame]) -> Iterator[SegmentedFrame]:
    """Yields the frames with confidences averaged over three frames; keeps three in memory."""
    padded = itertools.chain([None], frames, [None])
    window: list[SegmentedFrame | None] = []
    for frame in padded:
        window.append(frame)
        if len(window) == 3:
            before, middle, after = window
            assert middle is not None
            yield _averaged(middle, [other for other in (before, after) if other is not None])
            window.pop(0)


def _averaged(frame: SegmentedFrame, others: list[SegmentedFrame]) -> SegmentedFrame:
    total, weights = frame.confidences.copy(), np.ones(frame.image.shape[:2], np.float32)
    smooth = _smooth(frame.image)
    for other in others:
        difference = np.abs(smooth - _smooth(other.image)).max(axis=-1)
        weight = np.exp(-((difference / np.float32(_STILL)) ** 2))
        total += weight[..., None] * other.confidences
        weights += weight
    return frame._replace(confidences=total / weights[..., None])


def _smooth(image: Uint8Array) -> Float32Array:
    return cv2.GaussianBlur(image.astype(np.float32), (0, 0), _BLUR)
