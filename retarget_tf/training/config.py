"""How a preset is trained: a frozen dataclass for each preset, whose fields are flags of `retarget-train`.

    config = TrainingConfig.of_preset("stable", minutes=10)

What is trained, the networks, is described in `networks.config`.
"""

import dataclasses
from typing import Any, ClassVar, Literal

from retarget_tf.errors import ConfigError
from retarget_tf.program import settings
from retarget_tf.program.settings import setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """What every preset's training has; each preset has a subclass, which `of_preset` builds.

    Attributes:
        preset: the preset's name.
    """

    preset: ClassVar[str]

    steps: int = setting(0, "train up to this step (give this or --minutes)")
    minutes: float = setting(0.0, "train for this many minutes, all starts added up")
    batch_size: int = setting(help="samples in a step: windows of paper, streams of stable", minimum=1)
    learning_rate: float = setting(help="learning rate of Adam, for every network", above=0)
    beta_1: float = setting(help="decay of Adam's first moment; beta_2 is 0.999", minimum=0, below=1)
    decay_share: float = setting(
        help="over this last share of the training the learning rate falls to 0 in a line", minimum=0, maximum=1
    )
    jitter: bool = setting(
        True, "augmentation: paper's crop and mirror; stable's own, of which joint_dropout, relabel, thicken are parts"
    )
    mixed_precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = setting(
        "float32", "precision policy of the layers"
    )
    checkpoint_every: int = setting(500, "steps between two checkpoints", minimum=1)
    sample_every: int = setting(500, "steps between two pictures in samples/ and TensorBoard", minimum=1)
    log_every: int = setting(50, "steps between two rows of history.csv and TensorBoard", minimum=1)
    cache_records: bool = setting(False, "read the records once and keep them in memory: for slow disks")
    seed: int = setting(0, "another seed gives other weights, batches and draws", minimum=0, maximum=2**32 - 2)

    def __post_init__(self) -> None:
        settings.check(self)
        if not (self.steps > 0 and self.minutes == 0) and not (self.steps == 0 and self.minutes > 0):
            received = f"steps={self.steps}, minutes={self.minutes}"
            raise ConfigError(f"one of steps and minutes must be positive, the other 0. Received: {received}")

    @classmethod
    def of_preset(cls, preset: str, **changes: Any) -> "TrainingConfig":
        """The settings of a preset, but for the changes; `steps` or `minutes` must be among them.

        Raises:
            ConfigError: there is no such preset, a value is out of range, or a setting is not one of this preset.
        """
        return settings.of_preset(TRAINING_CONFIGS, preset, changes)

    def learning_rate_at(self, progress: float) -> float:
        """The learning rate when this share of the training is done, 0..1."""
        if self.decay_share == 0:
            return self.learning_rate
        return self.learning_rate * min(1.0, (1.0 - progress) / self.decay_share)


@dataclasses.dataclass(frozen=True, kw_only=True)
class PaperTrainingConfig(TrainingConfig):
    """`paper`: a conditional GAN, with pix2pix's numbers (Isola et al. 2017) where the paper is silent."""

    preset = "paper"

    batch_size: int = 1
    learning_rate: float = 2e-4
    beta_1: float = 0.5
    decay_share: float = 0.0
    l1_weight: float = setting(100.0, "weight of the L1 term beside the adversarial one (lambda)", minimum=0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class StableTrainingConfig(TrainingConfig):
    """`stable`: each slot of the batch follows a clip and is fed its own last output, a stream."""

    preset = "stable"

    batch_size: int = 8
    learning_rate: float = 5e-4
    beta_1: float = 0.9
    decay_share: float = 0.4
    teacher_forced_share: float = setting(
        0.1, "first share of the training, in which the true previous map is fed", minimum=0, maximum=1
    )
    mean_frames: float = setting(20.0, "mean length of a stream of more than one frame", above=1)
    single_share: float = setting(0.3, "share of the streams that are one frame long", minimum=0, maximum=1)
    max_gap: int = setting(
        4, "largest distance of two frames of a stream; each stream draws its own, from 1", minimum=1
    )
    photo_share: float = setting(
        0.12,
        "share of the samples whose task is to parse the reference photo itself, no map given",
        minimum=0,
        maximum=1,
    )
    drop_previous: float = setting(0.25, "share of the samples without a previous map", minimum=0, maximum=1)
    dice_weight: float = setting(1.0, "weight of the Dice loss beside the cross entropy", minimum=0)
    joint_dropout: float = setting(0.05, "share of the joints that are missing", minimum=0, maximum=1)
    relabel: float = setting(
        0.06, "probability of each way to give a part another class in the whole stream", minimum=0, maximum=1
    )
    thicken: float = setting(
        0.3, "probability that one class is a pixel thicker in the whole stream", minimum=0, maximum=1
    )
    warp_lead: float = setting(
        0.0,
        "added, when the generator is saved, to the logit of each pixel's class in the warped reference map: for "
        "people who are drawn otherwise than those of the training",
        minimum=0,
    )
    ema: float = setting(
        0.998, "decay of the moving average of the weights that is saved; 0 saves the weights", minimum=0, below=1
    )


TRAINING_CONFIGS: dict[str, type[TrainingConfig]] = {"paper": PaperTrainingConfig, "stable": StableTrainingConfig}
