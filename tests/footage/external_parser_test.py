"""Tests of human parsers in files: toy models of every format label a bright person on a dark ground."""

import pathlib
import sys
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from absl import logging

from retarget_tf.arrays import Uint8Array
from retarget_tf.body import skeleton
from retarget_tf.body.parsing_labels import CIHP20, PPP7
from retarget_tf.dataset import clips
from retarget_tf.errors import InputDataError, MissingDependencyError
from retarget_tf.footage import extraction
from retarget_tf.footage.extraction import detectors, pipeline
from retarget_tf.footage.extraction.external_parser import ExternalParser
from retarget_tf.footage.extraction.following import Track
from retarget_tf.footage.extraction.parser import PosedImage
from retarget_tf.pictures import video
from retarget_tf.pictures.square_crop import SquareCrop
from tests.testing import TrueDetector, walking_square

SIZE = 32
UPPER = CIHP20.classes.index("upper_clothes")


class Bright(tf.Module):
    """Upper clothes where green is over a half of 0..1; the layout and the kind of output are chosen."""

    def __init__(self, *, channels_first: bool, as_ids: bool) -> None:
        super().__init__()
        self._channels_first, self._as_ids = channels_first, as_ids
        shape = [1, 3, SIZE, SIZE] if channels_first else [1, SIZE, SIZE, 3]
        self.function = tf.function(self._parse, input_signature=[tf.TensorSpec(shape, tf.float32, name="image")])

    def _parse(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        green = image[:, 1] if self._channels_first else image[..., 1]
        ids = tf.where(green > 0.5, UPPER, 0)
        if self._as_ids:
            return {"ids": ids}
        return {"logits": tf.one_hot(ids, CIHP20.num_classes, axis=1 if self._channels_first else -1)}


def saved_model(folder: pathlib.Path, *, channels_first: bool = False, as_ids: bool = False) -> pathlib.Path:
    module = Bright(channels_first=channels_first, as_ids=as_ids)
    tf.saved_model.save(module, str(folder), signatures=module.function)
    return folder


def tflite(folder: pathlib.Path) -> pathlib.Path:
    saved_model(folder / "saved")
    path = folder / "parser.tflite"
    path.write_bytes(tf.lite.TFLiteConverter.from_saved_model(str(folder / "saved")).convert())
    return path


def picture() -> Uint8Array:
    view = np.zeros((SIZE, SIZE, 3), np.uint8)
    view[8:20, 4:16] = 250
    return view


@pytest.mark.parametrize(
    "make",
    [
        saved_model,
        lambda folder: saved_model(folder, channels_first=True),
        lambda folder: saved_model(folder, as_ids=True),
        lambda folder: saved_model(folder, channels_first=True, as_ids=True),
        tflite,
    ],
    ids=["nhwc", "nchw", "ids", "nchw-ids", "tflite"],
)
def test_every_layout_gives_the_same_ids(tmp_path: pathlib.Path, make: Callable[[pathlib.Path], pathlib.Path]) -> None:
    ids = ExternalParser(make(tmp_path), CIHP20, "unit").ids(picture())
    np.testing.assert_array_equal(ids, np.where(picture()[..., 0] > 0, UPPER, 0))


def test_scalings_reach_the_network(tmp_path: pathlib.Path) -> None:
    path = saved_model(tmp_path / "parser")
    grey = np.full((SIZE, SIZE, 3), 180, np.uint8)  # 0.71 of 1, 0.41 of -1..1, 1.1 deviations above ImageNet's mean
    found = {scaling: ExternalParser(path, CIHP20, scaling).ids(grey).max() for scaling in ("unit", "symmetric")}
    assert found == {"unit": UPPER, "symmetric": 0}
    assert ExternalParser(path, CIHP20, "imagenet_bgr").ids(grey).max() == UPPER


def test_who_is_upside_down_is_parsed_upright(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser sees the same person, and its map is at her place."""
    parser = ExternalParser(saved_model(tmp_path / "parser"), CIHP20, "unit")
    keypoints = np.zeros((skeleton.NUM_JOINTS, 3), np.float32)
    keypoints[list(skeleton.joints("neck", "mid_hip", "knee"))] = [(32, 16, 1), (32, 32, 1), (36, 44, 1), (28, 44, 1)]
    over = np.where(keypoints[:, 2:] > 0, keypoints * np.array([-1, -1, 1]) + np.array([64, 64, 0]), 0)
    picture = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    seen: list[Uint8Array] = []

    def ids(view: Uint8Array) -> Uint8Array:
        seen.append(view)
        return np.asarray(view[..., 1] > 127, np.uint8)

    monkeypatch.setattr(parser, "ids", ids)
    posed = [PosedImage(picture, keypoints), PosedImage(np.ascontiguousarray(picture[::-1, ::-1]), over.astype("f4"))]
    standing, turned = parser.parse_frames(posed, SquareCrop(0, 0, 64), 64)
    np.testing.assert_allclose(seen[0].astype(int), seen[1], atol=2)
    assert (standing.parsing_map == turned.parsing_map[::-1, ::-1]).mean() > 0.97
    assert len(np.unique(standing.parsing_map)) == 2


def test_a_video_of_one_frame_becomes_a_clip_of_one(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame, _, keypoints = walking_square(0, 64)
    with video.VideoWriter(tmp_path / "still.mp4", 25.0) as writer:
        writer.write(frame)
    monkeypatch.setattr(detectors, "PoseDetector", TrueDetector(keypoints[None, None], 64, 25.0))
    parser = saved_model(tmp_path / "parser")
    config = extraction.ExtractionConfig(size=32, parser=str(parser), parser_scaling="unit")
    extraction.extract_videos([tmp_path / "still.mp4"], tmp_path / "clips", config)
    clip = clips.open_clip(tmp_path / "clips" / "still")
    assert (len(list(clip.read_frames())), len(list(clip.read_maps())), len(clip.keypoints)) == (1, 1, 1)
    assert (clip.keypoints[0, :, 2] > 0).any()


def test_a_clip_carries_both_schemas(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames, _, keypoints = zip(*(walking_square(index, 64, "d") for index in range(4)), strict=True)
    with video.VideoWriter(tmp_path / "dance.mp4", 25.0) as writer:
        for frame in frames:
            writer.write(np.where(frame == 40, 0, 255).astype(np.uint8))
    monkeypatch.setattr(pipeline, "find_person", lambda *_, **__: Track(np.stack(keypoints), ()))
    path = saved_model(tmp_path / "parser")
    config = extraction.ExtractionConfig(size=32, parser=str(path), parser_schema="cihp20", parser_scaling="unit")
    extraction.extract_clip(tmp_path / "dance.mp4", tmp_path / "clip", config)
    clip = clips.open_clip(tmp_path / "clip")
    assert clip.info.more_label_schemas == ("cihp20",)
    for parts, ids, frame in zip(clip.read_maps(), clip.read_maps("cihp20"), clip.read_frames(), strict=True):
        np.testing.assert_array_equal(parts, np.where(ids == UPPER, 3, 0))
        assert np.mean((ids > 0) == (frame[..., 1] > 128)) > 0.9
        assert (ids > 0).any()


def test_a_wrong_schema_is_warned_of(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CIHP's upper clothes have the id of a left arm of `parts10`: not what a trunk shows."""
    said: list[str] = []
    monkeypatch.setattr(logging, "warning", lambda text, *values: said.append(text % values))
    _, _, keypoints = walking_square(0, 64)
    with video.VideoWriter(tmp_path / "dance.mp4", 25.0) as writer:
        writer.write(np.full((64, 64, 3), 255, np.uint8))
    monkeypatch.setattr(pipeline, "find_person", lambda *_, **__: Track(keypoints[None], ()))
    path = str(saved_model(tmp_path / "parser", as_ids=True))
    for schema in ("cihp20", "parts10"):
        config = extraction.ExtractionConfig(size=32, parser=path, parser_schema=schema, parser_scaling="unit")
        extraction.extract_clip(tmp_path / "dance.mp4", tmp_path / schema, config)
    assert said == [
        f"parser {path}: fits label schema cihp20 better than parts10, by what it shows at the joints. "
        "If it is, give --parser_schema=cihp20."
    ]


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (lambda path: None, "no such file or folder"),
        (lambda path: path.write_text("weights"), "of no known kind. Give a SavedModel folder"),
        (lambda path: path.mkdir(), "cannot be loaded"),
    ],
)
def test_refuses_what_is_no_parser(tmp_path: pathlib.Path, write: Callable[[pathlib.Path], object], why: str) -> None:
    write(tmp_path / "parser")
    with pytest.raises(InputDataError, match=f"^parser .*parser: {why}"):
        ExternalParser(tmp_path / "parser", CIHP20)


def test_refuses_another_schema(tmp_path: pathlib.Path) -> None:
    path = saved_model(tmp_path / "parser")
    with pytest.raises(InputDataError, match=r"of 7 values a pixel \(ppp7\), not \[1, 32, 32, 20\]"):
        ExternalParser(path, PPP7).ids(picture())


def test_onnx_says_what_to_install(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "parser.onnx").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'retarget_tf\[onnx\]'"):
        ExternalParser(tmp_path / "parser.onnx", CIHP20)


def test_onnx(tmp_path: pathlib.Path) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper, shape = onnx.helper, [1, 3, SIZE, SIZE]
    nodes = [  # a 1x1 convolution: green against a half
        helper.make_node("Conv", ["image", "weights", "bias"], ["logits"], kernel_shape=[1, 1]),
    ]
    weights = np.zeros((CIHP20.num_classes, 3, 1, 1), np.float32)
    bias = np.full(CIHP20.num_classes, -9, np.float32)
    weights[UPPER, 1], bias[0], bias[UPPER] = 1, 0, -0.5
    tensors = [onnx.numpy_helper.from_array(weights, "weights"), onnx.numpy_helper.from_array(bias, "bias")]
    given = helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, shape)
    made = helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, [1, CIHP20.num_classes, SIZE, SIZE])
    graph = helper.make_graph(nodes, "bright", [given], [made], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(tmp_path / "parser.onnx"))
    ids = ExternalParser(tmp_path / "parser.onnx", CIHP20, "unit").ids(picture())
    np.testing.assert_array_equal(ids, np.where(picture()[..., 0] > 0, UPPER, 0))
