"""Finds one person's keypoints with two of MediaPipe's models, whose errors differ."""

import concurrent.futures
import contextlib
from typing import Self

import numpy as np

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.footage.extraction import detectors

_AGREE = 0.03  # of the person's longer side: joints of two looks that differ by less are averaged


class ExactDetector:
    """Averages the joints of the heavy and of the full model where both agree, and takes the heavy one's elsewhere.

    Args:
        video: As in `PoseDetector`.
        models_folder: Folder of the model files; None for `models.default_folder()`.

    Raises:
        MissingDependencyError: mediapipe or a model file is not installed; names the command that installs it.
    """

    def __init__(self, *, video: bool = False, models_folder: files.PathLike | None = None) -> None:
        with contextlib.ExitStack() as opened:
            self._heavy, self._full = (
                opened.enter_context(detectors.PoseDetector(video=video, models_folder=models_folder, exact=exact))
                for exact in (True, False)
            )
            self._beside = opened.enter_context(concurrent.futures.ThreadPoolExecutor(1))
            self._opened = opened.pop_all()

    def detect(self, image: Uint8Array, seconds: float = 0.0) -> Float32Array | None:
        """See `PoseDetector.detect`."""
        looks = self._beside.submit(self._full.detect, image, seconds)
        heavy, full = self._heavy.detect(image, seconds), looks.result()
        return full if heavy is None else heavy if full is None else mean_where_agreed(heavy, full)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()


def mean_where_agreed(found: Float32Array, other: Float32Array) -> Float32Array:
    """Returns keypoints `[25, 3]` in the mean of two looks where these agree, else those of the first.

    Args:
        found: float32 `[25, 3]` in pixels, joints of low confidence included.
        other: The same from another look, or of somebody else.
    """
    length = skeleton.box_side(found[found[:, 2] >= skeleton.CONFIDENCE_THRESHOLD])
    agree = np.linalg.norm((other - found)[:, :2], axis=-1, keepdims=True) < _AGREE * length
    return np.where(agree, (found + other) / 2, found)
