"""Moves frames, maps and keypoints by one affine transform, called a camera: rotation, scale, shift and mirroring.

`pictures.move_pieces` moves the pieces of a surface by the same cameras.

A camera is a float32 matrix `[3, 3]` that maps a point (x, y, 1) of the old picture to its place in the new one, in
pixels with pixel centres at +0.5, as in keypoints. Cameras are combined by multiplying them, so that a picture is
resampled only once.
"""

import dataclasses

import tensorflow as tf

from retarget_tf.body import parsing_labels, skeleton
from retarget_tf.dataset.augmentation.pictures import mirrored_ids, place
from retarget_tf.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class CameraRange:
    """Range of the random cameras; each parameter is drawn uniformly. The default leaves pictures unchanged.

    Attributes:
        scale: Smallest and largest scale about the middle; values above 1 enlarge the picture.
        shift: Largest shift along each axis, as a share of the picture's side.
        rotation: Largest rotation in degrees, in either direction about the middle.
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
        """Draws a camera for pictures of side `size` in pixels; `seed` int `[2]` makes the draw repeatable."""
        scale_draw, x, y, turn = tf.unstack(tf.random.stateless_uniform([4], seed))
        scale = self.scale[0] + scale_draw * (self.scale[1] - self.scale[0])
        shift = (2 * tf.stack([x, y]) - 1) * self.shift * size
        radians = (2 * turn - 1) * self.rotation * (3.141592653589793 / 180)
        cosine, sine = scale * tf.cos(radians), scale * tf.sin(radians)
        return about_middle([[cosine, -sine], [sine, cosine]], shift, size)


def about_middle(linear: tf.Tensor, shift: tf.Tensor, size: int) -> tf.Tensor:
    """Returns the camera that applies `linear` `[2, 2]` about the middle and then moves by `shift` `[2]` pixels."""
    linear = tf.cast(linear, tf.float32)
    middle = tf.fill([2], size / 2)
    offset = middle + shift - tf.linalg.matvec(linear, middle)
    return tf.concat([tf.concat([linear, offset[:, None]], axis=1), [[0.0, 0.0, 1.0]]], axis=0)


def mirror_where(flip: tf.Tensor, size: int) -> tf.Tensor:
    """Returns the camera that mirrors left and right if the bool `flip` is true, or else the identity."""
    return about_middle([[tf.where(flip, -1.0, 1.0), 0.0], [0.0, 1.0]], tf.zeros([2]), size)


def move_frames(frames: tf.Tensor, camera: tf.Tensor) -> tf.Tensor:
    """Moves frames `[pictures, size, size, 3]`, bilinear, to float32; the edge's colours fill the outside."""
    return _resample(tf.cast(frames, tf.float32), camera, "BILINEAR", "NEAREST")


def move_maps(
    parsing_maps: tf.Tensor, camera: tf.Tensor, flip: tf.Tensor, schema: parsing_labels.LabelSchema
) -> tf.Tensor:
    """Moves maps uint8 `[pictures, size, size]`, nearest pixel, background outside; `flip` swaps left and right."""
    moved = _resample(parsing_maps[..., None], camera, "NEAREST", "CONSTANT")[..., 0]
    return tf.cond(flip, lambda: tf.gather(mirrored_ids(schema), tf.cast(moved, tf.int32)), lambda: moved)


def move_surface_maps(surface_maps: tf.Tensor, camera: tf.Tensor) -> tf.Tensor:
    """Moves surface maps uint8 `[pictures, size, size, 3]` as maps are moved; the codes stay."""
    return _resample(surface_maps, camera, "NEAREST", "CONSTANT")


def move_keypoints(keypoints: tf.Tensor, camera: tf.Tensor, flip: tf.Tensor, size: int) -> tf.Tensor:
    """Moves keypoints `[..., 25, 3]`; `flip` swaps left and right joints, and joints outside become missing."""
    joints = tf.where(flip, skeleton.MIRRORED_JOINT, tf.range(skeleton.NUM_JOINTS))
    keypoints = tf.gather(keypoints, joints, axis=-2)
    xy = tf.einsum("...j,ij->...i", keypoints[..., :2], camera[:2, :2]) + camera[:2, 2]
    return place(keypoints, xy, size)


def _resample(pictures: tf.Tensor, camera: tf.Tensor, interpolation: str, fill_mode: str) -> tf.Tensor:
    # The operation takes the inverse transform (from new to old pixels), with pixel centres at whole numbers.
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
