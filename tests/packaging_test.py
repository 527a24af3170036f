"""Checks that a wheel holds the library, the programs and the pretrained generator, and no tests."""

import configparser
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from tests import testing


def build(root: pathlib.Path, folder: pathlib.Path) -> None:
    command = [sys.executable, "setup.py", "-q", "egg_info", f"--egg-base={folder}"]
    command += ["build_py", f"--build-lib={folder / 'files'}"]
    subprocess.run(command, cwd=root, capture_output=True, check=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The files that go into a wheel in `files`, and its metadata in `retarget_tf.egg-info`."""
    folder = tmp_path_factory.mktemp("built")
    build(testing.ROOT, folder)
    return folder


def listing(folder: pathlib.Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_it_holds_every_file_of_the_library_and_every_program(built: pathlib.Path) -> None:
    programs = {
        f"retarget_tf_{folder}/{path.name}"
        for folder in ("data", "export")
        for path in (testing.ROOT / folder).glob("*.py")
    }
    library = {f"retarget_tf/{name}" for name in listing(testing.ROOT / "retarget_tf")}
    assert {f"retarget_tf/networks/pretrained/{name}" for name in ("stable_128.keras", "stable_128.json")} <= library
    assert "retarget_tf/program/keras.json" in library
    assert listing(built / "files") == library | programs


def test_every_command_starts_a_module_of_it(built: pathlib.Path) -> None:
    entry_points = configparser.ConfigParser()
    entry_points.read(built / "retarget_tf.egg-info" / "entry_points.txt")
    commands = dict(entry_points["console_scripts"])
    assert "retarget" in commands
    for command, target in commands.items():
        module, function = target.split(":")
        file = built / "files" / f"{module.replace('.', '/')}.py"
        assert function in file.read_text(encoding="utf-8"), command


def test_a_container_gets_all_that_its_wheel_needs(built: pathlib.Path, tmp_path: pathlib.Path) -> None:
    lines = (testing.ROOT / ".dockerignore").read_text().split()
    for name in [line.removeprefix("!") for line in lines if line.startswith("!")]:
        path = testing.ROOT / name
        if path.is_dir():
            shutil.copytree(path, tmp_path / "sent" / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, tmp_path / "sent" / name)
    build(tmp_path / "sent", tmp_path)
    assert listing(tmp_path / "files") == listing(built / "files")


def test_the_container_installs_extras_that_there_are() -> None:
    [extras] = re.findall(r"^ARG EXTRAS=(.*)$", (testing.ROOT / "Dockerfile").read_text(), re.MULTILINE)
    metadata = (testing.ROOT / "setup.py").read_text()
    assert all(f'"{extra}": [' in metadata for extra in extras.split(","))
