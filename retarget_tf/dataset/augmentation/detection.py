"""The errors of a pose detector, put on true keypoints: joints it misses, whole limbs it misses, and noise."""

import dataclasses

import numpy as np
import tensorflow as tf

from retarget_tf.body import skeleton
from retarget_tf.dataset.augmentation.pictures import place
from retarget_tf.errors import ConfigError

# What goes missing at once: an arm from its elbow, a leg from its knee, both feet, or the face.
LIMBS: tuple[tuple[int, ...], ...] = (
    skeleton.joints("left_elbow", "left_wrist"),
    skeleton.joints("right_elbow", "right_wrist"),
    (*skeleton.joints("left_knee"), *skeleton.LEFT_FOOT),
    (*skeleton.joints("right_knee"), *skeleton.RIGHT_FOOT),
    skeleton.joints("heel", "big_toe", "small_toe"),
    skeleton.HEAD,
)
_IN_LIMB = np.array([[joint in limb for joint in range(skeleton.NUM_JOINTS)] for limb in LIMBS])


@dataclasses.dataclass(frozen=True)
class DetectionErrors:
    """What a detector does to a frame's keypoints; all zero for nothing.

    Attributes:
        joint_dropout: probability that a joint is missing in a frame.
        limb_dropout: probability that one of `LIMBS` is missing in a frame.
        noise: standard deviation along each axis, drawn for each frame, as a share of the picture's side.
    """

    joint_dropout: float = 0.0
    limb_dropout: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        if not all(0 <= value <= 1 for value in dataclasses.astuple(self)):
            raise ConfigError(f"errors of a detector must lie in 0..1. Received: {self}")

    def apply(self, keypoints: tf.Tensor, bias: tf.Tensor, seed: tf.Tensor, size: int) -> tf.Tensor:
        """Keypoints with errors.

        Args:
            keypoints: float32 `[frames, 25, 3]`.
            bias: float32 `[25, 2]` in pixels, an error that all frames share.
            seed: int `[2]`; the same seed gives the same draw.
            size: side of the picture in pixels.

        Returns:
            float32 `[frames, 25, 3]`; what is missing or lands outside of the picture is (0, 0, 0).
        """
        frames = tf.shape(keypoints)[0]
        seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 4))
        noise = tf.random.stateless_normal([frames, skeleton.NUM_JOINTS, 2], seeds[0], stddev=self.noise * size)
        missed = tf.random.stateless_uniform([frames, skeleton.NUM_JOINTS], seeds[1]) < self.joint_dropout
        limb = tf.random.stateless_uniform([frames], seeds[2], 0, len(LIMBS), dtype=tf.int32)
        limb_missed = tf.random.stateless_uniform([frames], seeds[3]) < self.limb_dropout
        missed |= limb_missed[:, None] & tf.gather(_IN_LIMB, limb)
        return tf.where(missed[..., None], 0.0, place(keypoints, keypoints[..., :2] + bias + noise, size))
