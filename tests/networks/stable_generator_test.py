"""Tests of the generator of `stable`: its ingredients, its anchor, saving, use without this package."""

import dataclasses
import pathlib
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.body import limb_warp
from retarget_tf.networks import generator
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from tests.testing import walking_square

TINY = ModelConfig.of_preset("stable", image_size=32, filters=2, refinement=3)
INGREDIENTS: list[dict[str, Any]] = [
    {},
    {"refinement": 0},
    {"norm": "instance", "dropout": 0.5},
]
each_ingredient = pytest.mark.parametrize("changed", INGREDIENTS, ids=str)


def inputs(size: int = 32, batch: int = 2) -> dict[str, np.ndarray]:
    """The walking square, wanted where it stands some frames later."""
    frame, parsing_map, keypoints = walking_square(0, size)
    _, previous, wanted = walking_square(3, size)
    one_hot = np.eye(10, dtype=np.float32)
    given = {
        "reference_frame": frame.astype(np.float32) / 127.5 - 1,
        "reference_keypoints": keypoints,
        "reference_map": one_hot[parsing_map],
        "previous_map": one_hot[previous],
        "keypoints": wanted,
    }
    return {name: np.stack([value] * batch) for name, value in given.items()}


@pytest.mark.slow
@each_ingredient
@pytest.mark.parametrize("size", [32, 64])
def test_output_is_probabilities_of_the_input_size(changed: dict[str, Any], size: int) -> None:
    model = generator.build_generator(dataclasses.replace(TINY, image_size=size, **changed))
    for batch in (1, 3):
        probabilities = model(inputs(size, batch))["parsing_probabilities"].numpy()
        assert probabilities.shape == (batch, size, size, 10)
        assert probabilities.dtype == np.float32
        np.testing.assert_allclose(probabilities.sum(axis=-1), 1, atol=1e-5)


@each_ingredient
def test_every_weight_gets_a_gradient(changed: dict[str, Any]) -> None:
    model = generator.build_generator(dataclasses.replace(TINY, **changed))
    rng = np.random.default_rng(1)
    given = {name: value + rng.normal(0, 0.1, value.shape).astype(np.float32) for name, value in inputs().items()}
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(given, training=True)["parsing_probabilities"] ** 2)
    for weight, gradient in zip(model.trainable_variables, tape.gradient(loss, model.trainable_variables), strict=True):
        assert gradient is not None, weight.path
        if weight.path.endswith("kernel"):
            assert float(tf.reduce_max(tf.abs(gradient))) > 0, weight.path


@pytest.mark.slow
def test_every_input_counts() -> None:
    model = generator.build_generator(TINY)
    given = inputs()
    before = model(given)["parsing_probabilities"].numpy()
    for name in given:
        other = {**given, name: np.roll(given[name], 3, axis=1)}
        difference = np.abs(model(other)["parsing_probabilities"].numpy() - before).max()
        assert difference > 0, name


@pytest.mark.slow
def test_a_sample_is_answered_alone_as_among_others() -> None:
    model = generator.build_generator(TINY, seed=3)
    rng = np.random.default_rng(4)
    given = inputs(batch=3)
    given["keypoints"] = given["keypoints"] + rng.uniform(-4, 4, given["keypoints"].shape).astype(np.float32)
    together = model(given)["parsing_probabilities"].numpy()
    for index in range(3):
        alone = model({name: value[index : index + 1] for name, value in given.items()})["parsing_probabilities"]
        np.testing.assert_allclose(alone[0], together[index], atol=1e-5)


def test_before_anything_is_learned_the_answer_is_the_warped_map() -> None:
    given = inputs()
    answer = generator.build_generator(TINY)(given)["parsing_probabilities"]
    warped = limb_warp.warp_map(given["reference_map"], given["reference_keypoints"], given["keypoints"])
    assert (tf.argmax(answer, -1).numpy() == tf.argmax(warped, -1).numpy()).mean() > 0.99
    assert (given["reference_map"].argmax(-1) != tf.argmax(warped, -1).numpy()).mean() > 0.02, "it has moved"


def test_the_nearer_the_pose_the_more_the_warped_map_counts() -> None:
    model = generator.build_generator(TINY)
    last = model.get_layer("refine_conv_1")
    kernel, bias = last.get_weights()
    last.set_weights([kernel, bias + 6 * np.eye(10, dtype=np.float32)[9]])  # learned: everything is shoes
    given = inputs()

    def share_of_shoes(keypoints: np.ndarray) -> float:
        answer = model({**given, "keypoints": keypoints})["parsing_probabilities"].numpy()
        return float((answer.argmax(-1) == 9).mean())

    own, other = given["reference_keypoints"], given["reference_keypoints"].copy()
    other[:, 3:8, :2] += 6  # an arm
    assert share_of_shoes(own) < 0.05, "the reference's own map"
    assert share_of_shoes(own + np.array([2, 1, 0], np.float32)) < 0.05, "the same pose at another place"
    assert share_of_shoes(other) > 0.95


@pytest.mark.slow
def test_keras_file_works_where_this_package_is_not_installed(tmp_path: pathlib.Path) -> None:
    model = generator.build_generator(TINY, seed=3)
    generator.save_generator(model, GeneratorSpec(TINY, 0.7, step=5), tmp_path)
    assert generator.load_generator(tmp_path).spec == GeneratorSpec(TINY, 0.7, step=5)
    np.savez(tmp_path / "inputs.npz", **inputs())  # type: ignore[arg-type]
    script = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "retarget_tf":
            raise ImportError("not installed here")
sys.meta_path.insert(0, Refuse())
import keras, numpy as np
model = keras.models.load_model("generator.keras")
np.save("output.npy", model(dict(np.load("inputs.npz")))["parsing_probabilities"])
"""
    subprocess.run([sys.executable, "-I", "-c", script], cwd=tmp_path, check=True, capture_output=True)
    expected = model(inputs())["parsing_probabilities"]
    np.testing.assert_allclose(np.load(tmp_path / "output.npy"), expected, atol=1e-6)
