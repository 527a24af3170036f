"""The exception that refuses a request."""

from typing import Any

import grpc


class RefusedError(Exception):
    """A request cannot be served; the client receives the code and the reason as its gRPC status.

    Attributes:
        code: The `grpc.StatusCode`.
        reason: One line that says what is wrong.
    """

    def __init__(self, code: Any, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def invalid(reason: str) -> RefusedError:
    """Returns an INVALID_ARGUMENT error: the request is wrong, and repeating it would fail again."""
    return RefusedError(grpc.StatusCode.INVALID_ARGUMENT, reason)
