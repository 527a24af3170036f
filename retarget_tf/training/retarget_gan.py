"""The conditional GAN of the `paper` preset, trained from triplets (frame_t, pose_t+1, map_t+1).

A training step follows pix2pix (Isola et al. 2017): one update of the discriminator D on real and generated maps, then
one update of the generator G with the adversarial loss of the updated D plus a weighted L1 loss.
"""

from typing import Any

import tensorflow as tf

from retarget_tf import files
from retarget_tf.arrays import Tensor, Uint8Array
from retarget_tf.dataset import augmentation, input_pipeline
from retarget_tf.networks import encoding, losses, shortcuts
from retarget_tf.networks.config import PaperModelConfig
from retarget_tf.networks.discriminator import build_discriminator
from retarget_tf.pictures import figures
from retarget_tf.training.config import PaperTrainingConfig
from retarget_tf.training.learner import Batch, Learner


class RetargetGAN(Learner):
    """Trains generator and discriminator.

    Attributes:
        discriminator: Classifies patches of a map as real or generated, given the frame and the stick figure.
    """

    settings: PaperTrainingConfig

    def __init__(self, config: PaperModelConfig, settings: PaperTrainingConfig) -> None:
        super().__init__(config, settings)
        self.discriminator = shortcuts.take(build_discriminator(config, seed=settings.seed + 1000))

    @staticmethod
    def batches(
        folder: files.PathLike, settings: PaperTrainingConfig, start_batch: int, part: tuple[int, int]
    ) -> tf.data.Dataset:
        """Returns windows of two consecutive frames, randomly cropped and mirrored if `settings.jitter`."""
        return input_pipeline.make_dataset(
            folder,
            "train",
            window_frames=2,
            batch_size=settings.batch_size,
            augment=augmentation.AugmentationConfig() if settings.jitter else None,
            seed=settings.seed,
            start_batch=start_batch,
            part=part,
            cache_records=settings.cache_records,
        )

    def compile(self) -> None:
        """Makes the optimizers of generator and discriminator."""
        super().compile()
        self.discriminator_optimizer = self.adam(self.discriminator)

    @property
    def optimizers(self) -> list[Any]:
        """The optimizers of generator and discriminator."""
        return [*super().optimizers, self.discriminator_optimizer]

    def checkpoint_parts(self) -> dict[str, Any]:
        """Returns everything that a checkpoint must hold to resume exactly, by name."""
        return {
            **super().checkpoint_parts(),
            "discriminator": self.discriminator,
            "discriminator_optimizer": self.discriminator_optimizer,
        }

    def saved_weights(self) -> list[Tensor]:
        """Returns the weights of generator and discriminator."""
        return [*super().saved_weights(), *(weight.value for weight in self.discriminator.variables)]

    def draw_samples(self, windows: Batch) -> Uint8Array:
        """Draws frame, stick figure, generated map and true map, one row for each window of two frames."""
        frame, keypoints, real, _ = self.triplet(windows)
        return figures.training_panel(frame, keypoints, self.generate(frame, keypoints), real)

    def train_step(self, window: Batch) -> dict[str, Tensor]:
        """Updates D, then G, on a batch of windows from `input_pipeline.make_dataset`; returns the losses."""
        frame, keypoints, real, known = self.triplet(window)
        condition = encoding.discriminator_condition(frame, keypoints)
        generator_weights = self.generator.trainable_variables
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([weight.value for weight in generator_weights])  # G's weights only
            generated = self.generate(frame, keypoints, training=True)
            discriminator_loss = self.discriminator_step(condition, real, tf.stop_gradient(generated))
            adversarial = losses.generator_adversarial_loss(self.judge(condition, generated))
            l1 = losses.l1_loss(real, generated, known)
            generator_loss = adversarial + self.settings.l1_weight * l1
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
        """Updates D on real and generated maps with the same condition; returns its loss."""
        weights = self.discriminator.trainable_variables
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([weight.value for weight in weights])
            loss = losses.discriminator_loss(self.judge(condition, real), self.judge(condition, generated))
            scaled = self.discriminator_optimizer.scale_loss(loss)
        self.discriminator_optimizer.apply(tape.gradient(scaled, weights), weights)
        return loss

    def triplet(self, window: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Returns frame t, keypoints t+1, the coloured map t+1 and its known pixels of windows of two frames."""
        parsing_map = window["parsing_maps"][:, 1]
        return (
            encoding.to_signed(window["frames"][:, 0]),
            window["keypoints"][:, 1],
            encoding.colour_map(parsing_map, self.config.schema),
            encoding.known_pixels(parsing_map),
        )

    def generate(self, frame: Tensor, keypoints: Tensor, training: bool = False) -> Tensor:
        """Returns G's map in colours, float32 `[batch, size, size, 3]` in [-1, 1]."""
        return self.generator({"frame": frame, "keypoints": keypoints}, training=training)["parsing_rgb"]

    def judge(self, condition: Tensor, parsing_map: Tensor) -> Tensor:
        """Returns D's patch logits, float32 `[batch, patches, patches, 1]`."""
        return self.discriminator({"condition": condition, "parsing_map": parsing_map}, training=True)
