"""Random jitter of training samples: resize by 286/256, crop at random, mirror at random (pix2pix, Isola et al. 2017).

The mirrored picture of a left arm shows a right arm: mirroring swaps left and right of joints and of labels too. All
draws are stateless, so that a sample depends on its seed alone.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from retarget_tf import parsing_labels, skeleton
from retarget_tf.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class AugmentationConfig:
    """How samples are jittered.

    Attributes:
        jitter_scale: the picture is enlarged by this before it is cropped to its size; 1 leaves it in place.
        mirror: mirror every second sample, at random.
    """

    jitter_scale: float = 286 / 256
    mirror: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.jitter_scale <= 2:
            raise ConfigError(f"jitter_scale must lie in 1..2. Received: jitter_scale={self.jitter_scale}")


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


def jitter(
    pictures: Pictures, seed: tf.Tensor, config: AugmentationConfig, schema: parsing_labels.LabelSchema
) -> Pictures:
    """Moves all pictures by one random draw.

    Args:
        pictures: of a size that is known when a graph is built.
        seed: int `[2]`; the same seed gives the same draw.
        config: how.
        schema: of the parsing maps.

    Returns:
        Pictures of the same size. Joints that left the picture are missing.
    """
    size = pictures.frames.shape[1]
    enlarged = round(size * config.jitter_scale)
    place_seed, mirror_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    if enlarged > size:
        place = tf.random.stateless_uniform([2], place_seed, 0, enlarged - size + 1, dtype=tf.int32)
        pictures = crop(resize(pictures, enlarged), place[0], place[1], size)
    if config.mirror:
        flip = tf.random.stateless_uniform([], mirror_seed) < 0.5
        pictures = Pictures(
            *tf.cond(flip, lambda: _tensors(mirror(pictures, schema)), lambda: _tensors(pictures)),
        )
    return pictures


def resize(pictures: Pictures, size: int) -> Pictures:
    """Pictures of another size: frames are averaged where they shrink, maps take the nearest pixel."""
    before = pictures.frames.shape[1]
    method = tf.image.ResizeMethod.AREA if size < before else tf.image.ResizeMethod.BILINEAR
    frames = tf.cast(tf.round(tf.image.resize(pictures.frames, [size, size], method)), tf.uint8)
    maps = tf.image.resize(pictures.parsing_maps[..., None], [size, size], tf.image.ResizeMethod.NEAREST_NEIGHBOR)
    scale = np.array([size / before, size / before, 1], np.float32)
    return Pictures(frames, pictures.keypoints * scale, maps[..., 0])


def crop(pictures: Pictures, top: tf.Tensor, left: tf.Tensor, size: int) -> Pictures:
    """The square of `size` pixels whose corner is (left, top); joints outside of it are missing."""
    frames = tf.image.crop_to_bounding_box(pictures.frames, top, left, size, size)
    maps = tf.image.crop_to_bounding_box(pictures.parsing_maps[..., None], top, left, size, size)
    corner = tf.cast(tf.stack([left, top]), tf.float32)
    xy, confidence = pictures.keypoints[..., :2] - corner, pictures.keypoints[..., 2:]
    inside = tf.reduce_all((xy >= 0) & (xy < size), axis=-1, keepdims=True) & (confidence > 0)
    keypoints = tf.where(inside, tf.concat([xy, confidence], axis=-1), 0.0)
    return Pictures(frames, keypoints, maps[..., 0])


def mirror(pictures: Pictures, schema: parsing_labels.LabelSchema) -> Pictures:
    """The pictures as in a mirror: left and right of joints and labels swap."""
    table = np.arange(256, dtype=np.uint8)  # an id of none of the classes stays: 255 is unknown
    table[: schema.num_classes] = schema.mirrored
    size = pictures.frames.shape[1]
    swapped = tf.gather(pictures.keypoints, skeleton.MIRRORED_JOINT, axis=-2)
    x, y, confidence = tf.unstack(swapped, axis=-1)
    # A joint at x = 0 exactly would land at x = size, outside of the picture by a hair.
    present = (confidence > 0) & (x > 0)
    keypoints = tf.where(present[..., None], tf.stack([size - x, y, confidence], axis=-1), 0.0)
    maps = tf.gather(table, tf.cast(tf.reverse(pictures.parsing_maps, axis=[-1]), tf.int32))
    return Pictures(tf.reverse(pictures.frames, axis=[-2]), keypoints, maps)


def _tensors(pictures: Pictures) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    return pictures.frames, pictures.keypoints, pictures.parsing_maps
