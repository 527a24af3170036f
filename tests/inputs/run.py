"""Runs commands of the table, each in a process that is forked from one that has imported TensorFlow."""

import multiprocessing
import os
import pathlib
import re
import runpy
import shlex
import subprocess
import sys
from typing import Any

from tests.commands_test import entry_points
from tests.inputs.row import Row
from tests.testing import ROOT

# what starts threads when it is imported cannot be forked
_PRELOADED = ["tensorflow", "keras", "tqdm", "grpc", __name__, "tests.inputs.brought"]


def forks() -> Any:
    """Starts processes that have imported what takes long."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


def _run(module: str, arguments: list[str], folder: pathlib.Path, log: pathlib.Path) -> None:
    """Runs a program in a folder, in a process of its own, with all that it prints in a file."""
    descriptor = os.open(log, os.O_CREAT | os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    sys.stdout, sys.stderr = (os.fdopen(stream, "w", buffering=1, closefd=False) for stream in (1, 2))
    os.chdir(folder)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def ending(command: str, folder: pathlib.Path, log: pathlib.Path, forks: Any) -> int | None:
    """Runs a command of the table in the folder and returns its exit code; all that it prints goes to the file."""
    words = shlex.split(command)
    program = next(index for index, word in enumerate(words) if word.startswith("retarget"))
    module, arguments = entry_points()[words[program]], words[program + 1 :]
    if program:  # variables of the environment, which what is imported already has not seen
        environment = os.environ | dict(word.split("=", 1) for word in words[:program]) | {"PYTHONPATH": str(ROOT)}
        with log.open("w") as file:
            command_line = [sys.executable, "-m", module, *arguments]
            return subprocess.run(command_line, cwd=folder, env=environment, stdout=file, stderr=file).returncode
    process = forks.Process(target=_run, args=(module, arguments, folder, log))
    process.start()
    process.join(300)
    code: int | None = process.exitcode
    return code


def printed(row: Row, text: str) -> str:
    """The line of all that a command printed which tells what came of it: its last error, else what the row awaits."""
    lines = text.splitlines()
    errors = [line for line in lines if line.startswith("ERROR: ")]
    awaited = [line for line in lines if row.told and re.search(row.told, line)]
    return (errors or awaited or lines)[-1]
