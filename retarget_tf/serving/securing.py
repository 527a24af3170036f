"""Encryption and a token between client and server: TLS, and `authorization: Bearer TOKEN` with every call."""

import hmac
from collections.abc import Callable
from typing import Any

import grpc

from retarget_tf import files
from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.serving.addresses import is_loopback
from retarget_tf.serving.options import ClientOptions, ServerOptions

_KEY = "authorization"
_OPEN_TO_ALL = "/grpc.health."  # probes of Kubernetes cannot send a token

Metadata = tuple[tuple[str, str], ...]


def open_channel(options: ClientOptions, address: str, settings: list[tuple[str, Any]]) -> Any:
    """Opens a channel to a server: encrypted if the options ask for it.

    Raises:
        InputDataError: The certificate cannot be read.
    """
    if not options.is_encrypted:
        return grpc.insecure_channel(address, options=settings)
    trusted = files.read_bytes(options.ca_cert, "certificate", files.MOST_SECRET_BYTES) if options.ca_cert else None
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(trusted), options=settings)


def client_metadata(options: ClientOptions, address: str) -> Metadata:
    """Returns what is sent with every call: the token, if there is one.

    Raises:
        InputDataError: The token cannot be read.
        ConfigError: It would be sent over a network without encryption.
    """
    if not options.token_file:
        return ()
    if not options.is_encrypted and not is_loopback(address):
        raise ConfigError(f"a token needs encryption: give tls or ca_cert. Received: server={address}")
    return ((_KEY, f"Bearer {_token(options.token_file)}"),)


def listen(server: Any, options: ServerOptions) -> int:
    """Adds the options' address to a gRPC server, and returns its port.

    Raises:
        InputDataError: Certificate or key cannot be read.
        RuntimeError: gRPC cannot have the port, or refuses certificate and key.
    """
    address = f"{options.host}:{options.port}"
    if not options.tls_cert:
        return int(server.add_insecure_port(address))
    key, certificate = (
        files.read_bytes(str(path), what, files.MOST_SECRET_BYTES)
        for path, what in ((options.tls_key, "key"), (options.tls_cert, "certificate"))
    )
    return int(server.add_secure_port(address, grpc.ssl_server_credentials([(key, certificate)])))


def interceptors(options: ServerOptions) -> list[Any]:
    """Returns what a gRPC server does before each call: looks at the token, if there is one.

    Raises:
        InputDataError: The token cannot be read.
    """
    return [_TokenCheck(_token(options.token_file))] if options.token_file else []


class _TokenCheck(grpc.ServerInterceptor):  # type: ignore[misc, unused-ignore]
    """Refuses calls without the token, except those for the server's health."""

    def __init__(self, token: str) -> None:
        self._expected = f"Bearer {token}".encode()
        self._refuse = grpc.unary_unary_rpc_method_handler(_refuse)

    def intercept_service(self, continuation: Callable[[Any], Any], handler_call_details: Any) -> Any:
        given = dict(handler_call_details.invocation_metadata).get(_KEY, "")
        is_open = handler_call_details.method.startswith(_OPEN_TO_ALL)
        if is_open or hmac.compare_digest(str(given).encode(), self._expected):
            return continuation(handler_call_details)
        return self._refuse


def _refuse(_: Any, context: Any) -> None:
    context.abort(grpc.StatusCode.UNAUTHENTICATED, "the token is missing or wrong")


def _token(path: str) -> str:
    token = files.read_bytes(path, "token", files.MOST_SECRET_BYTES).strip()
    if not token or not token.isascii() or len(token.split()) > 1:
        raise InputDataError(f"token {path}: is no line of letters and digits. Write a long random one into it.")
    return token.decode("ascii")
