"""Views: parts of a picture that a detector or a parser looks at in the place of the whole."""

import dataclasses
from collections.abc import Callable
from typing import Protocol, Self

import numpy as np

from retarget_tf.arrays import AnyArray, Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.pictures.square_crop import SquareCrop

_SMALLEST, _LARGEST = 512, 1024  # side in pixels of the picture of a square
_SAME_PERSON = 0.15  # of the person's longer side: looks that differ by more show somebody else
_TWINS = np.asarray(skeleton.MIRRORED_JOINT)


class Detector(Protocol):
    """Anything that finds a person in a picture."""

    def detect(self, image: Uint8Array, seconds: float = 0.0) -> Float32Array | None:
        """See `PoseDetector.detect`."""


@dataclasses.dataclass(frozen=True)
class View:
    """A part of a picture to look at.

    Attributes:
        picture: RGB uint8 `[height, width, 3]`.
        corner: x and y in pixels of the whole picture of its upper left corner.
        pixel: Side of one of its pixels in pixels of the whole picture.
    """

    picture: Uint8Array
    corner: Float32Array
    pixel: np.float32

    @classmethod
    def whole(cls, image: Uint8Array) -> Self:
        """Returns the view of all of a picture."""
        return cls(image, np.zeros(2, np.float32), np.float32(1))

    @classmethod
    def of_square(cls, image: Uint8Array, square: SquareCrop) -> Self:
        """Returns the view of a square, which may reach beyond the picture."""
        size = int(np.clip(square.side, _SMALLEST, _LARGEST))
        corner = np.array([square.left, square.top], np.float32)
        return cls(square.apply(image, size), corner, np.float32(square.side / size))

    def look(self, detector: Detector, seconds: float = 0.0, *, mirrored: bool = False) -> Float32Array | None:
        """Returns the keypoints `[25, 3]` of the person in it, in pixels of the whole picture; None if there is nobody.

        Args:
            detector: Looks at the view's picture.
            seconds: Time of the frame in its video.
            mirrored: Whether the detector sees the mirrored picture.
        """
        found = detector.detect(self.picture[:, ::-1] if mirrored else self.picture, seconds)
        if found is None:
            return None
        if mirrored:
            found = found[_TWINS] * np.array([-1, 1, 1], np.float32)
            found += np.array([self.picture.shape[1], 0, 0], np.float32)
        return self.in_whole(found)

    def in_whole(self, found: Float32Array) -> Float32Array:
        """Returns keypoints `[25, 3]` in pixels of the whole picture, given those in pixels of the view."""
        return np.concatenate([found[:, :2] * self.pixel + self.corner, found[:, 2:]], axis=1)


def parsed_upright(parse: Callable[[Uint8Array], AnyArray], view: Uint8Array, keypoints: Float32Array) -> AnyArray:
    """Parses a view in which the person stands upright, since parsers see no face that is upside down.

    Args:
        parse: Returns `[side, side, ...]` of a picture RGB uint8 `[side, side, 3]`.
        view: Square picture of a person who may stand on her hands or lie.
        keypoints: Her joints, float32 `[25, 3]`.

    Returns:
        What `parse` finds, at its place in `view`.
    """
    turns = skeleton.quarter_turns(keypoints)
    upright = np.ascontiguousarray(np.rot90(view, -turns))
    return np.ascontiguousarray(np.rot90(parse(upright), turns))


def square_around(keypoints: Float32Array, margin: float) -> SquareCrop | None:
    """Returns the square around the sure joints of a person `[25, 3]`; None if there are none.

    Args:
        keypoints: float32 `[25, 3]` in pixels, joints of low confidence included.
        margin: Free border on each side, as a share of the longer side of the joints' box.
    """
    sure = keypoints[keypoints[:, 2] >= skeleton.CONFIDENCE_THRESHOLD]
    box, length = skeleton.person_box(sure), skeleton.box_side(sure)
    if box is None or length <= 0:
        return None
    side = length * (1 + 2 * margin)
    left, top = ((box[:2] + box[2:] - side) / 2).tolist()
    return SquareCrop(left, top, float(side))


def mean_distance(found: Float32Array, other: Float32Array) -> float:
    """Returns the mean distance in pixels between the joints of two looks `[25, 3]`."""
    return float(np.linalg.norm((found - other)[:, :2], axis=-1).mean())


def is_same_person(found: Float32Array, other: Float32Array) -> bool:
    """Returns whether two looks `[25, 3]` show the same person; they are compared by the size in `other`."""
    around = square_around(other, 0.0)
    return around is not None and mean_distance(found, other) <= _SAME_PERSON * around.side
