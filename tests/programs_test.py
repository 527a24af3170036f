"""Checks that every program answers --help quickly, and runs the whole chain, one process a command."""

import functools
import importlib.util
import itertools
import json
import pathlib
import re
import subprocess
import sys

import pytest

from retarget_tf.dataset import clips
from retarget_tf.pictures import image_files, video
from tests import testing
from tests.testing import Served, needs_footage, needs_mediapipe, run_program


def programs() -> list[str]:
    files = [*testing.ROOT.glob("data/*.py"), *testing.ROOT.glob("export/*.py")]
    names = [f"{path.parent.name}.{path.stem}" for path in files if path.stem != "__init__"]
    return sorted([*names, "retarget_tf.train", "retarget_tf.evaluate", "retarget_tf.retarget"])


@functools.cache
def answer_to_help(program: str) -> "subprocess.CompletedProcess[str]":
    """What --help prints; a failure where it imports what is heavy."""
    script = (
        f"import runpy, sys; sys.argv = ['{program}', '--help']\n"
        f"try: runpy.run_module('{program}', run_name='__main__')\n"
        "except SystemExit as done: code = done.code\n"
        "heavy = {'tensorflow', 'keras', 'mediapipe', 'av', 'cv2'} & set(sys.modules)\n"
        "sys.exit(f'imports {heavy} before it answers' if heavy else code)"
    )
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=testing.ROOT, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("program", programs())
def test_help_is_quick_and_a_bad_flag_is_usage(program: str) -> None:
    answer = answer_to_help(program)
    assert answer.returncode == 0, answer.stderr
    assert run_program(program, "--no_such_flag").returncode == 2


def run(module: str, *arguments: object) -> str:
    done = run_program(module, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@needs_mediapipe
@needs_footage
def test_footage_is_screened_and_becomes_a_clip(tmp_path: pathlib.Path) -> None:
    footage = testing.shared_videos()
    assert footage is not None
    with video.VideoWriter(tmp_path / "short.mp4", 25) as writer:
        for frame in itertools.islice(video.read_frames(footage / "ubc_fashion_b.mp4"), 6):
            writer.write(frame)
    assert run("data.fetch_models").count("already there") == 3
    given, report, out = f"--videos={tmp_path / 'short.mp4'}", tmp_path / "report.html", tmp_path / "clips"
    run("data.screen_clips", given, f"--report={report}")
    assert "short.mp4" in report.read_text()
    run("data.extract_clips", given, f"--out={out}", "--size=64")
    [clip] = clips.find_clips(out)
    assert (clip.info.clip_id, clip.info.frames, clip.info.image_size) == ("short", 6, 64)


@pytest.mark.slow
@needs_mediapipe
@needs_footage
def test_a_photo_moves_as_a_camera_sees_somebody_move(tmp_path: pathlib.Path) -> None:
    footage = testing.shared_videos()
    assert footage is not None
    frames = list(itertools.islice(video.read_frames(footage / "ubc_fashion_b.mp4"), 40))
    image_files.write_png(tmp_path / "photo.png", frames[0])
    with video.VideoWriter(tmp_path / "camera.mp4", 25) as writer:
        for frame in frames:
            writer.write(frame)
    given = [f"--target_photo={tmp_path / 'photo.png'}", f"--source_video={tmp_path / 'camera.mp4'}", "--nowindow"]
    told = run("export.live", *given, f"--record={tmp_path / 'shown.mp4'}", "--height=256")
    count, rest = told.split(" ", 1)
    assert re.match(r"frames, \d+ frames/s, \d+ ms behind: ", rest)
    shown = list(video.read_frames(tmp_path / "shown.mp4"))
    assert 1 <= len(shown) == int(count) <= 40
    assert shown[0].shape[0] == 256
    assert "Generated" in video.read_metadata(tmp_path / "shown.mp4")["comment"]


@pytest.mark.slow
def test_an_export_is_checked(served: Served) -> None:
    checks = run("export.check_saved_model", f"--model={served.workdir}", f"--export_dir={served.export_dir}")
    assert [line.split(":")[0] for line in checks.splitlines()] == [
        f"{'ok':<7} {name}"
        for name in (
            "description",
            *(f"{what}, batch {batch}" for batch in (1, 3, 8) for what in ("generator", "clips of 3 frames")),
            "metadata",
            "files",
            "without retarget_tf",
        )
    ]


@pytest.mark.slow
@pytest.mark.skipif(not importlib.util.find_spec("tf2onnx"), reason="the extra [onnx] is not installed")
@pytest.mark.parametrize("served", ["paper"], indirect=True)
def test_a_model_is_converted_to_onnx(served: Served, tmp_path: pathlib.Path) -> None:
    run("export.export_onnx", f"--model={served.workdir}", f"--out={tmp_path / 'generator.onnx'}")
    assert (tmp_path / "generator.onnx").stat().st_size > 0


@pytest.mark.slow
def test_the_whole_chain(tmp_path: pathlib.Path) -> None:
    dancers, cross, records, work = (tmp_path / name for name in ("dancers", "cross", "records", "work"))
    run("data.make_dancers", f"--out={dancers}", "--people=6", "--clips_per_person=1", "--frames=12", "--size=32")
    run("data.make_dancers", f"--out={cross}", f"--motion_of={dancers}")
    shares = ("--validation_share=0", "--test_share=0.3")
    run("data.build_records", f"--clips={dancers},{cross}", f"--out={records}", *shares)
    run("retarget_tf.train", f"--records={records}", f"--workdir={work}", "--steps=2", "--filters=2", "--batch_size=2")

    table = run("retarget_tf.evaluate", f"--model={work}", f"--records={records}", f"--out={tmp_path / 'evaluation'}")
    metrics = json.loads((tmp_path / "evaluation" / "metrics.json").read_text())
    assert {"teacher_forced", "rollout", "per_class_iou", "baselines", "cross_person"} <= set(metrics)
    assert set(metrics["baselines"]) == {"copy_first", "nearest_pose", "limb_warp"}
    assert metrics["cross_person"]["miou"]["mean"] is not None
    assert "copy_first" in table

    run("export.export_saved_model", f"--model={work}", f"--out={tmp_path / 'export'}")
    source, target = sorted(dancers.iterdir())[:2]
    out, maps = tmp_path / "dance.mp4", tmp_path / "maps"
    arguments = (f"--target_clip={target}", f"--source_clip={source}", f"--out={out}", f"--maps_dir={maps}")
    run("retarget_tf.retarget", f"--model={tmp_path / 'export' / '1'}", *arguments)
    assert len(list(video.read_frames(out))) == 12
    assert len(list(maps.glob("*.png"))) == 12
