"""Crops a square out of a picture, its parsing map and its keypoints, and scales it to the canvas; NumPy and OpenCV.

Coordinates are in pixels with pixel centres at +0.5: (0, 0) is the outer corner of the first pixel, so scaling a
picture scales its coordinates by the same factor. `square_crop_graph` does the same in TensorFlow.
"""

import dataclasses
import math

import cv2
import numpy as np

from retarget_tf.arrays import AnyArray, Float32Array, Uint8Array
from retarget_tf.body import pose_transform


@dataclasses.dataclass(frozen=True)
class SquareCrop:
    """A square in a picture, in its pixels; it may extend beyond the picture on any side.

    Attributes:
        left: x of the left edge.
        top: y of the top edge.
        side: Length of a side.
    """

    left: float
    top: float
    side: float

    def __post_init__(self) -> None:
        if not self.side > 0:
            raise ValueError(f"side must be positive. Received: side={self.side}")

    def apply(self, image: AnyArray, size: int) -> AnyArray:
        """Crops and resizes a picture: area averaging to shrink it, linear interpolation to enlarge it.

        Args:
            image: `[height, width]` or `[height, width, channels]`, uint8 or float32. Outside it, the nearest edge
                pixel is used.
            size: Side of the result in pixels.

        Returns:
            `[size, size]` or `[size, size, channels]` of the same type.
        """
        # Linear interpolation alone would skip pixels of a large square, so whole blocks are averaged first.
        block = max(1, int(self.side // size))
        x, y = math.floor(self.left), math.floor(self.top)
        count = math.ceil((self.side + 1) / block)
        patch = _cut(image, x, y, count * block)
        if block > 1:
            patch = cv2.resize(patch, (count, count), interpolation=cv2.INTER_AREA)
        within = SquareCrop((self.left - x) / block, (self.top - y) / block, self.side / block)
        return within._warp(patch, size)

    def apply_map(self, parsing_map: Uint8Array, size: int) -> Uint8Array:
        """Crops and resizes class ids `[height, width]` by nearest neighbour; edge pixels as in `apply`."""
        # Not OpenCV, which rounds a centre on a pixel border to the even pixel and so doubles every other pixel.
        centres = (np.arange(size) + 0.5) * (self.side / size)
        starts = zip((self.top, self.left), parsing_map.shape, strict=True)
        rows, columns = (np.floor(start + centres).astype(int).clip(0, length - 1) for start, length in starts)
        return np.ascontiguousarray(parsing_map[rows][:, columns])

    def apply_map_on_background(self, parsing_map: Uint8Array, size: int) -> Uint8Array:
        """Like `apply_map`, with background outside the picture, so that a body cut by the edge ends there."""
        return SquareCrop(self.left + 1, self.top + 1, self.side).apply_map(np.pad(parsing_map, 1), size)

    def move_keypoints(self, keypoints: Float32Array, size: int) -> Float32Array:
        """Moves keypoints `[..., 25, 3]` into pixels of `apply(picture, size)`; missing ones stay (0, 0, 0)."""
        scale = np.float32(size / self.side)
        dx, dy = -np.float32(self.left) * scale, -np.float32(self.top) * scale
        return np.asarray(pose_transform.move_keypoints(keypoints, scale, dx, dy), np.float32)

    def relative_to(self, other: "SquareCrop", size: int) -> "SquareCrop":
        """Returns the same square in pixels of `other.apply(picture, size)`."""
        scale = size / other.side
        return SquareCrop((self.left - other.left) * scale, (self.top - other.top) * scale, self.side * scale)

    def _warp(self, image: AnyArray, size: int) -> AnyArray:
        scale = self.side / size
        shift = (scale - 1) / 2  # pixel centres are at +0.5 here, at 0 in warpAffine
        inverse = np.asarray([[scale, 0, self.left + shift], [0, scale, self.top + shift]], np.float64)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(image, inverse, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _cut(image: AnyArray, left: int, top: int, side: int) -> AnyArray:
    """Crops a square of whole pixels; outside the picture, the nearest edge pixel is used."""
    (rows, above), (columns, before) = (
        _overlap(start, side, length) for start, length in zip((top, left), image.shape, strict=False)
    )
    inside = image[rows, columns]
    below, after = side - above - inside.shape[0], side - before - inside.shape[1]
    return cv2.copyMakeBorder(inside, above, below, before, after, cv2.BORDER_REPLICATE)


def _overlap(start: int, side: int, length: int) -> tuple[slice, int]:
    """Returns which pixels of an axis are in the square, or else the nearest one, and how many lie before them."""
    first, last = (min(max(at, 0), length - 1) for at in (start, start + side - 1))
    return slice(first, last + 1), min(max(-start, 0), side - 1)
