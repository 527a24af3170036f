"""Checks the report, the processes in which things are tried, and retarget-doctor as a whole."""

import json
import os
import pathlib
import re
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator

import pytest

from retarget_tf.errors import InputDataError
from retarget_tf.evaluation import machine
from retarget_tf.evaluation.machine import abilities, findings, processes
from retarget_tf.evaluation.machine.findings import Finding, failed, ok, warning
from retarget_tf.evaluation.machine.processes import Answer, Question, ask
from retarget_tf.footage.extraction import models
from tests import testing
from tests.testing import needs_mediapipe

GOOD, SLOW, BAD = (
    ok("disk", "full of room"),
    warning("GPU", "none", "Buy one."),
    failed("av", "absent", "pip install av"),
)


def test_a_finding_is_a_line_and_below_it_what_to_do() -> None:
    assert GOOD.text(80) == "  ok       disk                      full of room"
    assert BAD.text(80) == (
        "  failed   av                        absent\n                                     -> pip install av"
    )


def test_long_lines_are_wrapped_but_commands_and_paths_are_not() -> None:
    path, command = "/a/long-winded/path" * 3, "pip install " + "a-long-name " * 9
    text = failed("av", f"{'word ' * 12}{path}", command.strip()).text(80)
    assert path in text
    assert command.strip() in text
    assert all(len(line) <= 80 for line in text.splitlines() if path not in line and "pip" not in line)


@pytest.mark.parametrize(
    ("seen", "line"),
    [
        ([GOOD], "Ready: retarget will run here (1 checks)."),
        ([GOOD, SLOW], "Ready: retarget will run here (2 checks, 1 warning)."),
        ([SLOW, BAD, SLOW], "Not ready: 1 of 3 checks failed, 2 warnings."),
    ],
)
def test_the_last_line_counts(seen: list[Finding], line: str) -> None:
    assert machine.summary(seen) == line
    assert machine.as_json(seen)["ready"] == line.startswith("Ready")


def test_a_check_that_breaks_is_a_failed_line() -> None:
    def breaks(error: Exception) -> Iterator[Finding]:
        yield GOOD
        raise error

    def told(error: Exception) -> list[Finding]:
        return list(findings.isolated("Machine", "disks", lambda: breaks(error)))

    first, last = told(ZeroDivisionError("by\nzero"))
    assert (first.state, first.group, last.group, last.name) == ("ok", "Machine", "Machine", "disks")
    assert (last.state, last.found) == ("failed", "cannot be told (ZeroDivisionError: by zero)")
    _, last = told(InputDataError("model a.task: is cut. Fetch it again: retarget-fetch-models"))
    assert (last.found, last.advice) == ("model a.task: is cut.", "Fetch it again: retarget-fetch-models")
    with pytest.raises(KeyboardInterrupt):
        list(findings.isolated("Machine", "disks", lambda: (_ for _ in ()).throw(KeyboardInterrupt())))


def test_questions_after_a_crash_are_answered_in_another_process(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dies.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    (tmp_path / "leaves.py").write_text("import sys; sys.exit(4)")
    (tmp_path / "fine.py").write_text("__version__ = '7'")
    monkeypatch.syspath_prepend(tmp_path)
    modules = "fine", "dies", "leaves", "no_such_module", "fine"
    answers = list(ask([Question("imported", (module,)) for module in modules], tmp_path))
    assert [answer.value for answer in answers] == ["7", None, None, None, "7"]
    assert [answer.problem for answer in answers[1:4]] == [
        "crashed with SIGKILL",
        "ended with exit code 4",
        "a package cannot be imported: No module named 'no_such_module'",
    ]


def test_what_hangs_is_ended(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hangs.py").write_text("import time; time.sleep(60)")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(processes, "_SECONDS", 3)
    start = time.monotonic()
    [fine, hung] = ask([Question("imported", ("json",)), Question("imported", ("hangs",))], tmp_path)
    assert (fine.problem, hung.problem) == ("", "no answer after 3 seconds")
    assert time.monotonic() - start < 30


def test_a_server_is_ended_with_the_block_and_tells_why_it_did_not_start(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serves = "import os, time\ndef cli():\n    print(os.getpid(), flush=True)\n    time.sleep(60)\n"
    (tmp_path / "serves.py").write_text(serves)
    (tmp_path / "fails.py").write_text("import sys\ndef cli(): sys.exit('ERROR: export x: is cut. Export it again.')\n")
    (tmp_path / "waits.py").write_text("import time\ndef cli(): time.sleep(60)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with processes.running("serves", folder=tmp_path) as (line, problem):
        assert (pathlib.Path("/proc") / line).exists() or not pathlib.Path("/proc").exists()
    assert problem == ""
    assert not (pathlib.Path("/proc") / line).exists()
    with processes.running("fails", folder=tmp_path) as answer:
        assert answer == ("", "ERROR: export x: is cut. Export it again.")
    monkeypatch.setattr(processes, "_SECONDS", 1)
    with processes.running("waits", folder=tmp_path) as answer:
        assert answer == ("", "crashed with SIGKILL")


def test_formats_with_the_same_problem_are_one_line(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {"vp9": "no encoder", "JPEG": "grey", "WebP": "grey"}

    def answers(questions: list[Question], _: pathlib.Path) -> Iterator[Answer]:
        yield from (Answer("", bad.get(question.arguments[0], "")) for question in questions)

    monkeypatch.setattr(abilities, "ask", answers)
    seen = {finding.found: finding.state for finding in abilities.check_formats(tmp_path)}
    assert seen["vp9 (with alpha): no encoder"] == "warning"
    assert seen["JPEG, WebP: grey"] == "failed"
    assert seen["written and read: h264 (dances), mjpeg (clips), ffv1 (maps)"] == "ok"


def test_formats_are_written_and_read(tmp_path: pathlib.Path) -> None:
    videos, pictures = abilities.check_formats(tmp_path)
    assert (videos.state, videos.found.count(",")) == ("ok", 3)
    assert pictures.state == "ok"
    assert ("HEIC" in pictures.found) == testing.HAS_HEIF
    assert not list(tmp_path.iterdir())


def test_models_that_are_missing_or_cut_and_a_network_that_cannot_be_read(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = "model /c/a.task: is not the file that is expected (sha256 51...). Fetch it again: retarget-fetch-models"
    gone = "model /c/b.tflite: not there. Fetch it: retarget-fetch-models"
    models = {"folder": str(tmp_path), "count": 3, "size": 53_000_000, "problems": [cut, gone]}
    monkeypatch.setattr(abilities, "ask", lambda *_: [Answer(models), Answer(None, "not a .keras file")])
    one, two, cache, network = abilities.check_models(tmp_path)
    assert (one.state, one.advice) == ("failed", "Fetch it again: retarget-fetch-models")
    assert (two.state, two.advice) == ("failed", "Fetch it: retarget-fetch-models")
    assert cache.name == "cache folder"
    assert (network.state, network.found) == ("failed", "not a .keras file")


def test_the_trial_stops_where_it_fails_and_gives_flags_that_programs_have(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: dict[str, tuple[str, ...]] = {}
    failing = "ERROR: training: a loss is not finite. Train anew."

    def run_program(module: str, *arguments: str, folder: pathlib.Path) -> str:
        called[module] = arguments
        return failing if module == fails_in else ""

    monkeypatch.setattr(abilities, "run_program", run_program)
    monkeypatch.setattr(abilities, "_serve", lambda _: "")
    monkeypatch.setattr(abilities, "ask", lambda *_: [Answer(None)])
    fails_in = "retarget_tf.train"
    records, training = abilities.try_chain(tmp_path)
    assert (records.state, records.found) == ("ok", "of two clips")
    assert (training.state, training.found) == ("failed", "training: a loss is not finite.")
    fails_in = ""
    assert [finding.name for finding in abilities.try_chain(tmp_path)] == ["records", "training", "export", "serving"]
    assert [finding.state for finding in abilities.try_dance(tmp_path)] == ["ok"]
    for module, arguments in called.items():
        there = testing.run_program(re.sub("^retarget_tf_(?=data|export)", "", module), "--help").stdout
        assert {argument.partition("=")[0] for argument in arguments} <= set(re.findall(r"--\w+", there)), module


def doctor(tmp_path: pathlib.Path, *arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Runs the program with a line of each kind, or as many as a variable names, in the place of the checks."""
    script = """
        import os
        from data import doctor
        from retarget_tf.evaluation import machine
        from retarget_tf.evaluation.machine import surroundings
        from retarget_tf.evaluation.machine.findings import isolated

        def examine(environ, full):
            yield from isolated("Settings", "Keras", lambda: surroundings.check_keras(environ))
            yield from isolated("Settings", "proxies", lambda: surroundings.check_proxies(environ))
            yield from isolated("Machine", "disk", lambda: surroundings.check_folder("disk", os.environ["AT"], "Go."))

        machine.examine = examine
        doctor.cli()
    """
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *arguments],
        env={"PYTHONPATH": str(testing.ROOT), "HOME": str(tmp_path), "AT": str(tmp_path), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_warnings_are_told_of_and_the_program_exits_with_0(tmp_path: pathlib.Path) -> None:
    done = doctor(tmp_path, KERAS_BACKEND="torch", https_proxy="http://me:secret@proxy:3128")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        "Settings",
        "Machine",
        "Ready: retarget will run here (3 checks, 2 warnings).",
    ]
    assert "  warning  Keras                     KERAS_BACKEND=torch: the programs leave it aside" in done.stdout
    assert "  warning  proxies                   https_proxy=...@proxy:3128\n" in done.stdout
    assert "secret" not in done.stdout


def test_a_failure_exits_with_1_in_text_and_in_json(tmp_path: pathlib.Path) -> None:
    text, of_json = doctor(tmp_path, AT="/proc/no"), doctor(tmp_path, "--json", AT="/proc/no")
    assert (text.returncode, text.stderr) == (of_json.returncode, of_json.stderr) == (1, "")
    assert text.stdout.endswith("Not ready: 1 of 3 checks failed.\n")
    report = json.loads(of_json.stdout)
    assert not report["ready"]
    last = report["checks"][-1]
    assert (last["name"], last["state"], last["group"], last["advice"]) == ("disk", "failed", "Machine", "Go.")
    assert all(check["found"] in " ".join(text.stdout.split()) for check in report["checks"])


@pytest.mark.slow
@needs_mediapipe
def test_it_finds_that_this_machine_can_dance_and_leaves_nothing(tmp_path: pathlib.Path) -> None:
    for name in ("here", "home"):
        (tmp_path / name).mkdir()
    cache = str(models.default_folder().parents[1])
    done = subprocess.run(
        [sys.executable, "-c", "from data import doctor; doctor.cli()", "--json"],
        env={
            **os.environ,
            "TMPDIR": str(tmp_path),
            "HOME": str(tmp_path / "home"),
            "XDG_CACHE_HOME": cache,
            "PYTHONPATH": str(testing.ROOT),
        },
        cwd=tmp_path / "here",
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    report = json.loads(done.stdout)
    checks = {check["name"]: check for check in report["checks"]}
    assert {check["group"] for check in checks.values()} == {
        "Packages",
        "Machine",
        "Settings",
        "Formats and models",
        "Trial",
    }
    trial = checks["a dance of 6 frames"]
    assert trial["state"] == "ok", trial
    assert trial["seconds"] > 0
    assert checks["network"]["found"] == "stable_128: 128 px, parts10"
    assert done.returncode == (0 if report["ready"] else 1)
    assert done.stderr == ""
    left = [path.name for path in tmp_path.rglob("*")]
    assert sorted(left) == ["here", "home"], "nothing is left in the folder, the temporary one, or at home"
