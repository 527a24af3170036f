"""The conditional GAN of the `paper` preset, trained from triplets (frame_t, pose_t+1, map_t+1).

One step alternates as pix2pix does: one update of D on a real and a generated map, then one update of G against the
D that was just updated, with the L1 term beside it.
"""

from typing import Any

import keras
import tensorflow as tf

from retarget_tf.arrays import Float32Array, Tensor, Uint8Array
from retarget_tf.networks import encoding, losses
from retarget_tf.networks.config import ModelConfig
from retarget_tf.networks.discriminator import build_discriminator
from retarget_tf.networks.generator import build_generator
from retarget_tf.networks.layers import dropout_seeds, loss_scaled
from retarget_tf.pictures import figures

Window = dict[str, Tensor]


class RetargetGAN(keras.Model):
    """Generator and discriminator with their training step.

    Args:
        config: shape of both networks.
        l1_weight: lambda of the L1 term.
        seed: of weights and dropout.
    """

    def __init__(self, config: ModelConfig, l1_weight: float = 100.0, seed: int = 0) -> None:
        super().__init__(name="retarget_gan")
        self.config = config
        self.l1_weight = l1_weight
        self.generator = build_generator(config, seed)
        self.discriminator = build_discriminator(config, seed=seed + 1000)
        self.built = True

    def compile(
        self, generator_optimizer: keras.optimizers.Optimizer, discriminator_optimizer: keras.optimizers.Optimizer
    ) -> None:
        """Takes the two optimizers and builds their state now, so that a checkpoint restored next finds it."""
        super().compile(optimizer=None)  # the default would be an RMSprop that nothing uses
        self.generator_optimizer = loss_scaled(generator_optimizer)
        self.discriminator_optimizer = loss_scaled(discriminator_optimizer)
        self.generator_optimizer.build(self.generator.trainable_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)

    @property
    def optimizers(self) -> list[keras.optimizers.Optimizer]:
        """Both Adams."""
        return [self.generator_optimizer, self.discriminator_optimizer]

    def checkpoint_parts(self) -> dict[str, Any]:
        """Everything that resuming needs, by name."""
        return {
            "generator": self.generator,
            "dropout_seeds": dropout_seeds(self.generator),  # a model's checkpoint leaves these out
            "discriminator": self.discriminator,
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
        }

    def begin_with(self, weights: list[Float32Array]) -> None:
        """Takes over the weights of a trained generator."""
        self.generator.set_weights(weights)

    def generator_to_save(self) -> keras.Model:
        """What is saved as the trained generator: here the generator itself."""
        return self.generator

    def draw_samples(self, windows: Window) -> Uint8Array:
        """A panel of frame, stick figure, generated map and true map, one row a window of two frames, as a picture."""
        frame, keypoints, real, _ = self.triplet(windows)
        return figures.training_panel(frame, keypoints, self.generate(frame, keypoints), real)

    def train_step(self, window: Window) -> dict[str, Tensor]:
        """One update of D, then one of G, on a batch of windows as `input_pipeline` yields them."""
        frame, keypoints, real, known = self.triplet(window)
        condition = encoding.discriminator_condition(frame, keypoints)
        generator_weights = self.generator.trainable_variables
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([weight.value for weight in generator_weights])  # not D's: that half is its own
            generated = self.generate(frame, keypoints, training=True)
            discriminator_loss = self.discriminator_step(condition, real, tf.stop_gradient(generated))
            adversarial = losses.generator_adversarial_loss(self.judge(condition, generated))
            l1 = losses.l1_loss(real, generated, known)
            generator_loss = adversarial + self.l1_weight * l1
            scaled = self.generator_optimizer.scale_loss(generator_loss)
        gradients = tape.gradient(scaled, generator_weights)
        self.generator_optimizer.apply(gradients, generator_weights)
        return {
            "discriminator_loss": discriminator_loss,
            "generator_loss": generator_loss,
            "adversarial_loss": adversarial,
            "l1_loss": l1,
        }

    def discriminator_step(self, condition: Tensor, real: Tensor, generated: Tensor) -> Tensor:
        """One update of D on a real and a generated map under the same condition; returns its loss."""
        weights = self.discriminator.trainable_variables
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([weight.value for weight in weights])
            loss = losses.discriminator_loss(self.judge(condition, real), self.judge(condition, generated))
            scaled = self.discriminator_optimizer.scale_loss(loss)
        self.discriminator_optimizer.apply(tape.gradient(scaled, weights), weights)
        return loss

    def triplet(self, window: Window) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Frame t, keypoints t+1, the coloured map t+1 and its known pixels, from a window of two frames."""
        parsing_map = window["parsing_maps"][:, 1]
        return (
            encoding.to_signed(window["frames"][:, 0]),
            window["keypoints"][:, 1],
            encoding.colour_map(parsing_map, self.config.schema),
            encoding.known_pixels(parsing_map),
        )

    def generate(self, frame: Tensor, keypoints: Tensor, training: bool = False) -> Tensor:
        """G's map in colours: float32 `[batch, size, size, 3]` in [-1, 1]."""
        return self.generator({"frame": frame, "keypoints": keypoints}, training=training)["parsing_rgb"]

    def judge(self, condition: Tensor, parsing_map: Tensor) -> Tensor:
        """D's patch logits: float32 `[batch, patches, patches, 1]`."""
        return self.discriminator({"condition": condition, "parsing_map": parsing_map}, training=True)
