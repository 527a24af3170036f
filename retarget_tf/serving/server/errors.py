"""What a request is refused with."""

from typing import Any

import grpc


class RefusedError(Exception):
    """A request cannot be served; the client is told so with a gRPC status.

    Attributes:
        code: a `grpc.StatusCode`.
        reason: one line.
    """

    def __init__(self, code: Any, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def invalid(reason: str) -> RefusedError:
    """The request itself is wrong: the same again would fail again."""
    return RefusedError(grpc.StatusCode.INVALID_ARGUMENT, reason)
