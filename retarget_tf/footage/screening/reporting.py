"""Screens many videos and writes a report as HTML and JSON."""

import pathlib
from collections.abc import Callable, Sequence

from absl import logging

from retarget_tf import files
from retarget_tf.errors import Batch
from retarget_tf.footage.screening import documents, page
from retarget_tf.footage.screening.criteria import Criteria
from retarget_tf.footage.screening.screener import Screening, screen_video
from retarget_tf.pictures import video


def screen_videos(
    paths: Sequence[files.PathLike],
    report: files.PathLike,
    criteria: Criteria | None = None,
    *,
    reading: video.ReadOptions = video.AS_IT_IS,
    models_folder: files.PathLike | None = None,
    show_progress: bool = False,
    tell: Callable[[str], None] = logging.info,
) -> list[Screening]:
    """Screens videos and writes a report.

    Args:
        paths: Paths of the videos.
        report: HTML file to write, `R.html`; the same numbers are written to `R.json`.
        criteria: Limits of the measures; None for the defaults of `Criteria`.
        reading: Options of reading the videos.
        models_folder: Folder of the model file; None for `extraction.models.default_folder()`.
        show_progress: Draws progress bars.
        tell: Called with one line about each video.

    Raises:
        ConfigError: The report or the numbers would replace a video, or something of another kind.
        InputDataError, BatchError: One or more videos failed, see `errors.Batch`. The others are in the report.
        MissingDependencyError: mediapipe or its model is not installed.
    """
    criteria = criteria or Criteria()
    numbers = pathlib.Path(report).with_suffix(".json")
    for file in (report, numbers):
        files.refuse_replacing(file, *paths)
        files.check_kind(file)
    done: list[Screening] = []
    batch = Batch(len(paths))
    for path in paths:
        with batch.file(path):
            screening = screen_video(
                path, criteria, reading=reading, models_folder=models_folder, show_progress=show_progress
            )
            done.append(screening)
            tell(f"{path}: {screening.summary}")
        if str(path) in batch.failed:
            tell(f"{path}: failed")
    reasons = {path: batch.why(path) for path in batch.failed}
    files.write_json(numbers, documents.to_json(done, reasons, criteria))
    with files.atomic_file(report) as temporary:
        temporary.write_text(page.render(done, reasons, criteria), encoding="utf-8")
    batch.check()
    return done
