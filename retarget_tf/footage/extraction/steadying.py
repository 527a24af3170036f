"""Averages the segmenter's confidences over neighbouring frames where the picture does not change.

A pixel that keeps its colour shows the same thing in the next frame, so averaging reduces the segmenter's noise. Pixels
that change colour are left unchanged, so that moving parts are not smeared.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import cv2
import numpy as np

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.pictures.channels import in_channels

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
    """Yields the frames with confidences averaged over three frames; keeps two in memory."""
    before: _Mean | None = None
    for frame in frames:
        now = _Mean(frame)
        if before is not None:
            weight = before.likeness(now)
            now.add(before.frame, weight)
            before.add(frame, weight)
            yield before.steady()
        before = now
    if before is not None:
        yield before.steady()


class _Mean:
    """A frame, and the weighted mean of its confidences and those of the neighbours that are added."""

    def __init__(self, frame: SegmentedFrame) -> None:
        self.frame = frame
        self._smooth = _smooth(frame.image)
        self._total, self._weights = frame.confidences.copy(), np.ones(frame.image.shape[:2], np.float32)

    def likeness(self, other: "_Mean") -> Float32Array:
        """Returns the weight of one frame in the mean of the other, float32 `[size, size]`."""
        difference = np.abs(self._smooth - other._smooth)
        largest = np.maximum(np.maximum(difference[..., 0], difference[..., 1]), difference[..., 2])
        return np.exp(-((largest / np.float32(_STILL)) ** 2))

    def add(self, other: SegmentedFrame, weight: Float32Array) -> None:
        """Adds a neighbour with this weight."""
        self._total += in_channels(weight, self._total.shape[-1]) * other.confidences
        self._weights += weight

    def steady(self) -> SegmentedFrame:
        """Returns the frame with the mean as its confidences."""
        return self.frame._replace(confidences=self._total / in_channels(self._weights, self._total.shape[-1]))


def _smooth(image: Uint8Array) -> Float32Array:
    return cv2.GaussianBlur(image.astype(np.float32), (0, 0), _BLUR)
