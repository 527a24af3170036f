"""Composes the moved person with a background."""

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Uint8Array
from retarget_tf.pictures.nearest import nearest_pixels
from retarget_tf.retargeting.frames.moved_photo import Layer


def over(layer: Layer, background: Uint8Array) -> Uint8Array:
    """Lays a person over a background, RGB uint8 `[height, width, 3]`."""
    picture = background.copy()
    behind = background[layer.region].astype(np.float32)
    picture[layer.region] = np.rint(layer.colours + (1 - layer.opacity[..., None]) * behind).astype(np.uint8)
    return picture


def keep_still(picture: Uint8Array, photo: Uint8Array, layer: Layer, was_there: BoolArray, reach: int) -> Uint8Array:
    """Puts the photo's own pixels back where the person has not moved.

    Args:
        picture: The composed picture, RGB uint8 `[height, width, 3]`.
        photo: The photo, of the same shape.
        layer: The person.
        was_there: Where the photo shows the person, bool `[height, width]`.
        reach: How far from the person a pixel may be, in pixels.
    """
    if not (layer.stillness > 0.5).any():
        return picture
    rows, columns = (slice(max(side.start - reach, 0), side.stop + reach) for side in layer.region)
    still = np.zeros(picture.shape[:2], np.float32)
    still[layer.region] = layer.stillness * (layer.opacity > 0.5)
    still, there = still[rows, columns], was_there[rows, columns]
    person = there | (still > 0)
    size = 2 * reach + 1
    near = cv2.dilate(person.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
    share = np.where(near > 0, still[nearest_pixels(person)], 0).astype(np.float32)[..., None]
    here = picture[rows, columns].astype(np.float32)
    result = picture.copy()
    result[rows, columns] = np.rint(here + share * (photo[rows, columns] - here)).astype(np.uint8)
    return result
