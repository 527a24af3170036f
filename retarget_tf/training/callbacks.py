"""Keras callbacks around the training step: history, sample pictures, checkpoints, time limit, stopping on a signal.

All of them read the number of steps done from one shared `TrainingState`, which `Clock` advances.
"""

import contextlib
import csv
import dataclasses
import math
import pathlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, TextIO

import keras
import numpy as np
import tensorflow as tf
from google.protobuf import message
from tensorflow.core.util import event_pb2

from retarget_tf import files
from retarget_tf.arrays import Uint8Array
from retarget_tf.errors import TrainingError

Logs = dict[str, Any] | None


@dataclasses.dataclass
class TrainingState:
    """Progress of the training; the checkpoint holds `step`, `seconds` and `slowed`.

    Attributes:
        step: Training steps done, including those of earlier runs; also the number of batches consumed.
        seconds: Time spent in these steps.
        slowed: The learning rate that was asked for, and what it is multiplied by, float64 `[2]`.
        stopped_by_signal: Number of the signal that asked to stop (SIGTERM, SIGINT or SIGHUP), or 0.
    """

    step: tf.Variable
    seconds: tf.Variable
    slowed: tf.Variable
    stopped_by_signal: int = 0

    @classmethod
    def create(cls) -> "TrainingState":
        """Returns the state before the first step."""
        return cls(*(tf.Variable(start) for start in (np.int64(0), np.float64(0), np.array([0.0, 1.0]))))

    def ask_for(self, learning_rate: float) -> None:
        """Begins with the whole learning rate, unless it was asked for before and slowed down since."""
        if self.slowed[0] != learning_rate:
            self.slowed.assign([learning_rate, 1.0])

    @property
    def slowdown(self) -> float:
        """What the learning rate is multiplied by: halved each time that the training goes back from NaN."""
        return float(self.slowed[1].numpy())

    @property
    def steps_done(self) -> int:
        """`step` as a Python number."""
        return int(self.step.numpy())


class NotFiniteError(TrainingError):
    """A loss or a weight is NaN or infinite: the weights before this step are of no use."""


class Clock(keras.callbacks.Callback):
    """Counts steps and time, and stops the training at its last step, its time or a signal; the first callback.

    `agree` gets the seconds of the step and the signal, and returns those that count on all machines.
    """

    def __init__(
        self,
        state: TrainingState,
        steps: int,
        seconds: float,
        agree: Callable[[float, int], tuple[float, int]] = lambda seconds, signal: (seconds, signal),
    ) -> None:
        super().__init__()
        self._state, self._steps, self._seconds, self._agree = state, steps, seconds, agree

    def on_train_begin(self, logs: Logs = None) -> None:
        self._last = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        now = time.monotonic()
        self._state.step.assign_add(1)
        taken, self._state.stopped_by_signal = self._agree(now - self._last, self._state.stopped_by_signal)
        self._state.seconds.assign_add(taken)
        self._last = now
        if self._state.stopped_by_signal or is_finished(self._state, self._steps, self._seconds):
            self.model.stop_training = True


def is_finished(state: TrainingState, steps: int, seconds: float) -> bool:
    """Returns whether `steps` are done or, if `steps` is 0, whether the training has taken `seconds`."""
    return state.steps_done >= steps if steps else float(state.seconds.numpy()) >= seconds


class Schedule(keras.callbacks.Callback):
    """Calls `set_progress` before each step: the share of the training that is done, from 0 to 1, and `slowdown`."""

    def __init__(
        self, state: TrainingState, steps: int, seconds: float, set_progress: Callable[[float, float], None]
    ) -> None:
        super().__init__()
        self._state, self._steps, self._seconds, self._set_progress = state, steps, seconds, set_progress

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        done, planned = (
            (self._state.steps_done, self._steps)
            if self._steps
            else (float(self._state.seconds.numpy()), self._seconds)
        )
        self._set_progress(min(done / planned, 1.0), self._state.slowdown)


@contextlib.contextmanager
def stopping_on_signal(state: TrainingState) -> Iterator[None]:
    """Makes SIGTERM, SIGINT and SIGHUP end the training after the current step, so that its checkpoint is written."""

    def stop(number: int, frame: FrameType | None) -> None:
        state.stopped_by_signal = number

    with _handled(stop):
        yield


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Lets SIGTERM, SIGINT and SIGHUP end the process at once, for a block that Python cannot interrupt."""
    with _handled(signal.SIG_DFL):
        yield


@contextlib.contextmanager
def _handled(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set handlers
        yield
        return
    numbers = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
    # What is ignored stays ignored: nohup does so, and shells do for commands that end in &.
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    previous = {number: signal.signal(number, handler) for number in heard}
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)


class Finite(keras.callbacks.Callback):
    """Raises NotFiniteError at the first loss that is not finite; before `Checkpoints`, so that it is never saved."""

    def __init__(self, state: TrainingState) -> None:
        super().__init__()
        self._state = state

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        values = {name: float(value) for name, value in (logs or {}).items()}
        if not all(math.isfinite(value) for value in values.values()):
            raise NotFiniteError(
                f"training step {self._state.steps_done}: a loss is not finite ({values}). "
                "Run the same command again with a lower --learning_rate: it goes on from the last good checkpoint."
            )


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
        if step % self._every:
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
        if step % self._every == 0 or self.model.stop_training:
            picture = self._draw()
            with files.atomic_file(self._folder / f"step_{step:08d}.png") as temporary:
                temporary.write_bytes(tf.io.encode_png(picture).numpy())
            with self._writer.as_default(step=step):
                tf.summary.image("samples", picture[None])


class Checkpoints(keras.callbacks.Callback):
    """Saves a checkpoint every `every` steps and at the end."""

    def __init__(self, save: Callable[[int], None], state: TrainingState, every: int) -> None:
        super().__init__()
        self._save, self._state, self._every = save, state, every

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self._state.steps_done % self._every == 0 or self.model.stop_training:
            self._save(self._state.steps_done)


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
