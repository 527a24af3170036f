"""Where the canvas of maps and keypoints lies in the picture of the video that is written."""

import dataclasses

import cv2
import numpy as np

from retarget_tf.arrays import BoolArray, Float32Array, Uint8Array
from retarget_tf.body import pose_transform
from retarget_tf.pictures.square_crop import SquareCrop

Region = tuple[slice, slice]  # rows and columns of a picture


@dataclasses.dataclass(frozen=True)
class Framing:
    """The picture of the video, and the square of the canvas in it.

    Attributes:
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.
        square: The canvas, in pixels of the picture; it may reach beyond it.
        size: Side of the canvas in its own pixels.
    """

    width: int
    height: int
    square: SquareCrop
    size: int

    @property
    def scale(self) -> float:
        """Pixels of the picture in a pixel of the canvas."""
        return self.square.side / self.size

    @property
    def whole(self) -> Region:
        """The region of the whole picture."""
        return slice(0, self.height), slice(0, self.width)

    def to_picture(self, keypoints: Float32Array) -> Float32Array:
        """Moves keypoints `[..., 25, 3]` from the canvas into pixels of the picture; missing ones stay (0, 0, 0)."""
        shift = np.float32(self.square.left), np.float32(self.square.top)
        return np.asarray(pose_transform.move_keypoints(keypoints, np.float32(self.scale), *shift), np.float32)

    def region_of(self, mask: BoolArray, margin: float) -> Region:
        """Returns the part of the picture that holds a mask of the canvas; empty slices if it holds nothing.

        Args:
            mask: bool `[size, size]`.
            margin: Border around it, in pixels of the canvas.
        """
        return tuple(  # type: ignore[return-value]
            _span(np.flatnonzero(mask.any(axis=axis)), start, self.scale, length, margin)
            for axis, start, length in ((1, self.square.top, self.height), (0, self.square.left, self.width))
        )

    def enlarge(self, values: Float32Array, region: Region) -> Float32Array:
        """Returns values of the canvas, float32 `[size, size(, channels)]`, at the pixels of a region, interpolated."""
        rows, columns = region
        inverse = self._canvas_of(columns.start, rows.start)
        shape = (columns.stop - columns.start, rows.stop - rows.start)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(
            cv2.warpAffine(values, inverse, shape, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32
        )

    def grid(self, region: Region) -> tuple[Float32Array, Float32Array]:
        """Returns x `[1, width]` and y `[height, 1]` on the canvas, in its pixels, of a region's pixel centres."""
        rows, columns = region
        x = (np.arange(columns.start, columns.stop) + 0.5 - self.square.left) / self.scale
        y = (np.arange(rows.start, rows.stop) + 0.5 - self.square.top) / self.scale
        return x[None].astype(np.float32), y[:, None].astype(np.float32)

    def _canvas_of(self, left: int, top: int) -> Float32Array:
        """The matrix from pixel indices of a region to indices of the canvas; pixel centres are at +0.5 here."""
        step = 1 / self.scale
        return np.asarray(
            [
                [step, 0, (left + 0.5 - self.square.left) * step - 0.5],
                [0, step, (top + 0.5 - self.square.top) * step - 0.5],
            ],
            np.float32,
        )


def frame_photo(
    picture: Uint8Array, square: SquareCrop, size: int, height: int, side: float | None = None
) -> tuple[Uint8Array, Framing]:
    """Scales a photo down to the video's height, with even sides, and places the canvas in it.

    Args:
        picture: RGB uint8 `[height, width, 3]`.
        square: The canvas in the picture, in its pixels.
        size: Side of the canvas in its own pixels.
        height: Largest height of the video in pixels; a smaller picture keeps its size.
        side: Side of the canvas in pixels of the scaled photo, which then decides the scale.
    """
    scale = min(height / picture.shape[0], 1.0) if side is None else side / square.side
    picture = _scaled(picture, scale)
    placed = SquareCrop(square.left * scale, square.top * scale, square.side * scale)
    return picture, Framing(picture.shape[1], picture.shape[0], placed, size)


def frame_canvas(width: int, height: int, square: SquareCrop, size: int, most: int) -> Framing:
    """Returns the framing of a picture of this size after `scale_down(picture, most)`; see `frame_photo`."""
    scale = min(most / height, 1.0)
    placed = SquareCrop(square.left * scale, square.top * scale, square.side * scale)
    columns, rows = (_scaled_length(length, scale) // 2 * 2 for length in (width, height))
    return Framing(columns, rows, placed, size)


def scale_down(picture: Uint8Array, height: int) -> Uint8Array:
    """Scales a picture down to a height, if it is higher, and cuts odd sides by a pixel."""
    return _scaled(picture, min(height / picture.shape[0], 1.0))


def _scaled(picture: Uint8Array, scale: float) -> Uint8Array:
    """Scales a picture, and cuts odd sides by a pixel."""
    if scale != 1:
        size = tuple(_scaled_length(length, scale) for length in picture.shape[1::-1])
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        picture = np.asarray(cv2.resize(picture, size, interpolation=interpolation), np.uint8)
    rows, columns = (side // 2 * 2 for side in picture.shape[:2])
    return np.ascontiguousarray(picture[:rows, :columns])


def _scaled_length(length: int, scale: float) -> int:
    return max(2, round(length * scale))


def _span(found: np.ndarray, start: float, scale: float, length: int, margin: float) -> slice:
    if not len(found):
        return slice(0, 0)
    first = int(np.floor(start + (found[0] - margin) * scale))
    last = int(np.ceil(start + (found[-1] + 1 + margin) * scale))
    return slice(min(max(first, 0), length), min(max(last, 0), length))
