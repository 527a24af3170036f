"""Scores trained generators on whole clips: every clip of the split is generated from its frame 0.

    retarget-evaluate --model=work --records=records --split=test --out=scores

The folder `scores` then holds metrics.json, figure.png (truth above prediction over time) and panel.png (frame, pose,
generated map, true map). The headline is the mean mIoU of the rollout, in which the generator lives on its own
outputs; baselines that need no training are in the same table. A generator that takes the photo's map is scored from
both starts: given that map, and from the photo alone.

Several models on the same clips, in one table:

    retarget-evaluate --compare=work,work2 --records=records --out=comparison

The folder `comparison` then holds compare.json, compare.png (mIoU over time) and a figure of each model.
"""

import pathlib

from absl import flags

from retarget_tf import files, program
from retarget_tf.errors import ConfigError
from retarget_tf.evaluation.config import EvaluationConfig
from retarget_tf.program import settings

_MODEL = flags.DEFINE_string(
    "model", None, "a workdir, a .keras file with its .json, a SavedModel folder, or a pretrained model by name"
)
_COMPARE = flags.DEFINE_list("compare", None, "several of these instead, with commas between them")
_RECORDS = flags.DEFINE_string("records", None, "folder made by retarget-build-records", required=True)
_OUT = flags.DEFINE_string("out", None, "folder to write the numbers and pictures into", required=True)
_EVALUATION = settings.define_flags(EvaluationConfig)


def main() -> None:
    """Evaluates, writes and prints the table."""
    if (_MODEL.value is None) == (not _COMPARE.value):
        raise ConfigError(
            f"one of model and compare must be given. Received: model={_MODEL.value}, compare={_COMPARE.value}"
        )
    if pathlib.Path(_OUT.value).is_file():  # said now, not after all the work
        raise ConfigError(f"out must be a folder. Received: out={_OUT.value}, a file")
    config = EvaluationConfig(**settings.given(_EVALUATION), show_progress=program.progress_is_shown())
    files.refuse_replacing(_OUT.value, _RECORDS.value, config.train_records, whole=False)
    program.import_tensorflow()
    from retarget_tf.evaluation import report
    from retarget_tf.evaluation.evaluating import compare, evaluate

    if _COMPARE.value:
        comparison = compare(_COMPARE.value, _RECORDS.value, config)
        report.write_comparison(comparison, _OUT.value)
        print(report.comparison_table(comparison.scores))
    else:
        found = evaluate(_MODEL.value, _RECORDS.value, config)
        report.write_report(found, _OUT.value)
        print(report.table(found.metrics))


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
