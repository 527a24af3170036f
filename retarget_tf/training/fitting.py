"""Takes the steps of a training, and goes back from a loss that is not finite if it is asked to."""

import dataclasses
import itertools
import pathlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import tensorflow as tf
from absl import logging

from retarget_tf import files
from retarget_tf.arrays import Tensor
from retarget_tf.dataset import input_pipeline, records
from retarget_tf.errors import TrainingError
from retarget_tf.training import callbacks, reports
from retarget_tf.training.checkpoints import CheckpointStore
from retarget_tf.training.config import TrainingConfig
from retarget_tf.training.learner import Learner
from retarget_tf.training.strategies import Group

_SAMPLE_WINDOWS = 4
_LEAST_SLOWDOWN = 2**-6  # a training that fails with a smaller share of its learning rate has another fault

Steps = Callable[[Sequence[Any]], dict[str, Tensor]]  # see `Group.compiled`


@dataclasses.dataclass(frozen=True)
class Fitting:
    """A training that is ready to take steps.

    Attributes:
        learner: What is trained.
        config: How.
        state: How far it has come.
        group: The replicas.
        store: Its checkpoints; None on all machines but the chief.
        folder: Workdir, for the chief's reports.
        records_folder: Folder of records whose pictures are drawn as samples.
        show_progress: Whether Keras's progress bar is drawn.
    """

    learner: Learner
    config: TrainingConfig
    state: callbacks.TrainingState
    group: Group
    store: CheckpointStore | None
    folder: pathlib.Path
    records_folder: files.Place
    show_progress: bool

    def run(self, batches: Callable[[int], tf.data.Dataset]) -> None:
        """Takes steps until the last one, the end of the time, or a signal.

        Args:
            batches: Returns endless batches, given the number of those to skip.

        Raises:
            TrainingError: A loss or a weight became NaN or infinite, or the batches ended.
        """
        by_xla = self.learner.jit_compile if self.config.jit_compile == "auto" else self.config.jit_compile == "yes"
        steps = self.group.compiled(self.learner.train_step, bool(by_xla))
        while not self._is_finished():
            try:
                self._take(steps, self.group.distribute(batches(self.state.steps_done)))
            except callbacks.NotFiniteError:
                if not self._goes_back():
                    raise
                continue
            if self.state.stopped_by_signal:
                return
            if not self._is_finished():
                raise TrainingError(
                    f"training step {self.state.steps_done}: ended before its time, although the batches never end. "
                    "Run the same command again; --verbosity=1 shows TensorFlow's messages."
                )

    @property
    def _seconds(self) -> float:
        return self.config.minutes * 60

    def _is_finished(self) -> bool:
        return callbacks.is_finished(self.state, self.config.steps, self._seconds)

    def _take(self, steps: Steps, batches: Iterable[Any]) -> None:
        """Takes steps until a callback ends them: Keras's `fit` for one epoch, which several machines cannot run."""
        called = keras.callbacks.CallbackList(self._after_steps(), model=self.learner)
        self.learner.stop_training = False
        called.on_train_begin()
        endless = iter(batches)
        for number in itertools.count():
            most = self.config.steps_per_execution
            left = self.config.steps - self.state.steps_done if self.config.steps else most
            together = list(itertools.islice(endless, min(most, left)))
            if not together:
                break
            self.state.at_once = len(together)
            called.on_train_batch_begin(number)
            called.on_train_batch_end(number, steps(together))
            if self.learner.stop_training:
                break
        called.on_train_end()

    def _after_steps(self) -> list[keras.callbacks.Callback]:
        config, state, seconds = self.config, self.state, self._seconds
        after_steps = [callbacks.Clock(state, config.steps, seconds, self.group.agree), callbacks.Finite(state)]
        if self.store is not None:
            reports.keep_events(self.folder / "tensorboard", state.steps_done)
            writer = tf.summary.create_file_writer(str(self.folder / "tensorboard"))
            windows = _sample_windows(self.records_folder)
            after_steps += [
                reports.History(self.folder / "history.csv", writer, state, config.log_every, config.batch_size),
                reports.Samples(
                    self.folder / "samples",
                    writer,
                    state,
                    config.sample_every,
                    lambda: self.learner.draw_samples(windows),
                ),
                callbacks.Checkpoints(self.store.save, state, config.checkpoint_every),
            ]
        after_steps.append(callbacks.Schedule(state, config.steps, seconds, self.learner.set_progress))
        if self.show_progress and self.group.is_chief:
            after_steps.append(reports.ProgressBar(state, config.steps, seconds))
        return after_steps

    def _goes_back(self) -> bool:
        """Drops a checkpoint that led to NaN and, for `on_nan=rollback`, restores the newest left; whether it did."""
        if self.store is None:
            return False
        failed, slowdown = self.state.steps_done, self.state.slowdown / 2
        self.store.drop(failed - 1)
        if self.config.on_nan == "stop" or slowdown < _LEAST_SLOWDOWN or not self.store.restore():
            return False
        self.state.slowed.assign([self.config.learning_rate, slowdown])
        logging.warning(
            "training step %d: a loss or a weight is not finite; going on from step %d with %g of the learning rate.",
            *(failed, self.state.steps_done, slowdown),
        )
        return True


def _sample_windows(records_folder: files.Place) -> dict[str, Any]:
    """Reads a few windows, always the same, of the validation split, or of the training split if that is empty."""
    manifest = records.Manifest.load(records_folder)
    split = "validation" if manifest.splits["validation"].frames else "train"
    dataset = input_pipeline.make_dataset(
        records_folder, split, window_frames=2, batch_size=_SAMPLE_WINDOWS, augment=None, seed=0, drop_remainder=False
    )
    return next(iter(dataset))
