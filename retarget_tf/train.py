"""Trains a preset on records; the same command again resumes.

    retarget-train --preset=stable --records=records --workdir=work --minutes=10 --filters=16

The workdir then holds generator.keras, history.csv, samples/ and tensorboard/. SIGTERM and Ctrl-C save a checkpoint. A
flag without a default is as the preset has it (`config.PRESET_MODELS`, `config.PRESET_TRAININGS`).
"""

from typing import Any

from absl import flags

from retarget_tf import program
from retarget_tf.errors import InputDataError
from retarget_tf.networks import config

_RECORDS = flags.DEFINE_list(
    "records", None, "folder made by retarget-build-records; several, with commas, share every batch", required=True
)
_WORKDIR = flags.DEFINE_string("workdir", None, "folder for all that the training writes", required=True)
_PRESET = flags.DEFINE_enum("preset", "stable", config.PRESETS, "named recipe")
_INIT_FROM = flags.DEFINE_string("init_from", None, "a trained model of the same shape to begin with: fine-tuning")
_SIZE = flags.DEFINE_integer("size", 0, "side of the pictures in pixels, a power of two from 32; 0: the records'")

# What a preset decides where the flag is not given, by the dataclass that holds it.
_MODEL_FLAGS = (
    flags.DEFINE_integer("filters", None, "channels of the first convolution, 64 by default; 16 suits a laptop"),
    flags.DEFINE_enum("pose_condition", None, config.POSE_CONDITIONS, "how the pose enters the generator"),
    flags.DEFINE_enum("norm", None, config.NORMS, "normalization layers"),
    flags.DEFINE_float("dropout", None, "in the first three blocks of the decoder"),
    flags.DEFINE_enum("anchor", None, config.ANCHORS, "stable: what holds the identity at every step"),
    flags.DEFINE_enum("feedback", None, config.FEEDBACKS, "stable: what of the last step comes back"),
    flags.DEFINE_integer("refinement", None, "stable: channels of the block at full resolution, 0 for none"),
)
_TRAINING_FLAGS = (
    flags.DEFINE_integer("steps", 0, "train up to this step (give this or --minutes)"),
    flags.DEFINE_float("minutes", 0.0, "train for this many minutes, all starts added up"),
    flags.DEFINE_integer("batch_size", None, "windows, or streams, in a step"),
    flags.DEFINE_float("learning_rate", None, "of Adam, for both networks"),
    flags.DEFINE_float("beta_1", None, "of Adam"),
    flags.DEFINE_float("decay_share", None, "the learning rate falls to 0 over this last share of the training"),
    flags.DEFINE_float("l1_weight", None, "paper: weight of L1 beside the adversarial loss"),
    flags.DEFINE_bool(
        "jitter", None, "augmentation: paper's crop and mirror; stable's, with joint_dropout, relabel, thicken"
    ),
    flags.DEFINE_enum("mixed_precision", None, config.PRECISIONS, "precision policy of the layers"),
    flags.DEFINE_integer("checkpoint_every", 500, "steps between two checkpoints"),
    flags.DEFINE_integer("sample_every", 500, "steps between two sample pictures"),
    flags.DEFINE_integer("log_every", 50, "steps between two rows of history.csv"),
    flags.DEFINE_bool("cache_records", False, "read the records once and keep them in memory: for slow disks"),
    flags.DEFINE_integer("seed", 0, "of everything random"),
)
_STREAM_FLAGS = (
    flags.DEFINE_float("teacher_forced_share", None, "stable: first share of the training, fed with the truth; 0..1"),
    flags.DEFINE_float("mean_frames", None, "stable: mean length of a stream of own outputs"),
    flags.DEFINE_float("single_share", None, "stable: share of the streams that are one frame long"),
    flags.DEFINE_integer("max_gap", None, "stable: largest distance of two frames of a stream"),
    flags.DEFINE_float("photo_share", None, "stable: share of the samples that parse the photo itself"),
    flags.DEFINE_float("drop_previous", None, "stable: share of the samples without a previous map"),
    flags.DEFINE_float("dice_weight", None, "stable: of the Dice loss beside the cross entropy"),
    flags.DEFINE_float("joint_dropout", None, "stable: share of the joints that are missing"),
    flags.DEFINE_float("relabel", None, "stable: probability of each way to give a part another class all along"),
    flags.DEFINE_float("thicken", None, "stable: probability that one class is a pixel thicker all along"),
    flags.DEFINE_float("warp_lead", None, "stable: saved with this much more trust in the warped reference map"),
    flags.DEFINE_float("ema", None, "stable: decay of the moving average of the weights; 0 for none"),
)


def main() -> None:
    """Flags -> settings -> `loop.train`."""
    preset = _PRESET.value
    training_config = config.TrainingConfig(
        **{**config.PRESET_TRAININGS[preset], **_given(_TRAINING_FLAGS)},
        stream=config.StreamConfig(**_given(_STREAM_FLAGS)),
    )

    program.import_tensorflow()
    from retarget_tf import files
    from retarget_tf.dataset import records
    from retarget_tf.training import loop

    manifest = records.Manifest.load(_RECORDS.value[0])
    if not config.is_model_size(manifest.image_size):
        raise InputDataError(
            f"records {_RECORDS.value[0]}: hold pictures of {manifest.image_size} px, "
            "a model takes a power of two from 32. Build them again with --size=64, 128 or 256."
        )
    model_config = config.ModelConfig(
        preset=preset,
        image_size=_SIZE.value or manifest.image_size,
        label_schema=manifest.label_schema,
        **{**config.PRESET_MODELS[preset], **_given(_MODEL_FLAGS)},
    )
    step = loop.train(
        _RECORDS.value,
        _WORKDIR.value,
        model_config,
        training_config,
        init_from=_INIT_FROM.value,
        show_progress=program.progress_is_shown(),
    )
    with files.atomic_file(f"{_WORKDIR.value}/flags.txt") as temporary:
        temporary.write_text(program.flagfile_text(main), encoding="utf-8")
    print(f"step {step}: {_WORKDIR.value}/generator.keras")


def _given(holders: tuple["flags.FlagHolder[Any]", ...]) -> dict[str, Any]:
    return {holder.name: holder.value for holder in holders if holder.value is not None}


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
