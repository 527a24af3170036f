"""The checkpoints of a workdir: saved whole or not at all, and found again whatever became of their list.

TensorFlow keeps a list of checkpoints in the file `checkpoints/checkpoint`. A copy may lack it, or a full disk cut it
short, so it is written anew from the files that are there.
"""

import pathlib
import re
import shutil

import tensorflow as tf
from absl import logging

from retarget_tf import files
from retarget_tf.errors import InputDataError, TrainingError
from retarget_tf.training.callbacks import NotFiniteError, TrainingState
from retarget_tf.training.learner import Learner

FOLDER = "checkpoints"
_KEPT = 2
_INDEX = re.compile(r"ckpt-(\d+)\.index")


class CheckpointStore:
    """The last checkpoints of a training.

    Args:
        workdir: Folder of the training, which no other process may be writing.
        learner: What is saved and restored.
        state: Its progress, saved with it.
    """

    def __init__(self, workdir: pathlib.Path, learner: Learner, state: TrainingState) -> None:
        self._folder, self._learner = workdir / FOLDER, learner
        self._checkpoint = tf.train.Checkpoint(
            **learner.checkpoint_parts(), step=state.step, seconds=state.seconds, slowed=state.slowed
        )
        _sweep(self._folder)
        self._open()

    def restore(self) -> bool:
        """Restores the newest whole checkpoint; False if there is none.

        Raises:
            InputDataError: There are checkpoints, and none can be read.
        """
        for path in reversed(self._manager.checkpoints):
            try:
                self._checkpoint.restore(path)
            except (tf.errors.OpError, IndexError, ValueError) as error:
                logging.warning(
                    "checkpoint %s: cannot be read (%s); trying the one before.", path, type(error).__name__
                )
            else:
                return True
        if are_in(self._folder.parent):
            raise InputDataError(
                f"checkpoints {self._folder}: none can be read. Remove the folder to begin anew, or restore a copy."
            )
        return False

    def save(self, step: int) -> None:
        """Saves a checkpoint, and removes the oldest.

        Raises:
            NotFiniteError: A weight is not finite; earlier checkpoints are untouched.
            TrainingError: The checkpoint cannot be written; earlier ones are untouched.
        """
        check_weights(self._learner, step)
        try:
            self._manager.save(checkpoint_number=step)
        except (tf.errors.OpError, OSError) as error:
            _sweep(self._folder)
            told = files.why_not_written(self._folder / f"ckpt-{step}", error, self._bytes())
            raise TrainingError(f"checkpoint {told} The last checkpoint is untouched.") from error

    def drop(self, step: int) -> None:
        """Removes the checkpoint of a step after which a loss was not finite, unless it is the only one."""
        if len(self._manager.checkpoints) < 2:
            return
        for path in self._folder.glob(f"ckpt-{step}.*"):
            path.unlink()
        self._open()

    def _open(self) -> None:
        _list_again(self._folder)
        self._manager = tf.train.CheckpointManager(self._checkpoint, str(self._folder), max_to_keep=_KEPT)

    def _bytes(self) -> int:
        sizes = [path.stat().st_size for path in self._folder.glob("ckpt-*.data-*")]
        return max(sizes, default=0)


def check_weights(learner: Learner, step: int) -> None:
    """Refuses weights that are NaN or infinite, which the loss of the step before does not show.

    Raises:
        NotFiniteError: A weight is not finite.
    """
    if all(bool(tf.reduce_all(tf.math.is_finite(weights))) for weights in learner.saved_weights()):
        return
    raise NotFiniteError(
        f"training step {step}: weights are not finite. The last checkpoint is untouched: run the same command again "
        "with a lower --learning_rate."
    )


def are_in(workdir: pathlib.Path) -> bool:
    """Returns whether a workdir has a checkpoint, whole or not."""
    return any((workdir / FOLDER).glob("ckpt-*.index"))


def _sweep(folder: pathlib.Path) -> None:
    """Removes what a write that was killed has left behind."""
    for path in folder.glob("ckpt-*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif ".data-" in path.name and not path.with_name(f"{path.stem}.index").exists():
            path.unlink(missing_ok=True)
    for path in folder.glob("checkpoint.tmp*"):  # TensorFlow's list, not renamed yet
        path.unlink(missing_ok=True)


def _list_again(folder: pathlib.Path) -> None:
    """Writes TensorFlow's list of the checkpoints that are there."""
    steps = sorted(int(found[1]) for path in folder.glob("*.index") if (found := _INDEX.fullmatch(path.name)))
    (folder / "checkpoint").unlink(missing_ok=True)
    if steps:
        lines = [f'model_checkpoint_path: "ckpt-{steps[-1]}"']
        for step in steps:
            written = (folder / f"ckpt-{step}.index").stat().st_mtime
            lines += [f'all_model_checkpoint_paths: "ckpt-{step}"', f"all_model_checkpoint_timestamps: {written}"]
        with files.atomic_file(folder / "checkpoint") as temporary:
            temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
