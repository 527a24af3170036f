"""Resizes, crops and mirrors frames, parsing maps and keypoints together, and surface maps and pieces where wanted.

Mirroring also swaps the left and right joints and classes, since a mirrored left arm looks like a right arm. Codes of
the surface stay: a mirrored piece shows the same points, with its axes mirrored.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from retarget_tf.arrays import Uint8Array
from retarget_tf.body import parsing_labels, skeleton


@dataclasses.dataclass(frozen=True)
class Pictures:
    """Square frames with their keypoints and parsing maps, which are always transformed alike.

    Attributes:
        frames: RGB uint8 `[pictures, size, size, 3]`.
        keypoints: float32 `[pictures, 25, 3]`: x, y in pixels and confidence; missing joints are (0, 0, 0).
        parsing_maps: Class ids uint8 `[pictures, size, size]`.
        surface_maps: Codes uint8 `[pictures, size, size, 3]`, see `dataset.surfaces`; None if they are not wanted.
        pieces: Where the pieces are in the references among the pictures, float32 `[references, pieces, 2, 3, 4]`;
            None if they are not wanted.
    """

    frames: tf.Tensor
    keypoints: tf.Tensor
    parsing_maps: tf.Tensor
    surface_maps: tf.Tensor | None = None
    pieces: tf.Tensor | None = None

    def tensors(self) -> tuple[tf.Tensor, ...]:
        """Returns the tensors that are there, in the order of the attributes."""
        every = (self.frames, self.keypoints, self.parsing_maps, self.surface_maps, self.pieces)
        return tuple(tensor for tensor in every if tensor is not None)

    def moved_surfaces(
        self, move: Callable[[tf.Tensor], tf.Tensor], camera: tf.Tensor
    ) -> tuple[tf.Tensor | None, tf.Tensor | None]:
        """Returns surface maps as `move` moves them, and pieces moved by the camera; None where they are not wanted."""
        if self.surface_maps is None:
            return None, None
        return move(self.surface_maps), move_pieces(self.pieces, camera)


def resize(pictures: Pictures, size: int) -> Pictures:
    """Resizes to side `size`: frames by area averaging when they shrink, else bilinear; maps by nearest pixel."""
    before = pictures.frames.shape[1]
    method = tf.image.ResizeMethod.AREA if size < before else tf.image.ResizeMethod.BILINEAR
    frames = tf.cast(tf.round(tf.image.resize(pictures.frames, [size, size], method)), tf.uint8)
    keypoints, maps = resize_maps(pictures.keypoints, pictures.parsing_maps, size)
    camera = tf.linalg.diag([size / before, size / before, 1.0])
    return Pictures(
        frames, keypoints, maps, *pictures.moved_surfaces(lambda codes: resize_nearest(codes, size), camera)
    )


def resize_maps(keypoints: tf.Tensor, parsing_maps: tf.Tensor, size: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Resizes keypoints and maps as `resize` does, for callers that need no frames."""
    before = parsing_maps.shape[1]
    scale = np.array([size / before, size / before, 1], np.float32)
    return keypoints * scale, resize_nearest(parsing_maps[..., None], size)[..., 0]


def resize_nearest(maps: tf.Tensor, size: int) -> tf.Tensor:
    """Resizes maps `[pictures, size, size, channels]` by nearest pixel."""
    return tf.image.resize(maps, [size, size], tf.image.ResizeMethod.NEAREST_NEIGHBOR)


def move_pieces(pieces: tf.Tensor, camera: tf.Tensor) -> tf.Tensor:
    """Moves pieces float32 `[..., 3, 4]` by a camera `[3, 3]`, see `affine`; depth is scaled as the picture is."""
    linear, corner = camera[:2, :2], camera[:2, 2]
    flat = tf.einsum("ij,...jk->...ik", linear, pieces[..., :2, :])
    deep = pieces[..., 2:, :] * tf.sqrt(tf.abs(tf.linalg.det(linear)))
    shift = tf.concat([corner, [0.0]], axis=0)[:, None] * [1.0, 0.0, 0.0, 0.0]  # of the centres alone
    return tf.concat([flat, deep], axis=-2) + shift


def crop(pictures: Pictures, top: tf.Tensor, left: tf.Tensor, size: int) -> Pictures:
    """Crops the square of side `size` whose upper left corner is (left, top); joints outside of it become missing."""

    def cropped(values: tf.Tensor) -> tf.Tensor:
        return tf.image.crop_to_bounding_box(values, top, left, size, size)

    corner = tf.cast(tf.stack([left, top]), tf.float32)
    keypoints = place(pictures.keypoints, pictures.keypoints[..., :2] - corner, size)
    camera = tf.concat([tf.eye(3, 2), tf.concat([-corner, [1.0]], axis=0)[:, None]], axis=1)
    maps = cropped(pictures.parsing_maps[..., None])[..., 0]
    return Pictures(cropped(pictures.frames), keypoints, maps, *pictures.moved_surfaces(cropped, camera))


def place(keypoints: tf.Tensor, xy: tf.Tensor, size: int) -> tf.Tensor:
    """Gives keypoints `[..., 25, 3]` the coordinates `xy` `[..., 25, 2]`; joints outside become missing."""
    confidence = keypoints[..., 2:]
    present = tf.reduce_all((xy >= 0) & (xy < size), axis=-1, keepdims=True) & (confidence > 0)
    return tf.where(present, tf.concat([xy, confidence], axis=-1), 0.0)


def mirror(pictures: Pictures, schema: parsing_labels.LabelSchema) -> Pictures:
    """Mirrors left and right, and swaps the left and right joints and classes."""
    size = pictures.frames.shape[1]
    swapped = tf.gather(pictures.keypoints, skeleton.MIRRORED_JOINT, axis=-2)
    x, y, confidence = tf.unstack(swapped, axis=-1)
    # A joint at exactly x = 0 would move to x = size, just outside of the picture.
    present = (confidence > 0) & (x > 0)
    keypoints = tf.where(present[..., None], tf.stack([size - x, y, confidence], axis=-1), 0.0)
    maps = tf.gather(mirrored_ids(schema), tf.cast(tf.reverse(pictures.parsing_maps, axis=[-1]), tf.int32))
    camera = tf.constant([[-1.0, 0, size], [0, 1, 0], [0, 0, 1]])
    surfaces = pictures.moved_surfaces(lambda codes: tf.reverse(codes, axis=[-2]), camera)
    return Pictures(tf.reverse(pictures.frames, axis=[-2]), keypoints, maps, *surfaces)


def mirrored_ids(schema: parsing_labels.LabelSchema) -> Uint8Array:
    """Returns a table `[256]` from class id to mirrored class id; ids outside the schema (255 is unknown) stay."""
    table = np.arange(256, dtype=np.uint8)
    table[: schema.num_classes] = schema.mirrored
    return table
