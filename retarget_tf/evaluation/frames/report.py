"""Summarises the scores of single clips to the contents of `frames.json`, and formats them as a table."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from retarget_tf.evaluation import metrics
from retarget_tf.evaluation.frames.judging import Scores
from retarget_tf.evaluation.frames.tasks import FrameTask
from retarget_tf.pictures.drawing import aligned

Summary = dict[str, Any]


class Judged(NamedTuple):
    """A task and its scores."""

    task: FrameTask
    scores: Scores


class _Column(NamedTuple):
    title: str
    measure: str
    digits: int
    with_interval: bool = False


_COLUMNS = (
    _Column("PSNR", "person_psnr", 2),
    _Column("SSIM", "person_ssim", 3),
    _Column("st-SSIM", "person_st_ssim", 3, with_interval=True),
    _Column("texture", "person_texture", 3, with_interval=True),
    _Column("sharp", "person_sharpness", 2),
    _Column("face st", "face_st_ssim", 3),
    _Column("texture", "face_texture", 3),
    _Column("arms st", "arms_st_ssim", 3),
    _Column("texture", "arms_texture", 3),
    _Column("backgr. PSNR", "background_psnr", 2),
    _Column("untouched", "untouched", 4),
    _Column("own pose", "own_pose_psnr", 1),
    _Column("warping", "warping_error", 2),
    _Column("PCK", "pck", 3),
    _Column("mIoU", "redetected_miou", 3),
)


def summarise(judged: Sequence[Judged], seed: int) -> Summary:
    """Returns the clips with their scores, and each contender's mean over clips with its 95 % bootstrap interval.

    Args:
        judged: The clips, at least one.
        seed: Makes the bootstrap repeatable.
    """
    contenders: dict[str, dict[str, list[float]]] = {}
    for _, scores in judged:
        for name, of_one in scores.items():
            for measure, value in of_one.items():
                contenders.setdefault(name, {}).setdefault(measure, []).append(value)
    return {
        "clips": [_describe(task, scores) for task, scores in judged],
        "contenders": {
            name: {
                measure: {
                    "mean": metrics.mean_over_clips(values),
                    "interval": metrics.bootstrap_interval(values, seed),
                }
                for measure, values in of_one.items()
            }
            for name, of_one in contenders.items()
        },
    }


def table(found: Mapping[str, Any]) -> str:
    """Formats the scores as aligned tables, one for self reenactment and one for cross-person tasks.

    Args:
        found: Contents of `frames.json`.
    """
    return "\n\n".join(
        f"{aligned(_rows(part['contenders']))}\n{len(part['clips'])} clips, {kind}"
        for kind, part in (
            ("self reenactment", found["self"]),
            (f"cross-person (fit {found['fit']})", found["cross_person"]),
        )
        if part is not None
    )


def _rows(contenders: Mapping[str, Any]) -> list[list[str]]:
    header = [
        title for column in _COLUMNS for title in ([column.title, "95 %"] if column.with_interval else [column.title])
    ]
    rows = [["person", *header]]
    for name, scores in contenders.items():
        row = [name.replace("_", " ")]
        for column in _COLUMNS:
            value = scores.get(column.measure, {"mean": None, "interval": None})
            row.append(_number(value["mean"], column.digits))
            if column.with_interval:
                bounds = value["interval"]
                row.append("-" if bounds is None else "..".join(_number(bound, column.digits) for bound in bounds))
        rows.append(row)
    return rows


def _describe(task: FrameTask, scores: Scores) -> Summary:
    return {
        "clip_id": task.clip.info.clip_id,
        "person_id": task.clip.info.person_id,
        "frames": task.frames,
        "scores": {
            name: {measure: metrics.mean_over_clips([value]) for measure, value in of_one.items()}
            for name, of_one in scores.items()
        },
    }


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
