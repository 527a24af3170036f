"""Settings of the page, whose fields are flags of `retarget-page`; imports nothing that is heavy."""

import dataclasses

from retarget_tf.errors import ConfigError
from retarget_tf.program.settings import check, setting
from retarget_tf.serving.addresses import is_loopback


@dataclasses.dataclass(frozen=True)
class PageOptions:
    """Where the page is found, who may use it, and how much of this machine they may use."""

    host: str = setting(
        "127.0.0.1",
        "address to listen at; any that others can reach needs --auth. 0.0.0.0 listens at all addresses of the machine",
    )
    port: int = setting(7860, "port of the page; 0 takes any free one", minimum=0, maximum=65535)
    auth: str | None = setting(None, "file of those who may use the page: a line user:password for each")
    tls_cert: str | None = setting(None, "certificate for encrypted connections, a PEM file; needs --tls_key")
    tls_key: str | None = setting(None, "private key of the certificate, a PEM file")
    model: str = setting(
        "stable_128", "what makes the maps: a workdir, .keras file, SavedModel folder, or a pretrained model's name"
    )
    max_seconds: float = setting(60.0, "of a longer video only the beginning is danced", above=0)
    max_frames: int = setting(1800, "most frames of a dance; of a longer video only the beginning is danced", minimum=1)
    max_pixels: int = setting(36_000_000, "photos and videos of larger pictures are refused", minimum=1)
    max_upload_mb: int = setting(300, "largest file in MB", minimum=1)
    jobs: int = setting(1, "dances that are made at the same time; each takes up to 3 GB of memory", minimum=1)
    max_waiting: int = setting(20, "most dances that wait; who comes then is asked to come again later", minimum=1)
    keep_minutes: float = setting(
        15.0, "minutes after which the files of somebody who closed the page are deleted", above=0
    )

    def __post_init__(self) -> None:
        check(self)
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ConfigError(f"give tls_cert and tls_key together. Received: tls_cert={self.tls_cert}")
        if not self.is_private and not self.auth:
            raise ConfigError(
                "an address that others can reach needs auth: a file with a line user:password for each of them. "
                f"Received: host={self.host}"
            )

    @property
    def is_private(self) -> bool:
        """Whether nobody but this machine can reach the page."""
        return is_loopback(f"[{self.host}]" if ":" in self.host else self.host)

    @property
    def is_open_to_listeners(self) -> bool:
        """Whether photos, videos and passwords go over a network unencrypted."""
        return not self.is_private and not self.tls_cert
