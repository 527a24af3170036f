"""Tests of the U-Net: reference outputs, sizes, precision, saving, use without this package."""

import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.networks import generator, trained, unet
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from tests import testing

TINY = ModelConfig.of_preset("paper", image_size=32, filters=2)


def count(variables: list[keras.Variable]) -> int:
    return sum(int(np.prod(variable.shape)) for variable in variables)


def inputs(size: int, batch: int = 2) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(0, size, (batch, 25, 3)).astype(np.float32)
    keypoints[..., 2] = 1
    return {"frame": rng.uniform(-1, 1, (batch, size, size, 3)).astype(np.float32), "keypoints": keypoints}


def test_paper_generator_has_the_reference_number_of_parameters() -> None:
    assert count(generator.build_generator(ModelConfig.of_preset("paper")).trainable_variables) == 54_417_027


@pytest.mark.parametrize(
    ("in_channels", "out_channels", "expected"), [(3, 3, 54_413_955), (6, 3, 54_417_027), (6, 20, 54_451_860)]
)
def test_unet_256_reference_numbers(in_channels: int, out_channels: int, expected: int) -> None:
    picture = keras.Input((256, 256, in_channels))
    features = unet.unet(picture, out_channels=out_channels, config=ModelConfig.of_preset("paper"), seed=0)
    assert count(keras.Model(picture, features).trainable_variables) == expected


def test_encoder_widths_are_pix2pix() -> None:
    assert unet.encoder_widths(ModelConfig.of_preset("paper")) == [64, 128, 256, 512, 512, 512, 512, 512]
    assert unet.encoder_widths(ModelConfig.of_preset("paper", image_size=32, filters=16)) == [16, 32, 64, 128, 128]


@pytest.mark.parametrize("pose_condition", ["stick", "coordinates"])
@pytest.mark.parametrize("size", [32, 64])
def test_output_is_a_signed_picture_of_the_input_size(size: int, pose_condition: str) -> None:
    model = generator.build_generator(
        ModelConfig.of_preset("paper", image_size=size, filters=2, pose_condition=pose_condition)
    )
    for batch in (1, 3):
        rgb = model(inputs(size, batch))["parsing_rgb"].numpy()
        assert rgb.shape == (batch, size, size, 3)
        assert rgb.dtype == np.float32
        assert np.abs(rgb).max() <= 1


@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize("pose_condition", ["stick", "coordinates"])
def test_every_weight_gets_a_gradient(pose_condition: str, norm: str) -> None:
    model = generator.build_generator(
        ModelConfig.of_preset("paper", image_size=32, filters=2, pose_condition=pose_condition, norm=norm)
    )
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(inputs(32), training=True)["parsing_rgb"] ** 2)
    for weight, gradient in zip(model.trainable_variables, tape.gradient(loss, model.trainable_variables), strict=True):
        assert gradient is not None, weight.path
        if not weight.path.endswith("kernel"):
            continue
        assert float(tf.reduce_max(tf.abs(gradient))) > 0, weight.path


@pytest.mark.parametrize("pose_condition", ["stick", "coordinates"])
def test_the_pose_changes_the_output(pose_condition: str) -> None:
    model = generator.build_generator(
        ModelConfig.of_preset("paper", image_size=32, filters=2, pose_condition=pose_condition)
    )
    given = inputs(32)
    moved = {**given, "keypoints": given["keypoints"][:, ::-1]}
    assert np.abs(model(given)["parsing_rgb"] - model(moved)["parsing_rgb"]).max() > 1e-6


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_computes_low_and_answers_in_float32(policy: str) -> None:
    keras.config.set_dtype_policy(policy)
    try:
        model = generator.build_generator(TINY)
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.get_layer("down_1_conv").compute_dtype == policy.removeprefix("mixed_")
    assert model(inputs(32))["parsing_rgb"].dtype == tf.float32


def test_maps_of_both_precisions_agree() -> None:
    config = ModelConfig.of_preset("stable", image_size=32, filters=4)
    exact = generator.build_generator(config)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        low = generator.build_generator(config)
    finally:
        keras.config.set_dtype_policy("float32")
    low.set_weights(exact.get_weights())
    random = np.random.default_rng(0)
    keypoints = np.append(random.uniform(4, 28, [4, 25, 2]), np.ones([4, 25, 1]), axis=-1).astype(np.float32)
    one_hot = np.eye(10, dtype=np.float32)[random.integers(0, 10, [4, 8, 8]).repeat(4, axis=1).repeat(4, axis=2)]
    given = {
        "reference_frame": random.uniform(-1, 1, [4, 32, 32, 3]).astype(np.float32),
        "reference_keypoints": keypoints,
        "keypoints": keypoints[:, ::-1].copy(),
        "reference_map": one_hot,
        "previous_map": one_hot,
    }
    maps = [np.argmax(model(given)["parsing_probabilities"], axis=-1) for model in (exact, low)]
    assert np.unique(maps[0]).size > 5
    assert np.mean(maps[0] == maps[1]) >= 0.995


def test_save_and_load_give_the_same_outputs(tmp_path: pathlib.Path) -> None:
    model = generator.build_generator(TINY, seed=3)
    generator.save_generator(model, GeneratorSpec(TINY, 0.7, step=5), tmp_path)
    for path in (tmp_path, tmp_path / "generator.keras"):
        trained = generator.load_generator(path)
        assert trained.spec == GeneratorSpec(TINY, 0.7, step=5)
        np.testing.assert_allclose(
            trained.network(inputs(32))["parsing_rgb"], model(inputs(32), training=False)["parsing_rgb"], atol=1e-6
        )


def test_saved_in_float32_after_mixed_training(tmp_path: pathlib.Path) -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")  # as it still is when a training saves its generator
    try:
        generator.save_generator(generator.build_generator(TINY), GeneratorSpec(TINY, 0.7), tmp_path)
    finally:
        keras.config.set_dtype_policy("float32")
    loaded = keras.models.load_model(tmp_path / "generator.keras")
    assert loaded.get_layer("down_1_conv").compute_dtype == "float32"


@pytest.mark.slow
@pytest.mark.parametrize("pose_condition", ["stick", "coordinates"])
def test_keras_file_works_where_this_package_is_not_installed(tmp_path: pathlib.Path, pose_condition: str) -> None:
    config = ModelConfig.of_preset("paper", image_size=32, filters=2, pose_condition=pose_condition)
    model = generator.build_generator(config)
    generator.save_generator(model, GeneratorSpec(config, 0.7), tmp_path)
    np.savez(tmp_path / "inputs.npz", frame=inputs(32)["frame"], keypoints=inputs(32)["keypoints"])
    script = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "retarget_tf":
            raise ImportError("not installed here")
sys.meta_path.insert(0, Refuse())
import keras, numpy as np
model = keras.models.load_model("generator.keras")
np.save("output.npy", model(dict(np.load("inputs.npz")))["parsing_rgb"])
"""
    subprocess.run([sys.executable, "-I", "-c", script], cwd=tmp_path, check=True, capture_output=True)
    expected = model(inputs(32))["parsing_rgb"]
    np.testing.assert_allclose(np.load(tmp_path / "output.npy"), expected, atol=1e-6)


def test_load_refuses_what_is_no_model(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputDataError, match="must be a workdir"):
        generator.load_generator(tmp_path)
    (tmp_path / "generator.keras").write_text("not a zip")
    GeneratorSpec(TINY, 0.7).write(tmp_path / "generator.json")
    with pytest.raises(InputDataError, match="cannot be read"):
        generator.load_generator(tmp_path)


@pytest.mark.parametrize("name", ["generator.keras", "saved_model.pb", "variables/variables.data-00000-of-00001"])
def test_a_git_lfs_pointer_is_no_model(tmp_path: pathlib.Path, name: str) -> None:
    (tmp_path / "variables").mkdir()
    (tmp_path / "saved_model.pb").touch()
    (tmp_path / name).write_text("version https://git-lfs.github.com/spec/v1\n")
    if name == "generator.keras":
        (tmp_path / "saved_model.pb").unlink()
    with pytest.raises(InputDataError, match=rf"^model .*{name}: is a Git LFS pointer"):
        trained.read_spec(tmp_path)


def test_pretrained_models_are_known_by_name(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trained, "PRETRAINED", tmp_path / "pretrained")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputDataError, match=r"model tiny_32: .* a pretrained model's name \(there are none\)"):
        generator.load_generator("tiny_32")
    model = generator.build_generator(TINY, seed=3)
    generator.save_generator(model, GeneratorSpec(TINY, 0.7, step=5), tmp_path / "work")
    (tmp_path / "pretrained").mkdir()
    for suffix in (".keras", ".json"):
        (tmp_path / "work" / f"generator{suffix}").rename(tmp_path / "pretrained" / f"tiny_32{suffix}")
    assert generator.load_generator("tiny_32").spec == GeneratorSpec(TINY, 0.7, step=5)
    assert generator.load_keras_generator("tiny_32")[1].step == 5
    with pytest.raises(InputDataError, match=r"model tiny_64: .* a pretrained model's name \(tiny_32\)"):
        generator.load_generator("tiny_64")
    # What lies here comes first.
    generator.save_generator(model, GeneratorSpec(TINY, 0.7, step=6), tmp_path / "tiny_32")
    assert generator.load_generator("tiny_32").spec.step == 6


@pytest.mark.parametrize("size", [16, 48, 100])
def test_sizes_that_are_no_power_of_two_are_refused(size: int) -> None:
    with pytest.raises(ConfigError, match=f"power of two from 32. Received: image_size={size}"):
        ModelConfig.of_preset("paper", image_size=size)


def test_keras_with_another_backend_is_told_in_one_line() -> None:
    code = (
        "import sys, types\n"
        "keras = sys.modules['keras'] = types.ModuleType('keras')\n"
        "keras.config = types.SimpleNamespace(backend=lambda: 'jax')\n"
        "from retarget_tf.errors import ConfigError\n"
        "try: from retarget_tf import Retargeter\n"
        "except ConfigError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=testing.ROOT)
    assert done.stdout == (
        "Keras must compute with TensorFlow: set KERAS_BACKEND=tensorflow, or import retarget_tf before Keras. "
        "Received: backend=jax\n"
    )


def test_channels_first_are_told_in_one_line() -> None:
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ConfigError, match=r"must put channels last.* Received: image_data_format=channels_first$"):
            generator.build_generator(ModelConfig.of_preset("paper", image_size=32, filters=2))
    finally:
        keras.config.set_image_data_format("channels_last")
