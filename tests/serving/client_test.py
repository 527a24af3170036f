"""Checks that retargeting through a server gives the maps of the local generator, for any split into calls."""

import contextlib
import dataclasses
import pathlib
import threading
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import cv2
import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from retarget_tf.arrays import Float32Array, Uint8Array
from retarget_tf.body import pose_transform, skeleton
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.pictures import image_files, video
from retarget_tf.retargeting import targets
from retarget_tf.retargeting.retargeter import Retargeter
from retarget_tf.serving import addresses
from retarget_tf.serving import client as client_module
from retarget_tf.serving.client import ServedRetargeter, ServingClient, served_retargeter
from retarget_tf.serving.options import ClientOptions, ServerOptions
from retarget_tf.serving.server import ModelServer
from tests.testing import Served, make_clip_folder, run_program, walking_square, with_exif_orientation


@pytest.fixture(scope="module")
def server(served: Served) -> Iterator[ModelServer]:
    with ModelServer(served.export_dir.parent, ServerOptions(port=0)) as server:
        yield server


def keypoints(frames: int = 7) -> Float32Array:
    return np.stack([walking_square(index, 64)[2] for index in range(frames)])


@pytest.fixture
def photo(tmp_path: pathlib.Path) -> pathlib.Path:
    cv2.imwrite(str(tmp_path / "photo.png"), walking_square(0, 64)[0][..., ::-1])
    return tmp_path / "photo.png"


def served_maps(server: ModelServer, photo: pathlib.Path, chunk_frames: int) -> Uint8Array:
    with served_retargeter(server.address, ClientOptions(chunk_frames=chunk_frames)) as retargeter:
        target = retargeter.prepare_target(photo, keypoints()[0], target_map="none")
        return np.stack(list(retargeter.retarget(target, keypoints())))


@pytest.mark.slow
def test_maps_are_those_of_the_generator_here(server: ModelServer, served: Served, photo: pathlib.Path) -> None:
    local = Retargeter.load(served.workdir)
    target = local.prepare_target(photo, keypoints()[0], target_map="none")
    expected = np.stack(list(local.retarget(target, keypoints())))
    assert len(np.unique(expected)) > 2
    np.testing.assert_array_equal(served_maps(server, photo, 100), expected)


def assert_served_as_here(server: ModelServer, local: Retargeter, target: targets.Target) -> None:
    """Compares all maps, in one call and step by step, for a target whose canvas would be cropped as a photo."""
    side = np.float32(local.image_size)
    as_a_photo = pose_transform.person_square(target.keypoints, side, side, 0.75)
    assert np.abs(np.asarray(as_a_photo) - [0, 0, side]).max() > 1
    expected = np.stack(list(local.retarget(target, keypoints())))
    assert len(np.unique(expected)) > 2
    for chunk_frames in (100, 2):
        with served_retargeter(server.address, ClientOptions(chunk_frames=chunk_frames)) as retargeter:
            np.testing.assert_array_equal(list(retargeter.retarget(target, keypoints())), expected)


@pytest.mark.slow
def test_a_photo_is_cut_once(server: ModelServer, served: Served, tmp_path: pathlib.Path) -> None:
    """At the picture's edge the person is not in the canvas's middle, and the side of the canvas rounds up."""
    noise = np.random.default_rng(0).integers(0, 256, (150, 120, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "photo.png"), cv2.GaussianBlur(noise, (0, 0), 9))
    at_the_edge = keypoints(1)[0]
    at_the_edge[:, :2] = (at_the_edge[:, :2] - [16, 0]) * np.float32(1.04) * (at_the_edge[:, 2:] > 0)
    local = Retargeter.load(served.workdir)
    target = local.prepare_target(tmp_path / "photo.png", at_the_edge, target_map="none")
    assert_served_as_here(server, local, target)


@pytest.mark.slow
def test_a_clip_can_be_the_target(server: ModelServer, served: Served, tmp_path: pathlib.Path) -> None:
    local = Retargeter.load(served.workdir)
    assert_served_as_here(server, local, targets.clip_target(make_clip_folder(tmp_path, size=64), local.image_size))


@pytest.mark.slow
def test_all_photos_of_the_target_are_sent(server: ModelServer, served: Served, tmp_path: pathlib.Path) -> None:
    """Chosen by the server within its call, by the client for the steps after it."""
    local = Retargeter.load(served.workdir)
    target = targets.clip_target(make_clip_folder(tmp_path / "one", size=64), local.image_size)
    raised = target.keypoints.copy()
    raised[skeleton.JOINT["left_wrist"]] = (24, 4, 0.9)
    other = dataclasses.replace(target, canvas=255 - target.canvas, keypoints=raised)
    path = np.stack([target.keypoints, raised, raised, target.keypoints, raised])
    both = dataclasses.replace(target, more=(other,))
    expected = list(local._generate(both, path))
    for chunk_frames in (100, 2):
        with served_retargeter(server.address, ClientOptions(chunk_frames=chunk_frames)) as retargeter:
            np.testing.assert_array_equal(list(retargeter._generate(both, path)), expected)
    if served.spec.model.preset == "stable":
        assert (np.stack(list(local._generate(target, path))) != expected).any()


def test_a_model_of_an_older_contract_is_refused() -> None:
    facts = {"contract_version": np.asarray([b"1.0"], object)}
    with (
        Scripted(facts).client() as client,
        pytest.raises(
            InputDataError, match=r"contract 1\.0, .* needs 1\.2\. .*: retarget-export-saved-model --model=MODEL"
        ),
    ):
        ServedRetargeter(client)


@pytest.mark.slow
@pytest.mark.parametrize("chunk_frames", [1, 3])
def test_a_dance_in_chunks_is_the_dance(server: ModelServer, photo: pathlib.Path, chunk_frames: int) -> None:
    whole = served_maps(server, photo, 100)
    assert np.any(whole[0] != whole[-1])
    np.testing.assert_array_equal(served_maps(server, photo, chunk_frames), whole)


@pytest.mark.slow
def test_client_reads_the_served_models_settings(server: ModelServer, served: Served) -> None:
    with ServingClient(server.address) as client:
        spec = client.spec()
    assert (spec.model.preset, spec.model.image_size) == (served.spec.model.preset, served.spec.model.image_size)
    assert spec.step == 9
    assert spec.person_height_share == pytest.approx(0.75)


@pytest.mark.slow
def test_grpc_errors_become_exceptions_of_the_package(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with ServingClient(server.address) as client, pytest.raises(InputDataError, match=r"refuses the request.*Missing"):
        client.predict("step", {})
    with (
        ServingClient(server.address, ClientOptions(version=9)) as client,
        pytest.raises(ConfigError, match="Servable not found"),
    ):
        client.predict("metadata", {"request": np.zeros(1, np.int32)})
    monkeypatch.setattr(client_module, "time", SleepIsAMinute())
    with (
        ServingClient(server.address, ClientOptions(model_name="other")) as client,
        pytest.raises(TimeoutError, match=r"other is not available after 90 s .Could not find"),
    ):
        client.wait_until_available(90)
    with ServingClient("localhost:1") as client, pytest.raises(ConnectionError, match="UNAVAILABLE"):
        client.predict("metadata", {"request": np.zeros(1, np.int32)})


class SleepIsAMinute:
    """Stands in for the module `time`: its clock goes on only in `sleep`, and by a minute."""

    def __init__(self) -> None:
        self._now = 0.0

    def monotonic(self) -> float:
        """Seconds."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Takes no time."""
        self._now += 60


class Scripted(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Answers each request with the next of `answers`: a gRPC status, arrays by name, or None for no answer.

    Attributes:
        requests: The requests received, in order.
    """

    def __init__(self, *answers: Any) -> None:
        self._answers = iter(answers)
        self.requests: list[Any] = []

    def Predict(self, request: Any, context: Any) -> Any:  # noqa: N802 - the stub's name
        """Returns the next answer."""
        self.requests.append(request)
        answer = next(self._answers)
        if answer is None:
            gone = threading.Event()
            assert not context.add_callback(gone.set) or gone.wait(20)
        elif isinstance(answer, grpc.StatusCode):
            context.abort(answer, "as the script says")
        response = predict_pb2.PredictResponse()
        for name, array in (answer or {}).items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(array))
        return response

    @contextlib.contextmanager
    def client(self, options: ClientOptions | None = None) -> Iterator[ServingClient]:
        """A client of this server."""
        server = grpc.server(futures.ThreadPoolExecutor(1))
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(self, server)
        address = f"localhost:{server.add_insecure_port('localhost:0')}"
        server.start()
        try:
            with ServingClient(address, options) as client:
                yield client
        finally:
            server.stop(None).wait()


def test_what_the_server_did_not_take_is_sent_again() -> None:
    busy = grpc.StatusCode.UNAVAILABLE
    scripted = Scripted(busy, busy, {"y": np.arange(3)})
    with scripted.client() as client:
        np.testing.assert_array_equal(client.predict("step", {"x": np.ones(2)})["y"], [0, 1, 2])
    assert scripted.requests == [scripted.requests[0]] * 3


@pytest.mark.parametrize(("status", "error"), [("INVALID_ARGUMENT", InputDataError), ("INTERNAL", ConnectionError)])
def test_what_the_server_took_is_not_sent_again(status: str, error: type[Exception]) -> None:
    scripted = Scripted(grpc.StatusCode[status], {})
    with scripted.client() as client, pytest.raises(error, match="as the script says"):
        client.predict("step", {})
    assert len(scripted.requests) == 1


def test_a_server_that_is_too_slow_is_told() -> None:
    with (
        Scripted(None).client(ClientOptions(timeout_seconds=0.2)) as client,
        pytest.raises(TimeoutError, match=r"^server localhost:\d+ step: no answer in time .* ask for shorter clips\.$"),
    ):
        client.predict("step", {})


def test_messages_above_the_limit_are_told() -> None:
    large = np.zeros(2 << 20, np.uint8)
    scripted = Scripted({"y": large})
    with scripted.client(ClientOptions(max_message_mb=1)) as client:
        with pytest.raises(ConnectionError, match=r"step: RESOURCE_EXHAUSTED \(.*Sent message larger than max"):
            client.predict("step", {"x": large})
        assert not scripted.requests
        with pytest.raises(ConnectionError, match=r"step: RESOURCE_EXHAUSTED \(.*Received message larger than max"):
            client.predict("step", {})


def test_a_turned_photo_is_sent_upright(tmp_path: pathlib.Path) -> None:
    picture = walking_square(0, 64)[0]
    picture[:16] = 200
    turned = bytes(cv2.imencode(".jpg", cv2.rotate(picture, cv2.ROTATE_90_COUNTERCLOCKWISE)[..., ::-1])[1])
    (tmp_path / "photo.jpg").write_bytes(with_exif_orientation(turned, 6))
    (tmp_path / "photo.png").write_bytes(image_files.encode_png(picture))
    target, upright = (
        targets.photo_target(tmp_path / name, 64, 0.5, keypoints()[0]) for name in ("photo.jpg", "photo.png")
    )
    scripted = Scripted({"parsing_map_png_bytes": np.asarray([[image_files.encode_png(target.parsing_map)]], object)})
    with scripted.client() as client:
        assert len(list(client.dance(target, keypoints(1)))) == 1
    [encoded] = tf.make_ndarray(scripted.requests[0].inputs["canvas_bytes"])
    np.testing.assert_allclose(tf.io.decode_png(encoded), upright.canvas, atol=16)


@pytest.mark.slow
@pytest.mark.parametrize("served", ["paper"], indirect=True)
@pytest.mark.parametrize("program", ["retarget_tf.retarget", "export.query_server"])
def test_the_program_writes_video_and_maps(
    server: ModelServer, photo: pathlib.Path, tmp_path: pathlib.Path, program: str
) -> None:
    with video.VideoWriter(tmp_path / "dance.mp4", 25) as writer:
        for index in range(5):
            writer.write(walking_square(index, 64, "dancer")[0])
    np.save(tmp_path / "own.npy", keypoints()[0])
    np.save(tmp_path / "path.npy", keypoints(5)[::2])
    result = run_program(
        program,
        f"--server={server.address}",
        f"--target_photo={photo}",
        f"--target_keypoints={tmp_path / 'own.npy'}",
        "--target_map=none",
        f"--source_video={tmp_path / 'dance.mp4'}",
        f"--source_keypoints={tmp_path / 'path.npy'}",
        "--fps=12.5",
        f"--out={tmp_path / 'maps.mp4'}",
        "--show=maps",
        f"--maps_dir={tmp_path / 'maps'}",
    )
    assert result.returncode == 0, result.stderr
    assert len(list((tmp_path / "maps").iterdir())) == 3
    assert len(list(video.read_frames(tmp_path / "maps.mp4"))) == 3


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--server=localhost:1", "--model=work"], "give --model or --server, not both. Received: both"),
        (
            ["--model=work", "--chunk_frames=9"],
            "chunk_frames is for --server, which is not given. Received: chunk_frames=9",
        ),
        (["--server=localhost:1", "--wait_seconds=-1"], "wait_seconds must be at least 0. Received: wait_seconds=-1.0"),
    ],
)
def test_model_and_server_exclude_each_other(arguments: list[str], why: str) -> None:
    dance = ("--target_photo=me.jpg", "--source_video=dance.mp4", "--out=out.mp4")
    result = run_program("retarget_tf.retarget", *arguments, *dance)
    assert (result.returncode, result.stderr) == (2, f"ERROR: {why}\n")


class StatusService(model_service_pb2_grpc.ModelServiceServicer):
    """Says of every model that it is available."""

    def GetModelStatus(self, request: object, context: object) -> get_model_status_pb2.GetModelStatusResponse:  # noqa: N802
        """Answers with one version."""
        response = get_model_status_pb2.GetModelStatusResponse()
        response.model_version_status.add(state=get_model_status_pb2.ModelVersionStatus.AVAILABLE)
        return response


@pytest.fixture
def port() -> Iterator[int]:
    """Where a server answers that has no model."""
    server = grpc.server(futures.ThreadPoolExecutor(1))
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(StatusService(), server)
    bound = server.add_insecure_port("localhost:0")
    server.start()
    yield bound
    server.stop(None)


@pytest.mark.parametrize("address", ["localhost", "localhost:", "localhost:grpc", "[::1:8500", "localhost:99999", ""])
def test_an_address_without_a_port_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match=r"server must be host:port, .* Received: server=") as refusal:
        ServingClient(address)
    assert str(refusal.value).endswith(f"server={address}")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "dns:///localhost"])
@pytest.mark.parametrize("variable", ["grpc_proxy", "https_proxy", "http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_a_server_on_this_machine_is_asked_without_a_proxy(
    port: int, monkeypatch: pytest.MonkeyPatch, host: str, variable: str
) -> None:
    monkeypatch.setenv(variable, "http://localhost:1")
    with ServingClient(f"{host}:{port}") as client:
        client.wait_until_available()


def test_an_address_where_nothing_answers_is_told_after_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "time", SleepIsAMinute())
    for seconds, waited in ((None, 5), (90, 90)):
        said = rf"^server localhost:1: model retarget is not available after {waited} s .* Start it, or check its addr"
        with ServingClient("localhost:1") as client, pytest.raises(TimeoutError, match=said):
            client.wait_until_available(seconds)


def test_the_proxy_of_another_machine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "time", SleepIsAMinute())
    monkeypatch.setenv("http_proxy", "http://localhost:1")
    monkeypatch.setenv("no_proxy", "near.example")
    with (
        ServingClient("far.example:8500") as client,
        pytest.raises(TimeoutError, match=r", asked through the proxy of "),
    ):
        client.wait_until_available()
    assert addresses.proxy_of("near.example:8500") == addresses.proxy_of("[::1]:8500") == ""


def test_query_server_asks_at_its_usual_address() -> None:
    assert "(default: localhost:8500)" in run_program("export.query_server", "--help").stdout
