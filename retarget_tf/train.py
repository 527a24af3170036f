"""Trains a preset on records; the same command again resumes.

    python -m retarget_tf.train --preset=paper --records=records --workdir=work --steps=2000 --filters=16

The workdir then holds generator.keras, history.csv, samples/ and tensorboard/. SIGTERM and Ctrl-C save a checkpoint.
"""

from absl import flags

from retarget_tf import config, program
from retarget_tf.errors import InputDataError

_RECORDS = flags.DEFINE_string("records", None, "folder made by data.build_records", required=True)
_WORKDIR = flags.DEFINE_string("workdir", None, "folder for all that the training writes", required=True)
_PRESET = flags.DEFINE_enum("preset", "paper", config.PRESETS, "named recipe")
_STEPS = flags.DEFINE_integer("steps", 0, "train up to this step (give this or --minutes)")
_MINUTES = flags.DEFINE_float("minutes", 0.0, "train for this many minutes, all starts added up")
_SIZE = flags.DEFINE_integer("size", 0, "side of the pictures in pixels, a power of two from 32; 0: the records'")
_FILTERS = flags.DEFINE_integer("filters", 64, "channels of the first convolution; 16 suits a laptop")
_POSE_CONDITION = flags.DEFINE_enum(
    "pose_condition", "stick", config.POSE_CONDITIONS, "how the pose enters the generator"
)
_NORM = flags.DEFINE_enum("norm", "batch", config.NORMS, "normalization layers")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 1, "windows in a step")
_LEARNING_RATE = flags.DEFINE_float("learning_rate", 2e-4, "of Adam, for both networks")
_L1_WEIGHT = flags.DEFINE_float("l1_weight", 100.0, "weight of L1 beside the adversarial loss")
_JITTER = flags.DEFINE_bool("jitter", True, "random crop and mirror")
_MIXED_PRECISION = flags.DEFINE_enum("mixed_precision", "float32", config.PRECISIONS, "precision policy of the layers")
_CHECKPOINT_EVERY = flags.DEFINE_integer("checkpoint_every", 500, "steps between two checkpoints")
_SAMPLE_EVERY = flags.DEFINE_integer("sample_every", 500, "steps between two sample pictures")
_LOG_EVERY = flags.DEFINE_integer("log_every", 50, "steps between two rows of history.csv")
_SEED = flags.DEFINE_integer("seed", 0, "of everything random")


def main() -> None:
    """Flags -> settings -> `training.train`."""
    training_config = config.TrainingConfig(
        batch_size=_BATCH_SIZE.value,
        learning_rate=_LEARNING_RATE.value,
        l1_weight=_L1_WEIGHT.value,
        jitter=_JITTER.value,
        mixed_precision=_MIXED_PRECISION.value,
        steps=_STEPS.value,
        minutes=_MINUTES.value,
        checkpoint_every=_CHECKPOINT_EVERY.value,
        sample_every=_SAMPLE_EVERY.value,
        log_every=_LOG_EVERY.value,
        seed=_SEED.value,
    )

    program.import_tensorflow()
    from retarget_tf import files, records, training

    manifest = records.Manifest.load(_RECORDS.value)
    if not config.is_model_size(manifest.image_size):
        raise InputDataError(
            f"records {_RECORDS.value}: hold pictures of {manifest.image_size} px, "
            "a model takes a power of two from 32. Build them again with --size=64, 128 or 256."
        )
    model_config = config.ModelConfig(
        preset=_PRESET.value,
        image_size=_SIZE.value or manifest.image_size,
        filters=_FILTERS.value,
        pose_condition=_POSE_CONDITION.value,
        norm=_NORM.value,
        label_schema=manifest.label_schema,
    )
    step = training.train(
        _RECORDS.value, _WORKDIR.value, model_config, training_config, show_progress=program.progress_is_shown()
    )
    with files.atomic_file(f"{_WORKDIR.value}/flags.txt") as temporary:
        temporary.write_text(program.flagfile_text(main), encoding="utf-8")
    print(f"step {step}: {_WORKDIR.value}/generator.keras")


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
