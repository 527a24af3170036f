"""Fixtures that several test files share."""

import pathlib

import keras
import numpy as np
import pytest

from retarget_tf import generator, serving
from retarget_tf.config import PRESET_MODELS, GeneratorSpec, ModelConfig
from tests.testing import Served


@pytest.fixture(scope="session", params=["paper", "stable"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """An untrained generator of 32 px, exported as version 1."""
    return export_lively(request.param, tmp_path_factory.mktemp(request.param))


def export_lively(preset: str, folder: pathlib.Path) -> Served:
    """Exports a generator with weights so large that its maps hold several classes."""
    small = {"refinement": 2} if preset == "stable" else {}
    model = ModelConfig(preset=preset, image_size=32, filters=2, **{**PRESET_MODELS[preset], **small})
    spec = GeneratorSpec(model, person_height_share=0.75, step=9)
    generator.save_generator(_lively(generator.build_generator(model)), spec, folder)
    return Served(folder, serving.export_saved_model(folder, folder / "export"), spec)


def _lively(network: keras.Model) -> keras.Model:
    random = np.random.default_rng(0)
    network.set_weights(
        [np.abs(w) + 0.1 if w.ndim < 2 else random.normal(0, 0.3, w.shape) for w in network.get_weights()]
    )
    return network
