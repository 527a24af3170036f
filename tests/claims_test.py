"""Tests of files that claim more than they should: they are refused before memory is allocated for them."""

import io
import json
import pathlib
import tracemalloc
import zipfile
from collections.abc import Callable

import h5py
import keras
import numpy as np
import pytest

from retarget_tf import files
from retarget_tf.body.parsing_labels import SCHEMAS
from retarget_tf.errors import InputDataError
from retarget_tf.files import claims
from retarget_tf.footage.importers import keypoint_arrays, keypoints, parsing_pngs
from retarget_tf.footage.importers.keypoint_arrays import read_keypoint_array
from retarget_tf.networks import generator
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.pictures import image_files, video
from retarget_tf.serving import securing
from retarget_tf.serving.options import ClientOptions
from retarget_tf.serving.page import guard
from retarget_tf.serving.server.versions import ModelVersions
from tests import testing

MODEL = ModelConfig.of_preset("stable", image_size=32, filters=2, refinement=2)


def claiming(shape: tuple[int, ...]) -> bytes:
    """A .npy file that says it holds an array of this shape, and holds none of it."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return file.getvalue()


def plain(path: pathlib.Path) -> None:
    path.write_bytes(claiming((10**9, 25, 3)))


def zipped(path: pathlib.Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("keypoints.npy", claiming((10**9, 25, 3)))


def packed(path: pathlib.Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("keypoints.npy", "w") as stored:
        stored.write(claiming((60_000_000, 1)))
        for _ in range(520):
            stored.write(bytes(1_000_000))


@pytest.mark.parametrize(("write", "suffix"), [(plain, "npy"), (zipped, "npz"), (packed, "npz")])
def test_arrays_are_not_allocated_before_their_size_is_known(
    write: Callable[[pathlib.Path], None], suffix: str, tmp_path: pathlib.Path
) -> None:
    path = tmp_path / f"points.{suffix}"
    write(path)
    tracemalloc.start()
    try:
        with pytest.raises(InputDataError, match=r"holds \d+ MB, more than 500\. Check"):
            read_keypoint_array(path)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_json_file_is_parsed_only_up_to_a_size(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "clip.json"
    path.write_text(json.dumps(list(range(1000))))
    assert files.read_json(path, "clip") == list(range(1000))
    monkeypatch.setattr(claims, "MOST_JSON_BYTES", 1000)
    with pytest.raises(InputDataError, match=r"clip\.json: holds 0 MB, more than 0"):
        files.read_json(path, "clip")


def test_json_of_millions_of_parts_is_not_parsed(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "clip.json"
    path.write_text("[" + "{}," * 1000 + "[]]")
    monkeypatch.setattr(claims, "MOST_JSON_PARTS", 1002)
    assert len(files.read_json(path, "clip")) == 1001
    monkeypatch.setattr(claims, "MOST_JSON_PARTS", 1001)
    with pytest.raises(InputDataError, match=r"clip\.json: holds 1002 lists and objects, more than 1001\. Check"):
        files.read_json(path, "clip")


@pytest.fixture
def huge(tmp_path: pathlib.Path) -> pathlib.Path:
    """A file of ten gigabytes that takes no room on the disk."""
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(10**10)
    return path


READERS: list[Callable[[pathlib.Path], object]] = [
    image_files.load_photo,
    lambda path: parsing_pngs.read_parsing_png(path, SCHEMAS["parts10"]),
    guard.read_users,
    lambda path: securing.client_metadata(ClientOptions(token_file=str(path)), "localhost:1"),
    lambda path: files.read_json(path, "clip"),
]


@pytest.mark.parametrize("read", READERS)
def test_a_huge_file_is_refused_by_its_size(read: Callable[[pathlib.Path], object], huge: pathlib.Path) -> None:
    with pytest.raises(InputDataError, match=rf"{huge}: holds 10000 MB, more than \d+\. Check that it is the right"):
        read(huge)


def test_a_file_without_an_end_is_refused() -> None:
    with pytest.raises(InputDataError, match=r"photo /dev/zero: holds 2 MB, more than 1\. Check"):
        files.read_bytes("/dev/zero", "photo", 1_500_000)


def test_an_animation_is_not_read_before_its_size_is_known(huge: pathlib.Path) -> None:
    with huge.open("r+b") as file:
        file.write(b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0" + bytes(6))
    with pytest.raises(InputDataError, match=rf"video {huge}: holds 10000 MB, more than 1000\. Check"):
        video.probe(huge)


def test_a_parsing_map_of_too_many_pixels_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "map.png"
    path.write_bytes(testing.png_without_pixels(15_000, 15_000))
    with pytest.raises(InputDataError, match=r"map\.png: is 15000x15000, more than 100 megapixels\. Give a smaller"):
        parsing_pngs.read_parsing_png(path, SCHEMAS["parts10"])


def test_keypoints_take_memory_in_proportion_to_their_frames(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "points.npy"
    np.save(path, np.full((40_000, 136, 3), 7, np.uint8))  # 16 MB, which float64 would make 130
    tracemalloc.start()
    try:
        assert read_keypoint_array(path).shape == (40_000, 25, 3)  # 12 MB
        assert tracemalloc.get_traced_memory()[1] < 160_000_000
    finally:
        tracemalloc.stop()
    monkeypatch.setattr(keypoint_arrays, "_MOST_FRAMES", 39_999)
    with pytest.raises(InputDataError, match=r"points\.npy: are of 40000 frames, more than 39999\. Split"):
        read_keypoint_array(path)


def test_a_crowd_that_would_be_compared_for_hours_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "points.json"
    path.write_text(json.dumps({"people": [{"pose_keypoints_2d": [9.0] * 51}] * 201}))
    with pytest.raises(InputDataError, match=r"points\.json: holds 201 people, more than 200\. Leave out"):
        keypoints.read_keypoints(path, 64, 64)


def test_json_that_is_nested_too_deeply_is_told(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "clip.json"
    path.write_text("[" * 200_000)
    with pytest.raises(InputDataError, match="not JSON"):
        files.read_json(path, "clip")


@pytest.fixture
def workdir(tmp_path: pathlib.Path) -> pathlib.Path:
    generator.save_generator(generator.build_generator(MODEL), GeneratorSpec(MODEL, 0.7), tmp_path)
    return tmp_path


def rewrite(keras_file: pathlib.Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Changes the files in a .keras file."""
    with zipfile.ZipFile(keras_file) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    change(contents)
    with zipfile.ZipFile(keras_file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def with_a_huge_weight(contents: dict[str, bytes]) -> None:
    stored = io.BytesIO(contents["model.weights.h5"])
    with h5py.File(stored, "a") as weights:
        weights.create_dataset("more", (10**10,), "f4", chunks=True, compression="gzip")
    contents["model.weights.h5"] = stored.getvalue()


def with_an_unknown_layer(contents: dict[str, bytes]) -> None:
    contents["config.json"] = contents["config.json"].replace(b'"Conv2D"', b'"Conv9D"')


@pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.data-00000-of-00001"])
def test_a_huge_saved_model_is_refused_by_its_size(name: str, huge: pathlib.Path) -> None:
    folder = huge.parent / "saved"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").touch()
    huge.rename(folder / name)
    with pytest.raises(InputDataError, match=r"^model .*/saved/.*: holds 10000 MB, more than \d+\. Check"):
        generator.load_generator(folder)
    versions = ModelVersions(folder.parent, "retarget")
    folder.rename(folder.parent / "1")
    versions.update()
    assert "holds 10000 MB" in versions.states("retarget", 1)[1].error


def without_weights(contents: dict[str, bytes]) -> None:
    del contents["model.weights.h5"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (with_a_huge_weight, r"generator\.keras: holds 40000 MB, more than 1000\. Check"),
        (with_an_unknown_layer, r"generator\.keras: cannot be read .*Give another model, or save this one again"),
        (without_weights, r"generator\.keras: cannot be read .*Give another model, or save this one again"),
    ],
)
def test_a_damaged_model_is_told_in_a_line(
    workdir: pathlib.Path, change: Callable[[dict[str, bytes]], None], told: str
) -> None:
    rewrite(workdir / "generator.keras", change)
    with pytest.raises(InputDataError, match=told) as refusal:
        generator.load_generator(workdir)
    assert "\n" not in str(refusal.value)


def test_code_in_a_model_does_not_run(workdir: pathlib.Path) -> None:
    inputs = keras.Input((1,))
    ran = str(workdir / "ran")
    layer = keras.layers.Lambda(lambda x: (__import__("os").system(f"touch {ran}"), x)[1])
    hostile = keras.Model(inputs, layer(inputs))
    hostile.save(workdir / "generator.keras")
    pathlib.Path(ran).unlink()  # it ran when the model was made
    with pytest.raises(InputDataError, match=r"generator\.keras: cannot be read"):
        generator.load_generator(workdir)
    assert not pathlib.Path(ran).exists()


@pytest.mark.parametrize("change", [{"image_size": 64}, {"label_schema": "lip20"}])
def test_a_description_of_another_network_is_told(workdir: pathlib.Path, change: dict[str, object]) -> None:
    other = ModelConfig.of_preset("stable", **{"image_size": 32, "filters": 2, "refinement": 2, **change})
    GeneratorSpec(other, 0.7).write(workdir / "generator.json")
    with pytest.raises(InputDataError, match=r"its network has the inputs .* Restore the file that belongs to it"):
        generator.load_generator(workdir)
