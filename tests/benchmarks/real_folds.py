"""Cross-validates on real people, two left out at a time: `paper`, `stable` on real clips alone, zero-shot, fine-tuned.

    python -m tests.benchmarks.real_folds --clips=clips --model=s10 --dancers=R64 --size=64 --filters=16 --out=folds

For each fold of `--folds` records are built without its people, three models are trained, and all are evaluated on the
people left out, from the extracted map and from the photo. The table is the mean over the folds. Finished parts are
kept, so the same command continues an interrupted run.
"""

import json
import pathlib
from typing import Any

import numpy as np
from absl import flags

from retarget_tf import program
from tests.benchmarks.subprograms import run

_CLIPS = flags.DEFINE_string("clips", None, "clip folders of real people", required=True)
_MODEL = flags.DEFINE_string(
    "model", None, "workdir of the zero-shot model that fine-tuning begins with", required=True
)
_DANCERS = flags.DEFINE_string("dancers", None, "records of procedural dancers to mix in", required=True)
_OUT = flags.DEFINE_string("out", None, "folder of records, workdirs and comparisons", required=True)
_SIZE = flags.DEFINE_integer("size", 64, "side of the pictures in pixels")
_FILTERS = flags.DEFINE_integer("filters", 16, "filters of every model")
_STEPS = flags.DEFINE_integer("steps", 1500, "steps of training on real clips, of `paper` and of `stable`")
_FINE_STEPS = flags.DEFINE_integer("fine_steps", 600, "steps of fine-tuning")
_FINE_RATE = flags.DEFINE_float("fine_rate", 1e-4, "learning rate of fine-tuning")
_FINE_LEAD = flags.DEFINE_float("fine_lead", 1.0, "warp_lead of fine-tuning")
_FOLDS = flags.DEFINE_list(
    "folds",
    [
        "basketball+ubc_fashion_b",
        "arm_swing+ubc_fashion_c",
        "lakeside_dance+ubc_fashion_a",
        "skirt_dance+beam_walk_bystanders",
    ],
    "people left out together, with +",
)
_ONLY = flags.DEFINE_list("only", ["paper", "stable_alone", "fine_tuned"], "what to train beside the zero-shot model")

_COLUMNS = ("mean", "1", "10", "50", "100", "200")


def main() -> None:
    """Trains and judges fold after fold, then prints the mean over them."""
    folds = [_run_fold(pathlib.Path(_OUT.value) / name, name) for name in _FOLDS.value]
    print(f"{'mean over the folds':38}" + "".join(f"{column:>8}" for column in (*_COLUMNS, "coarse", "silh.", "arms")))
    for name in folds[0]:
        numbers = np.nanmean([fold[name] for fold in folds], axis=0)
        print(f"{name:38}" + "".join(f"{number:8.3f}" for number in numbers))


def _run_fold(folder: pathlib.Path, people: str) -> dict[str, list[float]]:
    records = folder / "records"
    if not (records / "manifest.json").is_file():
        left_out = f"--test_people={people.replace('+', ',')}"
        clips = (f"--clips={_CLIPS.value}", f"--size={_SIZE.value}", "--validation_share=0", left_out)
        run("data.build_records", *clips, f"--out={records}")
    steps = f"--steps={_STEPS.value}"
    variants = {
        "paper": ("--preset=paper", "--batch_size=8", f"--records={records}", steps),
        "stable_alone": (f"--records={records}", steps),
        "fine_tuned": (
            f"--records={records},{_DANCERS.value}",
            f"--init_from={_MODEL.value}",
            f"--steps={_FINE_STEPS.value}",
            f"--learning_rate={_FINE_RATE.value}",
            f"--warp_lead={_FINE_LEAD.value}",
            "--teacher_forced_share=0",
        ),
    }
    for name in _ONLY.value:
        if not (folder / name / "flags.txt").is_file():  # written last
            common = (f"--workdir={folder / name}", f"--filters={_FILTERS.value}", "--sample_every=100000")
            run("retarget_tf.train", *common, *variants[name])
    models = ",".join([_MODEL.value, *(str(folder / name) for name in _ONLY.value)])
    if not (folder / "comparison" / "compare.json").is_file():
        run("retarget_tf.evaluate", f"--compare={models}", f"--records={records}", f"--out={folder}/comparison")
    return _scores(json.loads((folder / "comparison" / "compare.json").read_text(encoding="utf-8")))


def _scores(found: dict[str, Any]) -> dict[str, list[float]]:
    rows = {}
    for name, model in found["models"].items():
        rows[f"{name} ({model['start']})"] = _row(model["rollout"])
        if model["photo_start"]:
            rows[f"{name} (photo)"] = _row(model["photo_start"]["rollout"])
    for name, rollout in {**found["baselines"], **found["reference_only"]}.items():
        rows[name] = _row(rollout)
    return rows


def _row(rollout: dict[str, Any]) -> list[float]:
    at = [float("nan") if rollout["miou"][column] is None else rollout["miou"][column] for column in _COLUMNS]
    return at + [rollout[measure]["mean"] for measure in ("coarse_miou", "silhouette_iou", "arms_iou")]


if __name__ == "__main__":
    program.run(main)
