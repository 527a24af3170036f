"""Settings of the two ends of a connection, client and server; imports no TensorFlow, so that --help stays quick."""

import dataclasses

from retarget_tf.errors import ConfigError
from retarget_tf.program.settings import check, setting


@dataclasses.dataclass(frozen=True)
class ClientOptions:
    """Settings of a client: name and version of the model, timeouts, and limits of a request."""

    model_name: str = setting("retarget", "name under which the server has the model")
    version: int | None = setting(None, "version of the model that must answer; the newest unless given", minimum=1)
    wait_seconds: float | None = setting(
        None,
        "how long to wait for a server that is starting or loads the model; unless given, 5 where nothing answers and "
        "120 where the server answers",
        minimum=0,
    )
    timeout_seconds: float = setting(
        20.0, "deadline of a call of one map; a clip gets a tenth more for each frame", above=0
    )
    max_message_mb: int = setting(64, "largest request and response in MiB", minimum=1)
    chunk_frames: int = setting(1000, "longest dance in one call; the rest follows step by step", minimum=1)

    def __post_init__(self) -> None:
        check(self)


@dataclasses.dataclass(frozen=True)
class ServerOptions:
    """Limits and settings of the server for development and tests."""

    host: str = setting("localhost", "address to listen at; 0.0.0.0 listens at all addresses of this machine")
    port: int = setting(8500, "port of gRPC; 0 takes any free one", minimum=0, maximum=65535)
    model_name: str = setting("retarget", "name under which requests ask for the model")
    max_message_mb: int = setting(
        64, "largest request in MiB; a larger one is refused with RESOURCE_EXHAUSTED", minimum=1
    )
    max_pixels: int = setting(40_000_000, "most pixels of one encoded picture", minimum=1)
    max_frames: int = setting(10_000, "most frames of all clips of one request", minimum=1)
    max_batch: int = setting(32, "most examples of one request, and of requests that run as one", minimum=1)
    max_queue: int = setting(64, "most requests that wait; further ones are refused with UNAVAILABLE", minimum=1)
    workers: int = setting(
        2, "batches that run at the same time; with 2 or more, a long clip does not hold up everybody else", minimum=1
    )
    poll_seconds: float = setting(1.0, "seconds between two checks of the folder for new versions", above=0)
    grace_seconds: float = setting(30.0, "time that requests in flight get when a signal stops the server", minimum=0)

    def __post_init__(self) -> None:
        check(self)
        if not self.model_name:
            raise ConfigError("model_name must not be empty. Received: model_name=")
