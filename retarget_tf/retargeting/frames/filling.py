"""Fills holes of pictures with colours that change smoothly, coarse to fine."""

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array

_SQUEEZE = 8  # columns are squeezed by this much, which makes the fill spread along rows
_KNOWN_SHARE = 0.3  # share of known pixels from which a squeezed pixel is known
_SWEEPS = 12  # averaging steps at each level of the pyramid


def smooth_fill(picture: Uint8Array | Float32Array, hole: BoolArray) -> Float32Array:
    """Fills the hole with colours that change smoothly, along rows `_SQUEEZE` times more slowly than along columns."""
    small, small_hole = shrunk(picture, hole, 1 / _SQUEEZE, 1.0, _KNOWN_SHARE)
    return fitted(picture, hole, enlarged(membrane(small, small_hole), hole.shape))


def fitted(picture: Uint8Array | Float32Array, hole: BoolArray, fill: Float32Array) -> Float32Array:
    """Adds to a fill the difference to the picture along the hole's border, smoothly continued, so that none shows."""
    return fill + membrane(np.where(hole[..., None], np.float32(0), picture - fill), hole)


def membrane(values: Float32Array, hole: BoolArray) -> Float32Array:
    """Solves Laplace's equation in the hole of `[height, width, 3]`, coarse to fine; known pixels are kept."""
    height, width = hole.shape
    if not hole.any() or hole.all():
        return values
    if min(height, width) > 2:
        small, small_hole = shrunk(values, hole, 0.5, 0.5, 0.01)
        start = enlarged(membrane(small, small_hole), hole.shape, cv2.INTER_LINEAR)
    else:
        start = np.broadcast_to(values[~hole].mean(axis=0), values.shape)
    inside = hole[..., None]
    values = np.where(inside, start, values).astype(np.float32)
    kernel = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
    for _ in range(_SWEEPS):
        values = np.where(inside, cv2.filter2D(values, -1, kernel, borderType=cv2.BORDER_REPLICATE), values)
    return values


def shrunk(
    values: Uint8Array | Float32Array, hole: BoolArray, across: float, down: float, known_share: float
) -> tuple[Float32Array, BoolArray]:
    """Scales `[height, width, 3]` by `across` and `down`, by the mean of the known pixels, and the hole with it."""
    size = (max(1, round(hole.shape[1] * across)), max(1, round(hole.shape[0] * down)))
    known = (~hole).astype(np.float32)
    share = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    sums = cv2.resize(values * known[..., None], size, interpolation=cv2.INTER_AREA)
    small_hole = share < known_share
    means = sums / np.maximum(share, np.float32(1e-6))[..., None]
    return np.where(small_hole[..., None], np.float32(0), means), small_hole


def enlarged(values: Float32Array, shape: tuple[int, ...], interpolation: int = cv2.INTER_CUBIC) -> Float32Array:
    """Scales `[height, width, channels]` to the height and width of a shape."""
    return cv2.resize(values, (shape[1], shape[0]), interpolation=interpolation)
