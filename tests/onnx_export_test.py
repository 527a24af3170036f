"""The ONNX file: it takes and gives what the model does, or is not written."""

import pathlib
import sys

import numpy as np
import pytest

from retarget_tf import generator, onnx_export, serving_check
from retarget_tf.errors import MissingDependencyError, TrainingError
from tests.testing import Served


def test_onnxruntime_gives_what_the_model_gives(served: Served, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("tf2onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    assert onnx_export.export_onnx(served.workdir, tmp_path / "generator.onnx") <= 1e-4
    session = onnxruntime.InferenceSession(tmp_path / "generator.onnx")
    network, _ = generator.load_keras_generator(served.workdir)
    assert {one.name for one in session.get_inputs()} == set(network.input)
    inputs = serving_check.random_inputs(np.random.default_rng(5), 2, network)
    for name, expected in network(inputs, training=False).items():
        received = session.run([name], inputs)[0]
        np.testing.assert_allclose(received, expected, atol=1e-4)


@pytest.mark.parametrize("served", ["paper"], indirect=True)
def test_what_differs_is_not_written(served: Served, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tf2onnx")
    monkeypatch.setattr(onnx_export, "MAX_DIFFERENCE", -1)
    with pytest.raises(TrainingError, match="Nothing was written"):
        onnx_export.export_onnx(served.workdir, tmp_path / "generator.onnx")
    assert not list(tmp_path.iterdir())


def test_the_missing_package_is_named(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(MissingDependencyError, match=r"pip install -e '\.\[onnx\]'"):
        onnx_export.export_onnx("stable_128", tmp_path / "generator.onnx")
