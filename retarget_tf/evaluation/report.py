"""Writes the results of evaluations (numbers as JSON, pictures as PNG) and formats them as text tables."""

import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

from retarget_tf import files
from retarget_tf.evaluation import metrics
from retarget_tf.evaluation.evaluating import Comparison, Evaluation
from retarget_tf.pictures import figures
from retarget_tf.pictures.chart import line_chart
from retarget_tf.pictures.drawing import aligned
from retarget_tf.pictures.image_files import write_png

Scores = Mapping[str, Any]

_OVER_TIME = ["mean", "95 %", *(f"t={step}" for step in metrics.STEPS), "mean_1000"]
_IN_DETAIL = ["coarse", "silhouette", "arms", "hands", "wide steps", "stale cloth", "flicker"]


def write_report(evaluation: Evaluation, out: files.PathLike) -> None:
    """Writes `figure.png`, `panel.png` and, last, `metrics.json` into the folder `out`, replacing existing files.

    With several photos of each person, `figure_references.png` shows their rollouts.
    """
    folder = pathlib.Path(out)
    write_png(folder / "figure.png", figures.rollout_figure(evaluation.strips, evaluation.schema))
    write_png(folder / "panel.png", figures.retargeting_panel(evaluation.strips, evaluation.schema))
    if evaluation.several_strips:
        write_png(
            folder / "figure_references.png", figures.rollout_figure(evaluation.several_strips, evaluation.schema)
        )
    files.write_json(folder / "metrics.json", evaluation.metrics)


def write_comparison(comparison: Comparison, out: files.PathLike) -> None:
    """Writes `figure_NAME.png` for each model, `compare.png` (mIoU over time) and, last, `compare.json`."""
    folder = pathlib.Path(out)
    for name, strips in comparison.strips.items():
        write_png(folder / f"figure_{name}.png", figures.rollout_figure(strips, comparison.schema))
    curves = comparison.scores["curves"]
    write_png(folder / "compare.png", line_chart("rollout mIoU in windows of 10 frames", curves["t"], curves["miou"]))
    files.write_json(folder / "compare.json", comparison.scores)


def table(found: Scores) -> str:
    """Formats the main scores of one model as an aligned table.

    Args:
        found: Contents of `metrics.json`.
    """
    rows = [["rollout mIoU", *_OVER_TIME, *_IN_DETAIL]]
    photo = found["photo_start"]
    parts = [("self", found, photo and photo["rollout"])]
    if found["cross_person"] is not None:
        parts.append(("cross-person", found["cross_person"], photo and photo["cross_person"]))
    for title, part, from_photo in parts:
        contenders = {f"model ({found['start']})": part.get("rollout", part)}
        if from_photo is not None:
            contenders["model (photo)"] = from_photo
        for name, scores in (*contenders.items(), *_untrained(part)):
            rows.append([f"{title}, {name}", *_over_time(scores), *_in_detail(scores)])
    one_step = _number(found["teacher_forced"]["miou"])
    return f"{aligned(rows)}\n{_counted(found)}; one step from true frames: mIoU {one_step}{_several(found)}"


def comparison_table(found: Scores) -> str:
    """Formats all models, started from map and from photo, and all baselines as one aligned table.

    Args:
        found: Contents of `compare.json`.
    """
    rows = [["rollout mIoU", *_OVER_TIME, "cross-person", "one step", *_IN_DETAIL, "steps"]]

    def add(title: str, scores: Scores, cross: Scores | None, one_step: str = "-", steps: str = "-") -> None:
        across = "-" if cross is None else _number(cross["miou"][metrics.HEADLINE])
        rows.append([title, *_over_time(scores), across, one_step, *_in_detail(scores), steps])

    for name, model in found["models"].items():
        one_step, steps, photo = _number(model["teacher_forced"]["miou"]), str(model["step"]), model["photo_start"]
        add(f"{name} ({model['start']})", model["rollout"], model["cross_person"], one_step, steps)
        if photo is not None:
            add(f"{name} (photo)", photo["rollout"], photo["cross_person"], steps=steps)
    across = {} if found["cross_person"] is None else dict(_untrained(found["cross_person"]))
    for name, scores in _untrained(found):
        add(name, scores, across.get(name))
    return f"{aligned(rows)}\n{_counted(found)}{_several(found)}"


def _several(found: Scores) -> str:
    """Returns a table of its own for several photos of each person, and one on the same frames; empty without."""
    section = found["references"]
    if section is None:
        return ""
    rows = [["rollout mIoU", *_OVER_TIME, *_IN_DETAIL]]
    for part in ("self", "cross_person"):
        for name, of_several in section["several"].items():
            if of_several[part] is not None:
                for photos, scores in ((1, section["one"][name][part]), (section["photos"], of_several[part])):
                    rows.append([f"{part}, {name}, photos: {photos}", *_over_time(scores), *_in_detail(scores)])
    near = f"in self, frames up to {section['unscored_frames']} from a further photo are not scored"
    return f"\n\n{aligned(rows)}\n{near}"


def _untrained(part: Scores) -> Iterator[tuple[str, Scores]]:
    yield from part["baselines"].items()
    for name, scores in part["reference_only"].items():
        yield f"{name} (for reference only)", scores


def _over_time(scores: Scores) -> list[str]:
    miou, interval = scores["miou"], scores["miou_interval"][metrics.HEADLINE]
    return [
        _number(miou[metrics.HEADLINE]),
        "-" if interval is None else "..".join(map(_number, interval)),
        *(_number(miou[str(step)]) for step in metrics.STEPS),
        _number(miou["mean_1000"]),
    ]


def _in_detail(scores: Scores) -> list[str]:
    measures = (scores[name][metrics.HEADLINE] for name in ("coarse_miou", "silhouette_iou", "arms_iou"))
    of_places = (scores[name] for name in ("hands_iou", "wide_steps_iou", "stale_cloth", "flicker"))
    return [*map(_number, measures), *map(_number, of_places)]


def _counted(found: Scores) -> str:
    counted = f"{len(found['clips'])} clips"
    if found["cross_person"] is not None:
        counted += f", {len(found['cross_person']['clips'])} cross-person (fit {found['fit']})"
    return counted


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
