"""Tests of what stands before the page: hosts, passwords, sizes, cookies and headers."""

import asyncio
import base64
import pathlib
from typing import Any

import pytest

from retarget_tf.errors import InputDataError
from retarget_tf.serving.page.guard import COOKIE, Guard, read_users, visitor_in

KNOWN = f"{COOKIE}={'a1' * 20}"


async def _page(_: Any, __: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]})
    await send({"type": "http.response.body", "body": b"page"})


def asked(
    path: str = "/",
    *,
    users: dict[str, str] | None = None,
    any_host: bool = False,
    scheme: str = "http",
    **headers: str,
) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of the answer to a request of at most 1,000 bytes."""
    given = {"host": "localhost:7860", **headers}
    encoded = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in given.items()]
    scope = {"type": "http", "path": path, "headers": encoded, "scheme": scheme}
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Guard(_page, users or {}, 1000, any_host=any_host)(scope, None, send))
    answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], answered, sent[1]["body"].decode()


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def test_the_page_comes_with_a_policy_that_allows_no_other_host() -> None:
    status, headers, body = asked()
    assert (status, headers["x-own"], body) == (200, "1", "page")
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert "*" not in policy


def test_a_visitor_gets_a_cookie_once() -> None:
    _, headers, _ = asked()
    cookie = headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie
    name = visitor_in(cookie.partition(";")[0])
    assert name is not None
    assert len(name) == 40
    assert cookie != asked()[1]["set-cookie"]
    assert "set-cookie" not in asked(cookie=KNOWN)[1]
    assert "Secure" in asked(scheme="https")[1]["set-cookie"]


@pytest.mark.parametrize(
    "cookies", ["", "other=1", f"{COOKIE}=short", f"{COOKIE}=../../{'a' * 40}", "=;,", f"{COOKIE}="]
)
def test_no_other_cookie_is_taken(cookies: str) -> None:
    assert visitor_in(cookies) is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:7860", "[::1]:7860"])
def test_this_machine_is_answered(host: str) -> None:
    assert asked(host=host)[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "192.168.1.7:7860", "localhost.evil.example", ""])
def test_a_web_site_whose_name_leads_here_is_not_answered(host: str) -> None:
    assert asked(host=host)[0] == 421
    assert asked(host=host, any_host=True)[0] == 200


@pytest.mark.parametrize(
    "given", ["", "Bearer x", "Basic !", basic("eve:open"), basic("ada:wrong"), basic("ada"), basic("")]
)
def test_those_without_the_password_are_not_let_in(given: str) -> None:
    for path in ("/", "/config", "/gradio_api/upload", "/gradio_api/file=/tmp/x", "/theme.css"):
        status, headers, body = asked(path, users={"ada": "pass:word"}, authorization=given)
        assert status == 401
        assert headers["www-authenticate"].startswith("Basic ")
        assert "page" not in body


def test_those_with_the_password_are_let_in() -> None:
    assert asked(users={"ada": "pass:wörd"}, authorization=basic("ada:pass:wörd"))[0] == 200


@pytest.mark.parametrize("path", ["/gradio_api/file=http://other.example/x", "/gradio_api/proxy=x", "/monitoring"])
def test_what_would_ask_other_hosts_is_closed(path: str) -> None:
    assert asked(path)[0] == 404


@pytest.mark.parametrize(("length", "status"), [("1000", 200), ("1001", 413), ("-1", 413), ("x", 413)])
def test_large_requests_are_refused(length: str, status: int) -> None:
    assert asked("/gradio_api/upload", content_length=length)[0] == status


def test_users_are_read(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "users"
    path.write_text("# who may come in\nada:pass:word\n\n  bo:secret  \n", encoding="utf-8")
    assert read_users(path) == {"ada": "pass:word", "bo": "secret"}


@pytest.mark.parametrize("text", ["ada", "ada:", ":secret", "", "# nobody\n", "ada:ok\nbo\n"])
def test_a_file_of_users_must_be_right(text: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "users"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputDataError, match=r"Write a line"):
        read_users(path)
    path.write_bytes(b"ada:\xff")
    with pytest.raises(InputDataError, match="UTF-8"):
        read_users(path)
