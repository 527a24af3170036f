"""Tests of the settings: impossible values are refused, and a generator's description survives its file."""

import json
import pathlib
from typing import Any

import pytest

from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.networks import config
from retarget_tf.networks.config import ModelConfig


@pytest.mark.parametrize(
    ("preset", "values", "sentence"),
    [
        ("paper", {"image_size": 100}, "image_size must be a power of two from 32. Received: image_size=100"),
        ("paper", {"image_size": 16}, "image_size must be a power of two from 32. Received: image_size=16"),
        ("paper", {"image_size": -64}, "image_size must be a power of two from 32. Received: image_size=-64"),
        ("paper", {"filters": 0}, "filters must be at least 1. Received: filters=0"),
        ("mine", {}, "preset must be one of paper, stable. Received: preset=mine"),
        ("paper", {"norm": "group"}, "norm must be one of batch, instance. Received: norm=group"),
        (
            "paper",
            {"pose_condition": ""},
            "pose_condition must be one of stick, coordinates. Received: pose_condition=",
        ),
        (
            "stable",
            {"pose_condition": "stick"},
            "pose_condition is no setting of stable, it is one of paper. Received: ",
        ),
        (
            "paper",
            {"refinement": 16},
            "refinement is no setting of paper, it is one of stable. Received: refinement=16",
        ),
        ("stable", {"anchor": "warp"}, "anchor is no setting of stable. Received: anchor=warp"),
        ("stable", {"dropout": 1.0}, "dropout must be at least 0 and below 1. Received: dropout=1.0"),
        ("stable", {"refinement": -1}, "refinement must be at least 0. Received: refinement=-1"),
        ("paper", {"patch_layers": 5}, "patch_layers must be from 1 to 4. Received: patch_layers=5"),
        (
            "stable",
            {"label_schema": "lip"},
            "label schema must be one of ['atr18', 'cihp20', 'lip20', 'mediapipe6', 'parts10', 'ppp7']. "
            "Received: label_schema=lip",
        ),
    ],
)
def test_model_config_refuses(preset: str, values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        ModelConfig.of_preset(preset, **values)
    assert str(refusal.value).startswith(sentence)


def test_presets_have_the_settings_that_they_are_known_by() -> None:
    paper, stable = (ModelConfig.of_preset(name) for name in ("paper", "stable"))
    assert paper == config.PaperModelConfig(dropout=0.5, pose_condition="stick", patch_layers=3, norm="batch")
    assert (paper.image_size, paper.depth, paper.filters) == (256, 8, 64)
    assert stable == config.StableModelConfig(dropout=0.0, refinement=16, norm="batch")
    assert (paper.takes_reference_map, stable.takes_reference_map) == (False, True)
    assert paper.schema.name == "parts10"
    assert {name: settings.preset for name, settings in config.MODEL_CONFIGS.items()} == {
        "paper": "paper",
        "stable": "stable",
    }


@pytest.mark.parametrize(
    "model",
    [
        config.PaperModelConfig(image_size=64, filters=16, norm="instance", pose_condition="coordinates"),
        config.StableModelConfig(image_size=64, filters=16, refinement=4),
    ],
    ids=["paper", "stable"],
)
def test_model_config_round_trip(model: ModelConfig) -> None:
    assert ModelConfig.from_dict(json.loads(json.dumps(model.to_dict()))) == model


# As versions before this one wrote them, all settings of both presets.
FORMER = {
    "preset": "stable", "image_size": 64, "filters": 16, "pose_condition": "limbs", "norm": "batch", "dropout": 0.0,
    "label_schema": "parts10", "patch_layers": 3, "anchor": "warp", "feedback": "classes", "refinement": 16,
}  # fmt: skip
FORMER_PAPER = {**FORMER, "preset": "paper", "pose_condition": "coordinates", "dropout": 0.5, "refinement": 0}


def test_a_description_of_an_earlier_version_is_read() -> None:
    assert ModelConfig.from_dict(FORMER) == ModelConfig.of_preset("stable", image_size=64, filters=16)
    assert ModelConfig.from_dict(FORMER_PAPER) == config.PaperModelConfig(
        image_size=64, filters=16, pose_condition="coordinates"
    )


@pytest.mark.parametrize(
    ("former", "change", "sentence"),
    [
        (FORMER, {"anchor": "reference"}, "anchor is no setting of stable. Received: anchor=reference"),
        (FORMER, {"feedback": "none"}, "feedback is no setting of stable. Received: feedback=none"),
        (FORMER, {"pose_condition": "stick"}, "pose_condition is no setting of stable, it is one of paper. Received: "),
        (FORMER, {"norm": "group"}, "norm must be one of batch, instance. Received: norm=group"),
        (FORMER_PAPER, {"refinement": 4}, "refinement is no setting of paper, it is one of stable. Received: "),
        (FORMER, {"colour": 1}, "colour is no setting of stable. Received: colour=1"),
    ],
)
def test_what_this_version_cannot_build_is_refused_by_name(
    former: dict[str, Any], change: dict[str, Any], sentence: str, tmp_path: pathlib.Path
) -> None:
    values = {"spec_version": 1, "model": {**former, **change}, "person_height_share": 0.7, "step": 1}
    (tmp_path / "generator.json").write_text(json.dumps(values))
    with pytest.raises(InputDataError) as refusal:
        config.read_generator_spec(tmp_path / "generator.json")
    assert f"generator.json: {sentence}" in str(refusal.value)


def test_generator_spec_round_trip_spells_out_palette_and_skeleton(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "generator.json"
    spec = config.GeneratorSpec(ModelConfig.of_preset("stable", image_size=64), person_height_share=0.75, step=12)
    spec.write(path)
    assert config.read_generator_spec(path) == spec
    values = json.loads(path.read_text())
    assert values["classes"][1] == "hair"
    assert values["palette"][1] == [140, 70, 20]
    assert values["joints"][0] == "nose"
    assert len(values["limbs"]) == 24


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"spec_version": 99}, r"must be of version 1\. Export the model again\."),
        ({"step": None}, r"int\(\) argument must be .* Export the model again\."),
        ({"person_height_share": "tall"}, r"could not convert string to float: 'tall'\. Export the model again\."),
        (
            {"model": {"preset": "paper", "image_size": 63}},
            r"image_size must be a power of two from 32\. Received: image_size=63\.",
        ),
        ({"model": {"preset": "paper", "image_size": "big"}}, "not supported between instances"),
        ({"model": {}}, r"has no 'preset'\. Export the model again\."),
        ({"model": None}, "is not subscriptable"),
    ],
)
def test_damaged_generator_spec_is_refused(tmp_path: pathlib.Path, change: dict[str, Any], reason: str) -> None:
    path = tmp_path / "generator.json"
    config.GeneratorSpec(ModelConfig.of_preset("paper"), 0.75).write(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputDataError, match=r"^generator description .*generator\.json: .*" + reason):
        config.read_generator_spec(path)


def test_incomplete_generator_spec_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "generator.json"
    path.write_text('{"spec_version": 1, "model": {"preset": "paper"}, "step": 1}')
    with pytest.raises(InputDataError, match=r"has no 'person_height_share'\. Export the model again\.$"):
        config.read_generator_spec(path)
    path.write_text("[]")
    with pytest.raises(InputDataError, match="must be of version 1"):
        config.read_generator_spec(path)
    with pytest.raises(InputDataError, match="No such file"):
        config.read_generator_spec(tmp_path / "none.json")
