"""Tests of several replicas: two lose what one loses, and machines train together and miss one that is gone."""

import dataclasses
import json
import os
import pathlib
import socket
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.errors import ConfigError
from retarget_tf.networks.config import ModelConfig
from retarget_tf.training import loop, strategies
from retarget_tf.training.config import TrainingConfig
from tests.testing import wait_until

MODELS = {
    "paper": ModelConfig.of_preset("paper", image_size=32, filters=2, patch_layers=1, dropout=0.0),
    # Batch normalization is the same layer in both; without it the graph is built sooner.
    "stable": ModelConfig.of_preset("stable", image_size=32, filters=2, refinement=2, norm="instance"),
}


def compare_one_with_two(records_folder: str) -> None:
    """Runs in a process of its own, because the processor is divided before TensorFlow begins."""
    parts = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], parts)
    for preset, model in MODELS.items():
        config = TrainingConfig.of_preset(preset, batch_size=4, steps=9)
        batches = loop.training_dataset(records_folder, config).take(2)
        one = loop.build_learner(model, config)
        alone = [one.train_step(batch) for batch in batches]
        group = strategies.form(dataclasses.replace(config, strategy="mirrored", replicas=2))
        with group.strategy.scope():
            two = loop.build_learner(model, config)
        steps = group.compiled(two.train_step, jit_compile=False)
        together = [steps([batch]) for batch in group.distribute(batches)]
        for expected, losses in zip(alone, together, strict=True):
            for name, loss in expected.items():
                np.testing.assert_allclose(losses[name], loss, rtol=1e-5, atol=1e-5, err_msg=f"{preset} {name}")
        for expected, variable in zip(one.state_variables(), two.state_variables(), strict=True):
            assert expected.shape == variable.shape, "either goes on from the other's checkpoint"
            if variable.dtype == tf.float32 and variable.shape.rank == 4:
                np.testing.assert_allclose(np.mean(variable), np.mean(expected), atol=1e-4, err_msg=variable.name)


@pytest.mark.slow
def test_two_replicas_lose_what_one_loses(records_folder: pathlib.Path) -> None:
    script = f"from tests.training.strategies_test import *; compare_one_with_two({str(records_folder)!r})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def start(index: int, ports: list[int], *arguments: str) -> "subprocess.Popen[str]":
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    configured = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
    command = [sys.executable, "-m", "retarget_tf.train", "--strategy=multi_worker", *arguments]
    return subprocess.Popen(command, env={**os.environ, "TF_CONFIG": configured}, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_two_machines_train_together_until_one_is_killed(records_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    arguments = [
        *(f"--records={records_folder}", "--minutes=5", "--log_every=1", "--checkpoint_every=2", "--batch_size=2"),
        *("--preset=paper", "--filters=2", "--patch_layers=1", "--norm=instance"),  # the soonest compiled
    ]
    ports = [free_port(), free_port()]
    chief = start(0, ports, *arguments, f"--workdir={tmp_path / 'chief'}")
    other = start(1, ports, *arguments, f"--workdir={tmp_path / 'other'}")
    try:
        history = tmp_path / "chief" / "history.csv"
        wait_until(
            lambda: chief.poll() or other.poll() or (history.exists() and len(history.read_text().splitlines()) > 3)
        )
        assert (chief.poll(), other.poll()) == (None, None)
        other.kill()
        _, errors = chief.communicate(timeout=60)
    finally:
        chief.kill()
        other.kill()
        other.communicate()
    assert chief.returncode == 1
    [line] = [line for line in errors.splitlines() if line.startswith("ERROR")]
    assert "worker 0 of 2: another worker of TF_CONFIG is gone" in line
    assert "Traceback" not in errors
    assert list((tmp_path / "chief" / "checkpoints").glob("ckpt-2.index"))
    assert not (tmp_path / "other").exists()


def test_a_batch_that_cannot_be_divided_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strategies, "_devices", lambda replicas: ["CPU:0"] * 1)
    assert strategies.form(TrainingConfig.of_preset("paper", steps=1, strategy="mirrored")).is_chief
    monkeypatch.setattr(tf.distribute.MirroredStrategy, "num_replicas_in_sync", 2)
    with pytest.raises(ConfigError, match=r"a multiple of the 2 replicas\. Received: batch_size=3"):
        strategies.form(TrainingConfig.of_preset("paper", steps=1, batch_size=3, strategy="mirrored"))


def test_replicas_of_a_processor_are_chosen_before_tensorflow_begins() -> None:
    tf.constant(1)
    with pytest.raises(ConfigError, match="before TensorFlow's first operation"):
        strategies.form(TrainingConfig.of_preset("paper", steps=1, batch_size=64, strategy="mirrored", replicas=64))
