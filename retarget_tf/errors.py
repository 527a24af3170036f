"""How programs refuse and stop: each class of error has an exit code, and each message is one line."""

import signal
from collections.abc import Sequence
from typing import NoReturn


class InputDataError(ValueError):
    """Input data (a video, image, clip folder, record, model file) cannot be used. Programs exit with 3.

    The message is one line: ``<what> <file> <where>: <why>. <what to do>``. The last sentence is an instruction.
    Programs print the notes of the error (`add_note`) as lines of their own, before the message.
    """


class ConfigError(ValueError):
    """A setting is out of range, contradicts another, or names an output that must not be replaced.

    Programs exit with 2. The message is one line: ``<what must hold>. Received: name=value``.
    """


class MissingDependencyError(RuntimeError):
    """An optional package or a model file is not installed; the message says the command that installs it."""


class TrainingError(RuntimeError):
    """Training cannot go on though its input was fine (a loss is not finite). Programs exit with 1."""


class StoppedError(SystemExit):
    """A signal asked to stop. Programs exit with 128 + its number: 130 for SIGINT (Ctrl-C), 143 for SIGTERM.

    It is no `Exception`, so that code which recovers from errors does not carry on after it.

    Args:
        number: of the signal.
        message: what became of the work.
    """

    def __init__(self, number: int, message: str = "") -> None:
        super().__init__(number, message)
        self.number, self.code = number, 128 + number
        self.message = message or f"stopped by {signal.Signals(number).name}."

    def __str__(self) -> str:
        return self.message


def stop(number: int, frame: object = None) -> NoReturn:
    """Handles a signal: raises StoppedError, once, so that a second signal does not interrupt what cleans up."""
    signal.signal(number, signal.SIG_IGN)
    raise StoppedError(number)


def batch_error(problems: Sequence[InputDataError], total: int) -> InputDataError:
    """Makes one error of those that the files of a batch met; the other files are done.

    Args:
        problems: what is wrong, one error for each file that failed.
        total: number of files in the batch.

    Returns:
        The problem itself where the batch is one file; otherwise an error that counts them and has each as a note.
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
