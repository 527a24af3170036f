"""Runs the commands of data/README.md on folders laid out like the public data sets that they are for."""

import functools
import json
import os
import pathlib
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest

from retarget_tf import dancers
from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.pictures import image_files, video
from tests import testing

SIZE, FRAMES = 64, 3
README = (testing.ROOT / "data" / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)

# The program up to the extraction itself, which needs MediaPipe: it says what would be extracted.
EXTRACT = """
from data import extract_clips
from retarget_tf.dataset import clips
from retarget_tf.footage.extraction import batch
from retarget_tf.pictures import video


def extract_clip(path, folder, config, *, person_id, **_):
    frames = list(video.read_frames(path, config.reading))
    print("CLIP", folder, person_id, len(frames), video.probe(path, config.reading).fps)
    return clips.ClipInfo(folder.name, person_id, 25.0, image_size=64, label_schema="parts10")


batch.extract_clip = extract_clip
extract_clips.cli()
"""
RETARGET = "from retarget_tf import retarget; retarget.cli()"


@functools.cache
def dance() -> list[tuple[Uint8Array, dict[str, Uint8Array], Float32Array]]:
    """Frames, maps by schema, and keypoints of a drawn person."""
    return list(dancers.render_frames(dancers.Recipe(5, 5, 0, FRAMES, SIZE)))


def write_pictures(folder: pathlib.Path, name: str = "{:08d}.png", numbers: range = range(FRAMES)) -> None:
    folder.mkdir(parents=True)
    for number, (frame, _, _) in zip(numbers, dance(), strict=True):
        cv2.imwrite(str(folder / name.format(number)), frame[..., ::-1])


def write_video(path: pathlib.Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with video.VideoWriter(path, 25, "h264") as writer:
        for frame, _, _ in dance():
            writer.write(frame)


def run(folder: pathlib.Path, what: str, more_flags: str = "") -> list[str]:
    """Runs the block of the README that has these words, in the folder; returns the lines of its output."""
    [command] = [command.rstrip() + more_flags for command in COMMANDS if what in command]
    for name, script in (("retarget-extract-clips", EXTRACT), ("retarget", RETARGET)):
        program = folder / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!{sys.executable}\n{script}")
        program.chmod(0o755)
    paths = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(testing.ROOT)}
    done = subprocess.run(
        ["bash", "-ec", command], cwd=folder, env=os.environ | paths, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [line.removeprefix("CLIP ") for line in done.stdout.splitlines() if "CLIP" in line or "frames:" in line]


def test_iper(tmp_path: pathlib.Path) -> None:
    for name in ("001/1/1", "001/1/2", "001/10/1", "002/1/1"):
        write_pictures(tmp_path / "images_HD" / name)
        write_video(tmp_path / "iPER_1024_video_release" / f"{name.replace('/', '_')}.mp4")
    assert run(tmp_path, "images_HD") == [
        "clips/images_HD_001_1_1 iper_001 3 30.0",
        "clips/images_HD_001_1_2 iper_001 3 30.0",
        "clips/images_HD_001_10_1 iper_001 3 30.0",
        "clips/images_HD_002_1_1 iper_002 3 30.0",
    ]
    assert sorted(run(tmp_path, "iPER_1024")) == [
        "clips/001_10_1 iper_001 3 25.0",
        "clips/001_1_1 iper_001 3 25.0",
        "clips/001_1_2 iper_001 3 25.0",
        "clips/002_1_1 iper_002 3 25.0",
    ]


def test_ubc_fashion(tmp_path: pathlib.Path) -> None:
    for name in ("train/91-3003CN5S", "test/A1F1j-kNoYS"):
        write_video(tmp_path / "fashion" / f"{name}.mp4")
    assert run(tmp_path, "fashion/") == [
        "clips/A1F1j-kNoYS A1F1j-kNoYS 3 25.0",
        "clips/91-3003CN5S 91-3003CN5S 3 25.0",
    ]


def test_tiktok(tmp_path: pathlib.Path) -> None:
    for name in ("00001", "00002"):
        for part in ("images", "masks", "densepose"):
            write_pictures(tmp_path / "TikTok_dataset" / name / part, "{:04d}.png", range(1, FRAMES + 1))
    assert run(tmp_path, "TikTok") == [
        f"clips/TikTok_dataset_{name}_images TikTok_dataset_{name}_images 3 30.0" for name in ("00001", "00002")
    ]


@pytest.mark.slow
def test_everybody_dance_now(tmp_path: pathlib.Path) -> None:
    folder, numbers = tmp_path / "sample_data" / "train", range(20001, 20010, 4)
    write_pictures(folder / "original_frames", "frame{:06d}.jpg", numbers)
    (folder / "keypoints").mkdir()
    for number, (_, _, points) in zip(numbers, dance(), strict=True):
        for part, matrix in (("pose", points[None]), ("face", np.ones((1, 70, 3), np.float32))):
            storage = cv2.FileStorage(f"{folder}/keypoints/frame{number:06d}_{part}.yml", cv2.FILE_STORAGE_WRITE)
            storage.write(f"{part}_0", matrix)
            storage.release()
    image_files.write_png(tmp_path / "me.png", dance()[0][0])
    np.save(tmp_path / "me.npy", dance()[0][2])
    image_files.write_png(tmp_path / "map.png", dance()[0][1]["parts10"])
    without_mediapipe = " --target_keypoints=me.npy --target_map=map.png"
    assert run(tmp_path, "sample_data", without_mediapipe) == ["3 frames: me_dancing.mp4"]


@pytest.mark.slow
def test_deep_fashion_of_pasta_gan(tmp_path: pathlib.Path) -> None:
    frame, maps, points = dance()[0]
    folder = tmp_path / "UPT_subset1_256_192"
    for name in ("image", "keypoints"):
        (folder / name).mkdir(parents=True)
    cv2.imwrite(str(folder / "image/image1.jpg"), frame[..., ::-1])
    person = {"pose_keypoints_2d": points.ravel().tolist()}
    (folder / "keypoints/image1_keypoints.json").write_text(json.dumps({"people": [person]}))
    image_files.write_png(folder / "parsing/image1.png", maps["cihp20"])
    testing.make_clip_folder(tmp_path / "clips", clip_id="dance", frames=FRAMES)
    assert run(tmp_path, "UPT_subset1") == ["3 frames: image1_dancing.mp4"]
