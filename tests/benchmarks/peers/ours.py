"""The networks and the training step of `paper` at full width, on random data, as `retarget-train` runs them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from retarget_tf.networks.config import ModelConfig
from retarget_tf.training import loop, strategies
from retarget_tf.training.config import TrainingConfig
from retarget_tf.training.retarget_gan import RetargetGAN

_SIZE = 256


class Ours:
    """A training of `paper`; the global precision policy is that of the layers."""

    def __init__(self) -> None:
        self._settings = TrainingConfig.of_preset("paper", steps=1)
        learner = loop.build_learner(ModelConfig.of_preset("paper", image_size=_SIZE), self._settings)
        assert isinstance(learner, RetargetGAN)
        self._learner = learner

    def call(self, kind: str) -> Callable[[Any], Any]:
        """Returns a training step, or a forward pass, for one size of batch."""
        if kind == "step":
            steps = strategies.form(self._settings).compiled(self._learner.train_step, jit_compile=False)
            return lambda batch: steps([batch])
        return tf.function(lambda inputs: self._learner.generator(inputs, training=False), reduce_retracing=True)


def window(batch: int) -> dict[str, tf.Tensor]:
    """Draws a batch as records give it: windows of two frames with keypoints and maps."""
    random = np.random.default_rng(batch)
    keypoints = np.append(random.uniform(0, _SIZE, [batch, 2, 25, 2]), np.ones([batch, 2, 25, 1]), axis=-1)
    return {
        "frames": tf.constant(random.integers(0, 256, [batch, 2, _SIZE, _SIZE, 3], np.uint8)),
        "keypoints": tf.constant(keypoints, tf.float32),
        "parsing_maps": tf.constant(random.integers(0, 10, [batch, 2, _SIZE, _SIZE], np.uint8)),
    }


def inputs(batch: int) -> dict[str, tf.Tensor]:
    """Draws the inputs of the generator."""
    drawn = window(batch)
    return {"frame": tf.cast(drawn["frames"][:, 0], tf.float32) / 127.5 - 1, "keypoints": drawn["keypoints"][:, 1]}
