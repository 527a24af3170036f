"""Tests of the ONNX file: its outputs equal the model's, or it is not written."""

import pathlib
import re
import sys
from typing import Any

import numpy as np
import pytest

from retarget_tf.errors import MissingDependencyError, TrainingError
from retarget_tf.networks import generator
from retarget_tf.retargeting import rollout
from retarget_tf.serving import checking, onnx_export
from tests import testing
from tests.testing import Served, walking_square

PAGE = testing.ROOT / "docs" / "serving.md"


@pytest.fixture(scope="module")
def exported(served: Served, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The folder that holds `generator.onnx`."""
    pytest.importorskip("tf2onnx")
    pytest.importorskip("onnxruntime")
    folder = tmp_path_factory.mktemp("onnx")
    assert onnx_export.export_onnx(served.workdir, folder / "generator.onnx") <= 1e-4
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("served", ["stable"], indirect=True)  # `programs_test` exports the other preset
def test_onnxruntime_gives_what_the_model_gives(served: Served, exported: pathlib.Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(exported / "generator.onnx")
    network, _ = generator.load_keras_generator(served.workdir)
    assert {one.name for one in session.get_inputs()} == set(network.input)
    inputs = checking.random_inputs(np.random.default_rng(5), 2, network)
    for name, expected in network(inputs, training=False).items():
        received = session.run([name], inputs)[0]
        np.testing.assert_allclose(received, expected, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("served", ["stable"], indirect=True)
def test_the_documented_loop_is_the_rollout(
    served: Served, exported: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = PAGE.read_text(encoding="utf-8").split("\n## ONNX\n")[1]
    [example] = re.findall(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(exported)
    photo, own_map, own_pose = (array[None] for array in walking_square(0))
    dance = [walking_square(index)[2][None] for index in (2, 4, 6)]
    names: dict[str, Any] = {"photo": photo, "own_map": own_map, "own_pose": own_pose, "dance": dance}
    exec(example, names)
    running = rollout.Rollout(served.trained, rollout.Reference(photo, own_pose, own_map))
    expected = [running.step(pose) for pose in dance][-1]
    assert len(np.unique(expected)) > 2, "a map of one class would prove nothing"
    assert np.mean(names["last"] == expected) > 0.99


@pytest.mark.slow
@pytest.mark.parametrize("served", ["paper"], indirect=True)
def test_what_differs_is_not_written(served: Served, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tf2onnx")
    monkeypatch.setattr(onnx_export, "MAX_DIFFERENCE", -1)
    with pytest.raises(TrainingError, match="Nothing was written"):
        onnx_export.export_onnx(served.workdir, tmp_path / "generator.onnx")
    assert not list(tmp_path.iterdir())


def test_the_missing_package_is_named(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'retarget_tf\[onnx\]'"):
        onnx_export.export_onnx("stable_128", tmp_path / "generator.onnx")
