"""Settings of training: a frozen dataclass for each preset, whose fields are flags of `retarget-train`.

    config = TrainingConfig.of_preset("stable", minutes=10)

The settings of the networks are in `networks.config`.
"""

import dataclasses
from typing import Any, ClassVar, Literal

from retarget_tf.errors import ConfigError
from retarget_tf.program import settings
from retarget_tf.program.settings import setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Training settings that all presets share; `of_preset` builds the subclass of a preset.

    Attributes:
        preset: Name of the preset.
    """

    preset: ClassVar[str]

    steps: int = setting(0, "train up to this step (give this or --minutes)")
    minutes: float = setting(0.0, "train for this many minutes in total, over all resumed runs")
    batch_size: int = setting(help="samples in a step: pairs of frames for paper, streams for stable", minimum=1)
    learning_rate: float = setting(help="learning rate of Adam, the same for all networks", above=0)
    beta_1: float = setting(help="decay of Adam's first moment; beta_2 is 0.999", minimum=0, below=1)
    decay_share: float = setting(
        help="last share of the training over which the learning rate falls linearly to 0", minimum=0, maximum=1
    )
    jitter: bool = setting(
        True, "augment the data: crop, mirror for paper; camera, colours, joint_dropout, relabel, thicken for stable"
    )
    mixed_precision: Literal["auto", "float32", "mixed_float16", "mixed_bfloat16"] = setting(
        "auto",
        "precision policy of the layers; auto: the one that the training began with, and for a new one mixed_bfloat16 "
        "where the hardware computes in it, else float32",
    )
    checkpoint_every: int = setting(500, "steps between two checkpoints", minimum=1)
    sample_every: int = setting(500, "steps between two sample pictures in samples/ and TensorBoard", minimum=1)
    log_every: int = setting(50, "steps between two rows of history.csv and TensorBoard", minimum=1)
    on_nan: Literal["stop", "rollback"] = setting(
        "stop",
        "when a loss or a weight is not finite: stop; or go back to the last checkpoint and go on with half of the "
        "learning rate (rollback)",
    )
    jit_compile: Literal["auto", "yes", "no"] = setting(
        "auto", "whether XLA compiles training steps; auto: on one GPU, since on a processor it is slower"
    )
    steps_per_execution: int = setting(
        1,
        "steps that are taken in one call: more spare time between short steps, as those of GPUs are. Learning rates "
        "change and signals are heard between two calls",
        minimum=1,
    )
    cache_records: bool = setting(False, "read the records once and keep them in memory: for slow disks")
    strategy: Literal["none", "mirrored", "multi_worker"] = setting(
        "none",
        "replicas that share each batch: one; one on each GPU, or on parts of the processor (mirrored); those of all "
        "machines that TF_CONFIG names (multi_worker)",
    )
    replicas: int = setting(
        0, "replicas of strategy=mirrored; 0 for one on each GPU, or for one without a GPU", minimum=0
    )
    seed: int = setting(0, "seed of initial weights, batches and all other random draws", minimum=0, maximum=2**32 - 2)

    def __post_init__(self) -> None:
        settings.check(self)
        if not (self.steps > 0 and self.minutes == 0) and not (self.steps == 0 and self.minutes > 0):
            received = f"steps={self.steps}, minutes={self.minutes}"
            raise ConfigError(f"one of steps and minutes must be positive, the other 0. Received: {received}")
        if self.on_nan == "rollback" and self.strategy == "multi_worker":
            received = f"on_nan={self.on_nan}, strategy={self.strategy}"
            raise ConfigError(f"on_nan must be stop where several machines train. Received: {received}")
        if self.replicas and self.strategy != "mirrored":
            received = f"replicas={self.replicas}, strategy={self.strategy}"
            raise ConfigError(f"replicas must be 0 unless strategy is mirrored. Received: {received}")

    @classmethod
    def of_preset(cls, preset: str, **changes: Any) -> "TrainingConfig":
        """Builds the settings of a preset; `changes` replace its defaults and must contain `steps` or `minutes`.

        Raises:
            ConfigError: The preset does not exist, does not have one of the settings, or a value is out of range.
        """
        return settings.of_preset(TRAINING_CONFIGS, preset, changes)

    def learning_rate_at(self, progress: float) -> float:
        """Returns the learning rate at a progress from 0 (start) to 1 (end of the training)."""
        if self.decay_share == 0:
            return self.learning_rate
        return self.learning_rate * min(1.0, (1.0 - progress) / self.decay_share)


@dataclasses.dataclass(frozen=True, kw_only=True)
class PaperTrainingConfig(TrainingConfig):
    """Training of the GAN of `paper`; values that the paper does not state are pix2pix's (Isola et al. 2017)."""

    preset = "paper"

    batch_size: int = 1
    learning_rate: float = 2e-4
    beta_1: float = 0.5
    decay_share: float = 0.0
    l1_weight: float = setting(100.0, "weight of the L1 loss (lambda); the adversarial loss has weight 1", minimum=0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class StableTrainingConfig(TrainingConfig):
    """Training of `stable` on streams: each slot of the batch follows a clip and is fed its own last output."""

    preset = "stable"

    batch_size: int = 8
    learning_rate: float = 5e-4
    beta_1: float = 0.9
    decay_share: float = 0.4
    teacher_forced_share: float = setting(
        0.1,
        "share of the training, from its start, with the true previous map as input (teacher forcing)",
        minimum=0,
        maximum=1,
    )
    mean_frames: float = setting(
        20.0, "mean drawn length in frames of the streams that are not cut to one frame", above=1
    )
    single_share: float = setting(0.3, "share of the streams that are cut to one frame", minimum=0, maximum=1)
    max_gap: int = setting(
        4,
        "largest distance in the clip of consecutive frames of a stream; each stream draws its own from 1 to this",
        minimum=1,
    )
    photo_share: float = setting(
        0.12,
        "share of the samples whose task is to parse the reference photo, without its map",
        minimum=0,
        maximum=1,
    )
    drop_previous: float = setting(
        0.25, "share of the samples that get no previous map, besides those of photo_share", minimum=0, maximum=1
    )
    dice_weight: float = setting(1.0, "weight of the Dice loss; the cross entropy has weight 1", minimum=0)
    joint_dropout: float = setting(0.05, "probability that a joint is removed", minimum=0, maximum=1)
    relabel: float = setting(
        0.06, "probability of each relabelling of a stream's maps, such as shoes as trousers", minimum=0, maximum=1
    )
    thicken: float = setting(
        0.3, "probability that one class is drawn a pixel thicker in a whole stream", minimum=0, maximum=1
    )
    warp_lead: float = setting(
        0.0,
        "added to the logit of each pixel's class in the warped reference map when the generator is saved; helps with "
        "maps that are drawn differently from the training maps",
        minimum=0,
    )
    ema: float = setting(
        0.998, "decay of the moving average of weights, which is saved; 0 saves the last weights", minimum=0, below=1
    )


TRAINING_CONFIGS: dict[str, type[TrainingConfig]] = {"paper": PaperTrainingConfig, "stable": StableTrainingConfig}
