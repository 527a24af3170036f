"""Enlarges parsing maps for people to look at, with smooth outlines; maps that are data stay as they are."""

import cv2
import numpy as np

from retarget_tf.arrays import Uint8Array

_BLUR = 0.6  # sigma in pixels of the map: rounds its steps; from 0.7 on parts of one pixel would vanish


def enlarge_map(parsing_map: Uint8Array, side: int) -> Uint8Array:
    """Enlarges a map of class ids: each pixel gets the class of which most is there, by linear interpolation.

    Args:
        parsing_map: uint8 `[size, size]`.
        side: Side of the result in pixels, at least `size`; a map of this side is returned as it is.

    Returns:
        uint8 `[side, side]` of the classes that the map has.
    """
    if len(parsing_map) == side:
        return parsing_map
    enlarged, most = np.zeros((2, side, side), np.uint8)
    for class_id in np.unique(parsing_map):
        share = np.where(parsing_map == class_id, np.uint8(255), np.uint8(0))
        share = cv2.GaussianBlur(share, (0, 0), _BLUR, borderType=cv2.BORDER_REPLICATE)
        there = cv2.resize(share, (side, side), interpolation=cv2.INTER_LINEAR)
        np.copyto(enlarged, class_id, where=there > most)
        np.maximum(most, there, out=most)
    return enlarged
