"""Tests of the training settings: the presets' numbers, what is refused, and the learning rate's decay."""

from typing import Any

import pytest

from retarget_tf.errors import ConfigError
from retarget_tf.networks.config import MODEL_CONFIGS
from retarget_tf.networks.presets import PRESETS
from retarget_tf.training import config
from retarget_tf.training.config import TrainingConfig
from retarget_tf.training.learners import LEARNERS


def test_every_preset_has_all_its_parts() -> None:
    for table in (MODEL_CONFIGS, PRESETS, config.TRAINING_CONFIGS, LEARNERS):
        assert list(table) == ["paper", "stable"]
    assert [settings.preset for settings in config.TRAINING_CONFIGS.values()] == ["paper", "stable"]


def test_presets_are_trained_with_the_numbers_that_they_are_known_by() -> None:
    paper, stable = (TrainingConfig.of_preset(name, steps=1) for name in ("paper", "stable"))
    assert paper == config.PaperTrainingConfig(
        steps=1, batch_size=1, learning_rate=2e-4, beta_1=0.5, decay_share=0, l1_weight=100, jitter=True
    )
    assert stable == config.StableTrainingConfig(
        steps=1, batch_size=8, learning_rate=5e-4, beta_1=0.9, decay_share=0.4, jitter=True,
        teacher_forced_share=0.1, mean_frames=20, single_share=0.3, max_gap=4, photo_share=0.12, drop_previous=0.25,
        dice_weight=1, joint_dropout=0.05, relabel=0.06, thicken=0.3, warp_lead=0, ema=0.998,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("preset", "values", "sentence"),
    [
        ("paper", {}, "one of steps and minutes must be positive, the other 0. Received: steps=0, minutes=0.0"),
        (
            "paper",
            {"steps": 5, "minutes": 1},
            "one of steps and minutes must be positive, the other 0. Received: steps=5",
        ),
        (
            "paper",
            {"steps": 5, "minutes": -1},
            "one of steps and minutes must be positive, the other 0. Received: steps",
        ),
        ("paper", {"steps": 1, "batch_size": 0}, "batch_size must be at least 1. Received: batch_size=0"),
        (
            "paper",
            {"steps": 1, "learning_rate": float("nan")},
            "learning_rate must be above 0. Received: learning_rate=na",
        ),
        ("paper", {"steps": 1, "beta_1": 1.0}, "beta_1 must be at least 0 and below 1. Received: beta_1=1.0"),
        ("paper", {"steps": 1, "l1_weight": -1.0}, "l1_weight must be at least 0. Received: l1_weight=-1.0"),
        (
            "paper",
            {"steps": 1, "mixed_precision": "float16"},
            "mixed_precision must be one of auto, float32, mixed_float16, ",
        ),
        ("paper", {"steps": 1, "seed": 2**32 - 1}, "seed must be from 0 to 4294967294. Received: seed=4294967295"),
        (
            "paper",
            {"steps": 1, "dice_weight": 1},
            "dice_weight is no setting of paper, it is one of stable. Received: ",
        ),
        ("stable", {"steps": 1, "l1_weight": 3}, "l1_weight is no setting of stable, it is one of paper. Received: "),
        ("stable", {"steps": 1, "photo_share": 1.5}, "photo_share must be from 0 to 1. Received: photo_share=1.5"),
        ("stable", {"steps": 1, "mean_frames": 1}, "mean_frames must be above 1. Received: mean_frames=1"),
        ("stable", {"steps": 1, "max_gap": 0}, "max_gap must be at least 1. Received: max_gap=0"),
        ("stable", {"steps": 1, "dice_weight": -1.0}, "dice_weight must be at least 0. Received: dice_weight=-1.0"),
        ("stable", {"steps": 1, "ema": 1.0}, "ema must be at least 0 and below 1. Received: ema=1.0"),
    ],
)
def test_training_config_refuses(preset: str, values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        TrainingConfig.of_preset(preset, **values)
    assert str(refusal.value).startswith(sentence)


def test_the_learning_rate_falls_to_nothing_over_the_last_share() -> None:
    steady = TrainingConfig.of_preset("paper", steps=1, learning_rate=0.5)
    assert [steady.learning_rate_at(progress) for progress in (0.0, 1.0)] == [0.5, 0.5]
    falling = TrainingConfig.of_preset("paper", steps=1, learning_rate=0.5, decay_share=0.4)
    assert [falling.learning_rate_at(progress) for progress in (0.0, 0.6, 0.8, 1.0)] == pytest.approx(
        [0.5, 0.5, 0.25, 0.0]
    )
