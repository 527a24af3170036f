"""Settings of the two ends of a connection, client and server; imports no TensorFlow, so that --help stays quick."""

import dataclasses

from retarget_tf.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class ClientOptions:
    """How the server is asked.

    Attributes:
        model_name: name under which the server has the model.
        version: version of the model that must answer; None takes the newest.
        wait_seconds: how long a client waits for the model to be available before its first request.
        timeout_seconds: deadline of a call of one map; a clip of n frames gets `timeout_seconds * (1 + 0.1 n)`.
        max_message_mb: largest request and response in MiB.
        chunk_frames: longest dance that is asked for in one call; what is longer goes on step by step.
    """

    model_name: str = "retarget"
    version: int | None = None
    wait_seconds: float = 30.0
    timeout_seconds: float = 20.0
    max_message_mb: int = 64
    chunk_frames: int = 1000

    def __post_init__(self) -> None:
        _require_positive(self, "timeout_seconds", "max_message_mb", "chunk_frames")
        _require_not_negative(self, "wait_seconds")
        if self.version is not None:
            _require_positive(self, "version")


@dataclasses.dataclass(frozen=True)
class ServerOptions:
    """Limits and settings of the server for development and tests.

    Attributes:
        host: address to listen at; 0.0.0.0 listens at every address of the machine.
        port: port of gRPC; 0 takes any free one.
        model_name: name under which requests ask for the model.
        max_message_mb: largest request in MiB; a larger one is RESOURCE_EXHAUSTED.
        max_pixels: most pixels of one encoded picture.
        max_frames: most frames of all clips of one request.
        max_batch: most examples of one request, and of requests that run as one.
        max_queue: most requests that wait; one more is UNAVAILABLE.
        workers: batches that run at the same time; with 2 or more, a long clip does not hold up everybody else.
        poll_seconds: time between two looks for new versions in the folder.
        grace_seconds: time that requests in flight get when the server stops.
    """

    host: str = "localhost"
    port: int = 8500
    model_name: str = "retarget"
    max_message_mb: int = 64
    max_pixels: int = 40_000_000
    max_frames: int = 10_000
    max_batch: int = 32
    max_queue: int = 64
    workers: int = 2
    poll_seconds: float = 1.0
    grace_seconds: float = 30.0

    def __post_init__(self) -> None:
        _require_positive(
            self, "max_message_mb", "max_pixels", "max_frames", "max_batch", "max_queue", "workers", "poll_seconds"
        )
        if not 0 <= self.port < 65536:
            raise ConfigError(f"port must be in 0..65535. Received: port={self.port}")
        _require_not_negative(self, "grace_seconds")
        if not self.model_name:
            raise ConfigError("model_name must not be empty. Received: model_name=")


def _require_positive(options: object, *names: str) -> None:
    for name in names:
        value = getattr(options, name)
        if value <= 0:
            bound = "at least 1" if isinstance(value, int) else "above 0"
            raise ConfigError(f"{name} must be {bound}. Received: {name}={value}")


def _require_not_negative(options: object, name: str) -> None:
    if getattr(options, name) < 0:
        raise ConfigError(f"{name} must be at least 0. Received: {name}={getattr(options, name)}")
