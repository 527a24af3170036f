"""Square pictures that belong together, and the moves that keep frame, map and joints in step.

The mirrored picture of a left arm shows a right arm: mirroring swaps left and right of joints and of labels too.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from retarget_tf.arrays import Uint8Array
from retarget_tf.body import parsing_labels, skeleton


@dataclasses.dataclass(frozen=True)
class Pictures:
    """Square pictures that belong together: they are all moved in one way.

    Attributes:
        frames: uint8 `[pictures, size, size, 3]`.
        keypoints: float32 `[pictures, 25, 3]` in pixels; missing joints are (0, 0, 0).
        parsing_maps: uint8 `[pictures, size, size]`.
    """

    frames: tf.Tensor
    keypoints: tf.Tensor
    parsing_maps: tf.Tensor


def resize(pictures: Pictures, size: int) -> Pictures:
    """Pictures of another size: frames are averaged where they shrink, maps take the nearest pixel."""
    before = pictures.frames.shape[1]
    method = tf.image.ResizeMethod.AREA if size < before else tf.image.ResizeMethod.BILINEAR
    frames = tf.cast(tf.round(tf.image.resize(pictures.frames, [size, size], method)), tf.uint8)
    return Pictures(frames, *resize_maps(pictures.keypoints, pictures.parsing_maps, size))


def resize_maps(keypoints: tf.Tensor, parsing_maps: tf.Tensor, size: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Keypoints and maps of `Pictures` in another size, where the frames are not needed."""
    before = parsing_maps.shape[1]
    maps = tf.image.resize(parsing_maps[..., None], [size, size], tf.image.ResizeMethod.NEAREST_NEIGHBOR)
    scale = np.array([size / before, size / before, 1], np.float32)
    return keypoints * scale, maps[..., 0]


def crop(pictures: Pictures, top: tf.Tensor, left: tf.Tensor, size: int) -> Pictures:
    """The square of `size` pixels whose corner is (left, top); joints outside of it are missing."""
    frames = tf.image.crop_to_bounding_box(pictures.frames, top, left, size, size)
    maps = tf.image.crop_to_bounding_box(pictures.parsing_maps[..., None], top, left, size, size)
    corner = tf.cast(tf.stack([left, top]), tf.float32)
    return Pictures(frames, place(pictures.keypoints, pictures.keypoints[..., :2] - corner, size), maps[..., 0])


def place(keypoints: tf.Tensor, xy: tf.Tensor, size: int) -> tf.Tensor:
    """The keypoints `[..., 25, 3]` at other places `[..., 25, 2]`; those outside of the picture are missing."""
    confidence = keypoints[..., 2:]
    present = tf.reduce_all((xy >= 0) & (xy < size), axis=-1, keepdims=True) & (confidence > 0)
    return tf.where(present, tf.concat([xy, confidence], axis=-1), 0.0)


def mirror(pictures: Pictures, schema: parsing_labels.LabelSchema) -> Pictures:
    """The pictures as in a mirror: left and right of joints and labels swap."""
    size = pictures.frames.shape[1]
    swapped = tf.gather(pictures.keypoints, skeleton.MIRRORED_JOINT, axis=-2)
    x, y, confidence = tf.unstack(swapped, axis=-1)
    # A joint at x = 0 exactly would land at x = size, outside of the picture by a hair.
    present = (confidence > 0) & (x > 0)
    keypoints = tf.where(present[..., None], tf.stack([size - x, y, confidence], axis=-1), 0.0)
    maps = tf.gather(mirrored_ids(schema), tf.cast(tf.reverse(pictures.parsing_maps, axis=[-1]), tf.int32))
    return Pictures(tf.reverse(pictures.frames, axis=[-2]), keypoints, maps)


def mirrored_ids(schema: parsing_labels.LabelSchema) -> Uint8Array:
    """For each of the 256 ids the id in the mirror; one that is no class, as 255 for unknown, stays."""
    table = np.arange(256, dtype=np.uint8)
    table[: schema.num_classes] = schema.mirrored
    return table
