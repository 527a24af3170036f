"""Settings as frozen dataclasses, validated where they enter, and the presets: named settings.

`ModelConfig` is all that is needed to build the networks again. `GeneratorSpec` is what travels beside a trained
generator (`generator.json`): the settings, and the facts of its training data that its users need.
"""

import dataclasses
import math
from typing import Any, Literal, get_args

from retarget_tf import files
from retarget_tf.body import parsing_labels, skeleton
from retarget_tf.errors import ConfigError, InputDataError

PRESETS = ("paper", "stable")
PoseCondition = Literal["stick", "coordinates", "limbs"]
Norm = Literal["batch", "instance", "group"]
Anchor = Literal["none", "reference", "warp"]
Feedback = Literal["classes", "probabilities", "none"]
POSE_CONDITIONS = get_args(PoseCondition)
NORMS = get_args(Norm)
ANCHORS = get_args(Anchor)
FEEDBACKS = get_args(Feedback)
PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")

SPEC_VERSION = 1


def is_model_size(size: int) -> bool:
    """Whether a network can be built for pictures of this side: a power of two from 32."""
    return size >= 32 and size & (size - 1) == 0


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """The shape of generator and discriminator.

    Attributes:
        preset: name of the recipe; decides inputs, outputs and losses.
        image_size: side of the square pictures in pixels; a power of two from 32. The U-Net's depth follows it.
        filters: channels of the first convolution of both networks (pix2pix: 64).
        pose_condition: how the pose enters the generator: a stick figure concatenated to the frame, joint
            coordinates joined at the bottleneck, or, of `stable` only, `limbs`: a channel for each limb, as bright as
            the joints are sure, and the coordinates as well.
        norm: normalization layers of both networks; batch normalization judges with moving averages once trained.
        dropout: in the first three blocks of the decoder.
        label_schema: of the parsing maps.
        patch_layers: stride-2 convolutions of the PatchGAN; 3 gives the 70x70 patch.
        anchor: of `stable`: what holds the person's identity at every step. `reference`: photo, stick figure and map of
            the reference; `warp`: besides, its map moved into the pose by `limb_warp`; `none`: the previous map alone.
        feedback: of `stable`: what of the last step comes back as `previous_map`: the classes, as one-hot, the
            probabilities, or nothing.
        refinement: of `stable`: channels of a block at full resolution that sees the inputs again; 0 for none.
    """

    preset: str = "paper"
    image_size: int = 256
    filters: int = 64
    pose_condition: PoseCondition = "stick"
    norm: Norm = "batch"
    dropout: float = 0.5
    label_schema: str = "parts10"
    patch_layers: int = 3
    anchor: Anchor = "warp"
    feedback: Feedback = "classes"
    refinement: int = 0

    def __post_init__(self) -> None:
        size = self.image_size
        _check(is_model_size(size), "image_size must be a power of two from 32", image_size=size)
        _check(self.filters >= 1, "filters must be at least 1", filters=self.filters)
        _check(self.preset in PRESETS, f"preset must be one of {PRESETS}", preset=self.preset)
        for name, allowed in (
            ("pose_condition", POSE_CONDITIONS),
            ("norm", NORMS),
            ("anchor", ANCHORS),
            ("feedback", FEEDBACKS),
        ):
            _check(getattr(self, name) in allowed, f"{name} must be one of {allowed}", **{name: getattr(self, name)})
        _check(
            self.preset == "stable" or self.pose_condition != "limbs",
            "pose_condition of paper must be stick or coordinates",
            pose_condition=self.pose_condition,
        )
        _check(0 <= self.dropout < 1, "dropout must be in [0, 1)", dropout=self.dropout)
        _check(1 <= self.patch_layers <= 4, "patch_layers must be 1..4", patch_layers=self.patch_layers)
        _check(self.refinement >= 0, "refinement must not be negative", refinement=self.refinement)
        parsing_labels.get_schema(self.label_schema)

    @property
    def depth(self) -> int:
        """Stride-2 convolutions that lead from `image_size` to 1."""
        return int(math.log2(self.image_size))

    @property
    def schema(self) -> parsing_labels.LabelSchema:
        """The label schema itself."""
        return parsing_labels.get_schema(self.label_schema)

    @property
    def takes_reference_map(self) -> bool:
        """Whether a rollout can begin with the reference's map: as its anchor, and as the first previous map."""
        return self.preset == "stable"


@dataclasses.dataclass(frozen=True)
class TrainingConfig:
    """How a preset is trained. The defaults are the paper's, from pix2pix (Isola et al. 2017) where it is silent.

    Attributes:
        batch_size: windows in a step.
        learning_rate: of Adam, for both networks.
        beta_1: of Adam; beta_2 is 0.999.
        decay_share: the learning rate falls to 0 in a line over this last share of the training.
        l1_weight: of `paper`: lambda of the L1 term beside the adversarial term.
        jitter: resize by 286/256 and crop at random, mirror at random; of `stable` its own, wider
            augmentation, of which joint_dropout, relabel and thicken are parts.
        stream: of `stable`.
        mixed_precision: `float32`, `mixed_float16` or `mixed_bfloat16`.
        steps: train up to this step; 0 where `minutes` decides.
        minutes: train for this long, all starts of the program added up; 0 where `steps` decides.
        checkpoint_every: steps between two checkpoints.
        sample_every: steps between two pictures in `samples/` and TensorBoard.
        log_every: steps between two rows in `history.csv` and TensorBoard.
        cache_records: read the records once and keep them in memory, encoded as they are stored.
        seed: of everything random.
    """

    batch_size: int = 1
    learning_rate: float = 2e-4
    beta_1: float = 0.5
    decay_share: float = 0.0
    l1_weight: float = 100.0
    jitter: bool = True
    stream: "StreamConfig" = dataclasses.field(default_factory=lambda: StreamConfig())
    mixed_precision: str = "float32"
    steps: int = 0
    minutes: float = 0.0
    checkpoint_every: int = 500
    sample_every: int = 500
    log_every: int = 50
    cache_records: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        _check(0 <= self.seed < 2**32 - 1, "seed must be 0..2^32-2", seed=self.seed)
        _check(
            (self.steps > 0 and self.minutes == 0) or (self.steps == 0 and self.minutes > 0),
            "one of steps and minutes must be positive, the other 0",
            steps=self.steps,
            minutes=self.minutes,
        )
        for name in ("batch_size", "learning_rate", "checkpoint_every", "sample_every", "log_every"):
            _check(getattr(self, name) > 0, f"{name} must be positive", **{name: getattr(self, name)})
        _check(0 <= self.beta_1 < 1, "beta_1 must be in [0, 1)", beta_1=self.beta_1)
        _check(0 <= self.decay_share <= 1, "decay_share must be in [0, 1]", decay_share=self.decay_share)
        _check(self.l1_weight >= 0, "l1_weight must not be negative", l1_weight=self.l1_weight)
        _check(
            self.mixed_precision in PRECISIONS,
            f"mixed_precision must be one of {PRECISIONS}",
            mixed_precision=self.mixed_precision,
        )

    def learning_rate_at(self, progress: float) -> float:
        """The learning rate when this much of the training is done, 0..1."""
        if self.decay_share == 0:
            return self.learning_rate
        return self.learning_rate * min(1.0, (1.0 - progress) / self.decay_share)


@dataclasses.dataclass(frozen=True)
class StreamConfig:
    """How `stable` is trained on streams: each slot of the batch follows a clip and is fed its own last output.

    Attributes:
        teacher_forced_share: the first share of the training, in which the true previous map is fed.
        mean_frames: mean length of a stream of more than one frame.
        single_share: share of the streams that are one frame long.
        max_gap: largest distance of two frames of a stream; it is drawn for each stream, from 1.
        photo_share: share of the samples whose task is to parse the reference photo itself, no map given.
        drop_previous: share of the samples without a previous map.
        dice_weight: of the Dice loss beside the cross entropy.
        joint_dropout: share of the joints that are missing.
        relabel: probability of each way to give a part another class in the whole stream, see `augmentation.styles`.
        thicken: probability that one class is a pixel thicker in the whole stream.
        warp_lead: added, when the generator is saved, to the logit of each pixel's class in the warped reference map,
            for people who are drawn otherwise than those of the training. Needs the anchor `warp`.
        ema: decay of the moving average of the weights that is saved; 0 saves the weights themselves.
    """

    teacher_forced_share: float = 0.1
    mean_frames: float = 20.0
    single_share: float = 0.3
    max_gap: int = 4
    photo_share: float = 0.12
    drop_previous: float = 0.25
    dice_weight: float = 1.0
    joint_dropout: float = 0.05
    relabel: float = 0.06
    thicken: float = 0.3
    warp_lead: float = 0.0
    ema: float = 0.998

    def __post_init__(self) -> None:
        shares = (
            "teacher_forced_share", "single_share", "photo_share", "drop_previous", "joint_dropout", "relabel",
            "thicken",
        )  # fmt: skip
        for name in shares:
            _check(0 <= getattr(self, name) <= 1, f"{name} must be in [0, 1]", **{name: getattr(self, name)})
        _check(self.mean_frames > 1, "mean_frames must be above 1", mean_frames=self.mean_frames)
        _check(self.max_gap >= 1, "max_gap must be at least 1", max_gap=self.max_gap)
        for name in ("dice_weight", "warp_lead"):
            _check(getattr(self, name) >= 0, f"{name} must not be negative", **{name: getattr(self, name)})
        _check(0 <= self.ema < 1, "ema must be in [0, 1)", ema=self.ema)


# What a preset sets other than the defaults above, which are the paper's.
PRESET_MODELS: dict[str, dict[str, Any]] = {
    "paper": {},
    "stable": {"pose_condition": "limbs", "dropout": 0.0, "refinement": 16},
}
PRESET_TRAININGS: dict[str, dict[str, Any]] = {
    "paper": {},
    "stable": {"batch_size": 8, "learning_rate": 5e-4, "beta_1": 0.9, "decay_share": 0.4},
}


@dataclasses.dataclass(frozen=True)
class GeneratorSpec:
    """What `generator.json` holds: all that a user of a trained generator must know.

    Attributes:
        model: the settings that it was built with.
        person_height_share: median share of the picture's height that the person takes in the training data.
        step: training steps that it has seen.
    """

    model: ModelConfig
    person_height_share: float
    step: int = 0

    def write(self, path: files.PathLike) -> None:
        """Writes the json, atomically; palette and skeleton are spelled out for users without this package."""
        schema = self.model.schema
        files.write_json(
            path,
            {
                "spec_version": SPEC_VERSION,
                "model": dataclasses.asdict(self.model),
                "person_height_share": self.person_height_share,
                "step": self.step,
                "classes": schema.classes,
                "palette": schema.palette,
                "joints": skeleton.JOINTS,
                "limbs": skeleton.LIMBS,
            },
        )


def read_generator_spec(path: files.PathLike) -> GeneratorSpec:
    """Reads a `generator.json`.

    Raises:
        InputDataError: it is missing, not ours, or of another version.
    """
    values = files.read_json(path, "generator description")
    if not isinstance(values, dict) or values.get("spec_version") != SPEC_VERSION:
        raise InputDataError(
            f"generator description {path}: must be of version {SPEC_VERSION}. Export the model again."
        )
    try:
        model = model_config_from_dict(values["model"])
        return GeneratorSpec(model, float(values["person_height_share"]), int(values["step"]))
    except KeyError as error:
        raise InputDataError(f"generator description {path}: has no {error}. Export the model again.") from error
    except (TypeError, ValueError) as error:  # ConfigError is a ValueError
        raise InputDataError(f"generator description {path}: {error}. Export the model again.") from error


def model_config_from_dict(values: dict[str, Any]) -> ModelConfig:
    """The inverse of `dataclasses.asdict`.

    Raises:
        ConfigError: a value is out of range.
        TypeError: a key is unknown.
    """
    return ModelConfig(**values)


def _check(holds: bool, message: str, **received: object) -> None:
    if not holds:
        raise ConfigError(f"{message}. Received: " + ", ".join(f"{name}={value}" for name, value in received.items()))
