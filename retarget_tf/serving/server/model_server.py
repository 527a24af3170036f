"""Starts and stops the development server."""

import logging as standard_logging
import threading
from concurrent import futures
from typing import Self

import grpc
from absl import logging
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from retarget_tf import files
from retarget_tf.errors import InputDataError
from retarget_tf.serving import securing
from retarget_tf.serving.options import ServerOptions
from retarget_tf.serving.server.batching import Batcher
from retarget_tf.serving.server.services import ModelService, PredictionService
from retarget_tf.serving.server.versions import ModelVersions

_LAST_SECONDS = 1.0  # time that running computations get after the grace period
_SPARE_THREADS = 8  # so that health and status are answered while the queue is full


class ModelServer:
    """Serves the newest version in a folder over gRPC; as a context manager, stops when the block ends.

    Args:
        export_dir: Folder that holds the versions, as `export_saved_model` writes them.
        options: Address, limits and times of the server.

    Attributes:
        address: Where it listens, `host:port`.

    Raises:
        InputDataError: If no version can be loaded.
        OSError: If the port is taken, or certificate and key do not fit.
    """

    def __init__(self, export_dir: files.PathLike, options: ServerOptions = ServerOptions()) -> None:  # noqa: B008
        self._options = options
        # A message that cannot be decoded is answered; a traceback for each would let a client fill the disk.
        standard_logging.getLogger("grpc._common").setLevel(standard_logging.CRITICAL)
        self._versions = ModelVersions(export_dir, options.model_name)
        self._versions.update()
        if not self._versions.is_available:
            raise InputDataError(
                f"export folder {export_dir}: holds no version that can be loaded. "
                f"Export one into it: retarget-export-saved-model --model=MODEL --out={export_dir}"
            )
        interceptors = securing.interceptors(options)
        self._batcher = Batcher(options)
        self._health = health.HealthServicer()
        self._server = grpc.server(
            futures.ThreadPoolExecutor(options.max_queue + options.max_batch * options.workers + _SPARE_THREADS),
            interceptors=interceptors,
            options=[("grpc.max_receive_message_length", options.max_message_mb << 20), ("grpc.so_reuseport", 0)],
        )
        prediction = PredictionService(self._versions, self._batcher, options)
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(prediction, self._server)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(self._versions), self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self.address = self._bind()
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._server.start()
        self._watcher.start()
        for service in ("", options.model_name):
            self._health.set(service, health_pb2.HealthCheckResponse.SERVING)
        logging.warning("This server is for development and tests. In production run TensorFlow Serving.")

    def stop(self) -> bool:
        """Refuses new requests, gives those in flight `grace_seconds` to finish, and stops.

        Returns:
            Whether all threads have ended. A running computation, or a version that is being loaded, cannot be
            interrupted, and may keep the process alive although no client waits for it.
        """
        self._stopping.set()
        self._health.enter_graceful_shutdown()
        self._server.stop(self._options.grace_seconds).wait()
        has_ended = self._batcher.close(_LAST_SECONDS)
        self._watcher.join(_LAST_SECONDS)
        return has_ended and not self._watcher.is_alive()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _bind(self) -> str:
        try:
            port = securing.listen(self._server, self._options)
        except (InputDataError, RuntimeError) as error:
            self._batcher.close()
            if isinstance(error, InputDataError):
                raise
            where = f"port {self._options.port} of {self._options.host}"
            checked = "--tls_cert and --tls_key" if self._options.tls_cert else "--host"
            raise OSError(f"{where} cannot be had. Choose another --port, or check {checked}.") from error
        return f"{self._options.host}:{port}"

    def _watch(self) -> None:
        told = ""
        while not self._stopping.wait(self._options.poll_seconds):
            try:
                self._versions.update()
            except Exception as error:  # whatever becomes of the folder, the loaded version goes on answering
                reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
                if reason != told:  # not once a second
                    logging.error("new versions cannot be looked for: %s", reason)
                told = reason
