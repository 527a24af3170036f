"""Finds a person's keypoints in a photo more exactly than one look at the whole picture does.

MediaPipe searches a picture of 224 px for a person, and finds the joints in a view of 256 px around it. A person who is
small in the photo is located coarsely, and so is the view. And its answer for a mirrored picture differs by 1 % of the
height, by chance, so the mean of both is nearer to the truth. A photo's keypoints serve a whole dance; a few looks more
cost some tenths of a second.
"""

import dataclasses

import numpy as np

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.footage.extraction.exact_detector import Detector, mean_where_agreed
from retarget_tf.pictures.square_crop import SquareCrop

_COARSE = 0.6  # of the picture's longer side: a smaller person is looked at again
_MARGIN = 0.12  # of the person's longer side, around it
_SMALLEST, _LARGEST = 512, 1024  # side in pixels of the picture for the second look
_SAME_PERSON = 0.15  # of the person's longer side: looks that differ by more show somebody else
_TWINS = np.asarray(skeleton.MIRRORED_JOINT)


def look_again(detector: Detector, image: Uint8Array, found: Float32Array) -> Float32Array:
    """Refines a person's keypoints by a look at their own square, if it is small, and one at the mirrored view.

    Args:
        detector: A detector for single pictures and one person.
        image: RGB uint8 `[height, width, 3]`.
        found: float32 `[25, 3]` in pixels, from a look at the whole picture, joints of low confidence included.

    Returns:
        float32 `[25, 3]` in pixels. A look that finds somebody else is not used.
    """
    length = skeleton.box_side(found[found[:, 2] >= skeleton.CONFIDENCE_THRESHOLD])
    view = _View(image, np.zeros(2, np.float32), np.float32(1))
    if 0 < length < _COARSE * max(image.shape[:2]):
        close_up = _close_up(image, found, length)
        closer = close_up.look(detector)
        if closer is not None and _distances(closer, found).mean() < _SAME_PERSON * length:
            view, found = close_up, closer
    mirrored = view.look(detector, mirrored=True)
    return found if mirrored is None else mean_where_agreed(found, mirrored)


@dataclasses.dataclass(frozen=True)
class _View:
    """A part of a photo to look at.

    Attributes:
        picture: RGB uint8 `[height, width, 3]`.
        corner: x and y in pixels of the photo of its upper left corner.
        pixel: Side of one of its pixels in pixels of the photo.
    """

    picture: Uint8Array
    corner: Float32Array
    pixel: np.float32

    def look(self, detector: Detector, *, mirrored: bool = False) -> Float32Array | None:
        """Returns the keypoints `[25, 3]` of the person in it, in pixels of the photo; None if nobody is found."""
        found = detector.detect(self.picture[:, ::-1] if mirrored else self.picture)
        if found is None:
            return None
        if mirrored:
            found = found[_TWINS] * np.array([-1, 1, 1], np.float32)
            found += np.array([self.picture.shape[1], 0, 0], np.float32)
        return np.concatenate([found[:, :2] * self.pixel + self.corner, found[:, 2:]], axis=1)


def _close_up(image: Uint8Array, keypoints: Float32Array, length: float) -> _View:
    box = skeleton.person_box(keypoints[keypoints[:, 2] >= skeleton.CONFIDENCE_THRESHOLD])
    assert box is not None  # `length` is positive
    side = length * (1 + 2 * _MARGIN)
    corner = ((box[:2] + box[2:] - side) / 2).astype(np.float32)
    size = int(np.clip(side, _SMALLEST, _LARGEST))
    picture = SquareCrop(float(corner[0]), float(corner[1]), side).apply(image, size)
    return _View(picture, corner, np.float32(side / size))


def _distances(a: Float32Array, b: Float32Array) -> Float32Array:
    return np.linalg.norm((a - b)[:, :2], axis=-1).astype(np.float32)
