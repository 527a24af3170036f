"""Draws what was made: a contact sheet and a side-by-side video of each clip, and an overview of all clips.

Pictures are RGB uint8 `[size, size, 3]`.
"""

import contextlib
import pathlib
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import numpy as np

from retarget_tf.arrays import Uint8Array
from retarget_tf.evaluation.frames.judging import MOMENTS
from retarget_tf.evaluation.frames.tasks import FrameTask
from retarget_tf.pictures import drawing, video
from retarget_tf.pictures.image_files import write_png
from retarget_tf.retargeting.shown import METADATA

_OVERVIEW = 60  # frame in the overview, or the last before it
_IN_A_ROW = 4  # pictures in a row of the video


class Sheet:
    """Collects a clip's frames and writes its contact sheet and video; a context manager.

    Args:
        task: The clip.
        folder: Gets `<clip_id>.png` and, with a video, `<clip_id>.mp4`.
        with_video: Whether to write the video, for which every frame must be added.
    """

    def __init__(self, task: FrameTask, folder: pathlib.Path, *, with_video: bool) -> None:
        self._task, self._folder = task, folder
        path, fps = folder / f"{self._name}.mp4", task.clip.info.fps
        self._writer = video.open_writer(path, fps, metadata=METADATA) if with_video else None
        self._shots: dict[int, dict[str, Uint8Array]] = {}
        self._stack = contextlib.ExitStack()

    @property
    def overview(self) -> dict[str, Uint8Array]:
        """The frames shown in the overview, by name."""
        return self._shots[max(t for t in self._shots if t <= _OVERVIEW)]

    def add(self, t: int, frames: Mapping[str, Uint8Array]) -> None:
        """Adds the true frame and those of all contenders, by name."""
        if self._writer is not None:
            self._writer.write(side_by_side(frames))
        if t in MOMENTS:
            self._shots[t] = dict(frames)

    def __enter__(self) -> Self:
        if self._writer is not None:
            self._stack.enter_context(self._writer)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, traceback)
        if kind is None:
            write_png(self._folder / f"{self._name}.png", self._drawn())

    @property
    def _name(self) -> str:
        return self._task.clip.info.clip_id

    def _drawn(self) -> Uint8Array:
        names = list(next(iter(self._shots.values())))
        rows = [[shot[name] for shot in self._shots.values()] for name in names]
        sheet = drawing.grid(rows, [f"t = {t}" for t in self._shots], side_titles=[_title(name) for name in names])
        return drawing.titled(self._task.title, sheet)


def overview(shown: Mapping[str, Mapping[str, Uint8Array]]) -> Uint8Array:
    """Draws one moment of each clip: a column for each clip by its name, a row for the truth and each contender."""
    names = list(next(iter(shown.values())))
    rows = [[frames[name] for frames in shown.values()] for name in names]
    return drawing.grid(rows, list(shown), side_titles=[_title(name) for name in names])


def side_by_side(frames: Mapping[str, Uint8Array]) -> Uint8Array:
    """Draws the pictures by name, four in a row, with their names above them."""
    return np.concatenate([_row(list(frames)[i : i + _IN_A_ROW], frames) for i in range(0, len(frames), _IN_A_ROW)])


def _row(names: Sequence[str], frames: Mapping[str, Uint8Array]) -> Uint8Array:
    missing = _IN_A_ROW - len(names)
    titles = [*map(_title, names), *[""] * missing]
    return drawing.grid([[*(frames[name] for name in names), *[None] * missing]], titles)


def _title(name: str) -> str:
    return name.replace("_", " ")
