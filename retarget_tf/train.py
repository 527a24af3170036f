"""Trains a preset on records; the same command again resumes.

    retarget-train --preset=stable --records=records --workdir=work --minutes=10 --filters=16

The workdir then holds generator.keras, history.csv, samples/ and tensorboard/. SIGTERM, Ctrl-C and a closed
terminal save a checkpoint. The model's picture size is that of the records. With --strategy several GPUs or machines
share each batch.
"""

from absl import flags

from retarget_tf import program
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.networks.config import MODEL_CONFIGS, ModelConfig, is_model_size
from retarget_tf.program import settings
from retarget_tf.training import cluster
from retarget_tf.training.config import TRAINING_CONFIGS, TrainingConfig

_RECORDS = flags.DEFINE_list(
    "records",
    None,
    "folder made by retarget-build-records; s3:// and gs:// too; several, with commas, share every batch",
    required=True,
)
_WORKDIR = flags.DEFINE_string("workdir", None, "folder for all that the training writes", required=True)
_PRESET = flags.DEFINE_enum("preset", "stable", list(MODEL_CONFIGS), "named recipe")
_INIT_FROM = flags.DEFINE_string("init_from", None, "a trained model of the same shape to begin with: fine-tuning")
_MODEL = settings.define_flags(MODEL_CONFIGS)
_TRAINING = settings.define_flags(TRAINING_CONFIGS)


def main() -> None:
    """Flags -> settings -> `loop.train`."""
    preset, of_model = _PRESET.value, settings.given(_MODEL)
    training_config = TrainingConfig.of_preset(preset, **settings.given(_TRAINING))
    machines = cluster.read(training_config.strategy)
    ModelConfig.of_preset(preset, **of_model)  # refuses a mistake before TensorFlow and the records are read

    if not _RECORDS.value:
        raise ConfigError("records must name a folder. Received: records=")

    program.import_tensorflow()
    from retarget_tf import files
    from retarget_tf.dataset import records
    from retarget_tf.training import loop

    manifest = records.Manifest.load(_RECORDS.value[0])
    if not is_model_size(manifest.image_size):
        raise InputDataError(
            f"records {_RECORDS.value[0]}: hold pictures of {manifest.image_size} px, "
            "a model takes a power of two from 32. Build them again with --size=64, 128 or 256."
        )
    model_config = ModelConfig.of_preset(
        preset, image_size=manifest.image_size, label_schema=manifest.label_schema, **of_model
    )
    step = loop.train(
        _RECORDS.value,
        _WORKDIR.value,
        model_config,
        training_config,
        init_from=_INIT_FROM.value,
        show_progress=program.progress_is_shown(),
    )
    if machines.is_chief:
        with files.atomic_file(f"{_WORKDIR.value}/flags.txt") as temporary:
            temporary.write_text(program.flagfile_text(main), encoding="utf-8")
    print(f"step {step}: {_WORKDIR.value}/generator.keras" if machines.is_chief else f"step {step}")


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
