"""Answers the calls of PredictionService and ModelService, with TensorFlow Serving's own stubs."""

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from typing import Any

import grpc
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from retarget_tf.serving import contract
from retarget_tf.serving.options import ServerOptions
from retarget_tf.serving.server import validation
from retarget_tf.serving.server.batching import Batcher, Job
from retarget_tf.serving.server.errors import RefusedError, invalid
from retarget_tf.serving.server.versions import ModelVersions

_FOREVER = 365 * 24 * 3600.0


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Answers Predict and GetModelMetadata; the service's other calls answer UNIMPLEMENTED."""

    def __init__(self, versions: ModelVersions, batcher: Batcher, options: ServerOptions) -> None:
        self._versions = versions
        self._batcher = batcher
        self._options = options

    def Predict(self, request: Any, context: Any) -> Any:  # noqa: N802 - the name of the stub
        """Runs a signature."""
        with _told(context), self._versions.use(*_asked(request.model_spec)) as version:
            name = request.model_spec.signature_name or contract.SERVING_DEFAULT
            if name not in version.definitions:
                raise invalid(f'Serving signature key "{name}" not found.')
            definition = version.definitions[name]
            wanted = validation.checked_filter(request.output_filter, definition)
            inputs = validation.checked_inputs(request.inputs, definition, self._options)
            batched = validation.is_batched(definition.inputs) and validation.is_batched(definition.outputs)
            remaining = context.time_remaining()
            deadline = time.monotonic() + min(_FOREVER if remaining is None else remaining, _FOREVER)
            # In a merged batch short clips would wait for the longest one.
            job = Job(version, name, inputs, batched, batched and name not in contract.CLIPS, deadline)
            outputs = self._outputs(job, context)
            response = predict_pb2.PredictResponse()
            _fill(response.model_spec, request.model_spec.name, version.number)
            response.model_spec.signature_name = name
            for output in wanted:
                response.outputs[output].CopyFrom(tf.make_tensor_proto(outputs[output]))
            return response

    def GetModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Returns the signatures of a version."""
        with _told(context):
            if not request.metadata_field:
                raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
            for field in request.metadata_field:
                if field != "signature_def":
                    raise invalid(f"Metadata field {field} is not supported")
            with self._versions.use(*_asked(request.model_spec)) as version:
                response = get_model_metadata_pb2.GetModelMetadataResponse()
                _fill(response.model_spec, request.model_spec.name, version.number)
                signatures = get_model_metadata_pb2.SignatureDefMap()
                for name, definition in version.definitions.items():
                    signatures.signature_def[name].CopyFrom(definition)
                response.metadata["signature_def"].Pack(signatures)
                return response

    def _outputs(self, job: Job, context: Any) -> Any:
        """Queues a job and waits for its outputs; cancels it if the client leaves before it has begun."""
        self._batcher.submit(job)
        if not context.add_callback(job.future.cancel):
            job.future.cancel()
        try:
            return job.future.result(timeout=max(0.0, job.deadline - time.monotonic()))
        except TimeoutError as error:
            job.future.cancel()
            raise RefusedError(grpc.StatusCode.DEADLINE_EXCEEDED, "the deadline has passed") from error
        except CancelledError as error:
            raise RefusedError(grpc.StatusCode.CANCELLED, "the client is gone") from error


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """Answers GetModelStatus."""

    def __init__(self, versions: ModelVersions) -> None:
        self._versions = versions

    def GetModelStatus(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Returns the state of each version."""
        with _told(context):
            response = get_model_status_pb2.GetModelStatusResponse()
            for number, known in self._versions.states(*_asked(request.model_spec)).items():
                status = response.model_version_status.add(version=number, state=known.state)
                if known.error:
                    status.status.error_code = grpc.StatusCode.UNKNOWN.value[0]
                    status.status.error_message = known.error
            return response


@contextlib.contextmanager
def _told(context: Any) -> Iterator[None]:
    """Turns a RefusedError into the status of the call."""
    try:
        yield
    except RefusedError as error:
        context.abort(error.code, error.reason)


def _asked(model_spec: Any) -> tuple[str, int | None]:
    """Returns the model name and the version, or None for the newest, that a request names."""
    if not model_spec.name:
        raise invalid("Missing ModelSpec: name the model.")
    choice = model_spec.WhichOneof("version_choice")
    if choice == "version_label":
        raise invalid(f"Unrecognized servable version label: {model_spec.version_label}")
    return model_spec.name, model_spec.version.value if choice == "version" else None


def _fill(model_spec: Any, name: str, number: int) -> None:
    model_spec.name = name
    model_spec.version.value = number
