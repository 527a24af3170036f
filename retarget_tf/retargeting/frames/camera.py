"""Follows a camera that is held by hand, and measures how well a background agrees with a frame."""

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array

STILL = np.array([[1, 0, 0], [0, 1, 0]], np.float32)

_CORNERS, _QUALITY, _APART = 400, 0.01, 8  # of tracked corners: number, least strength, least distance in pixels
_WINDOW, _LEVELS = 21, 4  # of the tracker
_OUTLIER = 1.5  # in pixels: a corner that is farther from where the motion takes it moves by itself
_FEWEST = 12  # corners that agree
_EDGE = 6.0  # grey levels a pixel: weaker edges are noise
_FEWEST_EDGES = 50  # pixels; a background without edges looks the same wherever it is


class CameraFollower:
    """Finds how a background lies in the frames of a camera that is held by hand.

    Args:
        background: RGB uint8 `[height, width, 3]`.
    """

    def __init__(self, background: Uint8Array) -> None:
        self._gray = cv2.cvtColor(background, cv2.COLOR_RGB2GRAY)
        self._corners = cv2.goodFeaturesToTrack(self._gray, _CORNERS, _QUALITY, _APART)

    def motion_to(self, frame: Uint8Array, keep: BoolArray) -> Float32Array:
        """Finds the scale, turn and shift that bring the background nearest to a frame, from corners that are tracked.

        Args:
            frame: RGB uint8, as large as the background.
            keep: bool `[height, width]`, which pixels of the frame show background.

        Returns:
            float32 `[2, 3]`, from pixel indices of the background to those of the frame; `STILL` if it cannot be told.
        """
        if self._corners is None:
            return STILL
        there = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        found, tracked, _ = cv2.calcOpticalFlowPyrLK(
            self._gray, there, self._corners, None, winSize=(_WINDOW, _WINDOW), maxLevel=_LEVELS
        )
        corners, found = self._corners[:, 0], found[:, 0]
        column, row = (np.clip(np.rint(found[:, axis]), 0, keep.shape[1 - axis] - 1).astype(int) for axis in (0, 1))
        usable = (tracked[:, 0] > 0) & keep[row, column]
        if np.count_nonzero(usable) < _FEWEST:
            return STILL
        motion, agree = cv2.estimateAffinePartial2D(
            corners[usable], found[usable], method=cv2.RANSAC, ransacReprojThreshold=_OUTLIER
        )
        enough = motion is not None and np.count_nonzero(agree) >= _FEWEST
        return np.asarray(motion, np.float32) if enough else STILL


def largest_shift(motion: Float32Array, width: int, height: int) -> float:
    """Returns by how many pixels a motion moves that corner of the picture that it moves most."""
    corners = np.array([(x, y, 1) for x in (0, width) for y in (0, height)], np.float32)
    return float(np.linalg.norm(corners @ motion.T - corners[:, :2], axis=-1).max())


def edge_distance(background: Uint8Array, frame: Uint8Array, keep: BoolArray) -> float:
    """Estimates by how many pixels the background's edges lie beside those of a frame: |difference| / slope.

    Args:
        background: RGB uint8 `[height, width, 3]`.
        frame: RGB uint8 of the same size.
        keep: bool `[height, width]`, which pixels of the frame show background.

    Returns:
        The median over the pixels at edges; 0 where there are hardly any.
    """
    gray, there = (
        cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1)
        for picture in (background, frame)
    )
    slope = np.hypot(cv2.Sobel(gray, -1, 1, 0, scale=1 / 8), cv2.Sobel(gray, -1, 0, 1, scale=1 / 8))
    edges = (slope > _EDGE) & keep
    if np.count_nonzero(edges) < _FEWEST_EDGES:
        return 0.0
    difference = there - gray
    return float(np.median(np.abs(difference - np.median(difference[keep]))[edges] / slope[edges]))
