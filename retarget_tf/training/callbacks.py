"""Keras callbacks around the training step: checkpoints, time limit, NaN, stopping on a signal; see also `reports`.

All of them read the number of steps done from one shared `TrainingState`, which `Clock` advances.
"""

import contextlib
import dataclasses
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from retarget_tf.errors import TrainingError

Logs = dict[str, Any] | None


@dataclasses.dataclass
class TrainingState:
    """Progress of the training; the checkpoint holds `step`, `seconds` and `slowed`.

    Attributes:
        step: Training steps done, including those of earlier runs; also the number of batches consumed.
        seconds: Time spent in these steps.
        slowed: The learning rate that was asked for, and what it is multiplied by, float64 `[2]`.
        at_once: Steps that the last call took.
        stopped_by_signal: Number of the signal that asked to stop (SIGTERM, SIGINT or SIGHUP), or 0.
    """

    step: tf.Variable
    seconds: tf.Variable
    slowed: tf.Variable
    at_once: int = 1
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

    def is_due(self, every: int) -> bool:
        """Returns whether what happens every so many steps is to happen after the last call."""
        return self.steps_done % every < self.at_once


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
        self._state.step.assign_add(self._state.at_once)
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


class Checkpoints(keras.callbacks.Callback):
    """Saves a checkpoint every `every` steps and at the end."""

    def __init__(self, save: Callable[[int], None], state: TrainingState, every: int) -> None:
        super().__init__()
        self._save, self._state, self._every = save, state, every

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self._state.is_due(self._every) or self.model.stop_training:
            self._save(self._state.steps_done)
