"""Finds the dancer of a source in its frames: what to take out of its pictures.

A clip has maps; in a video the segmenter of the `extract` extra finds her. Both miss limbs that are blurred by their
motion, and the segmenter finds bystanders too. So the bones of her pose always count, and large things that are far
from them never do.
"""

import contextlib
import dataclasses
from typing import Self

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body.parsing_labels import UNKNOWN
from retarget_tf.footage.extraction import PartsParser, PosedImage
from retarget_tf.footage.extraction.body_geometry import bones_of
from retarget_tf.footage.extraction.cropping import person_view
from retarget_tf.pictures.square_crop import SquareCrop
from retarget_tf.retargeting.frames.plate import person_area

_BACK = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
_SIZE = 256  # of the segmenter's opacity, in pixels
_SURE = 0.7  # radii around a bone that always count
_REACH = 0.4  # in torso lengths beyond a bone's radius: skirts and hair may be there, bystanders are not
_SMALL = 0.1  # of what is near her: something smaller that is far belongs to her
_LEAST = 0.1  # opacity that the segmenter may give to plain background
_EDGE = 4  # pixels at the border of a frame, which are black in many videos
_SOFT = 1.5  # blur of the area's edge, in pixels of the opacity
_NOTHING = 0.02  # weight that is taken for none, so that the soft edge ends


@dataclasses.dataclass(frozen=True)
class View:
    """A frame of the source and its dancer.

    Attributes:
        frame: RGB uint8 `[height, width, 3]`.
        keypoints: Her pose, float32 `[25, 3]` in pixels of the frame.
        opacity: How much of each pixel she covers, float32 `[height, width]` in 0..1.
        weight: How much of each pixel is to be replaced, float32 `[height, width]`: 1 on her and close to her, 0 away
            from her, soft in between.
    """

    frame: Uint8Array
    keypoints: Float32Array
    opacity: Float32Array
    weight: Float32Array

    @property
    def background(self) -> BoolArray:
        """Which pixels stay as they are, bool `[height, width]`."""
        return self.weight == 0

    def moved(self, motion: Float32Array) -> "View":
        """Moves the view as if the camera had stood elsewhere; what it does not show counts as hidden by the dancer.

        Args:
            motion: float32 `[2, 3]`, from pixel indices of the result to those of the frame.
        """
        size = self.weight.shape[::-1]
        frame = cv2.warpAffine(self.frame, motion, size, flags=_BACK, borderMode=cv2.BORDER_REPLICATE)
        opacity, weight = (
            cv2.warpAffine(
                np.pad(values[_EDGE:-_EDGE, _EDGE:-_EDGE], _EDGE, constant_values=1),
                motion,
                size,
                flags=_BACK,
                borderValue=1,
            )
            for values in (self.opacity, self.weight)
        )
        return View(frame, self.keypoints, opacity, weight)


class DancerFinder:
    """Finds the dancer; a context manager, which closes the segmenter if it was needed."""

    def __init__(self) -> None:
        self._resources = contextlib.ExitStack()
        self._parser: PartsParser | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def find(self, frame: Uint8Array, keypoints: Float32Array, parsing_map: Uint8Array | None = None) -> View:
        """Finds the dancer in a frame.

        Args:
            frame: RGB uint8 `[height, width, 3]`.
            keypoints: Her pose, float32 `[25, 3]` in pixels of the frame.
            parsing_map: Class ids of the frame, uint8 `[size, size]`, if it is square and they are known.

        Raises:
            MissingDependencyError: The segmenter is needed and not installed; names the command that installs it.
        """
        height, width = frame.shape[:2]
        square = SquareCrop(0.0, 0.0, float(max(height, width)))
        if parsing_map is not None and not (parsing_map == UNKNOWN).all():
            opacity = ((parsing_map > 0) & (parsing_map != UNKNOWN)).astype(np.float32)
        else:
            if self._parser is None:
                self._parser = self._resources.enter_context(PartsParser(workers=1))
            square = person_view(keypoints, width, height) or square
            opacity = self._parser.opacity(PosedImage(frame, keypoints), square, _SIZE)
            opacity = np.maximum(opacity - _LEAST, 0) / (1 - _LEAST)
        opacity = _near_bones(opacity, square.move_keypoints(keypoints, len(opacity)))
        # The area is found on the small square, because that is quick; its edge is softened outwards.
        soft = cv2.GaussianBlur(person_area(opacity).astype(np.float32), (0, 0), _SOFT)
        weight = np.clip(2 * soft - _NOTHING, 0, 1)
        return View(frame, keypoints, *(_in_frame(values, square, width, height) for values in (opacity, weight)))


def _in_frame(values: Float32Array, square: SquareCrop, width: int, height: int) -> Float32Array:
    """Returns values of a square, `[size, size]`, at the pixels of the frame; 0 outside of the square."""
    step = len(values) / square.side
    left, top = ((0.5 - start) * step - 0.5 for start in (square.left, square.top))
    return cv2.warpAffine(values, np.array([[step, 0, left], [0, step, top]]), (width, height), flags=_BACK)


def _near_bones(opacity: Float32Array, keypoints: Float32Array) -> Float32Array:
    """Adds the bones of a pose `[25, 3]` to an opacity `[size, size]`, and takes away what is far from them.

    Small things that reach away from her stay hers: a ball that is cut in two looks worse than none.
    """
    bones = bones_of(keypoints)
    if bones is None:
        return opacity
    sure, near = (np.zeros(opacity.shape, np.uint8) for _ in range(2))
    ends = np.rint(np.stack([bones.start, bones.end], axis=1)).astype(int).tolist()
    for (start, end), radius in zip(ends, bones.radius.tolist(), strict=True):
        cv2.line(sure, start, end, 1, max(round(2 * _SURE * radius), 1))
        cv2.line(near, start, end, 1, max(round(2 * (radius + _REACH * bones.torso_length)), 1))
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(((opacity > _LEAST) & (near == 0)).astype(np.uint8))
    is_small = statistics[:, cv2.CC_STAT_AREA] < _SMALL * np.count_nonzero((opacity > _LEAST) & (near > 0))
    is_small[0] = False  # the rest of the picture
    return np.maximum(opacity * ((near > 0) | is_small[labels]), sure.astype(np.float32))
