"""Scores trained generators on whole clips: every clip of the split is generated from its frame 0.

    retarget-evaluate --model=work --records=records --split=test --out=scores

The folder `scores` then holds metrics.json, figure.png (truth above prediction over time) and panel.png (frame, pose,
generated map, true map). The headline is the mean mIoU of the rollout, in which the generator lives on its own
outputs; baselines that need no training are in the same table. A generator that takes the photo's map is scored from
both starts: given that map, and from the photo alone.

Several models on the same clips, in one table:

    retarget-evaluate --compare=work,work2 --records=records --out=comparison

The folder `comparison` then holds compare.json, compare.png (mIoU over time) and a figure of each model.

The photographic frames that `retarget` writes, beside the true frames of clips, baselines and what maps would add:

    retarget-evaluate --frames --clips=clips --model=stable_128 --out=scores

The folder `scores` then holds frames.json, frames.png and, of each clip, a contact sheet (.png) and a side-by-side
video (.mp4). --clips takes several folders, such as those of `retarget-make-dancers` and its --motion_of.
"""

from absl import flags

from retarget_tf import files, program
from retarget_tf.errors import ConfigError
from retarget_tf.evaluation.config import EvaluationConfig
from retarget_tf.evaluation.frames.config import FrameEvaluationConfig
from retarget_tf.program import settings

_MODEL = flags.DEFINE_string(
    "model",
    None,
    "a workdir, a .keras file with its .json, a SavedModel folder (of people you trust), or a pretrained model by name",
)
_COMPARE = flags.DEFINE_list("compare", None, "several of these instead, with commas between them")
_RECORDS = flags.DEFINE_string("records", None, "folder made by retarget-build-records; s3:// and gs:// too")
_FRAMES = flags.DEFINE_bool("frames", False, "judges photographic frames of --clips instead of maps of --records")
_CLIPS = flags.DEFINE_list("clips", None, "with --frames: folders of clip folders, with commas between them")
_OUT = flags.DEFINE_string("out", None, "folder to write the numbers and pictures into", required=True)
_EVALUATION = settings.define_flags(EvaluationConfig)
_OF_FRAMES = settings.define_flags(FrameEvaluationConfig, "with --frames: ")


def main() -> None:
    """Evaluates, writes and prints the table."""
    config = EvaluationConfig(**settings.given(_EVALUATION), show_progress=program.progress_is_shown())
    if _FRAMES.value:
        _evaluate_frames(config)
    else:
        _evaluate_maps(config)


def _evaluate_maps(config: EvaluationConfig) -> None:
    if (_MODEL.value is None) == (not _COMPARE.value):
        raise ConfigError(
            f"one of model and compare must be given. Received: model={_MODEL.value}, compare={_COMPARE.value}"
        )
    if _RECORDS.value is None:
        raise ConfigError("records must be given, or frames and clips. Received: records=None")
    files.refuse_replacing(_OUT.value, _RECORDS.value, config.train_records, whole=False)
    pictures, mark = (
        (("compare.png",), "compare.json") if _COMPARE.value else (("figure.png", "panel.png"), "metrics.json")
    )
    files.check_added(_OUT.value, pictures, mark)
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


def _evaluate_frames(config: EvaluationConfig) -> None:
    if not _CLIPS.value or _COMPARE.value or _RECORDS.value:
        raise ConfigError(
            "frames needs clips, and no compare or records. "
            f"Received: clips={_CLIPS.value}, compare={_COMPARE.value}, records={_RECORDS.value}"
        )
    frame_config = FrameEvaluationConfig(**settings.given(_OF_FRAMES), show_progress=config.show_progress)
    files.refuse_replacing(_OUT.value, *_CLIPS.value, whole=False)
    files.check_added(_OUT.value, ("frames.png",), "frames.json")
    program.import_tensorflow()
    from retarget_tf.evaluation.frames import report
    from retarget_tf.evaluation.frames.evaluating import evaluate_frames

    with program.native_log_aside():
        found = evaluate_frames(
            _CLIPS.value, _OUT.value, frame_config, model=_MODEL.value, fit=config.fit, seed=config.seed
        )
    print(report.table(found))


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
