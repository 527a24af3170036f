"""Draws measures over time as inline SVG, with good stretches shaded, failures in red and cuts as dashed lines.

Colours are CSS classes of `page`, so that a chart follows its light or dark theme.
"""

import numpy as np

from retarget_tf.arrays import AnyArray, BoolArray
from retarget_tf.footage.screening.criteria import Limit
from retarget_tf.footage.screening.judging import Verdict
from retarget_tf.footage.screening.looking import Looks

_WIDTH, _HEIGHT = 480.0, 56.0
_HEADROOM = 1.25  # the scale reaches at least to this multiple of the passing value


def chart(name: str, looks: Looks, verdict: Verdict, limit: Limit, passing: float) -> str:
    """Draws the curve of one measure.

    Args:
        name: Name of the measure.
        looks: All measures of the video.
        verdict: Verdict whose good stretches are shaded.
        limit: Limit of this measure.
        passing: Passing score, at which the dashed line is drawn.
    """
    values = looks.values[name]
    edge = limit.at(passing)
    top = max(float(np.nanmax(values, initial=0.0)), edge * _HEADROOM)
    x = (looks.at + 0.5) / looks.frames * _WIDTH
    y = _HEIGHT - 2 - values / top * (_HEIGHT - 6)
    line_y = _HEIGHT - 2 - edge / top * (_HEIGHT - 6)
    failing = verdict.scores[name] < passing
    parts = [
        *(_band(looks, stretch.first, stretch.end) for stretch in verdict.good_stretches),
        f'<line class="limit" x1="0" x2="{_WIDTH:.0f}" y1="{line_y:.1f}" y2="{line_y:.1f}"/>',
        *(_cut(looks, cut) for cut in looks.cuts),
        *(f'<path class="curve" d="{path}"/>' for path in _paths(x, y, ~np.isnan(values))),
        *(f'<path class="curve failing" d="{path}"/>' for path in _paths(x, y, ~np.isnan(values) & failing)),
    ]
    return _svg("".join(parts), _HEIGHT, f"{name} over time")


def timeline(looks: Looks, verdict: Verdict, height: float) -> str:
    """Draws a bar of the good and poor stretches, with the reasons of each as a tooltip."""
    parts = []
    for stretch in verdict.stretches:
        kind = "good" if stretch.is_good else "poor"
        left, width = _span(looks, stretch.first, stretch.end)
        title = ", ".join(stretch.reasons) or "good"
        parts.append(
            f'<rect class="{kind}" x="{left:.2f}" y="0" width="{max(width - 0.8, 0.4):.2f}" height="{height:.0f}">'
            f"<title>frames {stretch.first} to {stretch.end - 1}: {title}</title></rect>"
        )
    return _svg("".join(parts) + "".join(_cut(looks, cut, height) for cut in looks.cuts), height, "stretches")


def _svg(content: str, height: float, label: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH:.0f} {height:.0f}" preserveAspectRatio="none" role="img" aria-label="{label}" '
        f'style="height:{height:.0f}px">{content}</svg>'
    )


def _band(looks: Looks, first: int, end: int) -> str:
    left, width = _span(looks, first, end)
    return f'<rect class="band" x="{left:.2f}" y="0" width="{width:.2f}" height="{_HEIGHT:.0f}"/>'


def _cut(looks: Looks, frame: int, height: float = _HEIGHT) -> str:
    x = frame / looks.frames * _WIDTH
    return f'<line class="cut" x1="{x:.2f}" x2="{x:.2f}" y1="0" y2="{height:.0f}"/>'


def _span(looks: Looks, first: int, end: int) -> tuple[float, float]:
    return first / looks.frames * _WIDTH, (end - first) / looks.frames * _WIDTH


def _paths(x: AnyArray, y: AnyArray, shown: BoolArray) -> list[str]:
    """Returns an SVG path for each run of shown looks; a single look becomes a dot."""
    edges = np.flatnonzero(np.diff(np.pad(shown.astype(np.int8), 1)))
    paths = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        points = " ".join(f"{x[i]:.1f},{y[i]:.1f}" for i in range(start, stop))
        paths.append(f"M{points}" if stop - start > 1 else f"M{points} h0.1")
    return paths
