"""Fixtures that several test files share."""

import pathlib

import pytest

from retarget_tf.networks import generator
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.serving import exporting
from tests import testing
from tests.testing import Served


@pytest.fixture(scope="session", params=["paper", pytest.param("stable", marks=pytest.mark.slow)])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """An untrained generator of 32 px, exported as version 1."""
    return export_lively(request.param, tmp_path_factory.mktemp(request.param))


def export_lively(preset: str, folder: pathlib.Path) -> Served:
    """Exports a generator with weights so large that its maps hold several classes."""
    small = {"refinement": 2} if preset == "stable" else {}
    model = ModelConfig.of_preset(preset, image_size=32, filters=2, **small)
    spec = GeneratorSpec(model, person_height_share=0.75, step=9)
    generator.save_generator(testing.lively(generator.build_generator(model)), spec, folder)
    return Served(folder, exporting.export_saved_model(folder, folder / "export"), spec)
