"""Jitters pictures: enlarge by 286/256, crop at random, mirror with probability 1/2 (pix2pix, Isola et al. 2017)."""

import dataclasses

import tensorflow as tf

from retarget_tf.body import parsing_labels
from retarget_tf.dataset.augmentation.pictures import Pictures, crop, mirror, resize
from retarget_tf.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class AugmentationConfig:
    """Strength of the jitter.

    Attributes:
        jitter_scale: Factor by which pictures are enlarged before they are cropped back to their size; larger values
            shift and enlarge more, 1 does neither.
        mirror: Mirrors with probability 1/2.
    """

    jitter_scale: float = 286 / 256
    mirror: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.jitter_scale <= 2:
            raise ConfigError(f"jitter_scale must lie in 1..2. Received: jitter_scale={self.jitter_scale}")


def jitter(
    pictures: Pictures, seed: tf.Tensor, config: AugmentationConfig, schema: parsing_labels.LabelSchema
) -> Pictures:
    """Enlarges, crops and mirrors all pictures by the same random draw.

    Args:
        pictures: Pictures whose size is known statically.
        seed: int `[2]`; the same seed gives the same draw.
        config: Strength of the jitter.
        schema: Label schema of the parsing maps; it says which classes swap when mirrored.

    Returns:
        Pictures of the same size. Joints outside of the crop are missing.
    """
    size = pictures.frames.shape[1]
    enlarged = round(size * config.jitter_scale)
    place_seed, mirror_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    if enlarged > size:
        place = tf.random.stateless_uniform([2], place_seed, 0, enlarged - size + 1, dtype=tf.int32)
        pictures = crop(resize(pictures, enlarged), place[0], place[1], size)
    if config.mirror:
        flip = tf.random.stateless_uniform([], mirror_seed) < 0.5
        pictures = Pictures(*tf.cond(flip, lambda: mirror(pictures, schema).tensors(), pictures.tensors))
    return pictures
