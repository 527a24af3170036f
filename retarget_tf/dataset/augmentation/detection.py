"""Adds the errors of a pose detector to true keypoints: missing joints, missing limbs and noise."""

import dataclasses

import numpy as np
import tensorflow as tf

from retarget_tf.body import skeleton
from retarget_tf.dataset.augmentation.pictures import place
from retarget_tf.errors import ConfigError

# Joints that go missing together: an arm from the elbow down, a leg from the knee down, both feet, or the head.
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
    """Strength of a detector's errors, which are drawn for each frame anew. The default leaves keypoints unchanged.

    Attributes:
        joint_dropout: Probability that a joint is missing in a frame.
        limb_dropout: Probability that one random group of `LIMBS` is missing in a frame.
        noise: Standard deviation of normal noise along each axis, as a share of the picture's side.
    """

    joint_dropout: float = 0.0
    limb_dropout: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        if not all(0 <= value <= 1 for value in dataclasses.astuple(self)):
            raise ConfigError(f"errors of a detector must lie in 0..1. Received: {self}")

    def apply(self, keypoints: tf.Tensor, bias: tf.Tensor, seed: tf.Tensor, size: int) -> tf.Tensor:
        """Returns keypoints with random errors.

        Args:
            keypoints: float32 `[frames, 25, 3]` in pixels.
            bias: float32 `[25, 2]` in pixels, added to every frame.
            seed: int `[2]`; the same seed gives the same errors.
            size: Side of the picture in pixels.

        Returns:
            float32 `[frames, 25, 3]`; joints that are missing or outside of the picture are (0, 0, 0).
        """
        frames = tf.shape(keypoints)[0]
        seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 4))
        noise = tf.random.stateless_normal([frames, skeleton.NUM_JOINTS, 2], seeds[0], stddev=self.noise * size)
        missed = tf.random.stateless_uniform([frames, skeleton.NUM_JOINTS], seeds[1]) < self.joint_dropout
        limb = tf.random.stateless_uniform([frames], seeds[2], 0, len(LIMBS), dtype=tf.int32)
        limb_missed = tf.random.stateless_uniform([frames], seeds[3]) < self.limb_dropout
        missed |= limb_missed[:, None] & tf.gather(_IN_LIMB, limb)
        return tf.where(missed[..., None], 0.0, place(keypoints, keypoints[..., :2] + bias + noise, size))
