"""Makes docs/inputs.md, which shows the table of inputs to its readers: `python -m tests.inputs.page` runs all rows."""

import pathlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping

from tests.inputs import DOORS, ROWS, brought, run
from tests.inputs.row import Row
from tests.inputs.words import WORDS
from tests.testing import ROOT

PATH = ROOT / "docs" / "inputs.md"
_ENDS = ("done", "failed", "usage", "bad input")
_HEAD = """# What is read, and what is refused

Find what you bring, or the text that you see. "Printed" is what the first program says of the first thing on the left;
what gets the same answer, but for names and numbers, shares its line. [Troubleshooting](troubleshooting.md) explains
the answers that need more words, [data formats](data_formats.md) says how files must be. A command ends with the
[exit code](troubleshooting.md#exit-codes) 0 (done), 1 (failed), 2 (usage) or 3 (bad input). `make inputs` makes this
page from the table in `tests/inputs`, which the tests hold true.
"""
_TABLE = "\n## {}\n\n| brought | to | ends | printed |\n|---|---|---|---|\n"


def label(row: Row) -> str:
    """What makes a row different, for its readers."""
    if row.file:
        words = WORDS.get(row.file)
        return f"`{row.file.split('/', 1)[1]}`" + (f" ({words})" if words else "")
    if row.brought:
        return row.brought
    return " after ".join(f"`{part}`" for part in (" ".join(row.different), row.before) if part)


def render(told: Mapping[Row, str]) -> str:
    """The page: of the rows of a door that have the same answer, but for names and numbers, the first line is shown."""
    page = _HEAD
    for title, rows in DOORS.items():
        groups: list[list[Row]] = []
        for row in rows:
            for group in groups:
                shown = told[group[0]]
                if group[0].code == row.code and _gist(shown) == _gist(told[row]) and re.search(row.told, shown):
                    group.append(row)
                    break
            else:
                groups.append([row])
        groups.sort(key=lambda group: group[0].code)
        page += _TABLE.format(title) + "".join(_line(group, told[group[0]]) for group in groups)
    return page


def _gist(text: str) -> str:
    """A line without its names, settings and numbers."""
    return re.sub(r"\S*[/.=:\d]\S*", "", text)


def _line(rows: list[Row], text: str) -> str:
    things = "; ".join(dict.fromkeys(map(label, rows)))
    programs = ", ".join(dict.fromkeys(f"`{row.program}`" for row in rows))
    cells = [things, programs, _ENDS[rows[0].code], f"`{text}`"]
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


def line_of(row: Row, page: str) -> str | None:
    """What a page says that is printed for a row; None if the page does not know the row."""
    title = next(title for title, rows in DOORS.items() if row in rows)
    section = page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    for line in re.findall(r"^\| (.*) \|$", section, re.MULTILINE):
        things, programs, end, text = (cell.replace(r"\|", "|") for cell in line.split(" | "))
        answer = text.strip("`")
        is_told = end == _ENDS[row.code] and re.search(row.told, answer)
        if is_told and label(row) in things.split("; ") and f"`{row.program}`" in programs.split(", "):
            return answer
    return None


def run_all(rows: Iterable[Row]) -> dict[Row, str]:
    """Runs each row in a folder of its own and returns what it prints."""
    told: dict[Row, str] = {}
    faults, forks = [], run.forks()
    with tempfile.TemporaryDirectory() as scratch:
        files, folder, log = (pathlib.Path(scratch) / name for name in ("files", "here", "log"))
        files.mkdir()
        brought.bring(files)
        for row in rows:
            shutil.copytree(files, folder)
            subprocess.run(row.before, shell=True, cwd=folder, check=True)
            code = run.ending(row.command, folder, log, forks)
            told[row] = run.printed(row, log.read_text()).replace(f"{folder}/", "")
            if code != row.code or not re.search(row.told, told[row]):
                faults.append(f"{row.name}: {code}, {told[row]}")
            shutil.rmtree(folder)
            log.unlink()
    if faults:
        raise SystemExit("\n".join(["The table is not true:", *faults]))
    return told


if __name__ == "__main__":
    PATH.write_text(render(run_all(ROWS)), encoding="utf-8")
