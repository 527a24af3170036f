"""Runs in other processes what can crash, hang or write on the terminal: imports, codecs, networks, whole programs."""

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_SECONDS = 300.0  # for one process; what takes longer hangs
# Lines of TensorFlow and its like that say nothing of why a process ended.
_CHATTER = re.compile(r"[IW]\d{4} |\d{4}-\d\d-\d\d [\d:.]+: [IW] |WARNING:|To enable the following")


@dataclasses.dataclass(frozen=True)
class Question:
    """A call of a function of `probes`.

    Attributes:
        function: Name of the function.
        arguments: Its arguments, as JSON takes them.
    """

    function: str
    arguments: tuple[Any, ...] = ()


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a question gave.

    Attributes:
        value: What the function returned; None if it failed.
        problem: One line if it failed, or its process ended: what was raised, or how it ended; else empty.
    """

    value: Any
    problem: str = ""


def ask(
    questions: Sequence[Question], folder: pathlib.Path, variables: Mapping[str, str] | None = None
) -> Iterator[Answer]:
    """Answers questions in one process, and those after one that crashed it in another.

    Args:
        questions: What to call, in this order.
        folder: Where temporary files may lie.
        variables: Of the process's environment, beside those that it has.
    """
    waiting = list(questions)
    while waiting:
        done, said = _run(
            "retarget_tf.evaluation.machine.probes", "answer", (), folder, _lines_of(waiting), variables or {}
        )
        answers = [Answer(*json.loads(line)) for line in done.splitlines()]
        if len(answers) < len(waiting):
            answers.append(Answer(None, said))
        yield from answers
        waiting = waiting[len(answers) :]


def run_program(module: str, *arguments: str, folder: pathlib.Path) -> str:
    """Runs a program as its console script does, in a folder.

    Returns:
        Why it failed, in one line; empty if it did not.
    """
    return _run(module, "cli", arguments, folder)[1]


@contextlib.contextmanager
def running(module: str, *arguments: str, folder: pathlib.Path) -> Iterator[tuple[str, str]]:
    """Runs a program beside the block, such as a server.

    Yields:
        The first line that it prints; empty if it ended before, and then why in one line.
    """
    command, variables = _command(module, "cli", arguments), _variables(folder)
    with (
        tempfile.TemporaryFile("w+", dir=folder, encoding="utf-8", errors="replace") as log,
        subprocess.Popen(
            command, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=log, encoding="utf-8"
        ) as process,
    ):
        watch = threading.Timer(_SECONDS, process.kill)
        watch.start()
        try:
            line = process.stdout.readline() if process.stdout else ""
            watch.cancel()
            log.seek(0)
            yield line.strip(), "" if line else _how_it_ended(process.wait(), log.read()) or "ended at once"
        finally:
            watch.cancel()
            process.kill()


def _run(
    module: str,
    function: str,
    arguments: Sequence[str],
    folder: pathlib.Path,
    given: str = "",
    variables: Mapping[str, str] = types.MappingProxyType({}),
) -> tuple[str, str]:
    """Returns what a process wrote to stdout, and how it failed in one line."""
    command = _command(module, function, arguments)
    options: dict[str, Any] = {"encoding": "utf-8", "errors": "replace", "cwd": folder}
    options["env"] = {**_variables(folder), **variables}
    try:
        done = subprocess.run(command, input=given, capture_output=True, timeout=_SECONDS, check=False, **options)
    except subprocess.TimeoutExpired as error:
        out = error.stdout or b""
        return out.decode() if isinstance(out, bytes) else out, f"no answer after {_SECONDS:.0f} seconds"
    return done.stdout, _how_it_ended(done.returncode, done.stderr)


def _command(module: str, function: str, arguments: Sequence[str]) -> list[str]:
    code = f"import importlib, sys; sys.path[:] = {sys.path!r}; sys.argv[0] = {module!r}"
    return [sys.executable, "-c", f"{code}; importlib.import_module({module!r}).{function}()", *arguments]


def _variables(folder: pathlib.Path) -> Mapping[str, str]:
    """The environment of a process that leaves nothing behind and prints what can be read."""
    own = {"TMPDIR": str(folder), "MPLCONFIGDIR": str(folder), "PYTHONIOENCODING": "utf-8", "TF_CPP_MIN_LOG_LEVEL": "3"}
    return {**os.environ, **own}


def _lines_of(questions: Sequence[Question]) -> str:
    return "".join(f"{json.dumps([question.function, question.arguments])}\n" for question in questions)


def _how_it_ended(code: int, errors: str) -> str:
    """Returns one line: the error that was printed last, with the signal that ended the process."""
    if code == 0:
        return ""
    lines = [line.strip() for line in errors.splitlines() if line.strip() and not _CHATTER.match(line)]
    last = next((line for line in reversed(lines) if line.startswith("ERROR: ")), lines[-1] if lines else "")
    how = f"crashed with {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return f"{how}: {last[:300]}" if code < 0 and last else last[:300] or how
