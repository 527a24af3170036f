"""Checks that a wheel holds the library, the programs and the pretrained generator, and no tests."""

import configparser
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import retarget_tf
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


def test_every_package_that_is_installed_has_its_licence_told() -> None:
    told = (testing.ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    metadata = (testing.ROOT / "setup.py").read_text(encoding="utf-8").split('"dev": [')
    needed = re.findall(r'"([a-z][a-z0-9-]+)(?:\[[\w-]+\])?[>=]', metadata[0] + metadata[1].split("],", 1)[1])
    assert len(needed) > 20
    assert not [name for name in needed if not re.search(rf"[ |]{name}[ ,;|]", told)]


@pytest.mark.slow
def test_a_source_distribution_makes_a_wheel_that_runs_elsewhere(tmp_path: pathlib.Path) -> None:
    def run(*command: object, cwd: pathlib.Path = testing.ROOT, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, *map(str, command)],
            cwd=cwd,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("setup.py", "-q", "egg_info", f"--egg-base={tmp_path}", "sdist", f"--dist-dir={tmp_path}")
    [source] = tmp_path.glob("*.tar.gz")
    assert retarget_tf.__version__ in source.name
    run("-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", f"--target={tmp_path / 'there'}", source)
    there = {"PYTHONPATH": str(tmp_path / "there")}
    where = run("-c", "import retarget_tf, retarget_tf_data; print(retarget_tf.__file__)", cwd=tmp_path, **there)
    assert pathlib.Path(where.strip()).is_relative_to(tmp_path / "there")
    dancers = ("--people=2", "--clips_per_person=1", "--frames=4", "--size=64")
    run("-m", "retarget_tf_data.make_dancers", "--out=d", *dancers, cwd=tmp_path, **there)
    clips = ("--source_clip=d/dancer_0_0001_00", "--target_clip=d/dancer_0_0000_00")
    told = run("-m", "retarget_tf.retarget", "--show=maps", "--out=o.mp4", *clips, cwd=tmp_path, **there)
    assert told == "4 frames: o.mp4\n"


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
