"""Pictures through a camera that turns, scales, shifts and mirrors: frame, map and joints move in exactly one way.

A camera is a float32 `[3, 3]` that takes a point (x, y, 1) of the picture before to its place after, in pixels with
pixel centres at +0.5, as keypoints are. Pictures are resampled once, however many cameras were multiplied.
"""

import dataclasses

import tensorflow as tf

from retarget_tf.body import parsing_labels, skeleton
from retarget_tf.dataset.augmentation.pictures import mirrored_ids, place
from retarget_tf.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class CameraRange:
    """What cameras are drawn from, uniformly.

    Attributes:
        scale: smallest and largest; the picture grows about its middle. (1, 1) for none.
        shift: largest, along each axis, as a share of the picture's side.
        rotation: largest, in degrees, either way about the middle.
    """

    scale: tuple[float, float] = (1.0, 1.0)
    shift: float = 0.0
    rotation: float = 0.0

    def __post_init__(self) -> None:
        smallest, largest = self.scale
        if not 0 < smallest <= largest or not 0 <= self.shift <= 1 or not 0 <= self.rotation <= 180:
            raise ConfigError(
                "scale must be two positive numbers in order, shift lie in 0..1 and rotation in 0..180. "
                f"Received: scale={self.scale}, shift={self.shift}, rotation={self.rotation}"
            )

    def draw(self, seed: tf.Tensor, size: int) -> tf.Tensor:
        """A camera for pictures of `size` pixels; the same seed gives the same."""
        scale_draw, x, y, turn = tf.unstack(tf.random.stateless_uniform([4], seed))
        scale = self.scale[0] + scale_draw * (self.scale[1] - self.scale[0])
        shift = (2 * tf.stack([x, y]) - 1) * self.shift * size
        radians = (2 * turn - 1) * self.rotation * (3.141592653589793 / 180)
        cosine, sine = scale * tf.cos(radians), scale * tf.sin(radians)
        return about_middle([[cosine, -sine], [sine, cosine]], shift, size)


def about_middle(linear: tf.Tensor, shift: tf.Tensor, size: int) -> tf.Tensor:
    """The camera `[3, 3]` that applies `linear` `[2, 2]` about the middle of the picture, then shifts `[2]` pixels."""
    linear = tf.cast(linear, tf.float32)
    middle = tf.fill([2], size / 2)
    offset = middle + shift - tf.linalg.matvec(linear, middle)
    return tf.concat([tf.concat([linear, offset[:, None]], axis=1), [[0.0, 0.0, 1.0]]], axis=0)


def mirror_where(flip: tf.Tensor, size: int) -> tf.Tensor:
    """The camera that mirrors left and right where the bool `flip` is true, and else leaves all in place."""
    return about_middle([[tf.where(flip, -1.0, 1.0), 0.0], [0.0, 1.0]], tf.zeros([2]), size)


def move_frames(frames: tf.Tensor, camera: tf.Tensor) -> tf.Tensor:
    """Frames `[pictures, size, size, 3]` as float32, bilinear; outside the edge's colours go on."""
    return _resample(tf.cast(frames, tf.float32), camera, "BILINEAR", "NEAREST")


def move_maps(
    parsing_maps: tf.Tensor, camera: tf.Tensor, flip: tf.Tensor, schema: parsing_labels.LabelSchema
) -> tf.Tensor:
    """Maps uint8 `[pictures, size, size]`: the nearest pixel's class, background outside; sides swap with `flip`."""
    moved = _resample(parsing_maps[..., None], camera, "NEAREST", "CONSTANT")[..., 0]
    return tf.cond(flip, lambda: tf.gather(mirrored_ids(schema), tf.cast(moved, tf.int32)), lambda: moved)


def move_keypoints(keypoints: tf.Tensor, camera: tf.Tensor, flip: tf.Tensor, size: int) -> tf.Tensor:
    """Keypoints `[..., 25, 3]`; sides swap with `flip`, joints that left the picture are missing."""
    joints = tf.where(flip, skeleton.MIRRORED_JOINT, tf.range(skeleton.NUM_JOINTS))
    keypoints = tf.gather(keypoints, joints, axis=-2)
    xy = tf.einsum("...j,ij->...i", keypoints[..., :2], camera[:2, :2]) + camera[:2, 2]
    return place(keypoints, xy, size)


def _resample(pictures: tf.Tensor, camera: tf.Tensor, interpolation: str, fill_mode: str) -> tf.Tensor:
    # The operation asks where a pixel comes from, and counts pixel centres from 0: hence inverse and half a pixel.
    half = tf.constant([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]], tf.float32)
    from_place = tf.linalg.inv(half) @ tf.linalg.inv(camera) @ half
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=pictures,
        transforms=tf.reshape(from_place, [1, 9])[:, :8],
        output_shape=tf.shape(pictures)[1:3],
        fill_value=0.0,
        interpolation=interpolation,
        fill_mode=fill_mode,
    )
    return tf.ensure_shape(moved, pictures.shape)
