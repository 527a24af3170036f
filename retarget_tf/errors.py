"""The errors of the package: each class has an exit code, and each message is one line."""

import _thread
import contextlib
import signal
import threading
import time
import types
from collections.abc import Iterator

from absl import logging

_LATER = 0.05  # seconds
_MAIN_THREAD = threading.main_thread().ident or 0


class InputDataError(ValueError):
    """Input data (a video, image, clip folder, record, model file) cannot be used. Programs exit with 3.

    The message is one line: ``<what> <file> <where>: <why>. <what to do>``. The last sentence is an instruction.
    Programs print each note of the error (`add_note`) on a separate line before the message.
    """


class ConfigError(ValueError):
    """A setting is out of range, contradicts another, or names an output that must not be replaced.

    Programs exit with 2. The message is one line: ``<what must hold>. Received: name=value``.
    """


class MissingDependencyError(RuntimeError):
    """An optional package or a model file is not installed; the message has the command that installs it."""


class TrainingError(RuntimeError):
    """Training failed on valid input (a loss is not finite). Programs exit with 1."""


class StoppedError(SystemExit):
    """A signal stopped the program. Programs exit with 128 + its number: 130 for SIGINT (Ctrl-C), 143 for SIGTERM.

    It is not an `Exception`, so that `except Exception` does not catch it.

    Args:
        number: Number of the signal.
        message: What was saved or lost, one sentence.
    """

    def __init__(self, number: int, message: str = "") -> None:
        super().__init__(number, message)
        self.number, self.code = number, 128 + number
        self.message = message or f"stopped by {signal.Signals(number).name}."

    def __str__(self) -> str:
        return self.message


def stop(number: int, frame: types.FrameType | None = None) -> None:
    """Handles a signal: raises StoppedError, and ignores further signals so that they do not interrupt the clean-up.

    What is raised in a destructor is lost: there it is raised a little later.
    """
    while frame is not None:
        if frame.f_code.co_name == "__del__":
            _thread.start_new_thread(_ask_again, (number,))
            return
        frame = frame.f_back
    signal.signal(number, signal.SIG_IGN)
    raise StoppedError(number)


def _ask_again(number: int) -> None:
    time.sleep(_LATER)
    signal.pthread_kill(_MAIN_THREAD, number)  # which ends its waiting too


class BatchError(RuntimeError):
    """Files of a batch failed for other reasons than what they hold, such as a full disk. Programs exit with 1."""


class Batch:
    """Keeps a failure of one file of a batch, whatever it is, from the other files.

        batch = Batch(len(paths))
        for path in paths:
            with batch.file(path):
                ...
        batch.check()

    Settings that are wrong and packages that are missing are so for every file, and end the batch at once.

    Args:
        total: Number of files in the batch.

    Attributes:
        failed: What went wrong, by file.
    """

    def __init__(self, total: int) -> None:
        self.failed: dict[str, Exception] = {}
        self._total = total

    @contextlib.contextmanager
    def file(self, path: object) -> Iterator[None]:
        """Notes what is raised in the block as the failure of one file."""
        try:
            yield
        except (ConfigError, MissingDependencyError):
            raise
        except Exception as error:
            logging.debug("%s: failed", path, exc_info=error)
            self.failed[str(path)] = error

    def why(self, path: object) -> str:
        """Returns the failure of a file in one line that names the file."""
        error = self.failed[str(path)]
        if isinstance(error, InputDataError):
            return str(error)
        return f"file {path}: {type(error).__name__}: {error} (--verbosity=1 shows where it happened)"

    def check(self) -> None:
        """Raises what the failures come to.

        Raises:
            InputDataError: Files cannot be used. With several files the message counts them, and each is a note.
            BatchError: The same, where a file failed for another reason than what it holds.
        """
        if not self.failed:
            return
        problems = list(self.failed.values())
        if self._total == 1:
            raise problems[0]
        failed, done = len(problems), self._total - len(problems)
        is_data = all(isinstance(problem, InputDataError) for problem in problems)
        error: Exception = (
            InputDataError(
                f"{failed} of {self._total} files cannot be used ({done} done). Mend those, or leave them out."
            )
            if is_data
            else BatchError(
                f"{failed} of {self._total} files failed ({done} done). Run the same command again for those."
            )
        )
        for path in self.failed:
            error.add_note(self.why(path))
        raise error
