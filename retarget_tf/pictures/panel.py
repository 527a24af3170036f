"""Composes the frames of a panel: target, source, pose, map and photographic frame side by side, classes below."""

import cv2
import numpy as np
import tensorflow as tf

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import pose_map
from retarget_tf.body.parsing_labels import LabelSchema
from retarget_tf.networks import encoding
from retarget_tf.pictures import drawing
from retarget_tf.pictures.drawing import DARK, GAP, LINE
from retarget_tf.pictures.enlarging import enlarge_map

_HEIGHT = 384  # of a column in pixels, unless the maps are larger
_WIDEST = 16 / 9  # largest width / height of the source's column; wider sources are scaled down
_COLUMNS = ("target", "source", "pose", "retargeted map", "retargeted")
_NOBODY = "nobody is found"


class Panel:
    """Composes frame after frame; the parts that do not change are drawn once.

    Args:
        target: Picture of the target, RGB uint8 `[side, side, 3]` of any side.
        source_size: Width and height of the source's frames in pixels.
        result_shape: Height and width, first of all, of the photographic frames in pixels.
        size: Side of the maps in pixels.
        schema: Label schema of the maps.
    """

    def __init__(
        self,
        target: Uint8Array,
        source_size: tuple[int, int],
        result_shape: tuple[int, ...],
        size: int,
        schema: LabelSchema,
    ) -> None:
        side = max(_HEIGHT, size)
        width, height = source_size
        self._source_size = _fitted(width / height, side)
        self._result_size = _fitted(result_shape[1] / result_shape[0], side)
        self._schema = schema
        self._scale = side / size
        self._nobody = _nobody(side)
        self._draw = tf.function(lambda keypoints: encoding.to_pixels(pose_map.draw_stick_figure(keypoints, side)))
        widths = (side, self._source_size[0], side, side, self._result_size[0])
        self._lefts = [GAP + sum(widths[:i]) + GAP * i for i in range(len(widths))]
        total = sum(widths) + GAP * (len(widths) + 1)
        named = list(zip(schema.classes, schema.palette, strict=True))[1:]  # without the background
        legend = drawing.legend(named, total + total % 2, DARK)
        self._still = drawing.page(LINE + side + legend.shape[0], legend.shape[1], DARK)
        for left, name in zip(self._lefts, _COLUMNS, strict=True):
            drawing.write(self._still, name, left, 0, DARK.ink)
        drawing.paste(self._still, legend, 0, LINE + side)
        drawing.paste(self._still, _resized(target, side, side), self._lefts[0], LINE)

    def compose(
        self, frame: Uint8Array, keypoints: Float32Array | None, parsing_map: Uint8Array, result: Uint8Array
    ) -> Uint8Array:
        """Composes one frame.

        Args:
            frame: Frame of the source, RGB uint8 `[height, width, 3]`.
            keypoints: Pose on the target's canvas, float32 `[25, 3]` in pixels of the map; None if nobody is found.
            parsing_map: Generated class ids, uint8 `[size, size]`.
            result: Photographic frame, RGB or RGBA uint8 `[height, width, 3 or 4]`.

        Returns:
            RGB uint8 `[panel_height, panel_width, 3]`, the same even size for every frame.
        """
        panel = self._still.copy()
        width, height = self._source_size
        side = self._nobody.shape[0]
        pose = self._nobody if keypoints is None else self._stick_figure(keypoints)
        coloured = self._schema.colour(enlarge_map(parsing_map, side))
        drawing.paste(panel, _resized(frame, width, height), self._lefts[1], LINE + (side - height) // 2)
        drawing.paste(panel, pose, self._lefts[2], LINE)
        drawing.paste(panel, coloured, self._lefts[3], LINE)
        width, height = self._result_size
        drawing.paste(panel, _resized(result[..., :3], width, height), self._lefts[4], LINE + (side - height) // 2)
        return panel

    def _stick_figure(self, keypoints: Float32Array) -> Uint8Array:
        larger = keypoints * np.asarray([self._scale, self._scale, 1], np.float32)
        return np.asarray(self._draw(tf.constant(larger[None]))[0])


def _nobody(side: int) -> Uint8Array:
    """Returns the pose of nobody: no figure, and words that say why."""
    pose = np.zeros((side, side, 3), np.uint8)
    drawing.write(pose, _NOBODY, (side - drawing.text_width(_NOBODY)) // 2, (side - LINE) // 2, DARK.faint)
    return pose


def _fitted(aspect: float, side: int) -> tuple[int, int]:
    """Returns width and height of the source in its column."""
    width = min(aspect, _WIDEST) * side
    return max(2, round(width)), max(2, round(width / aspect))


def _resized(picture: Uint8Array, width: int, height: int) -> Uint8Array:
    interpolation = cv2.INTER_AREA if height < picture.shape[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (width, height), interpolation=interpolation), np.uint8)
