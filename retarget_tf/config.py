"""Settings as frozen dataclasses, validated where they enter, and the presets: named settings.

`ModelConfig` is all that is needed to build the networks again. `GeneratorSpec` is what travels beside a trained
generator (`generator.json`): the settings, and the facts of its training data that its users need.
"""

import dataclasses
import math
from typing import Any, Literal, get_args

from retarget_tf import files, parsing_labels, skeleton
from retarget_tf.errors import ConfigError, InputDataError

PRESETS = ("paper",)
PoseCondition = Literal["stick", "coordinates"]
Norm = Literal["batch", "instance"]
POSE_CONDITIONS = get_args(PoseCondition)
NORMS = get_args(Norm)
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
        pose_condition: how the pose enters the generator: a stick figure concatenated to the frame, or joint
            coordinates joined at the bottleneck.
        norm: normalization layers of both networks; batch normalization judges with moving averages once trained.
        label_schema: of the parsing maps.
        patch_layers: stride-2 convolutions of the PatchGAN; 3 gives the 70x70 patch.
    """

    preset: str = "paper"
    image_size: int = 256
    filters: int = 64
    pose_condition: PoseCondition = "stick"
    norm: Norm = "batch"
    label_schema: str = "parts10"
    patch_layers: int = 3

    def __post_init__(self) -> None:
        size = self.image_size
        _check(is_model_size(size), "image_size must be a power of two from 32", image_size=size)
        _check(self.filters >= 1, "filters must be at least 1", filters=self.filters)
        _check(self.preset in PRESETS, f"preset must be one of {PRESETS}", preset=self.preset)
        for name, allowed in (("pose_condition", POSE_CONDITIONS), ("norm", NORMS)):
            _check(getattr(self, name) in allowed, f"{name} must be one of {allowed}", **{name: getattr(self, name)})
        _check(1 <= self.patch_layers <= 4, "patch_layers must be 1..4", patch_layers=self.patch_layers)
        parsing_labels.get_schema(self.label_schema)

    @property
    def depth(self) -> int:
        """Stride-2 convolutions that lead from `image_size` to 1."""
        return int(math.log2(self.image_size))

    @property
    def schema(self) -> parsing_labels.LabelSchema:
        """The label schema itself."""
        return parsing_labels.get_schema(self.label_schema)


@dataclasses.dataclass(frozen=True)
class TrainingConfig:
    """How a preset is trained. The defaults are the paper's, from pix2pix (Isola et al. 2017) where it is silent.

    Attributes:
        batch_size: windows in a step.
        learning_rate: of Adam, for both networks.
        beta_1: of Adam; beta_2 is 0.999.
        l1_weight: lambda of the L1 term beside the adversarial term.
        jitter: resize by 286/256 and crop at random, mirror at random.
        mixed_precision: `float32`, `mixed_float16` or `mixed_bfloat16`.
        steps: train up to this step; 0 where `minutes` decides.
        minutes: train for this long, all starts of the program added up; 0 where `steps` decides.
        checkpoint_every: steps between two checkpoints.
        sample_every: steps between two pictures in `samples/` and TensorBoard.
        log_every: steps between two rows in `history.csv` and TensorBoard.
        seed: of everything random.
    """

    batch_size: int = 1
    learning_rate: float = 2e-4
    beta_1: float = 0.5
    l1_weight: float = 100.0
    jitter: bool = True
    mixed_precision: str = "float32"
    steps: int = 0
    minutes: float = 0.0
    checkpoint_every: int = 500
    sample_every: int = 500
    log_every: int = 50
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
        _check(self.l1_weight >= 0, "l1_weight must not be negative", l1_weight=self.l1_weight)
        _check(
            self.mixed_precision in PRECISIONS,
            f"mixed_precision must be one of {PRECISIONS}",
            mixed_precision=self.mixed_precision,
        )


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
