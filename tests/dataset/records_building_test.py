"""Tests of large builds: equal records for any number of workers, resumed builds, and one writer at a time."""

import dataclasses
import os
import pathlib
import signal
import subprocess
import sys

import pytest

from retarget_tf import files
from retarget_tf.dataset import records
from retarget_tf.dataset.records import building
from retarget_tf.errors import ConfigError
from tests import testing

CONFIG = records.BuildConfig(segment_frames=4, validation_share=0.2, test_share=0.2)

# Builds as CONFIG says, and kills itself at the n-th call of a function.
KILLED = """
import os, pathlib, signal, sys
from retarget_tf.dataset.records import staging
from tests.dataset import records_building_test as test
from retarget_tf.dataset import records
owner, name = (staging, "encode_map") if sys.argv[3] == "clip" else (records.Segment, "serialize")
original, calls = getattr(owner, name), []
def counted(*arguments):
    calls.append(1)
    if len(calls) == int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*arguments)
setattr(owner, name, counted)
records.build_records([sys.argv[1]], sys.argv[2], test.CONFIG)
"""


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return testing.make_five_people(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module")
def manifest_bytes(clip_folder: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The manifest of an undisturbed build; the sha256 of every shard is in it."""
    out = tmp_path_factory.mktemp("built") / "records"
    records.build_records([clip_folder], out, CONFIG)
    return (out / "manifest.json").read_bytes()


@pytest.mark.slow
def test_records_do_not_depend_on_the_workers(
    clip_folder: pathlib.Path, manifest_bytes: bytes, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "_FRAMES_WORTH_A_PROCESS", 1)  # so few frames would be encoded here
    manifest = records.build_records([clip_folder], tmp_path / "out" / "records", CONFIG, workers=2)
    assert (manifest.folder / "manifest.json").read_bytes() == manifest_bytes
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["records"]
    assert records.find_problems(manifest.folder) == []


@pytest.mark.slow
def test_a_killed_build_goes_on_where_it_stopped(
    clip_folder: pathlib.Path, manifest_bytes: bytes, tmp_path: pathlib.Path
) -> None:
    out, staging = tmp_path / "records", tmp_path / ".records.building"

    def build_and_die(within: str, call: int) -> None:
        command = [sys.executable, "-c", KILLED, str(clip_folder), str(out), within, str(call)]
        assert subprocess.run(command, cwd=testing.ROOT, check=False).returncode == -signal.SIGKILL
        assert not out.exists()

    build_and_die("clip", 35)  # within the fourth of five clips of 10 frames
    encoded = {path.name: path.stat().st_mtime_ns for path in (staging / "clips").glob("[!.]*.npy")}
    assert len(encoded) == 3
    build_and_die("shard", 5)  # the records of the first shards are written
    written = {path.name: path.stat().st_mtime_ns for path in (staging / "records").glob("[!.]*")}
    again = {path.name: path.stat().st_mtime_ns for path in (staging / "clips").glob("[!.]*.npy")}
    assert len(written) > 0
    assert len(again) == 5
    assert encoded.items() <= again.items()

    manifest = records.build_records([clip_folder], out, CONFIG)
    assert (out / "manifest.json").read_bytes() == manifest_bytes
    assert written.items() <= {path.name: path.stat().st_mtime_ns for path in out.iterdir()}.items()
    assert {path.name for path in tmp_path.iterdir()} == {"records"}
    manifest.verify()


def test_what_was_damaged_or_made_of_something_else_is_made_again(
    clip_folder: pathlib.Path, manifest_bytes: bytes, tmp_path: pathlib.Path
) -> None:
    left: list[tuple[int, int]] = []

    def build(out: pathlib.Path, *, stop: bool, seed: int = 0) -> None:
        def carry_out(work: records.Work) -> None:
            left.append((len(work.clips), len(work.shards)))
            building._carry_out_here(work, workers=1, show_progress=False)
            if stop:
                raise KeyboardInterrupt

        config = dataclasses.replace(CONFIG, seed=seed)
        records.build_records([clip_folder], out, config, carry_out=carry_out)

    out = tmp_path / "records"
    with pytest.raises(KeyboardInterrupt):
        build(out, stop=True, seed=1)
    with pytest.raises(KeyboardInterrupt):
        build(out, stop=True)
    staging = tmp_path / ".records.building"
    shard = next((staging / "records").iterdir())
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    for pictures in (staging / "clips").glob("*.pictures"):
        os.truncate(pictures, pictures.stat().st_size - 1)
    build(out, stop=False)
    assert left[0] == (5, 6)
    assert left[1][0] == 0  # the encoded clips serve another seed too
    assert left[1][1] > 3  # the training shards do not
    assert left[2][1] == 1
    assert left[2][0] > 0
    assert (out / "manifest.json").read_bytes() == manifest_bytes


def test_a_second_writer_is_refused(clip_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with files.exclusive(tmp_path / "records"), pytest.raises(ConfigError, match="no other process may be writing"):
        records.build_records([clip_folder], tmp_path / "records", CONFIG)
    records.build_records([clip_folder], tmp_path / "records", CONFIG)
