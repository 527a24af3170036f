"""Writes the settings of a training (config.json) and its software and hardware (environment.json) into the workdir.

When a training resumes, its settings must be those of the first run; only its length, its reports, caching, how it
is compiled, the learning rate, the precision and the replicas may change.
"""

import dataclasses
import hashlib
import importlib.metadata
import os
import pathlib
import platform
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from retarget_tf import files
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.networks.config import ModelConfig
from retarget_tf.training.config import TrainingConfig

# Settings that may change when a training resumes: how long it runs, how often it reports, how it reads records and is
# compiled, what to lower after a loss that is not finite; and the devices that it runs on.
_FREE_TO_CHANGE = (
    "steps",
    "minutes",
    "checkpoint_every",
    "sample_every",
    "log_every",
    "cache_records",
    "jit_compile",
    "steps_per_execution",
    "learning_rate",
    "mixed_precision",
    "on_nan",
    "strategy",
    "replicas",
)


SETTINGS = "config.json"  # the first file of a workdir
WRITTEN = (
    "generator.keras",
    "generator.json",
    "history.csv",
    "samples",
    "tensorboard",
    "checkpoints",
    "environment.json",
)


def began_with(folder: pathlib.Path, name: str) -> Any:
    """Returns a setting of training that the workdir's first run wrote; None for a new workdir."""
    if not (folder / SETTINGS).exists():
        return None
    began = files.read_json(folder / SETTINGS, "workdir settings")
    training = began.get("training") if isinstance(began, dict) else None
    return training.get(name) if isinstance(training, dict) else None


def write_settings(
    folder: pathlib.Path,
    records_folders: Sequence[files.Place],
    model_config: ModelConfig,
    training_config: TrainingConfig,
) -> None:
    """Checks the settings against those of the workdir's first run, then writes config.json and environment.json.

    Raises:
        ConfigError: A setting differs that may not change.
        InputDataError: The records differ, or the workdir's config.json was not written by this package.
    """
    settings = {
        "model": model_config.to_dict(),
        "training": dataclasses.asdict(training_config),
        "records": [
            {
                "folder": str(records),
                "manifest_sha256": hashlib.sha256((records / "manifest.json").read_bytes()).hexdigest(),
            }
            for records in records_folders
        ],
    }
    if (folder / SETTINGS).exists():
        _check_same(folder, files.read_json(folder / SETTINGS, "workdir settings"), settings)
    folder.mkdir(parents=True, exist_ok=True)
    files.write_json(folder / SETTINGS, settings)
    files.write_json(folder / "environment.json", environment())


def _check_same(folder: pathlib.Path, began: Any, now: dict[str, Any]) -> None:
    if not isinstance(began, dict) or not all(isinstance(began.get(part), type(now[part])) for part in now):
        raise InputDataError(f"workdir settings {folder / SETTINGS}: not ours. Choose another --workdir.")
    hashes = [[records.get("manifest_sha256") for records in settings["records"]] for settings in (began, now)]
    if hashes[0] != hashes[1]:
        names = ",".join(str(records.get("folder")) for records in began["records"])
        raise InputDataError(
            f"workdir {folder}: began with the records {names}, these are others. Give those, or another --workdir."
        )
    for part in ("model", "training"):
        before = _flat(began[part])
        for name, value in now[part].items():
            if name in _FREE_TO_CHANGE or (name in before and before[name] == value):
                continue
            first = f"{name}={before[name]}; keep it or" if name in before else f"a version that had no {name};"
            raise ConfigError(f"workdir {folder} began with {first} choose another --workdir. Received: {name}={value}")
    try:
        ModelConfig.from_dict(began["model"])
    except ConfigError as error:
        received = str(error).partition("Received: ")[2]
        raise ConfigError(
            f"workdir {folder} began with a setting that is gone; choose another --workdir. Received: {received}"
        ) from error


def _flat(settings: dict[str, Any]) -> dict[str, Any]:
    """Moves the settings in `stream` up one level; earlier versions wrote them as a nested dictionary."""
    stream = settings.get("stream")
    return {**settings, **stream} if isinstance(stream, dict) else settings


def environment() -> dict[str, Any]:
    """Returns versions and hardware, which help to reproduce the training."""
    opencv = (name for name in importlib.metadata.packages_distributions().get("cv2", ()) if name.startswith("opencv"))
    packages = ("tensorflow", "keras", "numpy", "av", *sorted(set(opencv)), "retarget_tf")
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "gpus": [device.name for device in tf.config.list_physical_devices("GPU")],
        **{name: importlib.metadata.version(name) for name in packages},
    }
