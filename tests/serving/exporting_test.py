"""Tests of the folder of a version: complete, numbered, described, and compared with its model."""

import dataclasses
import json
import pathlib
import re
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.networks import generator
from retarget_tf.serving import checking, contract, exporting, warmup
from tests import testing
from tests.testing import Served

only_paper = pytest.mark.parametrize("served", ["paper"], indirect=True)


@pytest.mark.slow
@only_paper
def test_a_saved_model_is_a_generator_like_any_other(served: Served) -> None:
    random = np.random.default_rng(0)
    inputs = checking.random_inputs(random, 2, generator.load_keras_generator(served.workdir)[0])
    theirs = generator.load_generator(served.export_dir)
    assert theirs.spec == served.trained.spec == served.spec
    np.testing.assert_allclose(
        theirs.network(inputs)["parsing_rgb"], served.trained.network(inputs)["parsing_rgb"], atol=1e-5
    )


@only_paper
def test_a_version_says_what_its_numbers_mean(served: Served) -> None:
    labels, skeleton, spec = (
        json.loads((served.export_dir / path).read_text())
        for path in ("assets/labels.json", "assets/skeleton.json", "assets.extra/generator.json")
    )
    assert labels["classes"] == spec["classes"]
    assert labels["palette"] == spec["palette"]
    assert skeleton == {"joints": spec["joints"], "limbs": spec["limbs"]}
    card = (served.export_dir / "assets.extra" / exporting.CARD_NAME).read_text()
    assert "9 steps" in card
    assert "retarget_clip_raw" in card
    assert "`step_on_canvas` | canvas_bytes string [batch]" in card
    everything = b"".join(path.read_bytes() for path in served.export_dir.rglob("*") if path.is_file())
    assert str(served.workdir).encode() not in everything, "no path of the machine that made it"


@only_paper
def test_a_full_disk_is_told_in_a_line_and_leaves_nothing(
    served: Served, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(_: object, folder: str, **__: object) -> None:
        (pathlib.Path(folder) / "half").write_bytes(b"half")
        raise tf.errors.ResourceExhaustedError(
            None, None, "{{node}} half; No space left on device [Op:SaveV2]\nand more"
        )

    monkeypatch.setattr(tf.saved_model, "save", save)
    told = r"^SavedModel .*/export/1: cannot be written \(No space left on device; .* MB needed, .* MB free\)\. Free"
    with pytest.raises(OSError, match=told):
        exporting.export_saved_model(served.workdir, tmp_path / "export")
    assert not (tmp_path / "export").exists()


@pytest.mark.slow
@only_paper
def test_a_server_can_warm_up(served: Served) -> None:
    requests = dict(warmup.read_warmup(served.export_dir))
    assert requests.keys() == contract.signature_inputs(32).keys() == served.loaded.signatures.keys()
    answers = warmup.replay_warmup(served.export_dir)
    assert {len(value) for outputs in answers.values() for value in outputs.values()} == {1}
    assert answers["retarget_clip"]["parsing_map_png_bytes"].shape == (1, 2)


def test_the_configuration_of_the_server_is_of_its_format_and_of_one_piece() -> None:
    folder = testing.ROOT / "export" / "serving"
    config = model_server_config_pb2.ModelServerConfig()
    text_format.Parse((folder / "models.config").read_text(), config)
    (model,) = config.model_config_list.config
    compose = (folder / "docker-compose.yml").read_text()
    assert f":{model.base_path}:ro" in compose
    assert f"/v1/models/{model.name}" in compose
    named = set(re.findall(r"/config/(\w+\.config)", compose))
    assert named == {path.name for path in folder.glob("*.config")}


@pytest.mark.slow
@only_paper
def test_versions_count_up_and_are_never_overwritten(
    served: Served, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warmup, "replay_warmup", lambda _: {})  # `test_a_server_can_warm_up` replays it
    out = tmp_path / "out"
    (out / "notes").mkdir(parents=True)
    (out / "4").mkdir()
    with pytest.raises(ConfigError, match=r"must not exist already.*4$"):
        exporting.export_saved_model(served.workdir, out, version=4)
    assert exporting.export_saved_model(served.workdir, out).name == "5"

    def no_answer(export_dir: pathlib.Path) -> None:
        raise tf.errors.InvalidArgumentError(None, None, f"{export_dir} does not answer")

    monkeypatch.setattr(warmup, "replay_warmup", no_answer)
    with pytest.raises(tf.errors.InvalidArgumentError, match="does not answer"):
        exporting.export_saved_model(served.workdir, out)
    assert sorted(path.name for path in out.iterdir()) == ["4", "5", "notes"], "what does not answer is not left"
    with pytest.raises(InputDataError, match="must be a workdir"):
        exporting.export_saved_model(tmp_path, out)


@pytest.mark.slow
@only_paper
def test_check_fails_for_another_model(served: Served, tmp_path: pathlib.Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(checking, "_STRANGER", tmp_path / "missing.py")
    monkeypatch.setattr(checking, "BATCH_SIZES", (1,))
    other = dataclasses.replace(served.spec, step=10)
    generator.save_generator(generator.build_generator(served.spec.model, seed=5), other, tmp_path)
    failed = {check.name for check in checking.check_saved_model(tmp_path, served.export_dir) if not check.passed}
    assert failed == {
        "description",
        "generator, batch 1",
        "clips of 3 frames, batch 1",
        "metadata",
        "without retarget_tf",
    }
