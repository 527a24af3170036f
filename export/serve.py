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
from retarget_tf.program import settings
from retarget_tf.serving.options import ServerOptions

_EXPORT_DIR = flags.DEFINE_string("export_dir", None, "folder of versions, made by people you trust", required=True)
_SERVER = settings.define_flags(ServerOptions)


def main() -> None:
    """Flags -> `ModelServer`, until a signal comes."""
    options = ServerOptions(**settings.given(_SERVER))

    program.import_tensorflow()
    from retarget_tf.serving.server import ModelServer

    server = ModelServer(_EXPORT_DIR.value, options)  # a signal meanwhile ends the program at once
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    print(f"{options.model_name} at {server.address}", flush=True)
    while not stopped.wait(1):  # a signal that another thread received is handled when the main thread next runs
        pass
    if not server.stop():
        os._exit(program.EXIT_DONE)  # what still computes, for nobody, would keep the process for as long as it takes


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
