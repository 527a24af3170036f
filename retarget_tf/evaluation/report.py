"""What an evaluation writes (`metrics.json`, `figure.png`, `panel.png`) and says."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from retarget_tf import figures, files, metrics
from retarget_tf.evaluation.evaluating import Evaluation


def write_report(evaluation: Evaluation, out: files.PathLike) -> None:
    """Writes the two pictures and, last, `metrics.json` into the folder `out`; what was there is replaced."""
    folder = pathlib.Path(out)
    _write_png(folder / "figure.png", figures.rollout_figure(evaluation.strips, evaluation.schema))
    _write_png(folder / "panel.png", figures.retargeting_panel(evaluation.strips, evaluation.schema))
    files.write_json(folder / "metrics.json", evaluation.metrics)


def table(found: Mapping[str, Any]) -> str:
    """The numbers that matter as aligned text, the rollout's first.

    Args:
        found: the contents of `metrics.json`.
    """
    spans = [metrics.HEADLINE, *(str(step) for step in metrics.STEPS)]
    head = ["rollout mIoU", "mean", "95 %", *(f"t={step}" for step in metrics.STEPS), "silhouette", "flicker"]
    rows = [head]
    for title, part in (("self", found), ("cross-person", found["cross_person"])):
        if part is None:
            continue
        own = part.get("rollout", part)
        for name, scores in (("model", own), *part["baselines"].items()):
            interval = scores["miou_interval"][metrics.HEADLINE]
            rows.append(
                [
                    f"{title}, {name}",
                    _number(scores["miou"][spans[0]]),
                    "-" if interval is None else "..".join(map(_number, interval)),
                    *(_number(scores["miou"][span]) for span in spans[1:]),
                    _number(scores["silhouette_iou"][metrics.HEADLINE]),
                    _number(scores["flicker"]),
                ]
            )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(_aligned(row, widths)).rstrip() for row in rows]
    one_step = found["teacher_forced"]
    counted = f"{found['rollout']['n_clips'][metrics.HEADLINE]} clips"
    if found["cross_person"] is not None:
        counted += f", {found['cross_person']['n_clips'][metrics.HEADLINE]} cross-person"
    lines.append(f"{counted}; one step from true frames: mIoU {_number(one_step['miou'])}")
    return "\n".join(lines)


def _write_png(path: pathlib.Path, picture: npt.NDArray[np.uint8]) -> None:
    with files.atomic_file(path) as temporary:
        cv2.imwrite(str(temporary), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *rest = zip(row, widths, strict=True)
    return [first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]
