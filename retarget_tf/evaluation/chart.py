"""Draws a line chart with OpenCV, which saves a plotting library among the dependencies."""

import dataclasses
from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from retarget_tf.arrays import Uint8Array

Curve = Sequence[float | None]
Point = tuple[int, int]

_WIDTH, _HEIGHT = 1100, 560
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 800, 50, 500  # the plot area; the legend is to its right
_PAPER, _INK, _FAINT = (255, 255, 255), (30, 30, 30), (220, 220, 220)
_COLOURS = (
    (214, 39, 40), (31, 119, 180), (44, 160, 44), (255, 127, 14), (148, 103, 189), (140, 86, 75), (227, 119, 194),
    (23, 190, 207), (188, 189, 34), (90, 90, 90),
)  # fmt: skip
_FONT = cv2.FONT_HERSHEY_DUPLEX


@dataclasses.dataclass(frozen=True)
class _Axes:
    """Maps t in 0..`last` and values in 0..`top` to pixels."""

    last: float
    top: float

    def point(self, t: float, value: float) -> Point:
        x = _LEFT + t / self.last * (_RIGHT - _LEFT)
        return round(x), round(_BOTTOM - value / self.top * (_BOTTOM - _TOP))


def line_chart(title: str, t: Sequence[int], curves: Mapping[str, Curve]) -> Uint8Array:
    """Draws named curves over `t`.

    Args:
        title: Title above the chart.
        t: Frame numbers, ascending; may be empty.
        curves: For each name one value in 0..1 for each frame number; None leaves a gap in the line.

    Returns:
        RGB uint8 `[height, width, 3]`.
    """
    values = [value for curve in curves.values() for value in curve if value is not None]
    axes = _Axes(max(t, default=1), 0.1 * np.ceil(10 * max(values, default=1.0)) or 1.0)
    picture = np.full((_HEIGHT, _WIDTH, 3), _PAPER, np.uint8)
    _draw_axes(picture, axes, title)
    for index, (name, curve) in enumerate(curves.items()):
        # Once all colours are used, they repeat as thinner lines.
        colour, thickness = _COLOURS[index % len(_COLOURS)], 2 if index < len(_COLOURS) else 1
        _draw_curve(picture, axes, t, curve, colour, thickness)
        y = _TOP + 14 + 26 * index
        cv2.line(picture, (_RIGHT + 24, y - 5), (_RIGHT + 54, y - 5), colour, thickness, cv2.LINE_AA)
        _write(picture, name, (_RIGHT + 62, y))
    return picture


def _draw_axes(picture: Uint8Array, axes: _Axes, title: str) -> None:
    _write(picture, title, (_LEFT, _TOP - 20), scale=0.6)
    for value in np.arange(round(10 * axes.top) + 1) / 10:
        _, y = axes.point(0, value)
        cv2.line(picture, (_LEFT, y), (_RIGHT, y), _FAINT)
        _write(picture, f"{value:.1f}", (_LEFT - 40, y + 5))
    for t in axes.last * np.arange(6) / 5:
        x, _ = axes.point(t, 0)
        cv2.line(picture, (x, _TOP), (x, _BOTTOM), _FAINT)
        _write(picture, f"{t:g}", (x - 10, _BOTTOM + 24))
    _write(picture, "t", ((_LEFT + _RIGHT) // 2, _BOTTOM + 48))
    cv2.rectangle(picture, (_LEFT, _TOP), (_RIGHT, _BOTTOM), _INK)


def _draw_curve(
    picture: Uint8Array, axes: _Axes, t: Sequence[int], curve: Curve, colour: tuple[int, int, int], thickness: int
) -> None:
    before: Point | None = None
    for time, value in zip(t, curve, strict=True):
        point = None if value is None else axes.point(time, value)
        if point is not None:
            # A value without a predecessor is drawn as a dot.
            cv2.line(picture, before or point, point, colour, thickness, cv2.LINE_AA)
        before = point


def _write(picture: Uint8Array, text: str, place: Point, scale: float = 0.45) -> None:
    cv2.putText(picture, text, place, _FONT, scale, _INK, 1, cv2.LINE_AA)
