"""Trains the `stable` generator on persistent streams of its own outputs.

Each slot of the batch follows one clip, frame by frame, and keeps the map that the network gave last; the next step is
fed that map, as a rollout will be. One gradient step a frame, no unrolled graph: long rollouts cost what single steps
cost. What is fed back is the past, so no gradient flows through it.

    window (slot's next frame) + slot's last map -> probabilities -> cross entropy + Dice -> Adam -> slot's last map
"""

from typing import Any

import keras
import tensorflow as tf

from retarget_tf.arrays import Float32Array, Tensor, Uint8Array
from retarget_tf.errors import ConfigError
from retarget_tf.networks import encoding, losses
from retarget_tf.networks.config import ModelConfig, StreamConfig
from retarget_tf.networks.generator import build_generator, raise_warp_lead
from retarget_tf.networks.layers import dropout_seeds, loss_scaled
from retarget_tf.pictures import figures

Batch = dict[str, Tensor]

# At the start of a stream: the share that begins with the true map before, and with the reference's map; the rest
# begins with nothing.
_FROM_TRUTH, _FROM_REFERENCE = 0.4, 0.3


class StreamTrainer(keras.Model):
    """The generator with its streams and its training step.

    Attributes:
        generator: the network.
        streams: float32 `[batch, size, size, classes]`: each slot's last map.
        progress: 0..1, how much of the training is done; whoever runs the training moves it.
        averages: moving averages of the trainable weights; empty where the configuration wants none.
        draws: int64, the number of steps drawn: the randomness of a step depends on it and the seed alone.
    """

    def __init__(self, config: ModelConfig, stream: StreamConfig, batch_size: int, seed: int = 0) -> None:
        super().__init__(name="stream_trainer")
        if stream.warp_lead and config.anchor != "warp":
            raise ConfigError(
                f"warp_lead needs the anchor warp. Received: warp_lead={stream.warp_lead}, anchor={config.anchor}"
            )
        self.config, self.stream = config, stream
        self.generator = build_generator(config, seed)
        classes = config.schema.num_classes
        shape = (batch_size, config.image_size, config.image_size, classes)
        self.streams = tf.Variable(tf.zeros(shape), trainable=False, name="streams")
        self.progress = tf.Variable(0.0, trainable=False, name="progress")
        self.draws = tf.Variable(0, dtype=tf.int64, trainable=False, name="draws")
        self.averages = (
            [tf.Variable(weight.value, trainable=False) for weight in self.generator.trainable_variables]
            if stream.ema
            else []
        )
        self._seed = seed
        self.built = True

    def compile(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Takes the optimizer and builds its state now, so that a checkpoint restored next finds it."""
        super().compile(optimizer=None)  # the default would be an RMSprop that nothing uses
        self.generator_optimizer = loss_scaled(optimizer)
        self.generator_optimizer.build(self.generator.trainable_variables)

    @property
    def optimizers(self) -> list[keras.optimizers.Optimizer]:
        """The one Adam."""
        return [self.generator_optimizer]

    def checkpoint_parts(self) -> dict[str, Any]:
        """Everything that resuming needs, by name."""
        return {
            "generator": self.generator,
            "dropout_seeds": dropout_seeds(self.generator),  # a model's checkpoint leaves these out
            "generator_optimizer": self.generator_optimizer,
            "streams": self.streams,
            "draws": self.draws,
            "averages": list(self.averages),  # Keras made a list of its own of it
        }

    def begin_with(self, weights: list[Float32Array]) -> None:
        """Takes over the weights of a trained generator."""
        self.generator.set_weights(weights)
        for average, weight in zip(self.averages, self.generator.trainable_variables, strict=False):
            average.assign(weight.value)

    def generator_to_save(self) -> keras.Model:
        """What is saved as the trained generator: averaged weights where they are kept, led by the warp as asked."""
        if not self.averages and not self.stream.warp_lead:
            return self.generator
        saved = build_generator(self.config)
        saved.set_weights(self.generator.get_weights())
        for weight, average in zip(saved.trainable_variables, self.averages, strict=False):
            weight.assign(average)
        if self.stream.warp_lead:
            raise_warp_lead(saved, self.stream.warp_lead)
        return saved

    def draw_samples(self, windows: Batch) -> Uint8Array:
        """A panel of photo, stick figure, generated map and true map, one row a window of two frames, as a picture."""
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
        """One update on the next frame of every stream, as `input_pipeline.make_streams` yields them."""
        seed = tf.stack([tf.constant(self._seed, tf.int64), self.draws.assign_add(1)])
        inputs, real, parses = self._task(batch, seed)
        weights = self.generator.trainable_variables
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([weight.value for weight in weights])
            probabilities = self.generator(inputs, training=True)["parsing_probabilities"]
            cross_entropy = losses.cross_entropy_loss(real, probabilities)
            dice = losses.dice_loss(real, probabilities)
            loss = cross_entropy + self.stream.dice_weight * dice
            scaled = self.generator_optimizer.scale_loss(loss)
        self.generator_optimizer.apply(tape.gradient(scaled, weights), weights)
        self._average(weights)
        fed_back = encoding.fed_back(probabilities, self.config.feedback)
        # A slot that parsed its photo goes on from where it was.
        self.streams.assign(tf.where(parses, self.streams, fed_back))
        return {"loss": loss, "cross_entropy": cross_entropy, "dice_loss": dice}

    def _average(self, weights: list[keras.Variable]) -> None:
        """Moves the averages; at first by more, so that a short training is not averaged with where it began."""
        if not self.averages:
            return
        done = tf.cast(self.draws, tf.float32)
        decay = tf.minimum(self.stream.ema, (1.0 + done) / (10.0 + done))
        for average, weight in zip(self.averages, weights, strict=True):
            average.assign_sub((1.0 - decay) * (average - weight.value))

    def _task(self, batch: Batch, seed: Tensor) -> tuple[Batch, Tensor, Tensor]:
        """The network's inputs, the truth as one-hot, and which samples are to parse the photo."""
        stream, count = self.stream, self.streams.shape[0]
        real, before, reference = (
            encoding.one_hot(batch[name], self.config.schema)
            for name in ("parsing_map", "previous_map", "reference_map")
        )
        draws = tf.random.stateless_uniform([count, 3, 1, 1, 1], seed)
        start = tf.where(
            draws[:, 0] < _FROM_TRUTH,
            before,
            tf.where(draws[:, 0] < _FROM_TRUTH + _FROM_REFERENCE, reference, tf.zeros_like(reference)),
        )
        previous = tf.where(batch["is_start"][:, None, None, None], start, self.streams)
        previous = tf.where(self.progress < stream.teacher_forced_share, before, previous)
        # Maps that augmentation redrew cannot be read off the photo.
        parses = (draws[:, 1] < stream.photo_share) & batch["is_as_seen"][:, None, None, None]
        nothing = parses | (draws[:, 2] < stream.drop_previous)
        inputs = {
            "reference_frame": encoding.to_signed(batch["reference_frame"]),
            "reference_keypoints": batch["reference_keypoints"],
            "reference_map": tf.where(parses, tf.zeros_like(reference), reference),
            "previous_map": tf.where(nothing, tf.zeros_like(previous), previous),
            "keypoints": tf.where(parses[..., 0], batch["reference_keypoints"], batch["keypoints"]),
        }
        return inputs, tf.where(parses, reference, real), parses
