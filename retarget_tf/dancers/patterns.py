"""Computes the patterns of cloth: each is a flat texture that moves, tilts and slides with the trunk."""

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Float64Array
from retarget_tf.dancers.body import Pattern
from retarget_tf.dancers.camera import Camera
from retarget_tf.dancers.sculpture import Figure

_ROUND = 0.09  # how far the texture slides sideways per radian of turn, in standing heights
_FINEST = 3.0  # shortest period in pixels; finer patterns would flicker
_BLOTS, _CELLS = 128, 16  # texels along the side of a print, and cells of the noise it is made of


class Wallpaper:
    """The position of the patterns in each frame of a clip."""

    def __init__(self, figure: Figure, camera: Camera) -> None:
        shoulders = (figure.landmarks["left_shoulder"] + figure.landmarks["right_shoulder"]) / 2
        across = figure.landmarks["left_hip"] - figure.landmarks["right_hip"]
        turn = np.unwrap(np.arctan2(across[:, 2], across[:, 0]))
        self._origin = camera.project(figure.hips)
        self._down = self._origin - camera.project(shoulders)
        self._down /= np.maximum(np.linalg.norm(self._down, axis=1, keepdims=True), 1e-6) * camera.scale
        self._slide = _ROUND * turn
        self._finest = _FINEST / camera.scale
        self._prints: dict[Pattern, BoolArray] = {}

    def is_inked(self, pattern: Pattern, index: int, places: Float64Array) -> BoolArray:
        """Returns bool `[points]`: which pixels (x, y) `[points, 2]` of frame `index` have the pattern's colour."""
        down, offset = self._down[index], places - self._origin[index]
        period = max(pattern.period, self._finest)
        v = (offset @ down) / period
        u = (offset @ np.array([down[1], -down[0]]) + self._slide[index]) / period
        match pattern.kind:
            case "rows":
                return v % 1 < pattern.share
            case "columns":
                return u % 1 < pattern.share
            case "checks":
                return (u % 1 < pattern.share) ^ (v % 1 < pattern.share)
            case "dots":
                return (u % 1 - 0.5) ** 2 + (v % 1 - 0.5) ** 2 < pattern.share / 4
        if pattern not in self._prints:
            self._prints[pattern] = _draw_print(pattern)
        cells = _BLOTS / _CELLS
        return self._prints[pattern][(v * cells).astype(int) % _BLOTS, (u * cells).astype(int) % _BLOTS]


def _draw_print(pattern: Pattern) -> BoolArray:
    """Draws random blotches, like flowers or camouflage: bool `[_BLOTS, _BLOTS]`."""
    noise = np.random.default_rng(pattern.seed).normal(size=(_CELLS, _CELLS)).astype(np.float32)
    blots = cv2.resize(noise, (_BLOTS, _BLOTS), interpolation=cv2.INTER_CUBIC)
    return blots > np.quantile(blots, 1 - pattern.share)
