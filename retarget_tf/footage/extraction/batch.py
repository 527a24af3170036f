"""Makes clip folders of many videos: skips those that exist, and reports at the end those that failed."""

import pathlib
import time
from collections.abc import Callable, Sequence

from absl import logging

from retarget_tf import files
from retarget_tf.dataset import clips
from retarget_tf.dataset.clips import clip_id_of
from retarget_tf.errors import Batch, ConfigError, InputDataError
from retarget_tf.footage.extraction.pipeline import extract_clip
from retarget_tf.footage.extraction.selection import Selection, Stretch
from retarget_tf.footage.settings import ExtractionConfig


def extract_videos(
    paths: Sequence[files.PathLike],
    out: files.PathLike,
    config: ExtractionConfig,
    *,
    person_id: str | None = None,
    select: Callable[[files.PathLike], Selection] | None = None,
    overwrite: bool = False,
    show_progress: bool = False,
    report: Callable[[str], None] = logging.info,
) -> None:
    """Turns each video into a clip folder under `out`, named after the file, unless that exists.

    Args:
        paths: Paths of the videos.
        out: Folder of clip folders.
        config: Settings of the extraction.
        person_id: The person in all the videos; None for a person of its own in each, named after the file.
        select: Selects stretches of a video; each becomes a clip named after the file and its first frame. None takes
            whole videos.
        overwrite: Makes existing clips again.
        show_progress: Draws progress bars.
        report: Called with one line about each clip, and about each stretch that is left out.

    Raises:
        ConfigError: the folder of a clip holds something else, or an input; or keypoints are given for several videos.
        InputDataError, BatchError: one or more videos failed, see `errors.Batch`. The others are done.
        MissingDependencyError: mediapipe or its models are not installed.
    """
    if config.keypoints is not None and len(paths) != 1:
        raise ConfigError(f"keypoints must be of one video, so name one. Received: {len(paths)} videos")
    files.refuse_address(out)
    for path in paths:  # before hours of work
        files.refuse_replacing(pathlib.Path(out) / clip_id_of(path), *paths, config.keypoints)
        files.check_writable(pathlib.Path(out) / clip_id_of(path), ours=clips.parts_of_clip)
    batch = Batch(len(paths))
    taken: dict[str, files.PathLike] = {}
    for path in paths:
        with batch.file(path):
            clip_id = clip_id_of(path)
            if other := taken.get(clip_id):
                raise InputDataError(f"video {path}: has the clip id of {other}. Rename one of the two.")
            taken[clip_id] = path
            for name, stretch in _clips_of(path, select, report).items():
                folder = pathlib.Path(out) / name
                if folder.exists() and not overwrite:
                    report(_kept(path, folder))
                    continue
                started = time.monotonic()
                info = extract_clip(
                    path,
                    folder,
                    config,
                    stretch=stretch,
                    person_id=person_id or clip_id,
                    overwrite=overwrite,
                    show_progress=show_progress,
                )
                rate = info.frames / max(time.monotonic() - started, 1e-9)
                report(f"{path}: {info.frames} frames to {folder} ({rate:.1f} frames/s)")
        if str(path) in batch.failed:
            report(f"{path}: failed")
    batch.check()


def _kept(path: files.PathLike, folder: pathlib.Path) -> str:
    """Says that the clip of a video is there already; InputDataError where the folder holds that of another one."""
    there = clips.open_clip(folder).info
    if there.source not in ("", pathlib.Path(path).name):
        raise InputDataError(
            f"video {path}: {folder} holds a clip of {there.source}. Rename one of the two, or choose another folder."
        )
    return f"{path}: already there as {folder} ({there.frames} frames, {there.image_size} px), skipped"


def _clips_of(
    path: files.PathLike, select: Callable[[files.PathLike], Selection] | None, report: Callable[[str], None]
) -> dict[str, Stretch | None]:
    """Returns the stretches to make clips of, by clip name; None stands for the whole video."""
    name = clip_id_of(path)
    if select is None:
        return {name: None}
    selection = select(path)
    for line in selection.left_out:
        report(f"{path}: left out {line}")
    if not selection.stretches:
        raise InputDataError(
            f"video {path}: has no good stretch. "
            f"Look at why: retarget-screen-clips --videos={path} --report={name}.html"
        )
    if selection.stretches == (Stretch(0, selection.frames),):
        return {name: selection.stretches[0]}
    return {f"{name}_{stretch.first:06d}": stretch for stretch in selection.stretches}
