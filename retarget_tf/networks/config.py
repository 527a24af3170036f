"""Settings of the networks: a frozen dataclass for each preset, and the `generator.json` beside a trained generator.

    model = ModelConfig.of_preset("stable", image_size=128, filters=16)

Fields declared with `setting` become flags of `retarget-train`. The settings of training are in `training.config`.
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

# Settings that earlier versions wrote for every preset. A preset that has lost one still loads a model with this value.
_FORMER_SETTINGS = {
    "anchor": "warp",
    "feedback": "classes",
    "refinement": 0,
    "pose_condition": "limbs",
    "patch_layers": 3,
}


def is_model_size(size: int) -> bool:
    """Returns whether networks can be built for this picture side in pixels: a power of two, at least 32."""
    return size >= 32 and size & (size - 1) == 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Architecture settings that all presets share; `of_preset` builds the subclass of a preset.

    Attributes:
        preset: Name of the preset.
        takes_reference_map: Whether the generator uses a parsing map of the reference photo.
        image_size: Side of the square pictures in pixels, a power of two, at least 32; sets the depth of the U-Net.
        label_schema: Name of the label schema, which sets the classes of the parsing maps and their colours.
    """

    preset: ClassVar[str]
    takes_reference_map: ClassVar[bool]

    image_size: int = 256
    label_schema: str = "parts10"
    filters: int = setting(64, "channels of the first convolution (pix2pix: 64); 16 trains on a laptop", minimum=1)
    norm: Norm = setting("batch", "kind of normalization; batch uses its moving averages at inference")
    dropout: float = setting(help="dropout rate in the first three blocks of the decoder", minimum=0, below=1)

    def __post_init__(self) -> None:
        settings.check(self)
        if not is_model_size(self.image_size):
            raise ConfigError(f"image_size must be a power of two from 32. Received: image_size={self.image_size}")
        parsing_labels.get_schema(self.label_schema)

    @classmethod
    def of_preset(cls, preset: str, **changes: Any) -> "ModelConfig":
        """Builds the settings of a preset; `changes` replace its defaults.

        Raises:
            ConfigError: The preset does not exist, does not have one of the settings, or a value is out of range.
        """
        return settings.of_preset(MODEL_CONFIGS, preset, changes)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "ModelConfig":
        """Builds the settings from a dict that `to_dict` returned, in this version or an earlier one.

        Raises:
            ConfigError: As in `of_preset`, or a setting that was since removed has a value that is no longer supported.
            KeyError: The dict names no preset.
        """
        preset = values["preset"]
        fields = {field.name for field in dataclasses.fields(MODEL_CONFIGS.get(preset, cls))}
        gone = {name for name, value in _FORMER_SETTINGS.items() if name not in fields and values.get(name) == value}
        return cls.of_preset(preset, **{name: values[name] for name in values.keys() - gone - {"preset"}})

    def to_dict(self) -> dict[str, Any]:
        """Returns the preset's name and all settings, ready for JSON."""
        return {"preset": self.preset, **dataclasses.asdict(self)}

    @property
    def depth(self) -> int:
        """Number of stride-2 convolutions from `image_size` pixels down to 1."""
        return int(math.log2(self.image_size))

    @property
    def schema(self) -> parsing_labels.LabelSchema:
        """The label schema named by `label_schema`."""
        return parsing_labels.get_schema(self.label_schema)


@dataclasses.dataclass(frozen=True, kw_only=True)
class PaperModelConfig(ModelConfig):
    """Architecture of `paper`; the values that the paper does not state are pix2pix's (Isola et al. 2017)."""

    preset = "paper"
    takes_reference_map = False

    dropout: float = 0.5
    pose_condition: Literal["stick", "coordinates"] = setting(
        "stick",
        "how the generator gets the pose: a stick figure concatenated to the frame, or coordinates at the bottleneck",
    )
    patch_layers: int = setting(
        3, "stride-2 convolutions of the discriminator; 3 make its patches 70x70 pixels", minimum=1, maximum=4
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class StableModelConfig(ModelConfig):
    """Architecture of `stable`."""

    preset = "stable"
    takes_reference_map = True

    dropout: float = 0.0
    refinement: int = setting(16, "channels of a last block at full resolution, after the U-Net; 0 for none", minimum=0)


MODEL_CONFIGS: dict[str, type[ModelConfig]] = {"paper": PaperModelConfig, "stable": StableModelConfig}


@dataclasses.dataclass(frozen=True)
class GeneratorSpec:
    """The contents of `generator.json`: what is needed to use a trained generator.

    Attributes:
        model: Settings that the network was built with.
        person_height_share: Median of person height / picture height in the training data; photos are cropped to it.
        step: Number of training steps done.
    """

    model: ModelConfig
    person_height_share: float
    step: int = 0

    def write(self, path: files.PathLike) -> None:
        """Writes the JSON file atomically, with palette and skeleton spelled out for readers without this package."""
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
        InputDataError: The file is missing, is not a generator description, or is of another version.
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
