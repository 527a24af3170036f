"""Stands before the page: who may use it, under which names it is found, and that nothing goes to another host."""

import base64
import binascii
import hmac
import secrets
import urllib.parse
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from retarget_tf import files
from retarget_tf.errors import InputDataError
from retarget_tf.serving.addresses import is_loopback

COOKIE = "retarget_visitor"
# Gradio's scripts are partly compiled in the browser. Nothing may be loaded from, or sent to, another host.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"permissions-policy", b"camera=(self), microphone=(self), geolocation=()"),
)
# Gradio answers these by asking other hosts, or tells everybody what all do.
_CLOSED = (
    "/gradio_api/proxy=",
    "/proxy=",
    "/gradio_api/file=http",
    "/file=http",
    "/monitoring",
)


def read_users(path: files.PathLike) -> dict[str, str]:
    """Reads names and passwords: a line `user:password` for each user; lines that begin with # are left out.

    Raises:
        InputDataError: The file cannot be read, or holds another line.
    """
    try:
        text = files.read_bytes(path, "auth", files.MOST_SECRET_BYTES).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputDataError(f"auth {path}: is not in UTF-8. Save it so.") from error
    lines = [line.strip() for line in text.splitlines()]
    users: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line or line.startswith("#"):
            continue
        name, colon, password = line.partition(":")
        if not (name and colon and password):
            raise InputDataError(f"auth {path} line {number}: is not user:password. Write a line so for each.")
        users[name] = password
    if not users:
        raise InputDataError(f"auth {path}: names nobody. Write a line user:password for each user.")
    return users


class Guard:
    """ASGI application before another one.

    Args:
        app: The application.
        users: Password by name; empty if everybody who reaches the page may use it.
        most_bytes: Largest body of a request.
        any_host: Whether the page may be asked for under any name. Otherwise only under those of this machine: a web
            site whose name leads here could read the page.
    """

    def __init__(self, app: Any, users: Mapping[str, str], most_bytes: int, *, any_host: bool) -> None:
        self._app, self._users, self._most_bytes, self._any_host = app, users, most_bytes, any_host

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers a request, or hands it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(urllib.parse.unquote(scope["path"]), headers)
        if refusal is not None:
            await _answer(send, *refusal)
            return
        given = list(_HEADERS)
        if visitor_in(headers.get("cookie", "")) is None:
            given.append((b"set-cookie", _new_cookie(scope).encode()))

        async def send_more(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *given]
            await send(message)

        await self._app(scope, receive, send_more)

    def _refusal(self, path: str, headers: Mapping[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if not self._any_host and not is_loopback(host):
            return 421, "This page is found as localhost or 127.0.0.1 only."
        if self._users and not self._is_user(headers.get("authorization", "")):
            return 401, "Give the name and the password that you were told."
        if path.startswith(_CLOSED):
            return 404, "There is nothing here."
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self._most_bytes:
            return 413, f"Give a file of at most {self._most_bytes // 1_000_000} MB."
        return None

    def _is_user(self, authorization: str) -> bool:
        kind, _, encoded = authorization.partition(" ")
        if kind.lower() != "basic":
            return False
        try:
            name, _, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        expected = self._users.get(name)
        is_right = hmac.compare_digest(password.encode(), (expected or secrets.token_hex()).encode())
        return is_right and expected is not None


def visitor_in(cookies: str) -> str | None:
    """Returns the visitor's cookie out of a request's `Cookie` header; None if there is none that was made here."""
    try:
        found = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return None
    return found.value if found is not None and len(found.value) >= 32 and found.value.isalnum() else None


def _new_cookie(scope: Any) -> str:
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    return f"{COOKIE}={secrets.token_hex(20)}; Path=/; HttpOnly; SameSite=Strict{secure}"


async def _answer(send: Any, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *_HEADERS]
    if status == 401:
        headers.append((b"www-authenticate", b'Basic realm="retarget_tf", charset="UTF-8"'))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
