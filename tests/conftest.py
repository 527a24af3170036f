"""Fixtures that several test files share."""

import fcntl
import os
import pathlib

import pytest

from retarget_tf.networks import generator
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.serving import exporting, warmup
from tests import testing
from tests.testing import Served


@pytest.fixture(scope="session", params=["paper", pytest.param("stable", marks=pytest.mark.slow)])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """An untrained generator of 32 px, exported as version 1; all processes of pytest-xdist share one."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with (folder / f"{request.param}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return export_lively(request.param, folder / f"served_{request.param}")


def export_lively(preset: str, folder: pathlib.Path) -> Served:
    """Exports a generator with weights so large that its maps hold several classes, unless the folder has it."""
    small = {"refinement": 2} if preset == "stable" else {}
    model = ModelConfig.of_preset(preset, image_size=32, filters=2, **small)
    spec = GeneratorSpec(model, person_height_share=0.75, step=9)
    version = folder / "export" / "1"
    if not version.exists():
        generator.save_generator(testing.lively(generator.build_generator(model)), spec, folder)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(warmup, "replay_warmup", lambda _: {})  # the tests call each signature anyway
            exporting.export_saved_model(folder, version.parent)
    return Served(folder, version, spec)
