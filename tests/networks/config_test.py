"""Settings refuse what cannot be, in a sentence; a generator's description survives its file."""

import dataclasses
import json
import pathlib
from typing import Any

import pytest

from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.networks import config


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"image_size": 100}, "image_size must be a power of two from 32. Received: image_size=100"),
        ({"image_size": 16}, "image_size must be a power of two from 32. Received: image_size=16"),
        ({"image_size": -64}, "image_size must be a power of two from 32. Received: image_size=-64"),
        ({"filters": 0}, "filters must be at least 1. Received: filters=0"),
        ({"preset": "mine"}, f"preset must be one of {config.PRESETS}. Received: preset=mine"),
        ({"norm": "layer"}, "norm must be one of ('batch', 'instance', 'group'). Received: norm=layer"),
        (
            {"pose_condition": ""},
            "pose_condition must be one of ('stick', 'coordinates', 'limbs'). Received: pose_condition=",
        ),
        (
            {"pose_condition": "limbs"},
            "pose_condition of paper must be stick or coordinates. Received: pose_condition=limbs",
        ),
        ({"dropout": 1.0}, "dropout must be in [0, 1). Received: dropout=1.0"),
        ({"anchor": "photo"}, "anchor must be one of ('none', 'reference', 'warp'). Received: anchor=photo"),
        ({"refinement": -1}, "refinement must not be negative. Received: refinement=-1"),
        ({"patch_layers": 5}, "patch_layers must be 1..4. Received: patch_layers=5"),
        (
            {"label_schema": "lip"},
            "label schema must be one of ['atr18', 'cihp20', 'lip20', 'mediapipe6', 'parts10', 'ppp7']. "
            "Received: label_schema=lip",
        ),
    ],
)
def test_model_config_refuses(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        config.ModelConfig(**values)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "one of steps and minutes must be positive, the other 0. Received: steps=0, minutes=0.0"),
        ({"steps": 5, "minutes": 1}, "one of steps and minutes must be positive, the other 0. Received: steps=5, min"),
        ({"steps": 5, "minutes": -1}, "one of steps and minutes must be positive, the other 0. Received: steps=5, min"),
        ({"steps": 1, "batch_size": 0}, "batch_size must be positive. Received: batch_size=0"),
        ({"steps": 1, "learning_rate": float("nan")}, "learning_rate must be positive. Received: learning_rate=nan"),
        ({"steps": 1, "beta_1": 1.0}, "beta_1 must be in [0, 1). Received: beta_1=1.0"),
        ({"steps": 1, "l1_weight": -1.0}, "l1_weight must not be negative. Received: l1_weight=-1.0"),
        ({"steps": 1, "mixed_precision": "float16"}, "mixed_precision must be one of ('float32', 'mixed_float16', "),
    ],
)
def test_training_config_refuses(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        config.TrainingConfig(**values)
    assert str(refusal.value).startswith(sentence)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"photo_share": 1.5}, "photo_share must be in [0, 1]. Received: photo_share=1.5"),
        ({"mean_frames": 1}, "mean_frames must be above 1. Received: mean_frames=1"),
        ({"max_gap": 0}, "max_gap must be at least 1. Received: max_gap=0"),
        ({"dice_weight": -1.0}, "dice_weight must not be negative. Received: dice_weight=-1.0"),
        ({"ema": 1.0}, "ema must be in [0, 1). Received: ema=1.0"),
    ],
)
def test_stream_config_refuses(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        config.StreamConfig(**values)
    assert str(refusal.value) == sentence


def test_the_learning_rate_falls_to_nothing_over_the_last_share() -> None:
    steady = config.TrainingConfig(steps=1, learning_rate=0.5)
    assert [steady.learning_rate_at(progress) for progress in (0.0, 1.0)] == [0.5, 0.5]
    falling = config.TrainingConfig(steps=1, learning_rate=0.5, decay_share=0.4)
    assert [falling.learning_rate_at(progress) for progress in (0.0, 0.6, 0.8, 1.0)] == pytest.approx(
        [0.5, 0.5, 0.25, 0.0]
    )


@pytest.mark.parametrize("preset", config.PRESETS)
def test_every_preset_has_settings_that_hold(preset: str) -> None:
    model = config.ModelConfig(preset=preset, **config.PRESET_MODELS[preset])
    config.TrainingConfig(steps=1, **config.PRESET_TRAININGS[preset])
    assert model.takes_reference_map == (preset == "stable")
    assert dataclasses.replace(model, anchor="none").takes_reference_map == (preset == "stable")


def test_defaults_are_the_papers() -> None:
    model, training = config.ModelConfig(), config.TrainingConfig(steps=1)
    assert (model.image_size, model.depth, model.filters, model.patch_layers) == (256, 8, 64, 3)
    assert (training.batch_size, training.learning_rate, training.beta_1, training.l1_weight) == (1, 2e-4, 0.5, 100.0)
    assert model.schema.name == "parts10"


def test_model_config_round_trip() -> None:
    model = config.ModelConfig(image_size=64, filters=16, norm="instance", pose_condition="coordinates")
    assert config.model_config_from_dict(dataclasses.asdict(model)) == model


def test_generator_spec_round_trip_spells_out_palette_and_skeleton(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "generator.json"
    spec = config.GeneratorSpec(config.ModelConfig(image_size=64), person_height_share=0.75, step=12)
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
        ({"model": {"image_size": 63}}, r"image_size must be a power of two from 32\. Received: image_size=63\."),
        ({"model": {"image_size": "big"}}, "not supported between instances"),
        ({"model": {"colour": 1}}, "unexpected keyword argument 'colour'"),
        ({"model": None}, "must be a mapping"),
    ],
)
def test_damaged_generator_spec_is_refused(tmp_path: pathlib.Path, change: dict[str, Any], reason: str) -> None:
    path = tmp_path / "generator.json"
    config.GeneratorSpec(config.ModelConfig(), 0.75).write(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputDataError, match=r"^generator description .*generator\.json: .*" + reason):
        config.read_generator_spec(path)


def test_incomplete_generator_spec_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "generator.json"
    path.write_text('{"spec_version": 1, "model": {}, "step": 1}')
    with pytest.raises(InputDataError, match=r"has no 'person_height_share'\. Export the model again\.$"):
        config.read_generator_spec(path)
    path.write_text("[]")
    with pytest.raises(InputDataError, match="must be of version 1"):
        config.read_generator_spec(path)
    with pytest.raises(InputDataError, match="No such file"):
        config.read_generator_spec(tmp_path / "none.json")
