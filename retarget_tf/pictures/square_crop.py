"""Geometry of pictures that extraction, retargeting and serving share, without TensorFlow.

Pictures are RGB uint8 `[height, width, 3]`; points are in pixels with pixel centres at +0.5, so that (0, 0) is
the outer corner of the first pixel and scaling a picture scales its points.
"""

import dataclasses
import math

import cv2
import numpy as np

from retarget_tf.arrays import AnyArray, Float32Array, Uint8Array
from retarget_tf.body import pose_transform


@dataclasses.dataclass(frozen=True)
class SquareCrop:
    """A square of the source picture, in its pixels; it may leave the picture on any side.

    Attributes:
        left: x of the left edge.
        top: y of the top edge.
        side: length of a side.
    """

    left: float
    top: float
    side: float

    def __post_init__(self) -> None:
        if not self.side > 0:
            raise ValueError(f"side must be positive. Received: side={self.side}")

    def apply(self, image: AnyArray, size: int) -> AnyArray:
        """Cuts the square out and resamples it: averaging where it shrinks, linear where it grows.

        Args:
            image: `[height, width]` or `[height, width, channels]`, uint8 or float32. Its edge pixels go on outside.
            size: side of the result in pixels.

        Returns:
            `[size, size]` or `[size, size, channels]` of the same type.
        """
        # Linear sampling alone would skip pixels of a large square: whole blocks are averaged before.
        block = max(1, int(self.side // size))
        x, y = math.floor(self.left), math.floor(self.top)
        count = math.ceil((self.side + 1) / block)
        patch = _cut(image, x, y, count * block)
        if block > 1:
            patch = cv2.resize(patch, (count, count), interpolation=cv2.INTER_AREA)
        within = SquareCrop((self.left - x) / block, (self.top - y) / block, self.side / block)
        return within._warp(patch, size)

    def apply_map(self, parsing_map: Uint8Array, size: int) -> Uint8Array:
        """As `apply` for class ids `[height, width]`: the pixel that a centre lies in, nothing is mixed."""
        # OpenCV rounds a centre between two pixels to the even one: every other pixel twice at a shift by a half.
        centres = (np.arange(size) + 0.5) * (self.side / size)
        starts = zip((self.top, self.left), parsing_map.shape, strict=True)
        rows, columns = (np.floor(start + centres).astype(int).clip(0, length - 1) for start, length in starts)
        return np.ascontiguousarray(parsing_map[rows][:, columns])

    def apply_map_on_background(self, parsing_map: Uint8Array, size: int) -> Uint8Array:
        """As `apply_map`, but outside of the picture is background: a body that is cut by its edge does not go on."""
        return SquareCrop(self.left + 1, self.top + 1, self.side).apply_map(np.pad(parsing_map, 1), size)

    def move_keypoints(self, keypoints: Float32Array, size: int) -> Float32Array:
        """Keypoints `[..., 25, 3]` of the picture in pixels of `apply(picture, size)`; missing ones stay (0, 0, 0)."""
        scale = np.float32(size / self.side)
        dx, dy = -np.float32(self.left) * scale, -np.float32(self.top) * scale
        return np.asarray(pose_transform.move_keypoints(keypoints, scale, dx, dy), np.float32)

    def relative_to(self, other: "SquareCrop", size: int) -> "SquareCrop":
        """The same square in the pixels of `other.apply(picture, size)`."""
        scale = size / other.side
        return SquareCrop((self.left - other.left) * scale, (self.top - other.top) * scale, self.side * scale)

    def _warp(self, image: AnyArray, size: int) -> AnyArray:
        scale = self.side / size
        shift = (scale - 1) / 2  # pixel centres lie at +0.5, warpAffine counts from the centre of the first
        inverse = np.asarray([[scale, 0, self.left + shift], [0, scale, self.top + shift]], np.float64)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(image, inverse, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _cut(image: AnyArray, left: int, top: int, side: int) -> AnyArray:
    """The square of whole pixels; outside of the picture the nearest edge pixel."""
    rows = np.clip(np.arange(top, top + side), 0, image.shape[0] - 1)
    columns = np.clip(np.arange(left, left + side), 0, image.shape[1] - 1)
    return np.ascontiguousarray(image[rows][:, columns])
