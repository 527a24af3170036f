"""Steadier confidences: each frame's are averaged with its neighbours', but only where the picture stands still.

A pixel whose colour stays shows the same thing in the next frame, so the segmenter's doubts about it average out; a
pixel whose colour changes is left alone, so that nothing that moves is smeared.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import cv2
import numpy as np

from retarget_tf.arrays import Float32Array, Uint8Array

_STILL = 10.0  # of 255: difference of colour at which a neighbour frame counts exp(-1)
_BLUR = 1.0  # pixels: compression noise is no motion


class SegmentedFrame(NamedTuple):
    """A frame as it is stored and what the segmenter says of it.

    Attributes:
        image: RGB uint8 `[size, size, 3]`.
        confidences: float32 `[size, size, 6]`.
        keypoints: float32 `[25, 3]` in its pixels.
    """

    image: Uint8Array
    confidences: Float32Array
    keypoints: Float32Array


def steadied(frames: Iterable[SegmentedFrame]) -> Iterator[SegmentedFrame]:
    """The frames with confidences averaged over three frames; holds three at a time."""
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
