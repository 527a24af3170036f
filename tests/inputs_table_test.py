"""A table of inputs as people bring them: a command, its exit code, what is told, and what is written.

The rows stand in `tests/inputs`, a module for each door by which inputs come in. Each row runs a program in a process
that is forked from one that has imported TensorFlow, so that a row takes parts of a second. Nothing but what a row
lists is written or changed, no row shows a traceback, and what refuses an input ends with what to do. docs/inputs.md
shows the table.
"""

import pathlib
import re
import shutil
import subprocess
from typing import Any

import pytest

from tests.commands_test import IMPERATIVES
from tests.inputs import ROWS, brought, page, photos, run
from tests.inputs.row import BAD_INPUT, Row
from tests.inputs.words import WORDS


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The files that the commands name."""
    folder = tmp_path_factory.mktemp("brought")
    brought.bring(folder)
    return folder


@pytest.fixture(scope="module")
def forks() -> Any:
    return run.forks()


def contents(folder: pathlib.Path) -> dict[str, bytes | None]:
    """All that lies in a folder; None for folders."""
    paths = {str(path.relative_to(folder)): path for path in folder.rglob("*")}
    return {name: path.read_bytes() if path.is_file() else None for name, path in paths.items()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_command_ends_as_the_table_says(row: Row, files: pathlib.Path, tmp_path: pathlib.Path, forks: Any) -> None:
    if pathlib.Path(row.file).suffix in photos.UNREADABLE:
        pytest.skip("an optional package is not there")
    folder, log = tmp_path / "here", tmp_path / "log"
    shutil.copytree(files, folder)
    subprocess.run(row.before, shell=True, cwd=folder, check=True)
    before = contents(folder)
    code = run.ending(row.command, folder, log, forks)
    told, after = log.read_text(), contents(folder)
    assert code == row.code, told
    assert "Traceback" not in told
    line = run.printed(row, told)
    assert line.startswith("ERROR: ") == bool(row.code), told
    assert re.search(row.told, line), told
    if row.code == BAD_INPUT:
        assert IMPERATIVES.match(re.split(r"(?<=\.) (?=[A-Z])", line)[-1])
    assert before.keys() <= after.keys()
    assert sorted(name for name in after if name not in before or after[name] != before[name]) == sorted(row.written)


def test_the_page_shows_the_table() -> None:
    """Each row has its line, each line its rows; that a line is still printed is what the rows above show."""
    shown = page.PATH.read_text(encoding="utf-8")
    assert {row.file for row in ROWS} >= WORDS.keys()
    missing = [row.name for row in ROWS if page.line_of(row, shown) is None]
    assert not missing, "make inputs"
    assert page.render({row: page.line_of(row, shown) or "" for row in ROWS}) == shown, "make inputs"
