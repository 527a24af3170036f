"""Tests of the callbacks: history survives resuming, and training ends by steps, by time and on a signal."""

import csv
import os
import pathlib
import signal
import types

import keras
import pytest
import tensorflow as tf
from tensorflow.core.util import event_pb2

from retarget_tf.errors import TrainingError
from retarget_tf.training import callbacks, reports


def state_at(step: int, seconds: float = 0.0) -> callbacks.TrainingState:
    state = callbacks.TrainingState.create()
    state.step.assign(step)
    state.seconds.assign(seconds)
    return state


def attach(callback: keras.callbacks.Callback) -> types.SimpleNamespace:
    model = types.SimpleNamespace(stop_training=False)
    callback.set_model(model)
    callback.on_train_begin()
    return model


@pytest.mark.parametrize(
    ("step", "seconds", "steps", "limit", "expected"),
    [(9, 0, 10, 0, False), (10, 0, 10, 0, True), (99, 59, 0, 60, False), (1, 60, 0, 60, True)],
)
def test_finished_by_steps_or_by_time(step: int, seconds: float, steps: int, limit: float, expected: bool) -> None:
    assert callbacks.is_finished(state_at(step, seconds), steps, limit) is expected


def test_clock_counts_and_stops_at_the_last_step() -> None:
    state = state_at(3)
    clock = callbacks.Clock(state, steps=5, seconds=0)
    model = attach(clock)
    clock.on_train_batch_end(0)
    assert (state.steps_done, model.stop_training) == (4, False)
    clock.on_train_batch_end(1)
    assert (state.steps_done, model.stop_training) == (5, True)


def test_what_is_due_within_a_call_of_several_steps_is_done_after_it() -> None:
    state = state_at(0)
    clock = callbacks.Clock(state, steps=100, seconds=0)
    attach(clock)
    due = []
    for state.at_once in (4, 4, 1, 1):
        clock.on_train_batch_end(0)
        due.append(state.is_due(5))
    assert (state.steps_done, due) == (10, [False, True, False, True])


def test_a_hangup_that_is_ignored_as_under_nohup_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with callbacks.stopping_on_signal(state_at(0)):
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_stops_after_the_running_step_and_handlers_come_back() -> None:
    state = state_at(0)
    clock = callbacks.Clock(state, steps=100, seconds=0)
    model = attach(clock)
    before = signal.getsignal(signal.SIGTERM)
    with callbacks.stopping_on_signal(state):
        os.kill(os.getpid(), signal.SIGTERM)
        clock.on_train_batch_end(0)
    assert model.stop_training
    assert state.stopped_by_signal == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is before


def make_history(path: pathlib.Path, state: callbacks.TrainingState) -> reports.History:
    writer = tf.summary.create_noop_writer()
    history = reports.History(path, writer, state, every=2, batch_size=4)
    attach(history)
    return history


def rows(path: pathlib.Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_history_writes_every_second_step_and_drops_what_is_done_again(tmp_path: pathlib.Path) -> None:
    path, state = tmp_path / "history.csv", state_at(0)
    history = make_history(path, state)
    for step in range(1, 7):
        state.step.assign(step)
        history.on_train_batch_end(step, {"l1_loss": step / 10})
    history.on_train_end()
    assert [row["step"] for row in rows(path)] == ["2", "4", "6"]
    assert rows(path)[0]["l1_loss"] == "0.2"

    state.step.assign(4)
    resumed = make_history(path, state)
    state.step.assign(6)
    resumed.on_train_batch_end(0, {"l1_loss": 9.0})
    resumed.on_train_end()
    assert [(row["step"], row["l1_loss"]) for row in rows(path)] == [("2", "0.2"), ("4", "0.4"), ("6", "9.0")]


def test_history_has_its_header_though_the_first_start_wrote_no_row(tmp_path: pathlib.Path) -> None:
    path, state = tmp_path / "history.csv", state_at(0)
    make_history(path, state).on_train_end()
    resumed = make_history(path, state)
    state.step.assign(2)
    resumed.on_train_batch_end(0, {"l1_loss": 1.0})
    resumed.on_train_end()
    assert [row["step"] for row in rows(path)] == ["2"]


def test_tensorboard_shows_no_step_twice_though_the_last_write_was_cut(tmp_path: pathlib.Path) -> None:
    for steps in ((1, 2, 3, 4), (3, 4)):
        reports.keep_events(tmp_path, steps[0] - 1)
        with tf.summary.create_file_writer(str(tmp_path)).as_default():
            for step in steps:
                tf.summary.scalar("loss", 0.5, step=step)
    written = sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime)
    written[-1].write_bytes(written[-1].read_bytes()[:-3])
    reports.keep_events(tmp_path, 4)
    shown = [
        event_pb2.Event.FromString(record.numpy()).step
        for path in tmp_path.iterdir()
        for record in tf.data.TFRecordDataset(str(path))
    ]
    assert sorted(step for step in shown if step) == [1, 2, 3]


def test_a_loss_that_is_not_finite_ends_the_training() -> None:
    finite = callbacks.Finite(state_at(3))
    finite.on_train_batch_end(0, {"l1_loss": 1.0})
    with pytest.raises(TrainingError, match="step 3: a loss is not finite"):
        finite.on_train_batch_end(0, {"l1_loss": float("nan")})


def test_the_machines_agree_on_seconds_and_signal() -> None:
    state = state_at(0)
    clock = callbacks.Clock(state, steps=100, seconds=0, agree=lambda seconds, signal: (60.0, 15))
    model = attach(clock)
    clock.on_train_batch_end(0)
    assert (model.stop_training, state.stopped_by_signal) == (True, 15)
    assert float(state.seconds.numpy()) == 60.0
