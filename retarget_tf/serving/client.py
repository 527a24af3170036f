"""Retargets through a gRPC server: TensorFlow Serving, or the development server `serving.server`.

    with served_retargeter("localhost:8500") as retargeter:
        retargeter.write_video(retargeter.prepare_target("me.jpg"), video_source("dance.mp4"), "dance_of_me.mp4")

The client does everything but run the neural network: it turns the photo upright, crops it to the canvas and places the
poses on it. It sends the canvas, a few kilobytes, instead of the photo. A dance that is too long for one call continues
with one `step` call a frame from the last map, which gives the same maps as one long call.
"""

import contextlib
import itertools
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any, Self

import cv2
import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from retarget_tf.arrays import AnyArray, Float32Array, Uint8Array
from retarget_tf.body import reference_choice
from retarget_tf.body.parsing_labels import UNKNOWN
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.networks.config import GeneratorSpec, ModelConfig
from retarget_tf.pictures import image_files
from retarget_tf.retargeting.base_retargeter import BaseRetargeter
from retarget_tf.retargeting.targets import Target
from retarget_tf.serving import addresses, contract, securing
from retarget_tf.serving.options import ClientOptions

_AVAILABLE = get_model_status_pb2.ModelVersionStatus.AVAILABLE
_NOBODY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNIMPLEMENTED)  # nothing answers, or a server of another kind
_POLL_SECONDS = 0.5
_UNREACHABLE_SECONDS = 5.0  # unless wait_seconds is given: where nothing answers
_LOADING_SECONDS = 120.0  # ... and where the server answers, without the model
_LOOK_UP_MS, _RECONNECT_MS = 5000, 1000
# The server keeps no state, so every call may be repeated; gRPC repeats those that fail with UNAVAILABLE.
_RETRY = {
    "maxAttempts": 5,
    "initialBackoff": "0.1s",
    "maxBackoff": "2s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}


class ServingClient:
    """Connection to a server; a context manager that closes it.

    Args:
        address: Server as `host:port`.
        options: Model name, version, timeouts and limits of the requests.

    Raises:
        ConfigError: The address lacks the host or the port, or is a web address, or a token would travel in the open.
        InputDataError: The certificate or the token cannot be read.
    """

    def __init__(self, address: str, options: ClientOptions | None = None) -> None:
        self.options = options or ClientOptions()
        self._address = address
        if not addresses.has_port(address):
            raise ConfigError(f"server must be host:port, such as localhost:8500. Received: server={address}")
        limit = self.options.max_message_mb << 20
        self._metadata = securing.client_metadata(self.options, address)
        self._channel = securing.open_channel(
            self.options,
            address,
            [
                ("grpc.max_receive_message_length", limit),
                ("grpc.max_send_message_length", limit),
                ("grpc.per_rpc_retry_buffer_size", limit),
                ("grpc.enable_http_proxy", int(not addresses.is_loopback(address))),
                ("grpc.dns_ares_query_timeout", _LOOK_UP_MS),
                ("grpc.max_reconnect_backoff_ms", _RECONNECT_MS),  # a server that starts is found within this time
                ("grpc.service_config", json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": _RETRY}]})),
            ],
        )
        self._predict = prediction_service_pb2_grpc.PredictionServiceStub(self._channel).Predict
        self._status = model_service_pb2_grpc.ModelServiceStub(self._channel).GetModelStatus

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def wait_until_available(self, timeout_seconds: float | None = None) -> None:
        """Waits until the server reports the model as available.

        Args:
            timeout_seconds: How long to wait; None waits two minutes for a server that answers, and 5 s for one that
                does not.

        Raises:
            TimeoutError: The time is over.
            InputDataError: The server wants another token.
        """
        request = get_model_status_pb2.GetModelStatusRequest()
        self._name_model(request.model_spec)
        start, reason = time.monotonic(), "no answer"
        patience = _LOADING_SECONDS if timeout_seconds is None else timeout_seconds
        while (left := start + patience - time.monotonic()) > 0:
            is_reached = True
            try:
                statuses = self._status(request, timeout=left, metadata=self._metadata).model_version_status
                if any(status.state == _AVAILABLE for status in statuses):
                    return
                reason = "; ".join(status.status.error_message for status in statuses if status.status.error_message)
            except grpc.RpcError as error:
                if error.code() == grpc.StatusCode.UNAUTHENTICATED:
                    raise _refusal(error, f"server {self._address}") from error
                reason, is_reached = error.details(), error.code() not in _NOBODY
            if timeout_seconds is None:
                patience = _LOADING_SECONDS if is_reached else _UNREACHABLE_SECONDS
            time.sleep(min(_POLL_SECONDS, max(0.0, start + patience - time.monotonic())))
        why = f"{reason or 'still loading'}{addresses.proxy_of(self._address)}"
        raise TimeoutError(
            f"server {self._address}: model {self.options.model_name} is not available after {patience:g} s ({why}). "
            "Start it, or check its address and the name; --wait_seconds=120 waits for one that is starting."
        )

    def predict(self, signature: str, inputs: Mapping[str, Any], outputs: tuple[str, ...] = ()) -> dict[str, AnyArray]:
        """Calls a signature and returns its outputs by name.

        Args:
            signature: Name of the signature.
            inputs: Arrays by input name.
            outputs: Names of the outputs to return; empty returns all.

        Raises:
            InputDataError: If the server refuses the request, or wants another token.
            ConfigError: If the server does not have the model.
            TimeoutError: If the deadline passes.
            ConnectionError: If the server cannot be reached, is overloaded, or fails in another way.
        """
        request = predict_pb2.PredictRequest(output_filter=outputs)
        self._name_model(request.model_spec)
        request.model_spec.signature_name = signature
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
        points = np.shape(inputs.get("keypoints", ()))
        frames = points[1] if len(points) == 4 else 0
        try:
            deadline = self.options.timeout_seconds * (1 + 0.1 * frames)
            response = self._predict(request, timeout=deadline, metadata=self._metadata)
        except grpc.RpcError as error:
            raise _refusal(error, f"server {self._address} {signature}") from error
        return {name: np.asarray(tf.make_ndarray(proto)) for name, proto in response.outputs.items()}

    def spec(self) -> GeneratorSpec:
        """Reads the settings that a client needs from `metadata`; all others are the preset's defaults."""
        facts = {
            name: array[0] for name, array in self.predict(contract.METADATA, {"request": np.zeros(1, "i4")}).items()
        }
        theirs = facts["contract_version"].decode()
        if not contract.answers(theirs):
            raise InputDataError(
                f"server {self._address}: its model was exported with contract {theirs}, this client needs "
                f"{contract.CLIENT_NEEDS}. "
                "Export the model again: retarget-export-saved-model --model=MODEL --out=FOLDER"
            )
        model = ModelConfig.of_preset(
            facts["preset"].decode(),
            image_size=int(facts["image_size"]),
            label_schema=facts["label_schema"].decode(),
        )
        return GeneratorSpec(model, float(facts["person_height_share"]), int(facts["training_step"]))

    def dance(self, target: Target, keypoints: Float32Array) -> Iterator[Uint8Array]:
        """Yields a map, uint8 `[size, size]`, for each pose of `keypoints` `[frames, 25, 3]` on the target's canvas."""
        photos = [target, *target.more]
        reference = {
            "canvas_bytes": np.asarray([image_files.encode_png(photo.canvas) for photo in photos], object),
            "reference_keypoints": np.stack([photo.keypoints for photo in photos]),
            "reference_map": np.stack([photo.parsing_map for photo in photos]),
        }
        first = self.options.chunk_frames
        chosen = _chosen(reference["reference_keypoints"], keypoints)
        clip = {**reference, "keypoints": keypoints[None, :first]}
        parsing_map = np.full_like(target.parsing_map, UNKNOWN)
        for encoded in self.predict(contract.RETARGET_CLIP_ON_CANVAS, clip)["parsing_map_png_bytes"][0]:
            parsing_map = np.asarray(cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)
            yield parsing_map
        for pose, row in itertools.islice(zip(keypoints, chosen, strict=True), first, None):
            photo = {name: array[row : row + 1] for name, array in reference.items()}
            inputs = {**photo, "previous_map": parsing_map[None], "keypoints": pose[None]}
            parsing_map = self.predict(contract.STEP_ON_CANVAS, inputs, ("parsing_map",))["parsing_map"][0]
            yield parsing_map

    def _name_model(self, model_spec: Any) -> None:
        model_spec.name = self.options.model_name
        if self.options.version is not None:
            model_spec.version.value = self.options.version


class ServedRetargeter(BaseRetargeter):
    """Retargeter whose network runs on a server."""

    def __init__(self, client: ServingClient) -> None:
        super().__init__(client.spec())
        self._client = client

    def _generate(self, target: Target, placed: Float32Array) -> Iterator[Uint8Array]:
        return self._client.dance(target, placed)


@contextlib.contextmanager
def served_retargeter(address: str, options: ClientOptions | None = None) -> Iterator[ServedRetargeter]:
    """Connects to a server, waits until its model is available, and yields a retargeter that uses it.

    Args:
        address: Server as `host:port`.
        options: Model name, version, timeouts and limits of the requests.

    Raises:
        TimeoutError: If the model is not available in time, see `ServingClient.wait_until_available`.
        InputDataError: If the model was exported for another version of the contract.
    """
    with ServingClient(address, options) as client:
        client.wait_until_available(client.options.wait_seconds)
        yield ServedRetargeter(client)


def _chosen(reference_keypoints: Float32Array, keypoints: Float32Array) -> Iterator[int]:
    """Yields for each pose of `keypoints` `[frames, 25, 3]` the photo that `retarget_clip` chooses for it."""
    last = tf.constant([-1])
    for distance in reference_choice.distances(reference_keypoints, keypoints[None])[0]:
        last = reference_choice.choose(distance[None], last)
        yield int(last[0])


def _refusal(error: Any, where: str) -> Exception:
    code, details = error.code(), error.details()
    if code == grpc.StatusCode.INVALID_ARGUMENT:
        return InputDataError(f"{where}: refuses the request ({details}). Give what it asks for.")
    if code == grpc.StatusCode.NOT_FOUND:
        return ConfigError(f"{where}: {details}. Check the model's name and version.")
    if code == grpc.StatusCode.UNAUTHENTICATED:
        return InputDataError(f"{where}: {details}. Give the server's token with --token_file.")
    if code == grpc.StatusCode.DEADLINE_EXCEEDED:
        return TimeoutError(f"{where}: no answer in time ({details}). Give it more, or ask for shorter clips.")
    return ConnectionError(f"{where}: {code.name} ({details}). Try again later, or check its address and limits.")
