"""The errors of the package: each class has an exit code, and each message is one line."""

import signal
from collections.abc import Sequence
from typing import NoReturn


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


def stop(number: int, frame: object = None) -> NoReturn:
    """Handles a signal: raises StoppedError, and ignores further signals so that they do not interrupt the clean-up."""
    signal.signal(number, signal.SIG_IGN)
    raise StoppedError(number)


def batch_error(problems: Sequence[InputDataError], total: int) -> InputDataError:
    """Combines the errors of a batch's files into one; the other files of the batch are done.

    Args:
        problems: One error for each file that failed.
        total: Number of files in the batch.

    Returns:
        The only error if the batch is one file, otherwise an error with their number and each of them as a note.
    """
    if total == 1:
        return problems[0]
    failed = len(problems)
    error = InputDataError(
        f"{failed} of {total} files cannot be used ({total - failed} done). Mend those, or leave them out."
    )
    for problem in problems:
        error.add_note(str(problem))
    return error
