"""Draws lines of text, legends, grids of pictures and tables in one style.

Pictures are RGB uint8 `[height, width, 3]`. OpenCV draws the text, because figures this plain do not justify a plotting
library as a dependency. Small cells are enlarged by repeating pixels, so that each pixel stays visible.
"""

import dataclasses
from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from retarget_tf.arrays import Uint8Array

Colour = tuple[int, int, int]

LINE = 28  # height of a line of text in pixels
GAP = 8  # pixels between parts
CELL = 160  # smallest side of a cell in pixels
TEXT, TITLE = 0.5, 0.6  # scales of the font
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_BASELINE = 19  # y of the text's baseline in a line
_SWATCH = 14


@dataclasses.dataclass(frozen=True)
class Style:
    """Colours of a page.

    Attributes:
        paper: Background.
        ink: Main text.
        faint: Secondary text and thin lines.
    """

    paper: Colour
    ink: Colour
    faint: Colour


LIGHT = Style((255, 255, 255), (30, 30, 30), (110, 110, 110))
DARK = Style((24, 24, 28), (225, 225, 225), (165, 165, 170))


def page(height: int, width: int, style: Style = LIGHT) -> Uint8Array:
    """Returns an empty picture."""
    return np.full((height, width, 3), style.paper, np.uint8)


def paste(picture: Uint8Array, part: Uint8Array, x: int, y: int) -> None:
    """Copies a part into the picture, with its upper left corner at (x, y)."""
    picture[y : y + part.shape[0], x : x + part.shape[1]] = part


def write(picture: Uint8Array, text: str, x: int, y: int, colour: Colour, scale: float = TEXT) -> None:
    """Writes text into a line, `LINE` pixels high, whose upper left corner is (x, y)."""
    cv2.putText(picture, text, (x, y + _BASELINE), _FONT, scale, colour, 1, cv2.LINE_AA)


def text_width(text: str, scale: float = TEXT) -> int:
    """Returns the width of a text in pixels."""
    (width, _), _ = cv2.getTextSize(text, _FONT, scale, 1)
    return int(width)


def text_line(text: str, width: int, colour: Colour, *, centred: bool = False) -> Uint8Array:
    """Draws a line of text on a light background, aligned left or centred."""
    line = page(LINE, width)
    write(line, text, max(0, (width - text_width(text)) // 2) if centred else GAP, 0, colour)
    return line


def titled(title: str, picture: Uint8Array) -> Uint8Array:
    """Puts a title on a light background above a picture."""
    line = page(LINE, picture.shape[1])
    write(line, title, GAP, 0, LIGHT.ink, TITLE)
    return np.concatenate([line, picture])


def legend(colours: Iterable[tuple[str, Colour]], width: int, style: Style = LIGHT) -> Uint8Array:
    """Draws a square and a name for each colour, in as many lines as needed."""
    lines, x = [page(LINE, width, style)], GAP
    for name, colour in colours:
        text = name.replace("_", " ")
        needed = _SWATCH + text_width(text) + 4 * GAP
        if x + needed > width and x > GAP:
            lines.append(page(LINE, width, style))
            x = GAP
        corners = (x, (LINE - _SWATCH) // 2), (x + _SWATCH, (LINE + _SWATCH) // 2)
        cv2.rectangle(lines[-1], *corners, colour, cv2.FILLED)
        cv2.rectangle(lines[-1], *corners, style.faint, 1)
        write(lines[-1], text, x + _SWATCH + GAP, 0, style.ink)
        x += needed
    return np.concatenate(lines)


def enlarged(picture: Uint8Array) -> Uint8Array:
    """Enlarges a square picture by a whole factor, repeating pixels, until its side is at least `CELL`."""
    factor = -(-CELL // len(picture))
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def grid(
    rows: Sequence[Sequence[Uint8Array | None]],
    column_titles: Sequence[str],
    row_titles: Sequence[str] = (),
    side_titles: Sequence[str] = (),
) -> Uint8Array:
    """Draws square cells of equal size in rows under column titles.

    Args:
        rows: RGB uint8 `[side, side, 3]` cells of each row; None leaves a cell empty.
        column_titles: Titles centred above the columns.
        row_titles: A title above each row; none if empty.
        side_titles: A vertical title to the left of each row; none if empty.
    """
    side = next(len(enlarged(cell)) for row in rows for cell in row if cell is not None)
    left = LINE if side_titles else GAP
    lefts = [left + column * (side + GAP) for column in range(len(column_titles))]
    width = lefts[-1] + side + GAP
    header = page(LINE, width)
    for x, title in zip(lefts, column_titles, strict=True):
        paste(header, text_line(title, side, LIGHT.ink, centred=True), x, 0)
    parts = [header]
    for index, row in enumerate(rows):
        if row_titles:
            parts.append(text_line(row_titles[index], width, LIGHT.faint))
        band = page(side + GAP, width)
        if side_titles:
            paste(band, np.rot90(text_line(side_titles[index], side, LIGHT.faint, centred=True)), 0, 0)
        for x, cell in zip(lefts, row, strict=True):
            if cell is not None:
                paste(band, enlarged(cell), x, 0)
        parts.append(band)
    return np.concatenate(parts)


def stack(parts: Sequence[Uint8Array]) -> Uint8Array:
    """Puts pictures below each other on a light background, aligned left."""
    width = max(part.shape[1] for part in parts)
    padded = []
    for part in parts:
        padded.append(page(part.shape[0] + 2 * GAP, width))
        paste(padded[-1], part, 0, GAP)
    return np.concatenate(padded)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Formats a table as text: the first column is aligned left, the others right."""
    first, *others = ([len(cell) for cell in column] for column in zip(*rows, strict=True))
    widths = [max(lengths) for lengths in others]
    lines = (
        "  ".join([row[0].ljust(max(first)), *(cell.rjust(width) for cell, width in zip(row[1:], widths, strict=True))])
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
