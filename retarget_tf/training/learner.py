"""The base class of what `loop.train` trains: a generator with its optimizers, its batches and its training step."""

from typing import Any

import keras
import tensorflow as tf

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Tensor, Uint8Array
from retarget_tf.errors import ConfigError
from retarget_tf.networks import shortcuts
from retarget_tf.networks.config import ModelConfig
from retarget_tf.networks.layers import dropout_seeds, loss_scaled
from retarget_tf.networks.presets import build_generator
from retarget_tf.training.adam import FusedAdam
from retarget_tf.training.config import TrainingConfig

Batch = dict[str, Tensor]


class Learner(keras.Model):
    """Builds and trains a generator; a preset's subclass defines `batches`, `train_step` and `draw_samples`.

    Attributes:
        config: Settings of the networks.
        settings: Settings of the training.
        generator: The generator being trained.
    """

    def __init__(self, config: ModelConfig, settings: TrainingConfig) -> None:
        super().__init__()
        if config.preset != settings.preset:
            raise ConfigError(
                "the networks and their training must be of one preset. "
                f"Received: networks of {config.preset}, training of {settings.preset}"
            )
        self.config, self.settings = config, settings
        self.generator = shortcuts.take(build_generator(config, settings.seed))
        self.built = True

    @staticmethod
    def batches(folder: files.PathLike, settings: Any, start_batch: int, part: tuple[int, int]) -> tf.data.Dataset:
        """Returns endless batches of the training split of one folder of records.

        Args:
            folder: Folder of records.
            settings: Settings of the training, with the batch size and the seed of this folder and machine.
            start_batch: Number of batches to skip.
            part: Position of this machine, and number of machines: they share the files of the split.
        """
        raise NotImplementedError

    def draw_samples(self, windows: Batch) -> Uint8Array:
        """Generates maps for windows of two frames and draws them: an RGB picture with one row for each window."""
        raise NotImplementedError

    def compile(self) -> None:
        """Makes the generator's Adam optimizer and builds its variables, so that a checkpoint can restore them."""
        super().compile(optimizer=None)  # by default Keras would make an RMSprop
        self.generator_optimizer = self.adam(self.generator)

    def adam(self, network: keras.Model) -> keras.optimizers.Optimizer:
        """Builds an Adam optimizer for a network's weights, with loss scaling under `mixed_float16`."""
        adam = FusedAdam(self.settings.learning_rate, beta_1=self.settings.beta_1, beta_2=0.999)
        optimizer = loss_scaled(adam)
        optimizer.build(network.trainable_variables)
        return optimizer

    @property
    def optimizers(self) -> list[keras.optimizers.Optimizer]:
        """The optimizers of all networks."""
        return [self.generator_optimizer]

    def set_progress(self, progress: float, slowdown: float) -> None:
        """Sets the learning rates for a progress from 0 (start) to 1 (end of the training), times `slowdown`."""
        for optimizer in self.optimizers:
            optimizer.learning_rate = self.settings.learning_rate_at(progress) * slowdown

    def state_variables(self) -> list[tf.Variable]:
        """Returns the variables of `checkpoint_parts`, in an order that depends on the settings alone."""
        found: list[tf.Variable] = []
        for part in self.checkpoint_parts().values():
            holds_several = isinstance(part, keras.Model | keras.optimizers.Optimizer)
            several = part.variables if holds_several else part if isinstance(part, list) else [part]
            found += [one.value if isinstance(one, keras.Variable) else one for one in several]
        return found

    def checkpoint_parts(self) -> dict[str, Any]:
        """Returns everything that a checkpoint must hold to resume exactly, by name."""
        return {
            "generator": self.generator,
            "dropout_seeds": dropout_seeds(self.generator),  # not part of a Keras model's checkpoint
            "generator_optimizer": self.generator_optimizer,
        }

    def saved_weights(self) -> list[Tensor]:
        """Returns all weights that are trained or saved, to check them."""
        return [weight.value for weight in self.generator.variables if "float" in weight.dtype]

    def begin_with(self, weights: list[Float32Array]) -> None:
        """Sets the generator's weights to those of a trained generator."""
        self.generator.set_weights(weights)

    def generator_to_save(self) -> keras.Model:
        """Returns the network to save as the trained generator."""
        return self.generator
