"""A table of inputs as people bring them: a command, its exit code, what is told, and what is written.

The rows stand in `tests/inputs`, a module for each door by which inputs come in. Each row runs a program in a process
that is forked from one that has imported TensorFlow, so that a row takes parts of a second. Nothing but what a row
lists is written or changed, no row shows a traceback, and what refuses an input ends with what to do.
"""

import multiprocessing
import os
import pathlib
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tests.commands_test import IMPERATIVES, entry_points
from tests.inputs import ROWS, brought
from tests.inputs.row import BAD_INPUT, Row
from tests.testing import ROOT

PRELOADED = [
    "tensorflow",
    "keras",
    "tqdm",
    "grpc",
    __name__,
]  # what starts threads when it is imported cannot be forked


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The files that the commands name."""
    folder = tmp_path_factory.mktemp("brought")
    brought.bring(folder)
    return folder


@pytest.fixture(scope="module")
def forks() -> Any:
    """Starts processes that have imported what takes long."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def run(module: str, arguments: list[str], folder: pathlib.Path, log: pathlib.Path) -> None:
    """Runs a program in a folder, in a process of its own, with all that it prints in a file."""
    descriptor = os.open(log, os.O_CREAT | os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    sys.stdout, sys.stderr = (os.fdopen(stream, "w", buffering=1, closefd=False) for stream in (1, 2))
    os.chdir(folder)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def contents(folder: pathlib.Path) -> dict[str, bytes | None]:
    """All that lies in a folder; None for folders."""
    paths = {str(path.relative_to(folder)): path for path in folder.rglob("*")}
    return {name: path.read_bytes() if path.is_file() else None for name, path in paths.items()}


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
    process = forks.Process(target=run, args=(module, arguments, folder, log))
    process.start()
    process.join(300)
    code: int | None = process.exitcode
    return code


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_command_ends_as_the_table_says(row: Row, files: pathlib.Path, tmp_path: pathlib.Path, forks: Any) -> None:
    folder, log = tmp_path / "here", tmp_path / "log"
    shutil.copytree(files, folder)
    subprocess.run(row.before, shell=True, cwd=folder, check=True)
    before = contents(folder)
    code = ending(row.command, folder, log, forks)
    told, after = log.read_text(), contents(folder)
    assert code == row.code, told
    assert "Traceback" not in told
    errors = [line for line in told.splitlines() if line.startswith("ERROR: ")]
    assert bool(errors) == bool(row.code)
    assert re.search(row.told, errors[-1] if errors else told), told
    if row.code == BAD_INPUT:
        assert IMPERATIVES.match(re.split(r"(?<=\.) (?=[A-Z])", errors[-1])[-1])
    assert before.keys() <= after.keys()
    assert sorted(name for name in after if name not in before or after[name] != before[name]) == sorted(row.written)
