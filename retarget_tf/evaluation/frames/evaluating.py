"""Judges all ways to make photographic frames on folders of clips."""

import pathlib
from collections.abc import Sequence

from tqdm import tqdm

from retarget_tf import files
from retarget_tf.arrays import Uint8Array
from retarget_tf.body.parsing_labels import PARTS10
from retarget_tf.body.pose_transform import Fit
from retarget_tf.evaluation.frames import album, report
from retarget_tf.evaluation.frames.config import FrameEvaluationConfig
from retarget_tf.evaluation.frames.judging import judge
from retarget_tf.evaluation.frames.redetection import open_redetection
from retarget_tf.evaluation.frames.tasks import list_tasks
from retarget_tf.pictures.image_files import write_png
from retarget_tf.retargeting.retargeter import Retargeter


def evaluate_frames(
    clips: Sequence[files.PathLike],
    out: files.PathLike,
    config: FrameEvaluationConfig | None = None,
    *,
    model: files.PathLike | None = None,
    fit: Fit = "limbs",
    seed: int = 0,
) -> report.Summary:
    """Makes the frames of all clips with all contenders, scores them, and writes what came out.

    The folder `out` then holds of each clip the contact sheet `<clip_id>.png` and the video `<clip_id>.mp4`; one moment
    of all clips, `frames.png`; and, last, `frames.json`.

    Args:
        clips: Folders of clip folders of one size, from `retarget-extract-clips` or `retarget-make-dancers`.
        out: Folder to write into; existing files are replaced.
        config: Settings of the judging; None takes the defaults.
        model: Path of a trained generator, whose maps are judged too; None leaves that contender out.
        fit: How another person's motion is fitted to the target's body.
        seed: Makes the bootstrap repeatable.

    Returns:
        The contents of `frames.json`.

    Raises:
        InputDataError: Clips or model are missing, or cannot be used together.
    """
    config = config or FrameEvaluationConfig()
    tasks = list_tasks(clips, fit, config.last_frame)
    retargeter = Retargeter.load(model) if model is not None else None
    schema = PARTS10 if retargeter is None else retargeter.label_schema
    for task in tasks:
        next(task.clip.read_maps(schema.name))  # a clip without maps is told of before anything is written
    folder = pathlib.Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    judged, shown = [], dict[str, dict[str, Uint8Array]]()
    progress = tqdm(tasks, "evaluate", unit="clip", disable=not config.show_progress)
    with open_redetection(schema, wanted=config.redetect) as redetection:
        for task in progress:
            with album.Sheet(task, folder, with_video=config.videos) as sheet:
                scores = judge(task, schema, config, retargeter=retargeter, redetection=redetection, watch=sheet.add)
            judged.append(report.Judged(task, scores))
            shown[task.clip.info.clip_id] = sheet.overview
    write_png(folder / "frames.png", album.overview(shown))
    own, cross = ([one for one in judged if one.task.is_cross is is_cross] for is_cross in (False, True))
    found = {
        "label_schema": schema.name,
        "model": None if model is None else str(model),
        "fit": fit,
        "frame_step": config.frame_step,
        "last_frame": config.last_frame,
        "self": report.summarise(own, seed) if own else None,
        "cross_person": report.summarise(cross, seed) if cross else None,
    }
    files.write_json(folder / "frames.json", found)
    return found
