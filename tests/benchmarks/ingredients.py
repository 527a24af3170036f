"""Compares both presets, and `stable` without each of its ingredients, at the same records, size, width and minutes.

    python -m tests.benchmarks.ingredients --records=train64 --test_records=test64 --minutes=3 --out=ingredients

Trains one variant after the other, then evaluates all on the same people. Nothing else should run at the same time;
with `--steps` instead of `--minutes` other load does not matter. Finished variants are kept, so the same command
continues an interrupted run; `--only` chooses variants.
"""

import pathlib

from absl import flags

from retarget_tf import program
from retarget_tf.errors import ConfigError
from tests.benchmarks.subprograms import run

VARIANTS: dict[str, tuple[str, ...]] = {
    "paper": ("--preset=paper", "--batch_size=8"),
    "paper_seed_1": ("--preset=paper", "--batch_size=8", "--seed=1"),
    "stable": (),
    "stable_seed_1": ("--seed=1",),
    "teacher_forced": ("--teacher_forced_share=1",),
    "no_streams": ("--single_share=1",),
    "previous_never_dropped": ("--drop_previous=0",),
    "no_photo_parsing": ("--photo_share=0",),
    "no_joint_dropout": ("--joint_dropout=0",),
    "gap_of_1": ("--max_gap=1",),
    "one_style": ("--relabel=0", "--thicken=0"),
    "no_augmentation": ("--nojitter",),
    "no_dice": ("--dice_weight=0",),
    "no_refinement": ("--refinement=0",),
    "no_ema": ("--ema=0",),
    "dropout": ("--dropout=0.3",),
    "more_styles": ("--relabel=0.15", "--thicken=0.6"),
    "wider": ("--filters=24",),
}

_RECORDS = flags.DEFINE_string("records", None, "records to train on", required=True)
_TEST_RECORDS = flags.DEFINE_string("test_records", None, "records of other people to test on", required=True)
_MINUTES = flags.DEFINE_float("minutes", 3.0, "minutes of training for each variant")
_STEPS = flags.DEFINE_integer("steps", 0, "steps of training for each variant, instead of minutes")
_OUT = flags.DEFINE_string("out", None, "folder of the workdirs and of the comparison", required=True)
_FILTERS = flags.DEFINE_integer("filters", 16, "filters of the variants that do not set their own")
_ONLY = flags.DEFINE_list("only", None, f"variants to train, of {', '.join(VARIANTS)}")


def main() -> None:
    """Trains what is missing and prints the comparison's table."""
    names = _ONLY.value or list(VARIANTS)
    if unknown := set(names) - set(VARIANTS):
        raise ConfigError(f"only must be of {', '.join(VARIANTS)}. Received: only={','.join(sorted(unknown))}")
    workdirs = [pathlib.Path(_OUT.value) / name for name in names]
    for name, workdir in zip(names, workdirs, strict=True):
        if not (workdir / "flags.txt").is_file():  # written last
            budget = f"--steps={_STEPS.value}" if _STEPS.value else f"--minutes={_MINUTES.value}"
            common = (f"--records={_RECORDS.value}", f"--workdir={workdir}", budget)
            run("retarget_tf.train", *common, f"--filters={_FILTERS.value}", "--sample_every=100000", *VARIANTS[name])
    comparison = f"--compare={','.join(map(str, workdirs))}"
    run("retarget_tf.evaluate", comparison, f"--records={_TEST_RECORDS.value}", f"--out={_OUT.value}/comparison")


if __name__ == "__main__":
    program.run(main)
