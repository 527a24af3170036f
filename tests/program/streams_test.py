"""Tests that a program ends in a line and its exit code where it cannot print: closed, unread, full, ASCII."""

import pathlib
import shlex
import subprocess
import sys
import textwrap

import pytest

from tests import testing

SCRIPT = '''
    """Prints a line, logs one, and writes a file while C++ code complains."""

    import os
    import sys

    from absl import flags, logging

    from retarget_tf import errors, program

    _FAIL = flags.DEFINE_bool("fail", False, "whether it fails")
    _NAME = flags.DEFINE_string("name", "kept.txt", "file to name in what is kept")


    def main() -> None:
        with open("kept.txt", "w", encoding="utf-8") as kept, program.native_log_aside():
            os.write(2, b"from C++")
            kept.write(f'only this: "{_NAME.value}"')
            logging.info("logged: t\\u00e4nze")
        for line in range(3):
            print("t\\u00e4nze", line)
        if _FAIL.value:
            raise errors.InputDataError("video t\\u00e4nze.mp4: is cut. Copy it.")


    program.run(main)
'''


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    path = tmp_path_factory.mktemp("streams") / "prints.py"
    path.write_text(textwrap.dedent(SCRIPT))
    return path


def run(script: pathlib.Path, how: str, folder: pathlib.Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Runs the script by a shell: `how` has {} for the command. Each stream is read as ASCII."""
    command = f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}"
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", how.format(command)],
        cwd=folder,
        env={"PYTHONPATH": str(testing.ROOT), **variables},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("how", "code", "out", "errors"),
    [
        ("{}", 0, "tänze 0\ntänze 1\ntänze 2\n", "logged: tänze\n"),
        ("{} >&-", 0, "", "logged: tänze\n"),
        ("{} 2>&-", 0, "tänze 0\ntänze 1\ntänze 2\n", ""),
        ("{} <&- >&- 2>&-", 0, "", ""),
        ("{} | true", 0, "", "logged: tänze\n"),
        ("{} 2>&1 | true", 0, "", ""),
        ("{} --help | true", 0, "", ""),
        ("{} --help >&-", 0, "", ""),
        ("{} >/dev/full", 1, "", "logged: tänze\nERROR: [Errno 28] No space left on device\n"),
        ("{} --fail >/dev/full", 3, "", "logged: tänze\nERROR: video tänze.mp4: is cut. Copy it.\n"),
        ("{} --fail 2>&-", 3, "tänze 0\ntänze 1\ntänze 2\n", ""),
        ("{} --fail 2>/dev/full", 3, "tänze 0\ntänze 1\ntänze 2\n", ""),
        ("{} --fail 2>&1 >&- | true", 3, "", ""),
        ("{} --wrong 2>&-", 2, "", ""),
    ],
)
def test_a_program_ends_in_its_exit_code_where_it_cannot_print(
    script: pathlib.Path, tmp_path: pathlib.Path, how: str, code: int, out: str, errors: str
) -> None:
    done = run(script, how, tmp_path, PYTHONUTF8="1")
    assert (done.returncode, done.stdout, done.stderr) == (code, out, errors)
    if code != 2 and "--help" not in how:
        assert (tmp_path / "kept.txt").read_text() == 'only this: "kept.txt"', (
            "no stream that was closed has become this file"
        )


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
        {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"},
        {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "ascii"},
    ],
)
def test_letters_that_a_terminal_lacks_are_escaped(
    script: pathlib.Path, tmp_path: pathlib.Path, variables: dict[str, str]
) -> None:
    done = run(script, "{} --fail", tmp_path, **variables)
    assert done.returncode == 3
    assert done.stdout == "t\\xe4nze 0\nt\\xe4nze 1\nt\\xe4nze 2\n"
    assert done.stderr == "logged: t\\xe4nze\nERROR: video t\\xe4nze.mp4: is cut. Copy it.\n"


@pytest.mark.parametrize("variables", [{"PYTHONUTF8": "1"}, {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
def test_a_name_that_is_not_in_utf8_is_told_in_a_line(
    script: pathlib.Path, tmp_path: pathlib.Path, variables: dict[str, str]
) -> None:
    done = run(script, "{} --name=$'videos/t\\xe4nze.mp4'", tmp_path, **variables)
    assert (done.returncode, done.stdout) == (3, "")
    last = "ERROR: the name t\\udce4nze.mp4 is not in UTF-8. Rename it, or set LC_ALL=C.UTF-8.\n"
    assert done.stderr.endswith(last)
    assert "Traceback" not in done.stderr
