"""Finds for each pixel the nearest pixel of a mask, with OpenCV's distance transform."""

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, IndexArray


def nearest_pixels(mask: BoolArray) -> tuple[IndexArray, IndexArray]:
    """Returns rows and columns, `[height, width]` each, of the pixel of the mask that is nearest to each pixel.

    Args:
        mask: bool `[height, width]`, true somewhere.
    """
    _, labels = cv2.distanceTransformWithLabels(
        (~mask).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    flat = np.flatnonzero(mask)
    table = np.zeros(int(labels.max()) + 1, np.intp)
    table[labels.ravel()[flat]] = flat
    nearest = table[labels]
    return nearest // mask.shape[1], nearest % mask.shape[1]
