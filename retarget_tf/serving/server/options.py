"""Limits and settings of the server."""

import dataclasses

from retarget_tf.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class ServerOptions:
    """All that can be set; every number is at least 1.

    Attributes:
        host: address to listen at.
        port: 0 takes any free one.
        model_name: under which requests ask for the model.
        max_message_mb: largest request; a larger one is RESOURCE_EXHAUSTED.
        max_pixels: of one encoded picture.
        max_frames: of all clips of one request.
        max_batch: examples of one request, and of one merged batch.
        max_queue: requests that wait; one more is UNAVAILABLE.
        workers: batches that run at the same time; from 2 on a long clip does not hold up everybody else.
        poll_seconds: between two looks into the folder of versions.
        grace_seconds: for requests in flight when the server stops.
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
        limits = ("max_message_mb", "max_pixels", "max_frames", "max_batch", "max_queue", "workers")
        for name in limits:
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1. Received: {name}={getattr(self, name)}")
        if not 0 <= self.port < 65536 or self.poll_seconds <= 0 or self.grace_seconds < 0:
            raise ConfigError(
                "port must be in 0..65535, poll_seconds above 0 and grace_seconds not below. Received: "
                f"port={self.port}, poll_seconds={self.poll_seconds}, grace_seconds={self.grace_seconds}"
            )
        if not self.model_name:
            raise ConfigError("model_name must not be empty. Received: model_name=")
