"""Keras callbacks that show how a training goes: history.csv, TensorBoard, sample pictures and the progress bar."""

import csv
import pathlib
import time
from collections.abc import Callable
from typing import TextIO

import keras
import tensorflow as tf
from google.protobuf import message
from tensorflow.core.util import event_pb2

from retarget_tf import files
from retarget_tf.arrays import Uint8Array
from retarget_tf.training.callbacks import Logs, TrainingState


class History(keras.callbacks.Callback):
    """Writes losses and images/s to `history.csv` and TensorBoard every `every` steps.

    On resuming, rows after the checkpoint's step are dropped, since these steps are repeated.
    """

    def __init__(
        self, path: pathlib.Path, writer: tf.summary.SummaryWriter, state: TrainingState, every: int, batch_size: int
    ) -> None:
        super().__init__()
        self._path, self._writer, self._state = path, writer, state
        self._every, self._batch_size = every, batch_size
        self._file: TextIO | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        _keep_rows(self._path, self._state.steps_done)
        self._file = self._path.open("a", newline="", encoding="utf-8")
        self._mark = (self._state.steps_done, time.monotonic())

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        step = self._state.steps_done
        if not self._state.is_due(self._every):
            return
        values = {name: float(value) for name, value in (logs or {}).items()}
        previous_step, previous_time = self._mark
        self._mark = (step, time.monotonic())
        rate = (step - previous_step) * self._batch_size / max(self._mark[1] - previous_time, 1e-9)
        row = {
            "step": step,
            "seconds": round(float(self._state.seconds.numpy()), 2),
            "images_per_second": rate,
            **values,
        }
        self._write_row(row)
        with self._writer.as_default(step=step):
            for name, value in (*values.items(), ("images_per_second", rate)):
                tf.summary.scalar(name, value)

    def on_train_end(self, logs: Logs = None) -> None:
        self._writer.flush()
        if self._file is not None:
            self._file.close()

    def _write_row(self, row: dict[str, float]) -> None:
        assert self._file is not None  # opened in on_train_begin
        table = csv.DictWriter(self._file, fieldnames=list(row))
        if self._file.tell() == 0:
            table.writeheader()
        table.writerow(row)
        self._file.flush()


class Samples(keras.callbacks.Callback):
    """Writes a picture of generated maps to `samples/step_*.png` and TensorBoard every `every` steps and at the end."""

    def __init__(
        self,
        folder: pathlib.Path,
        writer: tf.summary.SummaryWriter,
        state: TrainingState,
        every: int,
        draw: Callable[[], Uint8Array],
    ) -> None:
        super().__init__()
        self._folder, self._writer, self._state, self._every, self._draw = folder, writer, state, every, draw

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        step = self._state.steps_done
        if self._state.is_due(self._every) or self.model.stop_training:
            picture = self._draw()
            with files.atomic_file(self._folder / f"step_{step:08d}.png") as temporary:
                temporary.write_bytes(tf.io.encode_png(picture).numpy())
            with self._writer.as_default(step=step):
                tf.summary.image("samples", picture[None])


class ProgressBar(keras.callbacks.Callback):
    """Draws Keras's progress bar over the steps, or over the seconds if the training is limited by time."""

    def __init__(self, state: TrainingState, steps: int, seconds: float) -> None:
        super().__init__()
        self._state, self._steps, self._seconds = state, steps, seconds

    def on_train_begin(self, logs: Logs = None) -> None:
        target, unit = (self._steps, "step") if self._steps else (round(self._seconds), "second")
        self._bar = keras.utils.Progbar(target, unit_name=unit)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        reached = self._state.steps_done if self._steps else float(self._state.seconds.numpy())
        self._bar.update(min(round(reached), self._bar.target), list((logs or {}).items()))


def _keep_rows(path: pathlib.Path, last_step: int) -> None:
    """Removes the rows of later steps, and what a write that was cut or a damaged disk made of rows."""
    if not path.exists():
        return
    header, *rows = path.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
    if not header:  # stopped before the first row
        path.unlink()
        return
    whole = (row for row in rows if row.count(",") == header.count(",") and row.partition(",")[0].isdecimal())
    kept = [header, *(row for row in whole if int(row.partition(",")[0]) <= last_step)]
    with files.atomic_file(path) as temporary:
        temporary.write_text("".join(f"{row}\n" for row in kept), encoding="utf-8")


def keep_events(folder: pathlib.Path, last_step: int) -> None:
    """Removes what TensorBoard's files hold of later steps, which would be shown twice once they are repeated."""
    for path in folder.glob("events.out.tfevents.*"):
        kept, is_whole = [], True
        try:
            for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
                if event_pb2.Event.FromString(record).step <= last_step:
                    kept.append(record)
                else:
                    is_whole = False
        except (tf.errors.OpError, message.DecodeError):  # a write that was killed, or a damaged disk
            is_whole = False
        if not is_whole:
            with files.atomic_file(path) as temporary, tf.io.TFRecordWriter(str(temporary)) as writer:
                for record in kept:
                    writer.write(record)
