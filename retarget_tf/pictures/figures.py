"""Pictures for people: what a training makes, the paper's Figure 5, and a rollout against the truth.

Small maps are enlarged without mixing, so that each pixel can be seen. All pictures are RGB uint8
`[height, width, 3]`.
"""

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np

from retarget_tf.arrays import Float32Array, Tensor, Uint8Array
from retarget_tf.body import pose_map
from retarget_tf.body.parsing_labels import LabelSchema
from retarget_tf.networks import encoding

Colour = tuple[int, int, int]

_PAPER: Colour = (255, 255, 255)
_INK: Colour = (30, 30, 30)
_FAINT: Colour = (120, 120, 120)
_CELL = 160  # pixels that a cell is enlarged to, at least
_GAP = 6
_FONT = cv2.FONT_HERSHEY_DUPLEX
_LINE = 26  # height of a line of text


@dataclasses.dataclass(frozen=True)
class Shot:
    """One moment of a rollout.

    Attributes:
        t: the frame's number; 0 is the reference.
        frame: the true frame, RGB uint8 `[size, size, 3]`.
        keypoints: the driving keypoints, float32 `[25, 3]`.
        real_map: uint8 `[size, size]`.
        generated_map: uint8 `[size, size]`; None for the reference.
    """

    t: int
    frame: Uint8Array
    keypoints: Float32Array
    real_map: Uint8Array
    generated_map: Uint8Array | None = None


@dataclasses.dataclass(frozen=True)
class Strip:
    """One clip's shots in order of time.

    Attributes:
        title: stands above.
        reference: the photo that the rollout started from.
        shots: the moments shown.
    """

    title: str
    reference: Shot
    shots: tuple[Shot, ...]


def training_panel(
    frame: Tensor, keypoints: Tensor, generated: Tensor, real: Tensor, frame_title: str = "frame t"
) -> Uint8Array:
    """What a training makes: a row a sample, of frame, stick figure, generated map and true map.

    Args:
        frame: float32 `[batch, size, size, 3]` in [-1, 1].
        keypoints: float32 `[batch, 25, 3]` in pixels.
        generated: the generated maps in colours, float32 `[batch, size, size, 3]` in [-1, 1].
        real: the true ones.
        frame_title: stands above the frames.
    """
    stick = pose_map.draw_stick_figure(keypoints, frame.shape[1])
    columns = [encoding.to_pixels(pictures).numpy() for pictures in (frame, stick, generated, real)]
    return _grid(list(zip(*columns, strict=True)), [frame_title, "pose t+1", "generated t+1", "truth t+1"])


def retargeting_panel(strips: Sequence[Strip], schema: LabelSchema) -> Uint8Array:
    """The paper's Figure 5, a row a clip, at its last shot: true frame, stick figure, generated map, true map."""
    rows = [_pictures(strip.shots[-1], schema) for strip in strips]
    titles = [f"{strip.title}, t = {strip.shots[-1].t}" for strip in strips]
    cells = [[row["frame"], row["pose"], row["generated"], row["truth"]] for row in rows]
    panel = _grid(cells, ["true frame", "pose", "generated map", "true map"], titles)
    return _stack([panel, _legend(schema, panel.shape[1])])


def rollout_figure(strips: Sequence[Strip], schema: LabelSchema) -> Uint8Array:
    """Truth above prediction over time, a block a clip; the photo that it started from stands to the left."""
    blocks = [_strip_block(strip, schema) for strip in strips]
    width = max(block.shape[1] for block in blocks)
    return _stack([*blocks, _legend(schema, width)])


def _strip_block(strip: Strip, schema: LabelSchema) -> Uint8Array:
    reference = _pictures(strip.reference, schema)
    moments = [_pictures(shot, schema) for shot in strip.shots]
    rows = [
        [reference["pose"], *(moment["pose"] for moment in moments)],
        [reference["truth"], *(moment["truth"] for moment in moments)],
        [reference["frame"], *(moment["generated"] for moment in moments)],
    ]
    columns = ["t = 0, the photo", *(f"t = {shot.t}" for shot in strip.shots)]
    block = _grid(rows, columns, side_titles=["pose", "truth", "generated"])
    return _stack([_text_line(strip.title, block.shape[1], _INK, scale=0.62), block])


def _pictures(shot: Shot, schema: LabelSchema) -> dict[str, Uint8Array | None]:
    stick = pose_map.draw_stick_figure(shot.keypoints[None], len(shot.real_map))[0]
    return {
        "frame": shot.frame,
        "pose": encoding.to_pixels(stick).numpy(),
        "generated": None if shot.generated_map is None else schema.colour(shot.generated_map),
        "truth": schema.colour(shot.real_map),
    }


def _grid(
    rows: Sequence[Sequence[Uint8Array | None]],
    column_titles: Sequence[str],
    row_titles: Sequence[str] | None = None,
    side_titles: Sequence[str] | None = None,
) -> Uint8Array:
    """Cells in rows under column titles; a row's title stands above it, or vertically at its left side."""
    size = next(len(cell) for row in rows for cell in row if cell is not None)
    factor = max(1, -(-_CELL // size))
    side = size * factor
    left = _LINE if side_titles else 0
    width = left + len(column_titles) * (side + _GAP) + _GAP
    parts = [_header(column_titles, side, left, width)]
    for index, row in enumerate(rows):
        if row_titles:
            parts.append(_text_line(row_titles[index], width, _FAINT))
        band = np.full((side + _GAP, width, 3), _PAPER, np.uint8)
        if side_titles:
            line = _text_line(side_titles[index], side, _FAINT, centred=True)
            band[:side, :left] = np.rot90(line)
        for column, cell in enumerate(row):
            x = left + _GAP + column * (side + _GAP)
            if cell is not None:
                band[:side, x : x + side] = cell.repeat(factor, axis=0).repeat(factor, axis=1)
        parts.append(band)
    return np.concatenate(parts)


def _header(titles: Sequence[str], side: int, left: int, width: int) -> Uint8Array:
    header = np.full((_LINE, width, 3), _PAPER, np.uint8)
    for column, title in enumerate(titles):
        x = left + _GAP + column * (side + _GAP)
        header[:, x : x + side] = _text_line(title, side, _INK, centred=True)
    return header


def _legend(schema: LabelSchema, width: int) -> Uint8Array:
    """Swatches with the names of the classes, in as many lines as the width needs."""
    lines, x = [np.full((_LINE, width, 3), _PAPER, np.uint8)], _GAP
    for name, colour in zip(schema.classes, schema.palette, strict=True):
        text = name.replace("_", " ")
        needed = 22 + _text_width(text) + 18
        if x + needed > width and x > _GAP:
            lines.append(np.full((_LINE, width, 3), _PAPER, np.uint8))
            x = _GAP
        cv2.rectangle(lines[-1], (x, 6), (x + 14, 20), colour, cv2.FILLED)
        cv2.rectangle(lines[-1], (x, 6), (x + 14, 20), _FAINT, 1)
        _write(lines[-1], text, x + 22, _INK)
        x += needed
    return np.concatenate(lines)


def _stack(parts: Sequence[Uint8Array]) -> Uint8Array:
    """Pictures under each other, left aligned, on one page."""
    width = max(part.shape[1] for part in parts)
    padded = [
        cv2.copyMakeBorder(part, _GAP, _GAP, 0, width - part.shape[1], cv2.BORDER_CONSTANT, value=_PAPER)
        for part in parts
    ]
    return np.concatenate(padded)


def _text_line(text: str, width: int, colour: Colour, *, centred: bool = False, scale: float = 0.5) -> Uint8Array:
    line = np.full((_LINE, width, 3), _PAPER, np.uint8)
    x = max(0, (width - _text_width(text, scale)) // 2) if centred else _GAP
    _write(line, text, x, colour, scale)
    return line


def _write(line: Uint8Array, text: str, x: int, colour: Colour, scale: float = 0.5) -> None:
    cv2.putText(line, text, (x, 18), _FONT, scale, colour, 1, cv2.LINE_AA)


def _text_width(text: str, scale: float = 0.5) -> int:
    (width, _), _ = cv2.getTextSize(text, _FONT, scale, 1)
    return width
