"""Settings of the two ends of a connection, client and server; imports no TensorFlow, so that --help stays quick."""

import dataclasses

from retarget_tf.errors import ConfigError
from retarget_tf.program.settings import check, setting
from retarget_tf.serving.addresses import is_loopback


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
    tls: bool = setting(False, "encrypt the connection; the machine must trust who signed the server's certificate")
    ca_cert: str | None = setting(None, "encrypt, and trust the certificates that this one (a PEM file) has signed")
    token_file: str | None = setting(None, "file with the token that the server wants; over a network only encrypted")

    @property
    def is_encrypted(self) -> bool:
        """Whether the connection is encrypted."""
        return self.tls or self.ca_cert is not None

    def __post_init__(self) -> None:
        check(self)


@dataclasses.dataclass(frozen=True)
class ServerOptions:
    """Limits and settings of the server for development and tests."""

    host: str = setting(
        "localhost",
        "address to listen at; 0.0.0.0 listens at all addresses of this machine, which needs a certificate and a "
        "token, or --insecure",
    )
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
    tls_cert: str | None = setting(None, "certificate for encrypted connections, a PEM file; needs --tls_key")
    tls_key: str | None = setting(None, "private key of the certificate, a PEM file")
    token_file: str | None = setting(None, "file with the token that every call must send")
    insecure: bool = setting(False, "let anybody who reaches the address in, without encryption or token")
    grace_seconds: float = setting(30.0, "time that requests in flight get when a signal stops the server", minimum=0)

    def __post_init__(self) -> None:
        check(self)
        if not self.model_name:
            raise ConfigError("model_name must not be empty. Received: model_name=")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ConfigError(f"give tls_cert and tls_key together. Received: tls_cert={self.tls_cert}")
        if not (is_loopback(self.host) or self.insecure or (self.tls_cert and self.token_file)):
            raise ConfigError(
                "an address that others can reach needs tls_cert, tls_key and token_file, or insecure. "
                f"Received: host={self.host}"
            )
