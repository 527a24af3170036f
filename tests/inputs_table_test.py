"""A table of inputs as people bring them: a command, its exit code, what is told, and what is written.

Each row runs a program in a process that is forked from one that has imported TensorFlow, so that a row takes parts of
a second. Nothing but what a row lists is written or changed, and no row shows a traceback.
"""

import dataclasses
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

import cv2
import numpy as np
import pytest

from retarget_tf.dataset import records
from retarget_tf.pictures import video
from tests import testing
from tests.commands_test import entry_points

SIZE = 64
DONE, FAILED, USAGE, BAD_INPUT = range(4)
TARGET = "--target_photo=photo.png --target_keypoints=person.npy --target_map=map.png"
SOURCE = "--source_video=dance.mp4 --source_keypoints=points.npy"
DANCE = f"retarget {TARGET} {SOURCE}"
IMPORT = "retarget-import-clips --frames=frames --keypoints=points.npy --maps=maps --schema=parts10 --fps=25"
BUILD = "retarget-build-records --clips=clips --validation_share=0.34 --test_share=0.34 --out=new"
TRAIN = "retarget-train --records=records --workdir=work --steps=1"
SCREEN = "retarget-screen-clips --videos=dance.mp4"
CLIP = ("clip.json", "frames.mkv", "keypoints.npy", "maps.mkv")
EXTRACT = "retarget-extract-clips --videos=dance.mp4"


@dataclasses.dataclass(frozen=True)
class Row:
    """A command and what comes of it.

    Attributes:
        command: The command, run in a folder with the files of `brought`.
        code: Exit code.
        told: Pattern of the last line on stderr, after `ERROR: `; empty for none.
        written: Names of what is new or has changed.
        before: Shell commands that prepare the folder.
    """

    command: str
    code: int
    told: str = ""
    written: tuple[str, ...] = ()
    before: str = ""

    @property
    def name(self) -> str:
        """The command without what every command of its program has, for the report."""
        short = self.command
        for common in (TARGET, SOURCE, "retarget-"):
            short = short.replace(common, "")
        return re.sub(r"[^\w=./-]+", " ", f"{self.before} {short}").strip()


ROWS = [
    # An output is never an input, and never what something else made.
    Row(f"{DANCE} --out=dance.mp4", USAGE, r"must not be an input \(dance\.mp4\)"),
    Row(f"{DANCE} --out=link.mp4", USAGE, r"must not be an input \(dance\.mp4\)", before="ln -s dance.mp4 link.mp4"),
    Row(f"{DANCE} --out=hard.mp4", USAGE, r"must not be an input \(dance\.mp4\)", before="ln dance.mp4 hard.mp4"),
    Row(f"{DANCE} --server=localhost:1 --out=dance.mp4", USAGE, r"must not be an input \(dance\.mp4\)"),
    Row(f"{DANCE.replace('retarget ', 'retarget-query-server ')} --out=dance.mp4", USAGE, "must not be an input"),
    Row(f"{DANCE} --out=.", USAGE, r"must not hold an input \(photo\.png\)"),
    Row(f"{DANCE} --out=", USAGE, "an output must have a name"),
    Row(f"{DANCE} --out=out.avi", USAGE, r"must end in one of \.mkv, \.mov, \.mp4, \.webm"),
    Row(f"{DANCE} --out=out.mp4", USAGE, r"must be the \.mp4 that its name says", before="cp photo.png out.mp4"),
    Row(f"{DANCE} --out=out.mp4", USAGE, "a file to write must not be a folder", before="mkdir out.mp4"),
    Row(f"{DANCE} --out=photo.png/out.mp4", USAGE, "must not lie in an input|must not be a file"),
    Row(f"{DANCE} --out=frames", USAGE, "0000.png is something else"),
    Row(f"{DANCE} --out=out.mp4 --maps_dir=maps", USAGE, "000000.png is something else"),
    Row(f"{DANCE} --out=out.mp4 --maps_dir=map.png", USAGE, r"must not be an input \(map\.png\)"),
    Row(f"{DANCE} --out=maps --maps_dir=maps", USAGE, "out must lie outside of maps_dir"),
    Row("retarget --target_clip=clips/a --source_clip=clips/b --out=clips/a", USAGE, "must not be an input"),
    Row("retarget --target_clip=clips/a --source_clip=clips/b --out=clips/a/o.mp4", USAGE, "must not lie in an input"),
    Row("retarget-inspect-records --records=records --out=dance.mp4", USAGE, r"must end in \.png"),
    Row("retarget-inspect-records --records=records --out=sheet", USAGE, r"must end in \.png"),
    Row("retarget-inspect-records --records=records --out=records/s.png", USAGE, "must not lie in an input"),
    Row(
        "retarget-inspect-records --records=records --out=sheet.png",
        USAGE,
        r"must be the \.png that its name says",
        before="cp dance.mp4 sheet.png",
    ),
    Row("retarget-inspect-records --records=records --out=sheet.png", DONE, written=("sheet.png",)),
    Row("retarget-inspect-records --records=records --out=sheet.png", DONE, "", ("sheet.png",), "cp map.png sheet.png"),
    Row(f"{BUILD.replace('new', 'clips')} --overwrite", USAGE, r"must not be an input \(clips\)"),
    Row(f"{BUILD.replace('new', 'frames')} --overwrite", USAGE, "0000.png is something else"),
    Row(
        f"{BUILD} --overwrite",
        USAGE,
        "manifest.json is something else",
        before="mkdir new; echo {} > new/manifest.json",
    ),
    Row(f"{BUILD.replace('new', 'records')}", USAGE, "must not exist already"),
    Row(f"{IMPORT} --out=new", DONE, written=("new", "new/frames", *(f"new/frames/{name}" for name in CLIP))),
    Row(f"{IMPORT} --out=. --overwrite", USAGE, r"must not be an input \(frames\)"),
    Row(f"{IMPORT} --out=frames --clip_id=. --overwrite", USAGE, r"must not be an input \(frames\)"),
    Row(
        f"{IMPORT} --out=new --clip_id=me --overwrite",
        USAGE,
        "clip.json is something else",
        before="mkdir -p new/me; echo '{}' > new/me/clip.json",
    ),
    Row(f"{IMPORT} --out=photo.png", USAGE, "a folder to write into must not be a file"),
    Row(f"{EXTRACT} --out=photo.png", USAGE, "a folder to write into must not be a file"),
    Row(f"{EXTRACT} --out=.", USAGE, "must not exist already|something else", before="mkdir dance; touch dance/x"),
    Row("retarget-make-dancers --out=photo.png --people=1", USAGE, "must not be a file"),
    Row("retarget-make-dancers --out=clips/x --motion_of=clips", USAGE, r"must not lie in an input \(clips\)"),
    Row(TRAIN.replace("work ", "records "), USAGE, r"must not be an input \(records\)"),
    Row(TRAIN.replace("work ", "photo.png "), USAGE, "a folder to write into must not be a file"),
    Row(TRAIN.replace("work ", ". "), USAGE, "must not have history.csv from elsewhere", before="touch history.csv"),
    Row("retarget-evaluate --model=stable_128 --records=records --out=records", USAGE, "must not be an input"),
    Row("retarget-evaluate --model=stable_128 --records=records --out=map.png", USAGE, "must not be a file"),
    Row(
        "retarget-evaluate --model=stable_128 --records=records --out=.",
        USAGE,
        "must not have figure.png from elsewhere",
        before="cp photo.png figure.png",
    ),
    Row("retarget-evaluate --frames --clips=clips --out=clips", USAGE, "must not be an input"),
    Row("retarget-export-saved-model --model=stable_128 --out=photo.png", USAGE, "must not be a file"),
    Row("retarget-export-onnx --model=stable_128 --out=photo.png", USAGE, r"must end in \.onnx"),
    Row(
        "retarget-export-onnx --model=stable_128 --out=g.onnx",
        USAGE,
        r"must be the \.onnx that its name says",
        before="cp photo.png g.onnx",
    ),
    Row(f"{SCREEN} --report=photo.png", USAGE, r"must end in \.html or \.htm"),
    Row(f"{SCREEN} --report=dance.html", USAGE, "must not be an input", before="ln -s dance.mp4 dance.json"),
    Row(f"{SCREEN} --report=r.html", USAGE, r"must be the \.json that its name says", before="cp dance.mp4 r.json"),
    Row(f"{SCREEN} --report=r.html", USAGE, r"must be the \.html that its name says", before="cp dance.mp4 r.html"),
    Row(f"{SCREEN} --report=r.html", USAGE, "a file to write must not be a folder", before="mkdir r.html"),
    Row("retarget-fetch-models --out=photo.png", USAGE, "a folder to write into must not be a file"),
    # Settings from text.
    Row(f"{DANCE} --out=o.mp4 --height=tall", USAGE, r"height must be a whole number\. Received: height=tall\."),
    Row(f"{DANCE} --out=o.mp4 --height=9999999", USAGE, "height must be from 64 to 4320"),
    Row(f"{DANCE} --out=o.mp4 --fps=fast", USAGE, "fps must be a number"),
    Row(f"{DANCE} --out=o.mp4 --fps=nan", USAGE, "fps must be 0, or from 1 to 240"),
    Row(f"{DANCE} --out=o.mp4 --audio=maybe", USAGE, "audio must be true or false"),
    Row(f"{DANCE} --out=o.mp4 --max_frames=0", USAGE, "max_frames must be at least 1"),
    Row(f"{DANCE} --out=o.mp4 --background=#12345", USAGE, "background must be like #00b140"),
    Row(f"{DANCE} --out=o.mp4 --background=no.jpg", USAGE, "or a picture file that is there"),
    Row(
        f"retarget {SOURCE} --target_photo=photo.png --out=o.mp4 --target_person=left", USAGE, "target_person must be a"
    ),
    Row(f"{DANCE} --out=o.mp4 --target_person=1", USAGE, "target_person is for people who are detected"),
    Row(f"{DANCE} --out=o.mp4 --server=localhost", USAGE, "server must be host:port"),
    Row(f"{DANCE} --out=o.mp4 --server=localhost:1 --wait_seconds=soon", USAGE, "wait_seconds must be a number"),
    Row(
        f"{DANCE} --out=o.mp4 --server=localhost:1 --wait_seconds=0",
        FAILED,
        "model retarget is not available after 0 s",
    ),
    Row(f"retarget {TARGET} --out=o.mp4", USAGE, "give one of --source_video and --source_clip"),
    Row(f"{IMPORT} --out=new --person=x", USAGE, "person must be a number from 0 or a point"),
    Row(f"{IMPORT} --out=new --schema=nope", USAGE, "label schema must be one of"),
    Row(f"{EXTRACT} --out=new --size=8", USAGE, "size must be at least 32"),
    Row(f"{BUILD} --workers=0", USAGE, "workers must be at least 1"),
    Row(f"{BUILD} --seed=-1", USAGE, "seed must be at least 0"),
    Row(f"{BUILD} --runner_option=a=b", USAGE, "runner_option needs --runner"),
    Row(f"{BUILD} --clips=", USAGE, "clips must name a folder"),
    Row(f"{TRAIN} --records=", USAGE, "records must name a folder"),
    Row(f"{TRAIN} --learning_rate=nan", USAGE, "learning_rate must be above 0"),
    Row(f"{TRAIN} --preset=fancy", USAGE, r"preset=fancy: value should be one of <paper\|stable>"),
    Row("retarget-validate-records --records=records --workers=many", USAGE, "workers must be a whole number"),
    Row("retarget-make-dancers --out=d --people=two", USAGE, "people must be a whole number"),
    Row("retarget-make-dancers --out=d --people=0", USAGE, "people must be at least 1"),
    Row("retarget-export-saved-model --model=stable_128 --out=s --version=one", USAGE, "version must be a positive"),
    Row("retarget-serve --export_dir=frames --port=99999", USAGE, "port must be from 0 to 65535"),
    # Files that are not what is asked for.
    Row(f"{DANCE} --out=o.mp4 --model=nothing", BAD_INPUT, "model nothing: must be a workdir"),
    Row(f"{DANCE} --out=o.mp4 --model=photo.png", BAD_INPUT, "model photo.png: must be a workdir"),
    Row(f"{DANCE} --out=o.mp4 --background=dance.mp4", BAD_INPUT, "is no JPEG, PNG or WebP picture"),
    Row(f"{DANCE} --out=o.mp4 --units=shares", BAD_INPUT, "no joint is within the 64x64 picture"),
    Row(f"retarget {TARGET} --source_clip=clips --out=o.mp4", BAD_INPUT, "clip clips/clip.json: No such file"),
    Row("retarget-validate-records --records=frames", BAD_INPUT, "no manifest.json"),
    Row(f"{TRAIN} --records=frames", BAD_INPUT, "no manifest.json"),
    Row(f"{TRAIN} --init_from=nothing", BAD_INPUT, "model nothing: must be a workdir"),
    Row(f"{BUILD} --clips=clips,clips", BAD_INPUT, "has the id of"),
    Row("retarget-make-dancers --out=d --motion_of=clips", BAD_INPUT, "was not made by this renderer"),
    Row(
        "retarget-check-saved-model --model=stable_128 --export_dir=frames", BAD_INPUT, "export folder frames: holds no"
    ),
    Row("retarget-serve --export_dir=frames", BAD_INPUT, "holds no version that can be loaded"),
    Row(f"{SCREEN} --videos=no*.mp4 --report=r.html", BAD_INPUT, "no file matches"),
    Row(f"{EXTRACT} --models=nothing --out=new", FAILED, "Fetch it: retarget-fetch-models --out=nothing"),
]


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The files that the commands name."""
    folder = tmp_path_factory.mktemp("brought")
    squares = [testing.walking_square(index, SIZE) for index in range(5)]
    for name in ("frames", "maps"):
        (folder / name).mkdir()
    with video.VideoWriter(folder / "dance.mp4", 25) as writer:
        for index, (frame, parsing_map, _) in enumerate(squares):
            writer.write(frame)
            cv2.imwrite(str(folder / "frames" / f"{index:04}.png"), frame[..., ::-1])
            cv2.imwrite(str(folder / "maps" / f"{index:06}.png"), parsing_map)
    shutil.copy(folder / "frames" / "0000.png", folder / "photo.png")
    shutil.copy(folder / "maps" / "000000.png", folder / "map.png")
    np.save(folder / "points.npy", np.stack([keypoints for *_, keypoints in squares]))
    np.save(folder / "person.npy", squares[0][2][None])
    for person in "abc":
        testing.make_clip_folder(folder / "clips", clip_id=person, person_id=person)
    config = records.BuildConfig(segment_frames=4, validation_share=0.34, test_share=0.34)
    records.build_records([folder / "clips"], folder / "records", config)
    return folder


@pytest.fixture(scope="module")
def forks() -> Any:
    """Starts processes that have imported what takes long."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tensorflow", "keras", "tqdm", "grpc", __name__])
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


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_command_ends_as_the_table_says(row: Row, brought: pathlib.Path, tmp_path: pathlib.Path, forks: Any) -> None:
    program, *arguments = shlex.split(row.command)
    folder, log = tmp_path / "here", tmp_path / "log"
    shutil.copytree(brought, folder)
    subprocess.run(row.before, shell=True, cwd=folder, check=True)
    before = contents(folder)
    process = forks.Process(target=run, args=(entry_points()[program], arguments, folder, log))
    process.start()
    process.join()
    told, after = log.read_text(), contents(folder)
    assert process.exitcode == row.code, told
    assert "Traceback" not in told
    errors = [line for line in told.splitlines() if line.startswith("ERROR: ")]
    assert bool(errors) == bool(row.code)
    assert re.search(row.told, errors[-1] if errors else ""), told
    assert before.keys() <= after.keys()
    assert sorted(name for name in after if name not in before or after[name] != before[name]) == sorted(row.written)
