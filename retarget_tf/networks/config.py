"""What networks are built with: a frozen dataclass for each preset, and the description beside a trained generator.

    model = ModelConfig.of_preset("stable", image_size=128, filters=16)

The fields that `setting` made are flags of `retarget-train`. How a preset is trained is in `training.config`.
"""

import dataclasses
import math
from typing import Any, ClassVar, Literal

from retarget_tf import files
from retarget_tf.body import parsing_labels, skeleton
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.program import settings
from retarget_tf.program.settings import setting

Norm = Literal["batch", "instance"]

SPEC_VERSION = 1

# What earlier versions wrote into every `generator.json`, with the one value that each preset still knows.
_FORMER_SETTINGS = {
    "anchor": "warp",
    "feedback": "classes",
    "refinement": 0,
    "pose_condition": "limbs",
    "patch_layers": 3,
}


def is_model_size(size: int) -> bool:
    """Whether a network can be built for pictures of this side: a power of two from 32."""
    return size >= 32 and size & (size - 1) == 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The shape of a preset's networks; each preset has a subclass, which `of_preset` builds.

    Attributes:
        preset: the preset's name.
        takes_reference_map: whether a rollout can begin with the parsing map of the reference.
        image_size: side of the square pictures in pixels, a power of two from 32. The U-Net's depth follows it.
        label_schema: name of the label schema of the parsing maps.
    """

    preset: ClassVar[str]
    takes_reference_map: ClassVar[bool]

    image_size: int = 256
    label_schema: str = "parts10"
    filters: int = setting(64, "channels of the first convolution (pix2pix: 64); 16 suits a laptop", minimum=1)
    norm: Norm = setting("batch", "normalization layers; batch uses moving averages once trained")
    dropout: float = setting(help="dropout rate of the first three blocks of the decoder", minimum=0, below=1)

    def __post_init__(self) -> None:
        settings.check(self)
        if not is_model_size(self.image_size):
            raise ConfigError(f"image_size must be a power of two from 32. Received: image_size={self.image_size}")
        parsing_labels.get_schema(self.label_schema)

    @classmethod
    def of_preset(cls, preset: str, **changes: Any) -> "ModelConfig":
        """The settings of a preset, but for the changes.

        Raises:
            ConfigError: there is no such preset, a value is out of range, or a setting is not one of this preset.
        """
        return settings.of_preset(MODEL_CONFIGS, preset, changes)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "ModelConfig":
        """Reads what `to_dict` gave, in this version or an earlier one, which wrote settings that are gone.

        Raises:
            ConfigError: as `of_preset`; a setting that is gone had another value than the one that is left.
            KeyError: no preset is named.
        """
        preset = values["preset"]
        fields = {field.name for field in dataclasses.fields(MODEL_CONFIGS.get(preset, cls))}
        gone = {name for name, value in _FORMER_SETTINGS.items() if name not in fields and values.get(name) == value}
        return cls.of_preset(preset, **{name: values[name] for name in values.keys() - gone - {"preset"}})

    def to_dict(self) -> dict[str, Any]:
        """The preset's name and all settings, for JSON."""
        return {"preset": self.preset, **dataclasses.asdict(self)}

    @property
    def depth(self) -> int:
        """Number of stride-2 convolutions that lead from `image_size` to 1."""
        return int(math.log2(self.image_size))

    @property
    def schema(self) -> parsing_labels.LabelSchema:
        """The label schema itself."""
        return parsing_labels.get_schema(self.label_schema)


@dataclasses.dataclass(frozen=True, kw_only=True)
class PaperModelConfig(ModelConfig):
    """The networks of `paper`, with pix2pix's numbers (Isola et al. 2017) where the paper is silent."""

    preset = "paper"
    takes_reference_map = False

    dropout: float = 0.5
    pose_condition: Literal["stick", "coordinates"] = setting(
        "stick",
        "how the pose enters the generator: as a stick figure beside the frame, or as coordinates at the bottleneck",
    )
    patch_layers: int = setting(
        3, "stride-2 convolutions of the discriminator; 3 judges patches of 70x70 pixels", minimum=1, maximum=4
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class StableModelConfig(ModelConfig):
    """The network of `stable`."""

    preset = "stable"
    takes_reference_map = True

    dropout: float = 0.0
    refinement: int = setting(
        16, "channels of a block at full resolution that sees the inputs again; 0 for none", minimum=0
    )


MODEL_CONFIGS: dict[str, type[ModelConfig]] = {"paper": PaperModelConfig, "stable": StableModelConfig}


@dataclasses.dataclass(frozen=True)
class GeneratorSpec:
    """What `generator.json` holds: all that a user of a trained generator must know.

    Attributes:
        model: the settings that it was built with.
        person_height_share: median share of the picture's height that the person takes in the training data.
        step: number of training steps.
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
                "model": self.model.to_dict(),
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
        model = ModelConfig.from_dict(values["model"])
        return GeneratorSpec(model, float(values["person_height_share"]), int(values["step"]))
    except KeyError as error:
        raise InputDataError(f"generator description {path}: has no {error}. Export the model again.") from error
    except (TypeError, ValueError) as error:  # ConfigError is a ValueError
        raise InputDataError(f"generator description {path}: {error}. Export the model again.") from error
