"""Serves exported versions over gRPC, for development and tests. In production run TensorFlow Serving.

    retarget-serve --export_dir=served

Speaks TensorFlow Serving's PredictionService (Predict, GetModelMetadata), ModelService and grpc.health.v1. A new
version in the folder replaces the old one without losing a request. SIGTERM and Ctrl-C stop it gracefully.
"""

import os
import signal
import threading

from absl import flags

from retarget_tf import program

_EXPORT_DIR = flags.DEFINE_string("export_dir", None, "folder that holds the versions", required=True)
_HOST = flags.DEFINE_string("host", "localhost", "address to listen at; 0.0.0.0 for every one of this machine")
_PORT = flags.DEFINE_integer("port", 8500, "0 takes any free one")
_MODEL_NAME = flags.DEFINE_string("model_name", "retarget", "under which requests ask for the model")
_MAX_MESSAGE_MB = flags.DEFINE_integer("max_message_mb", 64, "largest request in MiB")
_MAX_PIXELS = flags.DEFINE_integer("max_pixels", 40_000_000, "of one picture")
_MAX_FRAMES = flags.DEFINE_integer("max_frames", 10_000, "of one clip")
_MAX_BATCH = flags.DEFINE_integer("max_batch", 32, "examples of one request, and of requests that run as one")
_MAX_QUEUE = flags.DEFINE_integer("max_queue", 64, "requests that wait")
_WORKERS = flags.DEFINE_integer("workers", 2, "batches that run at the same time")
_GRACE_SECONDS = flags.DEFINE_float("grace_seconds", 30, "for requests in flight when a signal stops the server")


def main() -> None:
    """Flags -> `ModelServer`, until a signal comes."""
    program.import_tensorflow()
    from retarget_tf.serving.server import ModelServer, ServerOptions

    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    options = ServerOptions(
        host=_HOST.value,
        port=_PORT.value,
        model_name=_MODEL_NAME.value,
        max_message_mb=_MAX_MESSAGE_MB.value,
        max_pixels=_MAX_PIXELS.value,
        max_frames=_MAX_FRAMES.value,
        max_batch=_MAX_BATCH.value,
        max_queue=_MAX_QUEUE.value,
        workers=_WORKERS.value,
        grace_seconds=_GRACE_SECONDS.value,
    )
    server = ModelServer(_EXPORT_DIR.value, options)
    print(f"{_MODEL_NAME.value} at {server.address}", flush=True)
    stopped.wait()
    if not server.stop():
        os._exit(program.EXIT_DONE)  # what still computes, for nobody, would keep the process for as long as it takes


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
