"""Trains the `stable` generator on streams of its own outputs.

Each slot of the batch follows one clip frame by frame and stores the network's last map, which is an input of the next
step, as it is in a rollout. Every frame is one training step, and no gradient flows through the stored map, so memory
and time of a step do not depend on the length of the stream.

    slot's next frame + slot's last map -> probabilities -> cross entropy + Dice -> Adam step -> slot's last map
"""

from typing import Any

import keras
import tensorflow as tf

from retarget_tf import files
from retarget_tf.arrays import Float32Array, Tensor, Uint8Array
from retarget_tf.dataset import augmentation, input_pipeline
from retarget_tf.networks import encoding, losses, replicas
from retarget_tf.networks.config import StableModelConfig
from retarget_tf.networks.presets import build_generator
from retarget_tf.networks.presets.stable import raise_warp_lead
from retarget_tf.pictures import figures
from retarget_tf.training.config import StableTrainingConfig
from retarget_tf.training.learner import Batch, Learner

# Shares of the streams that start with the true previous map, and with the reference's map; the rest have none.
_FROM_TRUTH, _FROM_REFERENCE = 0.4, 0.3


class StreamTrainer(Learner):
    """Trains the generator on streams.

    Attributes:
        streams: Last map of each slot, one-hot, float32 `[batch, size, size, classes]`.
        progress: Share of the training that is done, from 0 to 1.
        averages: Moving averages of the trainable weights; empty if `ema` is 0.
        draws: Number of steps for which random numbers were drawn, int64. It and the seed determine a step's draws.
    """

    settings: StableTrainingConfig

    def __init__(self, config: StableModelConfig, settings: StableTrainingConfig) -> None:
        super().__init__(config, settings)
        shape = (settings.batch_size, config.image_size, config.image_size, config.schema.num_classes)
        self.streams = tf.Variable(tf.zeros(shape), trainable=False, name="streams")
        self.progress = tf.Variable(0.0, trainable=False, name="progress")
        self.draws = tf.Variable(0, dtype=tf.int64, trainable=False, name="draws")
        averaged = self.generator.trainable_variables if settings.ema else []
        self.averages = [tf.Variable(weight.value, trainable=False) for weight in averaged]

    @staticmethod
    def batches(
        folder: files.PathLike, settings: StableTrainingConfig, start_batch: int, part: tuple[int, int]
    ) -> tf.data.Dataset:
        """Returns batches with the next frame of each slot's stream, augmented if `settings.jitter`."""
        augment = augmentation.stream_augmentation(
            joint_dropout=settings.joint_dropout, relabel=settings.relabel, thicken=settings.thicken
        )
        return input_pipeline.make_streams(
            folder,
            "train",
            input_pipeline.StreamLengths((1, settings.max_gap), settings.mean_frames, settings.single_share),
            batch_size=settings.batch_size,
            augment=augment if settings.jitter else None,
            seed=settings.seed,
            start_batch=start_batch,
            part=part,
            cache_records=settings.cache_records,
        )

    def set_progress(self, progress: float, slowdown: float) -> None:
        """Sets the learning rate and `progress`, which decides when teacher forcing ends."""
        super().set_progress(progress, slowdown)
        self.progress.assign(progress)

    def checkpoint_parts(self) -> dict[str, Any]:
        """Returns everything that a checkpoint must hold to resume exactly, by name."""
        return {
            **super().checkpoint_parts(),
            "streams": self.streams,
            "draws": self.draws,
            "averages": list(self.averages),  # a plain list; Keras wraps the attribute
        }

    def saved_weights(self) -> list[Tensor]:
        """Returns the weights and their moving averages."""
        return [*super().saved_weights(), *self.averages]

    def begin_with(self, weights: list[Float32Array]) -> None:
        """Sets the weights, and their moving averages, to those of a trained generator."""
        super().begin_with(weights)
        for average, weight in zip(self.averages, self.generator.trainable_variables, strict=False):
            average.assign(weight.value)

    def generator_to_save(self) -> keras.Model:
        """Returns the network to save: with the averaged weights, if there are any, and `warp_lead` added."""
        if not self.averages and not self.settings.warp_lead:
            return self.generator
        saved = build_generator(self.config)
        saved.set_weights(self.generator.get_weights())
        for weight, average in zip(saved.trainable_variables, self.averages, strict=False):
            weight.assign(average)
        raise_warp_lead(saved, self.settings.warp_lead)
        return saved

    def draw_samples(self, windows: Batch) -> Uint8Array:
        """Draws photo, stick figure, generated map and true map, one row for each window of two frames."""
        previous, reference = (
            encoding.one_hot(parsing_map, self.config.schema)
            for parsing_map in (windows["parsing_maps"][:, 0], windows["reference_map"])
        )
        frame, keypoints = encoding.to_signed(windows["reference_frame"]), windows["keypoints"][:, 1]
        probabilities = self.generator(
            {
                "reference_frame": frame,
                "reference_keypoints": windows["reference_keypoints"],
                "reference_map": reference,
                "previous_map": previous,
                "keypoints": keypoints,
            },
            training=False,
        )["parsing_probabilities"]
        generated = encoding.colour_map(tf.argmax(probabilities, axis=-1), self.config.schema)
        real = encoding.colour_map(windows["parsing_maps"][:, 1], self.config.schema)
        return figures.training_panel(frame, keypoints, generated, real, frame_title="reference")

    def train_step(self, batch: Batch) -> dict[str, Tensor]:
        """Updates the generator on the next frame of every stream, a batch of `make_streams`; returns the losses."""
        seed = tf.stack([tf.constant(self.settings.seed, tf.int64), self.draws.assign_add(1)])
        inputs, real, parses = self._task(batch, seed)
        weights = self.generator.trainable_variables
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([weight.value for weight in weights])
            probabilities = self.generator(inputs, training=True)["parsing_probabilities"]
            cross_entropy = losses.cross_entropy_loss(real, probabilities)
            dice = losses.dice_loss(real, probabilities)
            loss = cross_entropy + self.settings.dice_weight * dice
            scaled = self.generator_optimizer.scale_loss(loss)
        self.generator_optimizer.apply(tape.gradient(scaled, weights), weights)
        self._average(weights)
        fed_back = encoding.most_probable(probabilities)
        # A slot whose task was to parse the photo keeps its last map.
        kept = tf.where(parses, replicas.rows(self.streams), fed_back)
        self.streams.assign(replicas.gather(kept))
        return {"loss": loss, "cross_entropy": cross_entropy, "dice_loss": dice}

    def _average(self, weights: list[keras.Variable]) -> None:
        """Updates the averages. The decay starts small, so that the initial weights do not stay in a short average."""
        if not self.averages:
            return
        done = tf.cast(self.draws, tf.float32)
        decay = tf.minimum(self.settings.ema, (1.0 + done) / (10.0 + done))
        for average, weight in zip(self.averages, weights, strict=True):
            average.assign_sub((1.0 - decay) * (average - weight.value))

    def _task(self, batch: Batch, seed: Tensor) -> tuple[Batch, Tensor, Tensor]:
        """Returns the network's inputs, the true map as one-hot, and a mask of the samples that parse the photo."""
        settings = self.settings
        real, before, reference = (
            encoding.one_hot(batch[name], self.config.schema)
            for name in ("parsing_map", "previous_map", "reference_map")
        )
        draws = replicas.rows(tf.random.stateless_uniform([settings.batch_size, 3, 1, 1, 1], seed))
        start = tf.where(
            draws[:, 0] < _FROM_TRUTH,
            before,
            tf.where(draws[:, 0] < _FROM_TRUTH + _FROM_REFERENCE, reference, tf.zeros_like(reference)),
        )
        previous = tf.where(batch["is_start"][:, None, None, None], start, replicas.rows(self.streams))
        previous = tf.where(self.progress < settings.teacher_forced_share, before, previous)
        # A map that was relabelled by the augmentation does not match the photo.
        parses = (draws[:, 1] < settings.photo_share) & batch["is_as_seen"][:, None, None, None]
        nothing = parses | (draws[:, 2] < settings.drop_previous)
        inputs = {
            "reference_frame": encoding.to_signed(batch["reference_frame"]),
            "reference_keypoints": batch["reference_keypoints"],
            "reference_map": tf.where(parses, tf.zeros_like(reference), reference),
            "previous_map": tf.where(nothing, tf.zeros_like(previous), previous),
            "keypoints": tf.where(parses[..., 0], batch["reference_keypoints"], batch["keypoints"]),
        }
        return inputs, tf.where(parses, reference, real), parses
