"""Checks that each broken input ends in a one-line error with file and cause, and that nothing is written.

Interrupted builds are in `records_building_test`, broken files of other tools in `importers_test`.
"""

import contextlib
import functools
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from retarget_tf import dancers, program
from retarget_tf.arrays import AnyArray
from retarget_tf.body import parsing_labels
from retarget_tf.dataset import clips, records
from retarget_tf.errors import InputDataError
from retarget_tf.footage import extraction, importers, screening
from retarget_tf.footage.extraction import models
from retarget_tf.footage.importers import KeypointFile
from retarget_tf.networks import generator, trained
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.pictures import video
from retarget_tf.program import running
from retarget_tf.retargeting import sources, targets
from retarget_tf.retargeting.retargeter import Retargeter
from retarget_tf.serving import onnx_export
from retarget_tf.training import loop
from retarget_tf.training.config import TrainingConfig
from tests import testing

Path = pathlib.Path
SIZE = 32
BUILD = records.BuildConfig(segment_frames=4, validation_share=0.34, test_share=0.34)


@pytest.fixture(scope="module")
def model() -> Retargeter:
    spec = GeneratorSpec(ModelConfig.of_preset("paper", image_size=SIZE, filters=2), person_height_share=0.7)
    return Retargeter(trained.TrainedGenerator(generator.build_generator(spec.model), spec))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inputs with which every call below succeeds."""
    folder = tmp_path_factory.mktemp("whole")
    squares = [testing.walking_square(index, 64) for index in range(5)]
    for name in ("dance.mp4", "dance.mkv"):
        with video.VideoWriter(folder / name, 25, "h264" if name.endswith("4") else "mjpeg") as writer:
            for frame, _, _ in squares:
                writer.write(frame)
    cv2.imwrite(str(folder / "photo.png"), squares[0][0][..., ::-1])
    cv2.imwrite(str(folder / "photo.jpg"), squares[0][0][..., ::-1])
    cv2.imwrite(str(folder / "map.png"), squares[0][1])
    np.save(folder / "points.npy", np.stack([keypoints for _, _, keypoints in squares]))
    for person in "abc":
        testing.make_clip_folder(folder / "clips", clip_id=person, person_id=person)
    records.build_records([folder / "clips"], folder / "records", BUILD)
    return folder


# The programs' main calls: each reads from the folder and writes under `out`.


def extract_clips(folder: Path, out: Path, _: Retargeter) -> None:
    extraction.extract_videos([folder / "dance.mp4"], out, extraction.ExtractionConfig(), report=lambda line: None)


def retarget(folder: Path, out: Path, model: Retargeter, photo: str = "photo.png", dance: str = "dance.mp4") -> None:
    points = KeypointFile(folder / "points.npy")
    target = targets.photo_target(
        folder / photo, SIZE, 0.7, points, target_map=folder / "map.png", schema=parsing_labels.PARTS10
    )
    source = sources.video_source(folder / dance, points)
    model.write_video(target, source, out / "out.mp4", maps_dir=out / "maps")


def retarget_jpeg(folder: Path, out: Path, model: Retargeter) -> None:
    retarget(folder, out, model, photo="photo.jpg")


def retarget_mkv(folder: Path, out: Path, model: Retargeter) -> None:
    retarget(folder, out, model, dance="dance.mkv")


def retarget_clip(folder: Path, out: Path, model: Retargeter) -> None:
    target = targets.clip_target(folder / "clips" / "a", SIZE)
    model.write_video(target, sources.clip_source(folder / "clips" / "a"), out / "out.mp4")


def find_clips(folder: Path, _: Path, __: Retargeter) -> None:
    clips.find_clips(folder / "clips")


def build_records(folder: Path, out: Path, _: Retargeter) -> None:
    records.build_records([folder / "clips"], out / "records", BUILD)


def read_records(folder: Path, _: Path, __: Retargeter) -> None:
    manifest = records.Manifest.load(folder / "records")
    list(records.read_clips(folder / "records", "test"))
    manifest.verify()


# How an input breaks: each takes the path of what is broken.


def remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def empty(path: Path) -> None:
    if path.is_dir():
        remove(path)
        path.mkdir()
    else:
        path.write_bytes(b"")


def forbid(path: Path) -> None:
    path.chmod(0)


def make_file(path: Path) -> None:
    remove(path)
    path.write_text("a file\n")


def make_folder(path: Path) -> None:
    remove(path)
    path.mkdir()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def corrupt(path: Path) -> None:
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 8] = bytes(255 - byte for byte in data[middle : middle + 8])
    path.write_bytes(data)


def text(path: Path) -> None:
    path.write_text("not what its name says\n" * 20)


def pointer(path: Path) -> None:
    """What a clone without Git LFS has in place of a file."""
    path.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n")


def other_version(path: Path) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": 99}))


def more_frames(path: Path) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), "frames": 7}))


def two_frames(path: Path) -> None:
    with video.VideoWriter(path, 25, "mjpeg") as writer:
        for index in range(2):
            writer.write(testing.walking_square(index, SIZE)[0])


def points(change: Callable[[AnyArray], object]) -> Callable[[Path], None]:
    """Keypoints that are another array."""
    return lambda path: np.save(path, np.asarray(change(np.load(path))), allow_pickle=True)


def with_nan(keypoints: AnyArray) -> AnyArray:
    keypoints[3, 0, 0] = np.nan
    return keypoints


def with_infinity(keypoints: AnyArray) -> AnyArray:
    keypoints[3, 0, 0] = np.inf
    return keypoints


def stored_map(change: Callable[[AnyArray], AnyArray]) -> Callable[[Path], None]:
    """A map that is another picture."""

    def break_it(path: Path) -> None:
        cv2.imwrite(str(path), change(np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))))

    return break_it


def shard(break_it: Callable[[Path], None]) -> Callable[[Path], None]:
    """Breaks the test split's shard of the records."""
    return lambda path: break_it(
        path / json.loads((path / "manifest.json").read_text())["splits"]["test"]["shards"][0]["name"]
    )


CASES = [
    # call, what is broken, how, the cause that is told
    (extract_clips, "dance.mp4", remove, "no such file"),
    (extract_clips, "dance.mp4", empty, "not a video that can be read"),
    (extract_clips, "dance.mp4", text, "not a video that can be read"),
    (extract_clips, "dance.mp4", make_folder, "holds no file that ends in"),
    (extract_clips, "dance.mp4", pointer, "is a Git LFS pointer"),
    (extract_clips, "dance.mp4", testing.write_sound, "holds no video stream"),
    (extract_clips, "dance.mp4", cut, "is cut"),
    (extract_clips, "dance.mp4", forbid, "Permission denied"),
    (retarget, "dance.mp4", cut, "is cut"),
    (retarget_mkv, "dance.mkv", cut, r"has \d frames, its keypoints are of 5"),
    (retarget_mkv, "dance.mkv", two_frames, "has 2 frames, its keypoints are of 5"),
    (retarget, "photo.png", remove, "No such file"),
    (retarget, "photo.png", empty, "is empty"),
    (retarget, "photo.png", pointer, "is a Git LFS pointer"),
    (retarget, "photo.png", text, "is no JPEG, PNG, WebP, AVIF, GIF, TIFF or HEIC picture"),
    (retarget, "photo.png", cut, "the PNG is cut off"),
    (retarget, "photo.png", make_folder, "is a folder"),
    (retarget, "photo.png", forbid, "Permission denied"),
    (retarget_jpeg, "photo.jpg", cut, "the JPEG is cut off"),
    (retarget, "points.npy", remove, "no such file"),
    (retarget, "points.npy", forbid, "Permission denied"),
    (retarget, "points.npy", pointer, "is a Git LFS pointer"),
    (retarget, "points.npy", empty, "is no whole .npy or .npz file of numbers"),
    (retarget, "points.npy", cut, "is no whole .npy or .npz file of numbers"),
    (retarget, "points.npy", text, "is no whole .npy or .npz file of numbers"),
    (retarget, "points.npy", points(lambda array: array[:, :16]), r"not \[5, 16, 3\]"),
    (retarget, "points.npy", points(lambda array: array[:0]), r"not \[0, 25, 3\]"),
    (retarget, "points.npy", points(lambda array: array.astype(str)), "is no whole .npy or .npz file of numbers"),
    (retarget, "points.npy", points(lambda array: array.astype(complex)), "is no whole .npy or .npz file of numbers"),
    (retarget, "points.npy", points(lambda array: array.astype(object)), "is no whole .npy or .npz file of numbers"),
    (retarget, "points.npy", points(with_infinity), "frame 3: not finite"),
    (retarget, "points.npy", points(lambda array: array / [-64, 64, 1]), "neither pixels nor shares"),
    (retarget, "map.png", remove, "No such file"),
    (retarget, "map.png", forbid, "Permission denied"),
    (retarget, "map.png", pointer, "is a Git LFS pointer"),
    (retarget, "map.png", make_folder, "is a folder"),
    (retarget, "map.png", text, "is no PNG"),
    (retarget, "map.png", stored_map(lambda ids: ids + np.uint8(77)), r"ids \[77.*are not in label schema parts10"),
    (
        retarget,
        "map.png",
        stored_map(lambda ids: np.maximum(ids, 19)),
        r"ids \[19\].*, but in cihp20 and lip20\. Check",
    ),
    (retarget, "map.png", stored_map(lambda ids: ids[1:]), "is 64x63, the upright photo 64x64"),
    (
        retarget,
        "map.png",
        stored_map(lambda ids: np.dstack([ids, ids, ids + np.uint8(1)])),
        r"colour \(.*\) at .* is of no class",
    ),
    (retarget_clip, "clips/a", remove, "No such file"),
    (retarget_clip, "clips/a", make_file, "Not a directory"),
    (retarget_clip, "clips/a", forbid, "Permission denied"),
    (retarget_clip, "clips/a/clip.json", remove, "No such file"),
    (retarget_clip, "clips/a/clip.json", text, "not JSON"),
    (retarget_clip, "clips/a/clip.json", other_version, "schema version 99, this program reads 1"),
    (retarget_clip, "clips/a/clip.json", more_frames, "are of 6 frames, clip.json says 7"),
    (retarget_clip, "clips/a/frames.mkv", remove, "no such file"),
    (retarget_clip, "clips/a/frames.mkv", forbid, "Permission denied"),
    (retarget_clip, "clips/a/frames.mkv", two_frames, "holds 2 frames, clip.json and keypoints.npy 6"),
    (retarget_clip, "clips/a/maps.mkv", remove, "has no maps of label schema parts10"),
    (retarget_clip, "clips/a/keypoints.npy", cut, "cannot be read"),
    (retarget_clip, "clips/a/keypoints.npy", text, r"cannot be read: it is cut or damaged\. Make"),
    (retarget_clip, "clips/a/keypoints.npy", forbid, "Permission denied"),
    (retarget_clip, "clips/a/keypoints.npy", points(with_nan), "frame 3: not finite"),
    (retarget_clip, "clips/a/keypoints.npy", points(lambda array: array.astype(str)), "must be numbers"),
    (find_clips, "clips", remove, "no such folder"),
    (find_clips, "clips", empty, "holds no clip folder"),
    (find_clips, "clips", make_file, "no such folder"),
    (find_clips, "clips", forbid, "Permission denied"),
    (find_clips, "clips/a", forbid, "Permission denied"),
    (build_records, "clips/a/clip.json", text, "not JSON"),
    (build_records, "clips/a/clip.json", other_version, "schema version 99, this program reads 1"),
    (build_records, "clips/a/clip.json", forbid, "Permission denied"),
    (build_records, "clips/a/frames.mkv", remove, "no such file"),
    (build_records, "clips/a/frames.mkv", text, "not a video that can be read"),
    (build_records, "clips/a/frames.mkv", two_frames, "holds 2 frames"),
    (build_records, "clips/a/maps.mkv", forbid, "Permission denied"),
    (build_records, "clips/a/maps.mkv", remove, "has no maps of label schema parts10"),
    (build_records, "clips/a/maps.mkv", two_frames, r"frame 0: ids \[.*are not in label schema parts10"),
    (
        retarget,
        "map.png",
        stored_map(lambda ids: np.maximum(ids, 19)),
        r"ids \[19\].*, but in cihp20 and lip20\. Check",
    ),
    (build_records, "clips/a/keypoints.npy", remove, "no such file"),
    (build_records, "clips/a/keypoints.npy", cut, "cannot be read"),
    (build_records, "clips/a/keypoints.npy", points(with_nan), "frame 3: not finite"),
    (build_records, "clips/a/keypoints.npy", points(lambda array: array[:, :17]), r"not \[6, 17, 3\]"),
    (read_records, "records", remove, "no manifest.json"),
    (read_records, "records", make_file, "no manifest.json"),
    (read_records, "records", forbid, "Permission denied"),
    (read_records, "records/manifest.json", remove, "no manifest.json"),
    (read_records, "records/manifest.json", text, "not JSON"),
    (read_records, "records/manifest.json", other_version, "schema version 99"),
    (read_records, "records", shard(remove), "the shard is missing"),
    (read_records, "records", shard(forbid), "Permission denied"),
    (read_records, "records", shard(cut), "bytes, the manifest says"),
    (read_records, "records", shard(corrupt), "damaged"),
]


def listing(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def ending(call: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of a program that does nothing but this call."""
    monkeypatch.setattr(running, "flags_parser", lambda argv, main: None)
    monkeypatch.setattr(running, "_show_log", lambda: None)
    with testing.held_to_permissions(), pytest.raises(SystemExit) as ended:
        program.run(call)
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize("call", [retarget, retarget_clip, find_clips, build_records, read_records])
def test_the_whole_inputs_are_taken(
    whole: Path, tmp_path: Path, model: Retargeter, monkeypatch: pytest.MonkeyPatch, call: Callable[..., None]
) -> None:
    assert ending(lambda: call(whole, tmp_path, model), monkeypatch) == program.EXIT_DONE


@pytest.mark.parametrize(
    ("call", "broken", "break_it", "cause"),
    CASES,
    ids=[f"{case[0].__name__}-{case[1]}-{case[3]}"[:70] for case in CASES],
)
def test_a_broken_input_is_told_in_one_line(
    whole: Path,
    tmp_path: Path,
    model: Retargeter,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    call: Callable[..., None],
    broken: str,
    break_it: Callable[[Path], None],
    cause: str,
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    shutil.copytree(whole, folder)
    out.mkdir()
    break_it(folder / broken)
    before = listing(folder)
    capfd.readouterr()
    assert ending(lambda: call(folder, out, model), monkeypatch) == program.EXIT_BAD_INPUT
    told = [line for line in capfd.readouterr().err.splitlines() if line.startswith("ERROR: ")]
    assert len(told) == 1
    # A part of a folder may be told by the folder.
    assert str((folder / broken).parent if "/" in broken else folder / broken) in told[0]
    assert re.search(cause, told[0]), told[0]
    # A broken build keeps, under a hidden name, what it has encoded.
    assert [path for path in out.iterdir() if not path.name.startswith(".")] == []
    assert listing(folder) == before


@contextlib.contextmanager
def full_disk(file_bytes: int) -> Iterator[None]:
    """No file grows beyond this, as on a full disk: a write fails with an error of the operating system."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("file_bytes", [40, 800])  # the first map does not fit; the video does not
def test_a_full_disk_leaves_neither_video_nor_maps(
    whole: Path, tmp_path: Path, model: Retargeter, monkeypatch: pytest.MonkeyPatch, file_bytes: int
) -> None:
    def call() -> None:
        with full_disk(file_bytes):
            retarget(whole, tmp_path, model)

    assert ending(call, monkeypatch) == program.EXIT_FAILED
    assert listing(tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file_bytes", "written"), [(2_000, r"clips/[\w-]+\.pictures"), (8_000, r"records/.*\.tfrecord")]
)
@pytest.mark.parametrize("runner", [None, "DirectRunner"])
def test_a_full_disk_in_a_build_is_told_with_the_file_and_the_build_goes_on(
    whole: Path, tmp_path: Path, runner: str | None, file_bytes: int, written: str
) -> None:
    build = records.build_records
    if runner:
        pytest.importorskip("apache_beam")
        from retarget_tf.dataset import beam_build

        build = functools.partial(records.build_records, carry_out=beam_build.on_runner(runner))
    with full_disk(file_bytes), pytest.raises(OSError, match=rf"File too large.*{written}"):
        build([whole / "clips"], tmp_path / "records", BUILD)
    assert [path.name for path in tmp_path.iterdir()] == [".records.building"]
    build([whole / "clips"], tmp_path / "records", BUILD).verify()
    assert [path.name for path in tmp_path.iterdir()] == ["records"]


def write_clip(_: Path, out: Path, __: Retargeter) -> None:
    testing.make_clip_folder(out)


@pytest.mark.parametrize("call", [retarget, retarget_clip, build_records, write_clip])
def test_a_folder_that_may_not_be_written_is_told_in_one_line(
    whole: Path,
    tmp_path: Path,
    model: Retargeter,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    call: Callable[..., None],
) -> None:
    tmp_path.chmod(0o555)
    assert ending(lambda: call(whole, tmp_path, model), monkeypatch) == program.EXIT_FAILED
    [told] = [line for line in capfd.readouterr().err.splitlines() if line.startswith("ERROR: ")]
    assert told.startswith(f"ERROR: {tmp_path}/")
    assert told.endswith(": Permission denied. Give another place.")
    assert listing(tmp_path) == []


def with_more(folder: Path) -> Path:
    """Another file among those that the project made."""
    (folder / "notes.txt").write_text("dear\n")
    return folder


def link(path: Path, to: Path) -> Path:
    path.symlink_to(to)
    return path


def import_clip(folder: Path, name: Path | str) -> None:
    config = importers.ImportConfig("parts10", size=SIZE, fps=25.0)
    importers.import_clip(
        folder / "frames", folder / "points.npy", folder / "maps", folder / name, config, overwrite=True
    )


def build_over(folder: Path, out: Path) -> None:
    records.build_records([folder / "clips"], out, BUILD, overwrite=True)


def extract_over(folder: Path, out: Path) -> None:
    extraction.extract_videos([folder / "dance.mp4"], out, extraction.ExtractionConfig(), overwrite=True)


def train(folder: Path, workdir: Path, **settings: object) -> None:
    model = ModelConfig.of_preset("paper", image_size=SIZE, filters=2)
    loop.train(folder / "records", workdir, model, TrainingConfig.of_preset("paper", steps=1), **settings)  # type: ignore[arg-type]


# Every program that writes, and an output that would take away what it did not make: call, what is told.
OVERWRITING: dict[str, tuple[Callable[[Path], object], str]] = {
    "build: the clips": (lambda f: build_over(f, f / "clips"), "must not be an input"),
    "build: a link to the clips": (lambda f: build_over(f, link(f / "link", f / "clips")), "must not be an input"),
    "build: a clip": (lambda f: build_over(f, f / "clips" / "a"), "must not lie in an input"),
    "build: above the clips": (lambda f: build_over(f, f), "must not hold an input"),
    "build: photos": (lambda f: build_over(f, f / "frames"), "000000.png is something else"),
    "build: records with notes": (lambda f: build_over(f, with_more(f / "records")), "notes.txt is something else"),
    "build: a file": (lambda f: build_over(f, f / "dance.mp4"), "must not exist already"),
    "build: below a file": (lambda f: build_over(f, f / "dance.mp4" / "records"), "must not be a file"),
    "extract: a folder of photos": (lambda f: extract_over(f, f), "000000.png is something else"),
    "extract: a folder that holds the video": (
        lambda f: extract_over(f, link(f / "maps" / "dance", f).parent),
        "must not hold an input",
    ),
    "import: the frames": (lambda f: import_clip(f, "frames"), "must not be an input"),
    "import: the maps": (lambda f: import_clip(f, "maps"), "must not be an input"),
    "import: below the maps": (lambda f: import_clip(f, "maps/clip"), "must not lie in an input"),
    "import: a clip with notes": (
        lambda f: import_clip(f, with_more(f / "clips" / "a")),
        "notes.txt is something else",
    ),
    "screen: the video": (
        lambda f: screening.screen_videos([f / "dance.mp4"], link(f / "report.html", f / "dance.mp4")),
        "must not be an input",
    ),
    "screen: the video by the numbers": (
        lambda f: screening.screen_videos([link(f / "dance.json", f / "dance.mp4")], f / "dance.html"),
        "must not be an input",
    ),
    "dancers: the clips": (lambda f: dancers.make_cross_clips(f / "clips", f / "clips"), "must not be an input"),
    "dancers: among the clips": (
        lambda f: dancers.make_cross_clips(link(f / "link", f / "clips") / "crossed", f / "clips"),
        "must not lie in an input",
    ),
    "train: the records": (lambda f: train(f, f / "records"), "must not be an input"),
    "train: among the records": (lambda f: train(f, link(f / "link", f / "records") / "work"), "must not lie in an"),
    "train: the model to begin with": (
        lambda f: train(f, link(f / "link", f / "work"), init_from=f / "work"),
        "must not be an input",
    ),
    "onnx: the model": (
        lambda f: onnx_export.export_onnx(f / "work", link(f / "model.onnx", f / "work" / "generator.keras")),
        "must not be an input",
    ),
    "onnx: another kind of file": (lambda f: onnx_export.export_onnx(f / "work", f / "dance.mp4"), "must end in .onnx"),
    "models: a file": (lambda f: models.fetch(models.MODELS[0], f / "dance.mp4"), "must not be a file"),
}


def contents(folder: Path) -> dict[Path, bytes | Path]:
    return {
        path: path.readlink() if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.parametrize("case", OVERWRITING)
def test_no_program_replaces_what_it_did_not_make(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], case: str
) -> None:
    folder = tmp_path / "in"
    shutil.copytree(whole, folder)
    (folder / "frames").mkdir()
    shutil.copy(folder / "photo.png", folder / "frames" / "000000.png")
    for name in ("maps", "dance"):
        shutil.copytree(folder / "frames", folder / name)
    (folder / "work").mkdir()
    (folder / "work" / "generator.keras").write_text("of many hours\n")
    call, told = OVERWRITING[case]

    def replace() -> None:
        call(folder)

    before = contents(folder)
    assert ending(replace, monkeypatch) == program.EXIT_USAGE
    after = contents(folder)
    assert before.items() <= after.items()
    assert all(path.is_symlink() or path.name == "notes.txt" for path in after.keys() - before.keys())
    [line] = [line for line in capfd.readouterr().err.splitlines() if line.startswith("ERROR: ")]
    assert told in line
    assert "Received: " in line


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("retarget_tf.evaluate", "--model=stable_128"), "must not be an input"),
        (("data.inspect_records",), "must not be an input"),
    ],
)
def test_programs_do_not_write_over_records(whole: Path, tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    folder = Path(shutil.copytree(whole / "records", tmp_path / "records"))
    before = contents(folder)
    process = testing.run_program(*arguments, f"--records={folder}", f"--out={link(tmp_path / 'out', folder)}")
    assert process.returncode == program.EXIT_USAGE
    assert re.fullmatch(rf"ERROR: .*{told}.*\n", process.stderr)
    assert contents(folder) == before


def test_what_a_program_made_is_replaced_where_that_is_asked_for(whole: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "in"))
    (folder / "records" / "manifest.json").write_text(
        (folder / "records" / "manifest.json").read_text().replace('"schema_version": 1', '"schema_version": 0')
    )
    build_over(folder, link(folder / "link", folder / "records"))
    records.Manifest.load(folder / "records").verify()
    testing.make_clip_folder(folder / "clips", clip_id="a", frames=3, overwrite=True)
    assert clips.open_clip(folder / "clips" / "a").info.frames == 3


# Real processes.

DANCERS = ["-m", "data.make_dancers", "--people=1", "--clips_per_person=1", "--workers=1"]


def start(*arguments: object, **options: object) -> "subprocess.Popen[str]":
    command = [sys.executable, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload]


def test_processes_end_with_3_and_one_line(whole: Path, tmp_path: Path) -> None:
    cut(Path(shutil.copy(whole / "dance.mp4", tmp_path / "cut.mp4")))
    for videos, cause in (("cut.mp4", r"cut\.mp4: is cut"), ("none.mp4", r"none\.mp4: no file matches")):
        process = testing.run_program(
            "data.extract_clips", f"--videos={tmp_path / videos}", f"--out={tmp_path / 'out'}"
        )
        assert process.returncode == program.EXIT_BAD_INPUT
        assert re.fullmatch(rf"ERROR: videos? .*{cause}.*\n", process.stderr)
    assert listing(tmp_path) == [tmp_path / "cut.mp4"]


def test_a_full_disk_ends_a_process_with_1_and_one_line(tmp_path: Path) -> None:
    limit = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)); "
    run_it = "sys.argv[0] = 'make_dancers'; runpy.run_module('data.make_dancers', run_name='__main__')"
    process = start("-c", limit + run_it, *DANCERS[2:], "--frames=10", f"--out={tmp_path}")
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == program.EXIT_FAILED
    assert re.fullmatch(r"ERROR: .*frames.*: File too large.*\n", stderr)
    assert listing(tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_stopped_process_ends_with_143_and_leaves_nothing(tmp_path: Path, workers: int) -> None:
    people = ("--people=4", "--clips_per_person=1", f"--workers={workers}")
    process = start("-m", "data.make_dancers", *people, "--frames=4000", f"--out={tmp_path}")
    testing.wait_until(lambda: process.poll() is not None or len(list(tmp_path.glob(".*.tmp/.*"))) >= workers)
    assert process.poll() is None, "stopped while the clips are being written"
    process.terminate()
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (128 + signal.SIGTERM, "ERROR: stopped by SIGTERM.\n")
    assert listing(tmp_path) == []


def test_a_killed_process_leaves_nothing_under_the_final_name_and_can_run_again(tmp_path: Path) -> None:
    process = start(*DANCERS, "--frames=40", f"--out={tmp_path}", start_new_session=True)
    testing.wait_until(lambda: process.poll() is not None or list(tmp_path.glob(".*.tmp/.*")))
    assert process.poll() is None, "killed while the clip is being written"
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert list(tmp_path.glob("[!.]*")) == []
    with pytest.raises(InputDataError, match="holds no clip folder"):
        clips.find_clips(tmp_path)
    again = start(*DANCERS, "--frames=40", f"--out={tmp_path}")
    _, stderr = again.communicate(timeout=60)
    assert (again.returncode, stderr) == (program.EXIT_DONE, "")
    assert [clip.info.frames for clip in clips.find_clips(tmp_path)] == [40]
