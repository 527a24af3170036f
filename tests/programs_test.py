"""Checks that every program answers --help quickly, and runs the whole chain, one process a command."""

import dataclasses
import importlib.util
import json
import pathlib
import re
import subprocess
import sys
from typing import Any

import pytest

from retarget_tf.footage import extraction, importers
from retarget_tf.footage.extraction import external_parser
from retarget_tf.pictures import video
from retarget_tf.serving import server
from tests import testing
from tests.testing import run_program


def programs() -> list[str]:
    files = [*testing.ROOT.glob("data/*.py"), *testing.ROOT.glob("export/*.py")]
    names = [f"{path.parent.name}.{path.stem}" for path in files if path.stem != "__init__"]
    return sorted([*names, "retarget_tf.train", "retarget_tf.evaluate", "retarget_tf.retarget"])


@pytest.mark.parametrize("program", programs())
def test_help_is_quick_and_a_bad_flag_is_usage(program: str) -> None:
    script = (
        f"import runpy, sys; sys.argv = ['{program}', '--help']\n"
        f"try: runpy.run_module('{program}', run_name='__main__')\n"
        "except SystemExit as done: code = done.code\n"
        "heavy = {'tensorflow', 'keras', 'mediapipe', 'av', 'cv2'} & set(sys.modules)\n"
        "sys.exit(f'imports {heavy} before it answers' if heavy else code)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=testing.ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert run_program(program, "--no_such_flag").returncode == 2


@pytest.mark.parametrize(
    ("program", "settings"),
    [
        ("data.extract_clips", extraction.ExtractionConfig()),
        ("data.extract_clips", video.AS_IT_IS),
        ("export.query_server", video.AS_IT_IS),
        ("data.import_clips", importers.ImportConfig("lip20")),
        ("data.screen_clips", video.AS_IT_IS),
        ("export.serve", server.ServerOptions()),
        ("retarget_tf.retarget", video.AS_IT_IS),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_flag_has_the_default_of_the_setting_of_its_name(program: str, settings: Any) -> None:
    # Written twice: a program that imported the settings could not answer --help quickly.
    described = run_program(program, "--help").stdout
    defaults = dict(re.findall(r"^  --(\w+): .*\(default: (.*)\)$", described, re.MULTILINE))
    names = {field.name for field in dataclasses.fields(settings)} & set(defaults) - {"steps", "person"}
    assert names
    assert {name: defaults[name] for name in names} == {name: _told(getattr(settings, name)) for name in names}


def _told(value: object) -> str:
    return str(list(value) if isinstance(value, tuple) else value)


def test_every_scaling_of_a_parser_can_be_asked_for() -> None:
    described = run_program("data.extract_clips", "--help").stdout
    assert f"--parser_scaling: <{'|'.join(external_parser.SCALINGS)}>" in described


def test_the_whole_chain(tmp_path: pathlib.Path) -> None:
    def run(module: str, *arguments: object) -> str:
        done = run_program(module, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    dancers, cross, records, work = (tmp_path / name for name in ("dancers", "cross", "records", "work"))
    run("data.make_dancers", f"--out={dancers}", "--people=6", "--clips_per_person=1", "--frames=12", "--size=32")
    run("data.make_dancers", f"--out={cross}", f"--motion_of={dancers}")
    shares = ("--validation_share=0", "--test_share=0.3")
    run("data.build_records", f"--clips={dancers},{cross}", f"--out={records}", *shares)
    run("data.inspect_records", f"--records={records}", f"--out={tmp_path / 'sheet.png'}")
    run("retarget_tf.train", f"--records={records}", f"--workdir={work}", "--steps=2", "--filters=2", "--batch_size=2")

    table = run("retarget_tf.evaluate", f"--model={work}", f"--records={records}", f"--out={tmp_path / 'evaluation'}")
    metrics = json.loads((tmp_path / "evaluation" / "metrics.json").read_text())
    assert {"teacher_forced", "rollout", "per_class_iou", "baselines", "cross_person"} <= set(metrics)
    assert set(metrics["baselines"]) == {"copy_first", "nearest_pose", "limb_warp"}
    assert metrics["cross_person"]["miou"]["mean"] is not None
    assert "copy_first" in table

    run("export.export_saved_model", f"--model={work}", f"--out={tmp_path / 'export'}")
    run("export.check_saved_model", f"--model={work}", f"--export_dir={tmp_path / 'export' / '1'}")
    if importlib.util.find_spec("tf2onnx"):
        run("export.export_onnx", f"--model={work}", f"--out={tmp_path / 'generator.onnx'}")
    source, target = sorted(dancers.iterdir())[:2]
    out, maps = tmp_path / "dance.mp4", tmp_path / "maps"
    arguments = (f"--target_clip={target}", f"--source_clip={source}", f"--out={out}", f"--maps_dir={maps}")
    run("retarget_tf.retarget", f"--model={work}", *arguments)
    assert len(list(video.read_frames(out))) == 12
    assert len(list(maps.glob("*.png"))) == 12
    run("retarget_tf.retarget", f"--model={tmp_path / 'export' / '1'}", *arguments)  # a SavedModel serves as well
