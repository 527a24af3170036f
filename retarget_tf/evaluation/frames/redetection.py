"""Re-detection: do the pose detector and the parser see the wanted pose and classes in a frame?

    pck                share of the wanted joints that the detector finds within a tenth of the torso (neck to mid-hip)
    redetected_miou    mIoU of the parser's map against the true map (`parts10` only)

Both have errors on true frames too, which stand beside the contenders' as `real`. MediaPipe's models are those of the
extra [extract]; the parser is given the wanted keypoints, as an extraction gives it detected ones.
"""

import contextlib
from collections.abc import Iterator

import numpy as np
from absl import logging

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.body.parsing_labels import PARTS10, LabelSchema
from retarget_tf.errors import MissingDependencyError
from retarget_tf.evaluation import metrics
from retarget_tf.footage.extraction.detectors import PoseDetector
from retarget_tf.footage.extraction.parser import PartsParser, PosedImage
from retarget_tf.pictures.square_crop import SquareCrop

_SHARE = 0.1  # of the torso's length


class Redetection:
    """Looks at frames with MediaPipe's models."""

    def __init__(self, detector: PoseDetector, parser: PartsParser, schema: LabelSchema) -> None:
        self._detector, self._parser, self._schema = detector, parser, schema

    def score(self, frame: Uint8Array, wanted: Float32Array, real_map: Uint8Array) -> dict[str, float]:
        """Returns `pck` and, for `parts10`, `redetected_miou`.

        Args:
            frame: RGB uint8 `[size, size, 3]`.
            wanted: The pose it is made for, float32 `[25, 3]` in pixels.
            real_map: True class ids, uint8 `[size, size]`.
        """
        scores = {"pck": share_of_joints(self._detector.detect(frame), wanted)}
        if self._schema == PARTS10:
            whole = SquareCrop(0.0, 0.0, float(len(frame)))
            found = self._parser.parse(PosedImage(frame, wanted), whole, len(frame))
            confusion = metrics.confusion_matrix(real_map, found, PARTS10.num_classes)
            scores["redetected_miou"] = metrics.mean_iou(confusion)
        return scores


@contextlib.contextmanager
def open_redetection(schema: LabelSchema, *, wanted: bool) -> Iterator[Redetection | None]:
    """Opens the models; yields None if they are not wanted or, with a line in the log, not installed."""
    with contextlib.ExitStack() as stack:
        redetection = None
        if wanted:
            try:
                detector = stack.enter_context(PoseDetector())
                redetection = Redetection(detector, stack.enter_context(PartsParser(workers=1)), schema)
            except MissingDependencyError as error:
                logging.info("frames are not looked at by detector and parser (%s)", error)
        yield redetection


def share_of_joints(found: Float32Array | None, wanted: Float32Array) -> float:
    """Returns the PCK at a tenth of the torso over the joints that are wanted; NaN without a torso.

    Args:
        found: float32 `[25, 3]`, or None if nobody is seen, which is all wrong.
        wanted: float32 `[25, 3]`.
    """
    neck, hips = wanted[skeleton.JOINT["neck"]], wanted[skeleton.JOINT["mid_hip"]]
    torso = np.hypot(*(neck - hips)[:2])
    if min(neck[2], hips[2]) <= 0 or torso <= 0:
        return float("nan")
    if found is None:
        return 0.0
    there = wanted[:, 2] > 0
    away = np.hypot(*(found - wanted)[there, :2].T)
    return float(np.mean((away <= _SHARE * torso) & (found[there, 2] > 0)))
