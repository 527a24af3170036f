"""Tests of the development server: answers equal the SavedModel's, bad requests are refused, versions are swapped."""

import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time
import types
from collections.abc import Iterator
from typing import Any

import cv2
import grpc
import numpy as np
import pytest
import tensorflow as tf
from absl import logging
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tensorflow.core.framework import tensor_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.pictures import image_files
from retarget_tf.serving.server import ModelServer, RefusedError, ServerOptions, batching
from retarget_tf.serving.server.batching import Batcher, Job
from retarget_tf.serving.server.validation import checked_inputs
from retarget_tf.serving.server.versions import ModelVersion, ModelVersions
from tests.testing import Served, png_without_pixels, run_program, wait_until, walking_square

OPTIONS = ServerOptions(port=0, model_name="toy", poll_seconds=0.05, max_batch=4, max_pixels=10_000, max_message_mb=1)


class Toy(tf.Module):
    """Multiplies by its number; negative numbers are refused."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = tf.Variable(factor)

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    def times(self, x: Any) -> dict[str, Any]:
        """Returns the points times the factor, and the sum of each point."""
        tf.debugging.assert_non_negative(x, "x must not be negative")
        return {"y": x * self.factor, "sum": tf.reduce_sum(x, axis=1)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def length(self, image_bytes: Any) -> dict[str, Any]:
        """Returns the length in bytes of each file."""
        return {"length": tf.strings.length(image_bytes)}

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.int64, name="steps"), tf.TensorSpec([None], tf.string, name="begun")],
        autograph=False,
    )
    def count(self, steps: Any, begun: Any) -> dict[str, Any]:
        """Writes the file `begun`, then takes as long as it is told to."""
        with tf.control_dependencies([tf.io.write_file(begun[0], "")]):
            (count,) = tf.while_loop(lambda at: at < steps[0], lambda at: (at + 1,), (tf.constant(0, tf.int64),))
        return {"count": count}


def write_version(folder: pathlib.Path, number: int) -> None:
    toy = Toy(float(number))
    hidden = folder / f".{number}"
    tf.saved_model.save(
        toy, str(hidden), signatures={"serving_default": toy.times, "length": toy.length, "count": toy.count}
    )
    hidden.rename(folder / str(number))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("export")
    write_version(folder, 1)
    return folder


@pytest.fixture(scope="module")
def server(folder: pathlib.Path) -> Iterator[ModelServer]:
    with ModelServer(folder, OPTIONS) as server:
        yield server


@pytest.fixture(scope="module")
def channel(server: ModelServer) -> Iterator[Any]:
    with grpc.insecure_channel(server.address) as channel:
        yield channel


def toy_request(*, name: str = "toy", signature: str = "", version: int = 0, **inputs: Any) -> Any:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    if version:
        request.model_spec.version.value = version
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(value if isinstance(value, tensor_pb2.TensorProto) else proto(value))
    return request


def proto(value: Any, dtype: Any = tf.float32) -> Any:
    return tf.make_tensor_proto(value, None if isinstance(value, np.ndarray) else dtype)


def predict(channel: Any, request: Any, timeout: float = 60) -> Any:
    return prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=timeout)


def test_a_request_is_answered_with_names_and_version(channel: Any) -> None:
    response = predict(channel, toy_request(x=[[1.0, 2.0], [3.0, 4.0]]))
    np.testing.assert_array_equal(tf.make_ndarray(response.outputs["y"]), [[1, 2], [3, 4]])
    np.testing.assert_array_equal(tf.make_ndarray(response.outputs["sum"]), [3, 7])
    spec = response.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("toy", 1, "serving_default")
    filtered = toy_request(x=[[1.0, 2.0]])
    filtered.output_filter.append("sum")
    assert set(predict(channel, filtered).outputs) == {"sum"}


def bomb() -> Any:
    value = proto([[1.0, 1.0]])
    value.tensor_shape.dim[0].size = 10**12
    return value


def torn() -> Any:
    value = proto(np.ones((2, 2), np.float32))
    value.tensor_content = value.tensor_content[:5]
    return value


REFUSED = [
    ({"name": ""}, "INVALID_ARGUMENT", "Missing ModelSpec"),
    ({"name": "other"}, "NOT_FOUND", r"Latest\(other\)"),
    ({"version": 9}, "NOT_FOUND", r"Specific\(toy, 9\)"),
    ({"signature": "other"}, "INVALID_ARGUMENT", 'Serving signature key "other" not found'),
    ({"x": proto([[1, 2]], tf.int32)}, "INVALID_ARGUMENT", "x must be float32. Received: int32"),
    ({"x": proto([1.0, 2.0])}, "INVALID_ARGUMENT", r"x must be of shape \[None, 2\]. Received: \[2\]"),
    ({"x": proto([[1.0, 2.0, 3.0]])}, "INVALID_ARGUMENT", r"Received: \[1, 3\]"),
    ({"x": proto(np.zeros((0, 2), np.float32))}, "INVALID_ARGUMENT", "one batch size from 1 to 4"),
    ({"x": proto(np.zeros((5, 2), np.float32))}, "INVALID_ARGUMENT", "one batch size from 1 to 4"),
    ({"x": bomb()}, "INVALID_ARGUMENT", "too many elements"),
    ({"x": torn()}, "INVALID_ARGUMENT", "does not hold the values of its shape"),
    ({"x": proto([[1.0, 2.0], [np.nan, 0.0]])}, "INVALID_ARGUMENT", r"x\[1\]: holds a number that is not finite"),
    ({"x": proto([[1.0, 2.0], [0.0, -1.0]])}, "INVALID_ARGUMENT", "example 1: assertion .*x must not be negative"),
    ({"extra": proto([[1.0]])}, "INVALID_ARGUMENT", r"Unknown: \['extra'\]"),
    ({"x": None}, "INVALID_ARGUMENT", r"Missing: \['x'\]"),
    ({"x": proto(np.zeros((1, 400_000), np.float32))}, "RESOURCE_EXHAUSTED", "larger than max"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "code", "why"), REFUSED)
def test_bad_requests_are_refused(channel: Any, changes: dict[str, Any], code: str, why: str) -> None:
    given = {key: value for key, value in {"x": proto([[1.0, 2.0]]), **changes}.items() if value is not None}
    with pytest.raises(grpc.RpcError, match=why) as caught:
        predict(channel, toy_request(**given))
    assert caught.value.code().name == code
    assert predict(channel, toy_request(x=[[1.0, 2.0]])).outputs


@pytest.mark.parametrize(
    ("picture", "why"),
    [
        (b"", r"image_bytes\[1\]: is empty"),
        (b"no picture", "is no JPEG"),
        (png_without_pixels(60_000, 60_000), "60000x60000, not of 1 to"),
    ],
)
def test_bad_pictures_are_told_by_their_index(channel: Any, picture: bytes, why: str) -> None:
    good = png_without_pixels(20, 20)
    with pytest.raises(grpc.RpcError, match=why):
        predict(channel, toy_request(signature="length", image_bytes=proto([good, picture], tf.string)))


def test_a_shape_of_strings_without_values_is_refused(channel: Any) -> None:
    empty = tensor_pb2.TensorProto(dtype=tf.string.as_datatype_enum)
    empty.tensor_shape.dim.add(size=1)
    with pytest.raises(grpc.RpcError, match="image_bytes does not hold the values of its shape") as caught:
        predict(channel, toy_request(signature="length", image_bytes=empty))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_numbers_that_no_byte_holds_are_refused() -> None:
    definition = signature_of(tf.TensorSpec([None], tf.uint8, name="ids"))
    ids = tensor_pb2.TensorProto(dtype=tf.uint8.as_datatype_enum, int_val=[300])
    ids.tensor_shape.dim.add(size=1)
    with pytest.raises(RefusedError, match="ids does not hold the values of its shape"):
        checked_inputs({"ids": ids}, definition, ServerOptions())


def signature_of(spec: tf.TensorSpec) -> Any:
    definition = meta_graph_pb2.SignatureDef()
    definition.inputs[spec.name].dtype = spec.dtype.as_datatype_enum
    definition.inputs[spec.name].tensor_shape.CopyFrom(spec.shape.as_proto())
    return definition


def test_output_filter_names_outputs(channel: Any) -> None:
    request = toy_request(x=[[1.0, 2.0]])
    request.output_filter.append("z")
    with pytest.raises(grpc.RpcError, match="output tensor alias not found in signature: z"):
        predict(channel, request)


def test_metadata_status_and_health(channel: Any) -> None:
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "toy"
    response = prediction_service_pb2_grpc.PredictionServiceStub(channel).GetModelMetadata(request)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    assert set(signatures.signature_def) == {"count", "length", "serving_default"}
    request.metadata_field[0] = "other"
    with pytest.raises(grpc.RpcError, match="not supported"):
        prediction_service_pb2_grpc.PredictionServiceStub(channel).GetModelMetadata(request)
    status = get_model_status_pb2.GetModelStatusRequest()
    status.model_spec.name = "other"
    with pytest.raises(grpc.RpcError, match="Could not find any versions of model other"):
        model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(status)
    stub = health_pb2_grpc.HealthStub(channel)
    assert stub.Check(health_pb2.HealthCheckRequest(service="toy")).status == health_pb2.HealthCheckResponse.SERVING


def states(channel: Any) -> dict[int, str]:
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "toy"
    response = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(request)
    names = get_model_status_pb2.ModelVersionStatus.State
    return {status.version: names.Name(status.state) for status in response.model_version_status}


def test_a_new_version_takes_over_and_no_request_is_lost(tmp_path: pathlib.Path) -> None:
    write_version(tmp_path, 1)
    with ModelServer(tmp_path, OPTIONS) as server, grpc.insecure_channel(server.address) as channel:
        write_version(tmp_path, 2)

        def answered_by() -> int:
            response = predict(channel, toy_request(x=[[1.0, 1.0]]))
            version = int(response.model_spec.version.value)
            assert tf.make_ndarray(response.outputs["y"])[0, 0] == version
            return version

        wait_until(lambda: answered_by() == 2)
        wait_until(lambda: states(channel) == {2: "AVAILABLE", 1: "END"})
        (tmp_path / "3").mkdir()  # half copied: the version before goes on
        wait_until(lambda: states(channel).get(3) == "END")
        assert predict(channel, toy_request(x=[[1.0, 1.0]])).model_spec.version.value == 2


def test_a_version_that_cannot_be_loaded_is_tried_again_when_it_changes(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.get_absl_logger(), "propagate", True)
    write_version(tmp_path, 1)
    versions = ModelVersions(tmp_path, "toy")
    (tmp_path / "9").write_text("a file is no version")
    (tmp_path / "00000003").mkdir()
    for _ in range(3):
        versions.update()
    assert len([message for message in caplog.messages if "version 3 cannot be loaded" in message]) == 1
    write_version(tmp_path, 2)
    shutil.copytree(tmp_path / "2", tmp_path / "00000003", dirs_exist_ok=True)
    versions.update()
    with versions.use("toy", None) as version:
        assert version.number == 3


def test_whatever_becomes_of_the_folder_the_loaded_version_answers(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.get_absl_logger(), "propagate", True)
    write_version(tmp_path, 1)
    looks = 0

    def broken() -> None:
        nonlocal looks
        looks += 1
        raise PermissionError(13, "Permission denied", "export")

    with ModelServer(tmp_path, OPTIONS) as server, grpc.insecure_channel(server.address) as channel:
        with monkeypatch.context() as patched:
            patched.setattr(server._versions, "update", broken)
            wait_until(lambda: looks > 3)
            assert predict(channel, toy_request(x=[[1.0, 1.0]])).model_spec.version.value == 1
        assert len([message for message in caplog.messages if "cannot be looked for: PermissionError" in message]) == 1
        write_version(tmp_path, 2)
        wait_until(lambda: predict(channel, toy_request(x=[[1.0, 1.0]])).model_spec.version.value == 2)


def test_stopping_does_not_wait_for_a_version_that_is_being_loaded(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_version(tmp_path, 1)
    loading, loaded = threading.Event(), threading.Event()

    def slow() -> None:
        loading.set()
        loaded.wait(120)

    server = ModelServer(tmp_path, OPTIONS)
    monkeypatch.setattr(server._versions, "update", slow)
    assert loading.wait(60)
    assert not server.stop()
    loaded.set()


def test_a_message_that_cannot_be_decoded_is_answered_without_a_traceback(
    channel: Any, caplog: pytest.LogCaptureFixture
) -> None:
    call = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
    with pytest.raises(grpc.RpcError) as refusal:
        call(b"\xff" * 50, timeout=10)
    assert refusal.value.code() == grpc.StatusCode.INTERNAL
    assert not caplog.records


class Gate:
    """A signature that waits until `opened` is set and records the batches that it gets."""

    def __init__(self) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()
        self.batches: list[list[float]] = []

    def run(self, x: Any) -> dict[str, Any]:
        """The signature."""
        self.entered.set()
        assert self.opened.wait(60)
        self.batches.append(x.numpy().tolist())
        if np.any(x < 0):
            raise tf.errors.InvalidArgumentError(None, None, "negative")
        return {"y": x * 2}


def job(version: ModelVersion, *values: float, seconds: float = 600, merges: bool = True) -> Job:
    return Job(version, "f", {"x": np.asarray(values, np.float32)}, True, merges, time.monotonic() + seconds)


def test_waiting_requests_run_as_one_and_a_bad_one_harms_nobody() -> None:
    gate = Gate()
    batcher, version = Batcher(ServerOptions(max_batch=4, max_queue=7, workers=1)), ModelVersion(1, {"f": gate.run}, {})
    first = job(version, 9)
    batcher.submit(first)
    assert gate.entered.wait(60)
    waiting = [job(version, 1), job(version, 2, 3), job(version, -1), job(version, 5, merges=False)]
    waiting += [job(version, 6, seconds=-1), job(version, 7), job(version, 8)]
    waiting += [job(version, 10)]  # takes the place of the one that is too late
    for one in waiting:
        batcher.submit(one)
    with pytest.raises(RefusedError, match="7 requests wait already") as refused:
        batcher.submit(job(version, 1))
    assert refused.value.code == grpc.StatusCode.UNAVAILABLE
    assert waiting[5].future.cancel()  # its client is gone
    gate.opened.set()
    batcher.close()
    assert first.future.result() == {"y": [18]}
    assert [waiting[i].future.result()["y"].tolist() for i in (0, 1, 3, 6, 7)] == [[2], [4, 6], [10], [16], [20]]
    with pytest.raises(RefusedError, match="negative"):
        waiting[2].future.result()
    assert gate.batches == [[9], [1, 2, 3, -1], [1], [2, 3], [-1], [5], [8, 10]]  # 6 was too late, 7 had gone
    with pytest.raises(RefusedError, match="stops"):
        batcher.submit(job(version, 1))


def test_a_queue_of_clients_that_are_gone_is_no_full_queue() -> None:
    gate = Gate()
    batcher, version = Batcher(ServerOptions(max_queue=2, workers=1)), ModelVersion(1, {"f": gate.run}, {})
    batcher.submit(job(version, 1))
    assert gate.entered.wait(60)
    gone = [job(version, 2), job(version, 3)]
    for one in gone:
        batcher.submit(one)
        one.future.cancel()
    last = job(version, 4)
    batcher.submit(last)
    assert not batcher.close(0.01)  # the first still runs
    gate.opened.set()
    assert batcher.close(60)
    assert last.future.result() == {"y": [8]}
    assert gate.batches == [[1], [4]]


def test_the_bad_example_is_not_looked_for_when_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    batcher, one = Batcher(ServerOptions()), job(ModelVersion(1, {"f": gate.run}, {}), 1, 2, -3)
    batcher.submit(one)
    assert gate.entered.wait(60)
    monkeypatch.setattr(batching, "time", types.SimpleNamespace(monotonic=lambda: one.deadline))
    gate.opened.set()
    with pytest.raises(RefusedError, match=r"^negative"):
        one.future.result(60)
    assert gate.batches == [[1, 2, -3]]
    batcher.close()


def test_the_bad_example_of_a_request_is_named() -> None:
    gate = Gate()
    gate.opened.set()
    batcher, one = Batcher(ServerOptions()), job(ModelVersion(1, {"f": gate.run}, {}), 1, 2, -3)
    batcher.submit(one)
    with pytest.raises(RefusedError, match="example 2: negative"):
        one.future.result(60)
    batcher.close()


@pytest.fixture(scope="module")
def clip_channel(served: Served) -> Iterator[Any]:
    options = ServerOptions(port=0, model_name="toy", max_frames=6)
    with ModelServer(served.export_dir.parent, options) as server, grpc.insecure_channel(server.address) as channel:
        yield channel


def clip_request(signature: str, batch: int, frames: int, **changes: Any) -> Any:
    """A request for `frames` maps of the walking square each."""
    picture, parsing_map, keypoints = walking_square(0)
    inputs = {
        "image_bytes": np.asarray([image_files.encode_png(picture)] * batch, object),
        "reference_keypoints": np.stack([keypoints] * batch),
        "reference_map": np.stack([parsing_map] * batch),
        "keypoints": np.tile(keypoints, (batch, frames, 1, 1)),
    }
    return toy_request(signature=signature, **{**inputs, **changes})


NOISE = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
GOOD_PNG = image_files.encode_png(NOISE)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("picture", "why"),
    [
        (GOOD_PNG[:-300], r"image_bytes\[1\]: the PNG is cut off"),
        (GOOD_PNG[:-300] + GOOD_PNG[-12:], "example 1: Invalid PNG"),  # header and end are as they should be
        (bytes(cv2.imencode(".webp", NOISE)[1]), "example 1: assertion failed: .*JPEG or PNG"),
    ],
    ids=["cut", "torn", "webp"],
)
@pytest.mark.parametrize("signature", ["retarget_clip", "retarget_clip_raw"])
@pytest.mark.parametrize("served", ["paper"], indirect=True)
def test_a_bad_picture_of_a_clip_is_told_by_its_index(
    clip_channel: Any, signature: str, picture: bytes, why: str
) -> None:
    pictures = np.asarray([GOOD_PNG, picture, GOOD_PNG], object)
    with pytest.raises(grpc.RpcError, match=why) as caught:
        predict(clip_channel, clip_request(signature, 3, 2, image_bytes=pictures))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert predict(clip_channel, clip_request(signature, 3, 2)).outputs


@pytest.mark.slow
@pytest.mark.parametrize("served", ["paper"], indirect=True)
def test_a_clip_may_have_several_photos_and_a_bad_one_is_told_by_its_index(clip_channel: Any) -> None:
    two_dances = np.tile(walking_square(0)[2], (2, 2, 1, 1))
    photos = clip_request("retarget_clip", 4, 1, keypoints=two_dances)
    assert predict(clip_channel, photos).outputs["parsing_map_png_bytes"].tensor_shape.dim[0].size == 2
    torn = np.asarray([GOOD_PNG] * 3 + [GOOD_PNG[:-300] + GOOD_PNG[-12:]], object)
    with pytest.raises(grpc.RpcError, match="example 3: Invalid PNG"):
        predict(clip_channel, clip_request("retarget_clip", 4, 1, keypoints=two_dances, image_bytes=torn))
    with pytest.raises(grpc.RpcError, match="or the photos of as many for each dance"):
        predict(clip_channel, clip_request("retarget_clip", 3, 1, keypoints=two_dances))


@pytest.mark.slow
@pytest.mark.parametrize("served", ["paper"], indirect=True)
def test_frames_of_all_clips_of_a_request_are_limited(clip_channel: Any) -> None:
    assert predict(clip_channel, clip_request("retarget_clip", 2, 3)).outputs
    for batch, frames in ((1, 7), (2, 4), (1, 0)):
        with pytest.raises(grpc.RpcError, match="keypoints must be of 1 to 6 frames") as caught:
            predict(clip_channel, clip_request("retarget_clip", batch, frames))
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_what_cannot_be_served_is_told(server: ModelServer, folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputDataError, match="holds no version that can be loaded"):
        ModelServer(tmp_path, OPTIONS)
    with pytest.raises(ConfigError, match="max_queue must be at least 1"):
        ServerOptions(max_queue=0)
    taken = int(server.address.split(":")[1])
    with pytest.raises(OSError, match="cannot be had"):
        ModelServer(folder, ServerOptions(port=taken))


@pytest.mark.slow
def test_the_program_ends_after_its_grace_whatever_it_computes(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    begun = tmp_path / "begun"
    for_ages = toy_request(
        signature="count", steps=proto([10**15], tf.int64), begun=proto([str(begun).encode()], tf.string)
    )
    command = [sys.executable, "-m", "export.serve", f"--export_dir={folder}", "--port=0", "--model_name=toy"]
    with subprocess.Popen([*command, "--grace_seconds=0.5"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            with grpc.insecure_channel(process.stdout.readline().split()[-1]) as channel:
                stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
                waiting = stub.Predict.future(for_ages, timeout=600)
                wait_until(lambda: waiting.done() or begun.exists())
                assert not waiting.done()
                process.send_signal(signal.SIGTERM)
                assert process.wait(60) == 0
                assert waiting.exception(60) is not None
        finally:
            process.kill()


@pytest.mark.slow
def test_the_program_serves_until_it_is_told_to_stop(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    command = [sys.executable, "-m", "export.serve", f"--export_dir={folder}", "--port=0", "--model_name=toy"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            with grpc.insecure_channel(process.stdout.readline().split()[-1]) as channel:
                assert predict(channel, toy_request(x=[[1.0, 2.0]])).outputs
        finally:
            process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "for development and tests" in told
    failed = run_program("export.serve", f"--export_dir={tmp_path}")
    assert failed.returncode == 3
    assert failed.stderr.splitlines()[-1].startswith("ERROR: export folder")
