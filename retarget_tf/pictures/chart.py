"""Draws curves over time as a picture: one pair of axes that start at 0, with a legend to the right."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from retarget_tf.arrays import Uint8Array
from retarget_tf.pictures import drawing
from retarget_tf.pictures.drawing import GAP, LIGHT, LINE, Colour

Curve = Sequence[float | None]
Point = tuple[int, int]

_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 800, 50, 500  # ends of the axes in pixels
_SAMPLE = _RIGHT + 3 * GAP, _RIGHT + 7 * GAP  # ends of the line in front of a curve's name in the legend
_RULES: Colour = (220, 220, 220)
_COLOURS: tuple[Colour, ...] = (
    (214, 39, 40), (31, 119, 180), (44, 160, 44), (255, 127, 14), (148, 103, 189), (140, 86, 75), (227, 119, 194),
    (23, 190, 207), (188, 189, 34), (90, 90, 90),
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class _Axes:
    """Converts t and a value to pixels; the axes end at `last` and `top`."""

    last: float
    top: float

    def point(self, t: float, value: float) -> Point:
        x = _LEFT + t / self.last * (_RIGHT - _LEFT)
        return round(x), round(_BOTTOM - value / self.top * (_BOTTOM - _TOP))


def line_chart(title: str, t: Sequence[int], curves: Mapping[str, Curve]) -> Uint8Array:
    """Draws named curves over `t`.

    Args:
        title: Title above the axes.
        t: Ascending frame numbers; may be empty.
        curves: Values in [0, 1] of each curve by name, one for each frame number. None leaves a gap in the line.

    Returns:
        RGB uint8 `[height, width, 3]`, as wide as the longest name needs.
    """
    values = [value for curve in curves.values() for value in curve if value is not None]
    axes = _Axes(max(t, default=1), 0.1 * np.ceil(10 * max(values, default=1.0)) or 1.0)
    longest = max((drawing.text_width(name) for name in curves), default=0)
    height = max(_BOTTOM + 2 * LINE, _TOP + LINE * len(curves)) + GAP
    picture = drawing.page(height, _SAMPLE[1] + longest + 3 * GAP)
    _draw_axes(picture, axes, title)
    for index, (name, curve) in enumerate(curves.items()):
        # After the last colour, the colours are used again for thin lines.
        colour, thickness = _COLOURS[index % len(_COLOURS)], 2 if index < len(_COLOURS) else 1
        _draw_curve(picture, axes, t, curve, colour, thickness)
        y = _TOP + LINE * index
        begin, end = ((x, y + LINE // 2) for x in _SAMPLE)
        cv2.line(picture, begin, end, colour, thickness, cv2.LINE_AA)
        drawing.write(picture, name, _SAMPLE[1] + GAP, y, LIGHT.ink)
    return picture


def _draw_axes(picture: Uint8Array, axes: _Axes, title: str) -> None:
    drawing.write(picture, title, _LEFT, _TOP - LINE - GAP, LIGHT.ink, drawing.TITLE)
    for value in np.arange(round(10 * axes.top) + 1) / 10:
        _, y = axes.point(0, value)
        cv2.line(picture, (_LEFT, y), (_RIGHT, y), _RULES)
        text = f"{value:.1f}"
        drawing.write(picture, text, _LEFT - GAP - drawing.text_width(text), y - LINE // 2, LIGHT.ink)
    step = _round_step(axes.last / 5)
    for t in np.arange(0, axes.last + step / 2, step):
        x, _ = axes.point(t, 0)
        if x <= _RIGHT:
            cv2.line(picture, (x, _TOP), (x, _BOTTOM), _RULES)
            _write_centred(picture, f"{t:g}", x, _BOTTOM)
    _write_centred(picture, "t", (_LEFT + _RIGHT) // 2, _BOTTOM + LINE)
    cv2.rectangle(picture, (_LEFT, _TOP), (_RIGHT, _BOTTOM), LIGHT.ink)


def _round_step(smallest: float) -> float:
    """Returns the smallest of 1, 2, 5, 10, 20, 50 ... (also 0.1, 0.2, 0.5 ...) that is at least `smallest`."""
    power = 10.0 ** math.floor(math.log10(smallest))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= smallest)


def _write_centred(picture: Uint8Array, text: str, x: int, y: int) -> None:
    drawing.write(picture, text, x - drawing.text_width(text) // 2, y, LIGHT.ink)


def _draw_curve(
    picture: Uint8Array, axes: _Axes, t: Sequence[int], curve: Curve, colour: Colour, thickness: int
) -> None:
    before: Point | None = None
    for time, value in zip(t, curve, strict=True):
        point = None if value is None else axes.point(time, value)
        if point is not None:
            # Without a previous point, draws a line to itself, so that a single value is a dot.
            cv2.line(picture, before or point, point, colour, thickness, cv2.LINE_AA)
        before = point
