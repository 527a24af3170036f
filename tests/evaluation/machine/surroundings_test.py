"""Checks of what surrounds the programs, with folders, files and variables made for it."""

import os
import pathlib
import re
import shutil
import tempfile
from collections import namedtuple
from collections.abc import Iterable

import pytest

from retarget_tf.evaluation.machine import surroundings
from retarget_tf.evaluation.machine.findings import Finding
from tests import testing

Usage = namedtuple("Usage", "total used free")


def states(findings: Iterable[Finding]) -> list[str]:
    return [finding.state for finding in findings]


@pytest.mark.parametrize(("free", "state"), [(1 << 33, "ok"), (1 << 30, "warning"), (1 << 20, "failed")])
def test_a_folder_needs_room(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1 << 40, 0, free))
    [found] = surroundings.check_folder("current folder", tmp_path, "Go to another.")
    assert (found.state, found.found) == (state, f"{tmp_path}: {free / (1 << 30):.1f} GiB are free")
    [other] = surroundings.check_folder("cache folder", tmp_path, "Go to another.", is_needed=False)
    assert other.state == ("warning" if state == "failed" else state)


def test_a_folder_must_be_writable_or_the_one_in_which_it_is_made(tmp_path: pathlib.Path) -> None:
    tmp_path.chmod(0o500)
    with testing.held_to_permissions():
        for folder in (tmp_path, tmp_path / "new" / "one"):
            [found] = surroundings.check_folder("current folder", folder, "Go to another.")
            assert (found.state, found.advice) == ("failed", "Go to another.")
            assert found.found == f"{folder}: cannot be written (Permission denied)"
    tmp_path.chmod(0o700)
    assert states(surroundings.check_folder("current folder", tmp_path / "new" / "one", "")) == ["ok"]
    assert not list(tmp_path.iterdir()), "nothing is left behind"


@pytest.mark.parametrize(
    ("environ", "settings", "found"),
    [
        ({}, None, "no settings that differ from those it comes with"),
        ({"KERAS_BACKEND": "tensorflow"}, '{"backend": "tensorflow"}', "no settings that differ"),
        ({}, "[not JSON", "no settings that differ"),
        ({"KERAS_BACKEND": "torch"}, None, "KERAS_BACKEND=torch: the programs leave it aside"),
        ({}, '{"backend": "jax", "floatx": "float16", "epsilon": 1}', "backend jax in KERAS, floatx float16 in KERAS"),
    ],
)
def test_settings_of_keras_are_only_warned_of(
    tmp_path: pathlib.Path, environ: dict[str, str], settings: str | None, found: str
) -> None:
    path = tmp_path / ".keras" / "keras.json"
    path.parent.mkdir()
    if settings is not None:
        path.write_text(settings)
    [finding] = surroundings.check_keras({"HOME": str(tmp_path), **environ})
    assert finding.found.startswith(found.replace("KERAS,", f"{path},").removesuffix("KERAS"))
    assert finding.state == ("ok" if finding.found.startswith("no settings") else "warning")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://proxy:3128", "https_proxy=proxy:3128"),
        ("http://me:secret@proxy:3128/", "https_proxy=...@proxy:3128"),
        ("http://me:se/cr?et@secret@proxy:3128", "https_proxy=...@proxy:3128"),
        ("me:secret@proxy", "https_proxy=...@proxy"),
        ("http://proxy/?key=secret", "https_proxy=proxy"),
        ("socks5h://[::1]:1080", "https_proxy=[::1]:1080"),
    ],
)
def test_proxies_are_named_without_their_passwords(address: str, shown: str) -> None:
    [finding] = surroundings.check_proxies({"https_proxy": address, "HTTP_PROXY": "", "no_proxy": "localhost"})
    assert (finding.state, finding.found) == ("warning", shown)
    assert "secret" not in str(finding)
    assert states(surroundings.check_proxies({"no_proxy": "localhost"})) == ["ok"]


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, ["none that slows TensorFlow"]),
        ({"OMP_NUM_THREADS": "8", "CUDA_VISIBLE_DEVICES": "0"}, ["none that slows TensorFlow"]),
        ({"OMP_NUM_THREADS": "many"}, ["none that slows TensorFlow"]),
        ({"OMP_NUM_THREADS": "2"}, ["OMP_NUM_THREADS=2 leaves cores idle: 8 may be used"]),
        (
            {"CUDA_VISIBLE_DEVICES": "", "TF_ENABLE_ONEDNN_OPTS": "0"},
            ["CUDA_VISIBLE_DEVICES= hides the GPUs", "TF_ENABLE_ONEDNN_OPTS=0 turns the fast kernels of the"],
        ),
    ],
)
def test_variables_that_slow_tensorflow(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], found: list[str]
) -> None:
    monkeypatch.setattr(surroundings, "usable_cores", lambda: 8)
    findings = list(surroundings.check_variables(environ))
    assert len(findings) == len(found)
    assert all(finding.found.startswith(start) for finding, start in zip(findings, found, strict=True))
    assert set(states(findings)) == ({"warning"} if "=" in found[0] else {"ok"})


@pytest.mark.parametrize(("encoding", "state"), [("utf-8", "ok"), ("UTF8", "ok"), ("ascii", "warning")])
def test_a_terminal_without_other_letters(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, encoding: str, state: str
) -> None:
    with (tmp_path / "shown.txt").open("w", encoding=encoding) as stream:
        monkeypatch.setattr("sys.stdout", stream)
        monkeypatch.setattr("locale.getpreferredencoding", lambda _: "UTF-8")
        assert states(surroundings.check_terminal()) == [state]


def test_the_cores_and_the_memory_of_a_container_are_its_limits(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8))
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    for name, text in (("cpus", "150000 100000\n"), ("memory", "1073741824\n")):
        (tmp_path / name).write_text(text)
    (tmp_path / "all").write_text("MemTotal:       16777216 kB\nMemFree: 1 kB\nMemAvailable:    8388608 kB\n")
    monkeypatch.setattr(surroundings, "_MEMORY", tmp_path / "all")
    monkeypatch.setattr(surroundings, "_GROUP_CPUS", tmp_path / "none")
    monkeypatch.setattr(surroundings, "_GROUP_MEMORY", tmp_path / "none")
    assert (surroundings.usable_cores(), surroundings.memory()) == (8, (8 << 30, 16 << 30))
    monkeypatch.setattr(surroundings, "_GROUP_CPUS", tmp_path / "cpus")
    monkeypatch.setattr(surroundings, "_GROUP_MEMORY", tmp_path / "memory")
    assert (surroundings.usable_cores(), surroundings.memory()) == (1.5, (1 << 30, 1 << 30))
    _, cores, memory = surroundings.check_hardware()
    assert cores.found == "1.5 of 16 may be used"
    assert (memory.state, memory.found) == ("warning", "1.0 of 1.0 GiB are free")


def test_cameras_are_named_and_their_absence_is_a_warning(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surroundings, "_CAMERAS", tmp_path)
    monkeypatch.setattr("platform.system", lambda: "Linux")
    [none] = surroundings.check_cameras()
    assert none.state == "warning"
    assert "needed only for a live camera" in none.found
    (tmp_path / "video7").mkdir()
    (tmp_path / "video7" / "name").write_text("HD Webcam\n")
    monkeypatch.setattr(os, "access", lambda *_: True)
    [camera] = surroundings.check_cameras()
    assert (camera.state, camera.found) == ("ok", "/dev/video7: HD Webcam")
    monkeypatch.setattr(os, "access", lambda *_: False)
    [camera] = surroundings.check_cameras()
    assert camera.state == "warning"
    assert re.search("you may not open it", camera.found)


def test_without_a_temporary_folder_the_checks_still_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from retarget_tf.evaluation import machine

    def full(*_: object, **__: object) -> None:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", full)
    with machine._temporary_folder() as folder:
        assert folder == pathlib.Path("/")
