"""What `loop.train` trains: a preset's generator with its optimizers, its batches and its training step."""

import pathlib
from typing import Any

import keras
import tensorflow as tf

from retarget_tf.arrays import Float32Array, Tensor, Uint8Array
from retarget_tf.errors import ConfigError
from retarget_tf.networks.config import ModelConfig
from retarget_tf.networks.layers import dropout_seeds, loss_scaled
from retarget_tf.networks.presets import build_generator
from retarget_tf.training.config import TrainingConfig

Batch = dict[str, Tensor]


class Learner(keras.Model):
    """The base class; a preset's learner adds `batches`, `train_step` and `draw_samples`.

    Attributes:
        config: the shape of the networks.
        settings: how they are trained.
        generator: the network that a rollout takes.
    """

    def __init__(self, config: ModelConfig, settings: TrainingConfig) -> None:
        super().__init__()
        if config.preset != settings.preset:
            raise ConfigError(
                "the networks and their training must be of one preset. "
                f"Received: networks of {config.preset}, training of {settings.preset}"
            )
        self.config, self.settings = config, settings
        self.generator = build_generator(config, settings.seed)
        self.built = True

    @staticmethod
    def batches(folder: pathlib.Path, settings: Any, start_batch: int) -> tf.data.Dataset:
        """Endless batches of the training people of one folder of records, from batch number `start_batch` on."""
        raise NotImplementedError

    def draw_samples(self, windows: Batch) -> Uint8Array:
        """A picture, RGB, of what the generator makes of windows of two frames, one row a window."""
        raise NotImplementedError

    def compile(self) -> None:
        """Makes an Adam for each network and builds its state now, so that a checkpoint restored next finds it."""
        super().compile(optimizer=None)  # the default would be an RMSprop that nothing uses
        self.generator_optimizer = self.adam(self.generator)

    def adam(self, network: keras.Model) -> keras.optimizers.Optimizer:
        """An optimizer for the weights of a network."""
        adam = keras.optimizers.Adam(self.settings.learning_rate, beta_1=self.settings.beta_1, beta_2=0.999)
        optimizer = loss_scaled(adam)
        optimizer.build(network.trainable_variables)
        return optimizer

    @property
    def optimizers(self) -> list[keras.optimizers.Optimizer]:
        """All optimizers."""
        return [self.generator_optimizer]

    def set_progress(self, progress: float) -> None:
        """Takes note that this share of the training is done, 0..1: the learning rates follow it."""
        for optimizer in self.optimizers:
            optimizer.learning_rate = self.settings.learning_rate_at(progress)

    def checkpoint_parts(self) -> dict[str, Any]:
        """Everything that resuming needs, by name."""
        return {
            "generator": self.generator,
            "dropout_seeds": dropout_seeds(self.generator),  # a model's checkpoint leaves these out
            "generator_optimizer": self.generator_optimizer,
        }

    def begin_with(self, weights: list[Float32Array]) -> None:
        """Takes over the weights of a trained generator."""
        self.generator.set_weights(weights)

    def generator_to_save(self) -> keras.Model:
        """What is saved as the trained generator."""
        return self.generator
