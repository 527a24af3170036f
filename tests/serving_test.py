"""The SavedModel: it equals the model, keeps its signature, refuses bad requests alive, and needs no project code."""

import dataclasses
import json
import pathlib
from typing import Any

import cv2
import keras
import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from retarget_tf import conditioning, generator, pose_transform, serving, serving_check
from retarget_tf.config import PRESET_MODELS, GeneratorSpec, ModelConfig
from retarget_tf.errors import InputDataError
from retarget_tf.images import SquareCrop

SIZE = 32
SPEC = GeneratorSpec(ModelConfig(image_size=SIZE, filters=2), person_height_share=0.7, step=9)


def lively(network: keras.Model) -> keras.Model:
    """Weights so large that the maps of an untrained network hold several classes."""
    random = np.random.default_rng(0)
    network.set_weights(
        [np.abs(w) + 0.1 if w.ndim < 2 else random.normal(0, 0.3, w.shape) for w in network.get_weights()]
    )
    return network


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("workdir")
    generator.save_generator(lively(generator.build_generator(SPEC.model)), SPEC, folder)
    return folder


@pytest.fixture(scope="module")
def exported(workdir: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return serving.export_saved_model(workdir, tmp_path_factory.mktemp("export"))


@pytest.fixture(scope="module")
def loaded(exported: pathlib.Path) -> Any:
    return tf.saved_model.load(str(exported))


def points(batch: int, side: int) -> npt.NDArray[np.float32]:
    keypoints = np.random.default_rng(1).uniform(0.2 * side, 0.8 * side, (batch, 25, 3)).astype(np.float32)
    keypoints[..., 2] = 0.9
    return keypoints


def photo(height: int, width: int) -> npt.NDArray[np.uint8]:
    noise = np.random.default_rng(2).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), height / 12), np.uint8)


def png(picture: npt.NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".png", picture[..., ::-1])[1])


def test_signature_is_pinned(loaded: Any) -> None:
    signature = loaded.signatures["serving_default"]
    _, inputs = signature.structured_input_signature
    described = {name: (spec.dtype.name, spec.shape.as_list()) for name, spec in inputs.items()}
    assert described == {
        "image_bytes": ("string", [None]),
        "keypoints": ("float32", [None, 25, 3]),
        "reference_keypoints": ("float32", [None, 25, 3]),
    }
    outputs = {name: (spec.dtype.name, spec.shape.as_list()) for name, spec in signature.structured_outputs.items()}
    assert outputs == {"parsing_map": ("uint8", [None, SIZE, SIZE]), "parsing_map_png_bytes": ("string", [None])}


@pytest.mark.parametrize("batch", [1, 3])
def test_maps_are_those_of_the_network_on_the_canvas(loaded: Any, workdir: pathlib.Path, batch: int) -> None:
    picture, pose, reference = photo(90, 60), points(batch, 60), points(1, 60)[0]
    square = pose_transform.person_square(reference, np.float32(60), np.float32(90), SPEC.person_height_share)
    crop = SquareCrop(*(float(value) for value in square))
    frames = np.stack([crop.apply(picture, SIZE)] * batch)
    network = generator.load_generator(workdir).network
    rgb = network({"frame": conditioning.to_signed(frames), "keypoints": crop.move_keypoints(pose, SIZE)})[
        "parsing_rgb"
    ]
    expected = conditioning.nearest_class(rgb, SPEC.model.schema).numpy()
    outputs = loaded.signatures["serving_default"](
        image_bytes=tf.constant([png(picture)] * batch),
        keypoints=tf.constant(pose),
        reference_keypoints=tf.constant(np.stack([reference] * batch)),
    )
    assert len(np.unique(expected)) > 2
    assert np.mean(outputs["parsing_map"].numpy() == expected) > 0.97  # a grey level apart: see images_tf_test
    for parsing_map, encoded in zip(outputs["parsing_map"], outputs["parsing_map_png_bytes"], strict=True):
        np.testing.assert_array_equal(tf.io.decode_png(encoded)[..., 0], parsing_map)


def test_pictures_of_a_batch_may_differ_in_size(loaded: Any) -> None:
    pictures = [png(photo(90, 60)), bytes(cv2.imencode(".jpg", photo(20, 40))[1]), png(photo(SIZE, SIZE))]
    unknown = tf.zeros([3, 25, 3])
    outputs = loaded.signatures["serving_default"](
        image_bytes=tf.constant(pictures), keypoints=tf.constant(points(3, 20)), reference_keypoints=unknown
    )
    assert outputs["parsing_map"].shape == (3, SIZE, SIZE)


def request(signature: Any, image_bytes: Any, keypoints: Any, reference_keypoints: Any) -> list[tf.Tensor]:
    """As a server calls: no Python stands between the request and the graph."""
    order = [tensor.name.split(":")[0] for tensor in signature.inputs[:3]]
    given = {"image_bytes": image_bytes, "keypoints": keypoints, "reference_keypoints": reference_keypoints}
    arguments = [given[name] for name in order] + list(signature.captured_inputs)
    return tf.raw_ops.StatefulPartitionedCall(args=arguments, Tout=[tf.uint8, tf.string], f=signature)


GOOD_IMAGE, GOOD_POINTS = tf.constant([png(photo(40, 40))]), tf.constant(points(1, 40))
BOMB = png(photo(40, 40))[:16] + (60_000).to_bytes(4, "big") * 2 + png(photo(40, 40))[24:]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"image_bytes": GOOD_IMAGE[0]}, "not compatible"),
        ({"image_bytes": GOOD_IMAGE[None]}, "not compatible"),
        ({"keypoints": GOOD_POINTS[0]}, "not compatible"),
        ({"keypoints": GOOD_POINTS[..., :2]}, "not compatible"),
        ({"reference_keypoints": GOOD_POINTS[:, :18]}, "not compatible"),
        ({"keypoints": tf.concat([GOOD_POINTS, GOOD_POINTS], 0)}, "one batch size"),
        (
            {"image_bytes": GOOD_IMAGE[:0], "keypoints": GOOD_POINTS[:0], "reference_keypoints": GOOD_POINTS[:0]},
            "one batch size from 1",
        ),
        ({"image_bytes": tf.constant([b""])}, "must be an encoded JPEG or PNG"),
        ({"image_bytes": tf.constant([b"GIF89a and more"])}, "must be an encoded JPEG or PNG"),
        ({"image_bytes": tf.constant([png(photo(40, 40))[:18]])}, "DecodeRaw"),
        ({"image_bytes": tf.constant([png(photo(40, 40))[:-300]])}, "PNG"),
        ({"image_bytes": tf.constant([b"\xff\xd8\xff\xe0 no more"])}, "JPEG"),
        ({"image_bytes": tf.constant([BOMB])}, "1 to 8192 pixels"),
    ],
)
def test_bad_requests_are_refused_and_the_next_is_served(loaded: Any, changes: dict[str, Any], why: str) -> None:
    signature = loaded.signatures["serving_default"]
    good = {"image_bytes": GOOD_IMAGE, "keypoints": GOOD_POINTS, "reference_keypoints": GOOD_POINTS}
    with pytest.raises(tf.errors.InvalidArgumentError, match=why):
        request(signature, **{**good, **changes})
    assert request(signature, **good)[0].shape == (1, SIZE, SIZE)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30, -1e30])
def test_points_out_of_all_bounds_do_no_harm(loaded: Any, value: float) -> None:
    wild = tf.fill([1, 25, 3], tf.constant(value, tf.float32))
    assert request(loaded.signatures["serving_default"], GOOD_IMAGE, wild, wild)[0].shape == (1, SIZE, SIZE)


def test_a_saved_model_is_a_generator_like_any_other(exported: pathlib.Path, workdir: pathlib.Path) -> None:
    inputs = {"frame": conditioning.to_signed(photo(SIZE, SIZE)[None]), "keypoints": tf.constant(points(1, SIZE))}
    ours, theirs = generator.load_generator(workdir), generator.load_generator(exported)
    assert theirs.spec == ours.spec == SPEC
    np.testing.assert_allclose(theirs.network(inputs)["parsing_rgb"], ours.network(inputs)["parsing_rgb"], atol=1e-5)
    assert json.loads((exported / "assets.extra" / "generator.json").read_text())["step"] == 9


def test_versions_count_up_and_are_never_overwritten(workdir: pathlib.Path, tmp_path: pathlib.Path) -> None:
    assert serving.export_saved_model(workdir, tmp_path / "out", version=4).name == "4"
    (tmp_path / "out" / "notes").mkdir()
    assert serving.export_saved_model(workdir, tmp_path / "out").name == "5"
    with pytest.raises(InputDataError, match="4: exists already"):
        serving.export_saved_model(workdir, tmp_path / "out", version=4)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["4", "5", "notes"]
    with pytest.raises(InputDataError, match="must be a workdir"):
        serving.export_saved_model(tmp_path, tmp_path / "out")


def test_check_passes_for_its_own_model(exported: pathlib.Path, workdir: pathlib.Path) -> None:
    checks = serving_check.check_saved_model(workdir, exported)
    assert all(check.passed for check in checks), checks
    assert len(checks) == 8


def test_check_fails_for_another_model(exported: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(serving_check, "_STRANGER", "import retarget_tf.no_such_module")
    other = dataclasses.replace(SPEC, step=10)
    generator.save_generator(generator.build_generator(SPEC.model, seed=5), other, tmp_path)
    checks = serving_check.check_saved_model(tmp_path, exported)
    assert not any(check.passed for check in checks), checks


@pytest.mark.parametrize("pose_condition", ["stick", "coordinates"])
def test_both_pose_conditions_can_be_exported(tmp_path: pathlib.Path, pose_condition: Any) -> None:
    spec = GeneratorSpec(ModelConfig(image_size=SIZE, filters=2, pose_condition=pose_condition), 0.7)
    generator.save_generator(lively(generator.build_generator(spec.model)), spec, tmp_path)
    signature = tf.saved_model.load(str(serving.export_saved_model(tmp_path, tmp_path / "out")))
    moved = GOOD_POINTS + tf.constant([8.0, 0.0, 0.0])
    maps = [
        request(signature.signatures["serving_default"], GOOD_IMAGE, pose, GOOD_POINTS)[0]
        for pose in (GOOD_POINTS, moved)
    ]
    assert np.any(maps[0] != maps[1])  # the pose matters


@pytest.mark.parametrize("changed", [{}, {"anchor": "reference"}, {"feedback": "none", "refinement": 0}], ids=str)
def test_stable_is_exported_as_well(tmp_path: pathlib.Path, changed: dict[str, Any]) -> None:
    """The signature parses the photo, then answers as a rollout from the photo alone does."""
    model = ModelConfig(
        preset="stable", image_size=SIZE, filters=2, **{**PRESET_MODELS["stable"], "refinement": 2, **changed}
    )
    spec = GeneratorSpec(model, 0.7)
    generator.save_generator(lively(generator.build_generator(model)), spec, tmp_path)
    exported = serving.export_saved_model(tmp_path, tmp_path / "out")
    checks = serving_check.check_saved_model(tmp_path, exported)
    assert all(check.passed for check in checks), checks
