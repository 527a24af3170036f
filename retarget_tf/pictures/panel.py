"""The side-by-side picture of a retargeting: target, source, pose and map, with names above and the classes below."""

from typing import Any

import cv2
import numpy as np
import tensorflow as tf

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import pose_map
from retarget_tf.body.parsing_labels import LabelSchema
from retarget_tf.networks import encoding

_MIN_HEIGHT = 320  # of a column in pixels
_WIDEST = 16 / 9  # a source wider than this is shown smaller
_GAP = 8
_LINE = 28  # height of a line of text
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_BACKGROUND = (24, 24, 28)
_TEXT = (225, 225, 225)
_QUIET = (165, 165, 170)
_COLUMNS = ("target", "source", "pose", "retargeted map")


class Panel:
    """Composes one frame after another; what does not move is drawn once.

    Args:
        target: the person's picture, RGB uint8, square, of any size.
        source_size: width and height of the source's frames in pixels.
        size: side of the maps in pixels.
        schema: of the maps.
    """

    def __init__(self, target: Uint8Array, source_size: tuple[int, int], size: int, schema: LabelSchema) -> None:
        # A whole multiple, so that every pixel of the map is a square of equal size.
        side = size * -(-_MIN_HEIGHT // size)
        width, height = source_size
        self._source_size = _fitted(width / height, side)
        self._schema = schema
        self._scale = side / size
        self._draw = tf.function(lambda keypoints: encoding.to_pixels(pose_map.draw_stick_figure(keypoints, side)))
        widths = (side, self._source_size[0], side, side)
        self._lefts = [_GAP + sum(widths[:i]) + _GAP * i for i in range(len(widths))]
        total = sum(widths) + _GAP * (len(widths) + 1)
        legend = _legend(schema, total)
        self._still = np.full((_LINE + side + legend.shape[0], total + total % 2, 3), _BACKGROUND, np.uint8)
        for left, name in zip(self._lefts, _COLUMNS, strict=True):
            _write(self._still, name, left, 0, _TEXT)
        self._still[_LINE + side :, :total] = legend
        _paste(self._still, _resized(target, side, side), self._lefts[0], _LINE)

    def compose(self, frame: Uint8Array, keypoints: Float32Array, parsing_map: Uint8Array) -> Uint8Array:
        """One frame of the panel.

        Args:
            frame: the source's, RGB uint8 `[height, width, 3]`.
            keypoints: float32 `[25, 3]` on the canvas.
            parsing_map: uint8 `[size, size]`.

        Returns:
            RGB uint8 `[panel_height, panel_width, 3]`, the same even size for every frame.
        """
        panel = self._still.copy()
        width, height = self._source_size
        larger = keypoints * np.asarray([self._scale, self._scale, 1], np.float32)
        pose = self._draw(tf.constant(larger[None]))[0].numpy()
        side = pose.shape[0]
        coloured = cv2.resize(self._schema.colour(parsing_map), (side, side), interpolation=cv2.INTER_NEAREST)
        _paste(panel, _resized(frame, width, height), self._lefts[1], _LINE + (side - height) // 2)
        _paste(panel, pose, self._lefts[2], _LINE)
        _paste(panel, coloured, self._lefts[3], _LINE)
        return panel


def _fitted(aspect: float, side: int) -> tuple[int, int]:
    """Width and height of the source's column."""
    width = min(aspect, _WIDEST) * side
    return max(2, round(width)), max(2, round(width / aspect))


def _resized(picture: Uint8Array, width: int, height: int) -> Uint8Array:
    interpolation = cv2.INTER_AREA if height < picture.shape[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (width, height), interpolation=interpolation), np.uint8)


def _legend(schema: LabelSchema, width: int) -> Uint8Array:
    """Swatches and names of the classes but the background, in as many lines as they need."""
    entries = list(zip(schema.classes, schema.palette, strict=True))[1:]
    places, x, y = [], _GAP, 0
    for name, _ in entries:
        needed = _LINE // 2 + _text_width(name) + 3 * _GAP
        if x + needed > width and x > _GAP:
            x, y = _GAP, y + _LINE
        places.append((x, y))
        x += needed
    strip: Any = np.full((y + _LINE + y % 2, width, 3), _BACKGROUND, np.uint8)
    for (name, colour), (x, y) in zip(entries, places, strict=True):
        swatch = _LINE // 2
        strip[y + swatch // 2 : y + swatch // 2 + swatch, x : x + swatch] = colour
        _write(strip, name, x + swatch + _GAP, y, _QUIET)
    return np.asarray(strip, np.uint8)


def _label(name: str) -> str:
    return name.replace("_", " ")


def _text_width(name: str) -> int:
    return int(cv2.getTextSize(_label(name), _FONT, 0.5, 1)[0][0])


def _write(picture: Uint8Array, name: str, x: int, y: int, colour: tuple[int, int, int]) -> None:
    cv2.putText(picture, _label(name), (x, y + _LINE - 9), _FONT, 0.5, colour, 1, cv2.LINE_AA)


def _paste(picture: Uint8Array, part: Uint8Array, x: int, y: int) -> None:
    picture[y : y + part.shape[0], x : x + part.shape[1]] = part
