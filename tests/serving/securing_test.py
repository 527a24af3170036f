"""Tests of encryption and token: who has neither certificate nor token is kept out, and nothing travels in the open."""

import pathlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.serving.client import ServingClient
from retarget_tf.serving.options import ClientOptions, ServerOptions
from retarget_tf.serving.server import ModelServer
from tests.serving.server_test import toy_request, write_version
from tests.testing import run_program

REQUEST = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
REQUEST += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
PATHS = ("tls_cert", "tls_key", "token_file")

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl, which makes the certificate")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A version to serve, a certificate with its key, another certificate, and two tokens."""
    folder = tmp_path_factory.mktemp("secured")
    (folder / "export").mkdir()
    write_version(folder / "export", 1)
    for name in ("cert", "other"):
        subprocess.run(
            [*REQUEST, "-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem")],
            check=True,
            capture_output=True,
        )
    (folder / "token").write_text("c0ffee\n")
    (folder / "wrong").write_text("c0ffe0\n")
    return folder


@pytest.fixture(scope="module")
def address(folder: pathlib.Path) -> Iterator[str]:
    paths = {"tls_cert": "cert.pem", "tls_key": "cert.key", "token_file": "token"}
    given: dict[str, Any] = {name: str(folder / path) for name, path in paths.items()}
    secured = ServerOptions(port=0, model_name="toy", **given)
    with ModelServer(folder / "export", secured) as server:
        yield server.address


def client(address: str, folder: pathlib.Path, **paths: str) -> ServingClient:
    given: dict[str, Any] = {name: str(folder / path) for name, path in paths.items()}
    return ServingClient(address, ClientOptions(model_name="toy", **given))


def test_certificate_and_token_let_in(address: str, folder: pathlib.Path) -> None:
    with client(address, folder, ca_cert="cert.pem", token_file="token") as let_in:
        let_in.wait_until_available()
        assert let_in.predict("serving_default", {"x": [[2.0, 3.0]]})["y"].tolist() == [[2.0, 3.0]]


@pytest.mark.parametrize("paths", [{"ca_cert": "cert.pem"}, {"ca_cert": "cert.pem", "token_file": "wrong"}])
def test_without_the_token_nobody_gets_in(address: str, folder: pathlib.Path, paths: dict[str, str]) -> None:
    with client(address, folder, **paths) as kept_out:
        told = "the token is missing or wrong. Give the server's token with --token_file"
        with pytest.raises(InputDataError, match=told):
            kept_out.wait_until_available()
        with pytest.raises(InputDataError, match=told):
            kept_out.predict("serving_default", {"x": [[2.0, 3.0]]})


@pytest.mark.parametrize("paths", [{"token_file": "token"}, {"ca_cert": "other.pem", "token_file": "token"}])
def test_without_the_certificate_no_connection_is_made(
    address: str, folder: pathlib.Path, paths: dict[str, str]
) -> None:
    with client(address, folder, **paths) as kept_out, pytest.raises(TimeoutError, match="is not available after 2 s"):
        kept_out.wait_until_available(2)


def test_health_is_told_without_a_token(address: str, folder: pathlib.Path) -> None:
    trusted = grpc.ssl_channel_credentials((folder / "cert.pem").read_bytes())
    with grpc.secure_channel(address, trusted) as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service="toy"))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        predict = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
        with pytest.raises(grpc.RpcError) as refusal:
            predict(toy_request(x=[[1.0, 1.0]]).SerializeToString())
        assert refusal.value.code() == grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"host": "0.0.0.0"}, "an address that others can reach needs tls_cert, tls_key and token_file, or insecure"),
        ({"host": "::"}, "an address that others can reach"),
        ({"host": "0.0.0.0", "tls_cert": "c", "tls_key": "k"}, "an address that others can reach"),
        ({"tls_cert": "c"}, "give tls_cert and tls_key together"),
    ],
)
def test_what_is_half_secured_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        ServerOptions(**given)
    assert ServerOptions(host="0.0.0.0", insecure=True).insecure


def test_a_token_does_not_travel_in_the_open(folder: pathlib.Path) -> None:
    with pytest.raises(
        ConfigError, match=r"a token needs encryption: give tls or ca_cert\. Received: server=10\.0\.0\.1"
    ):
        client("10.0.0.1:8500", folder, token_file="token")


@pytest.mark.parametrize(
    ("paths", "code", "told"),
    [
        (("missing.pem", "cert.key", "token"), 3, r"certificate \S+missing\.pem: .*Check its name"),
        (("cert.pem", "other.key", "token"), 1, "cannot be had. Choose another --port, or check --tls_cert"),
        (
            ("cert.pem", "cert.key", "cert.pem"),
            3,
            r"token \S+cert\.pem: is no line of letters and digits\. Write a long",
        ),
    ],
)
def test_what_cannot_be_read_ends_the_server_in_a_line(
    folder: pathlib.Path, paths: tuple[str, str, str], code: int, told: str
) -> None:
    flags = [
        f"--{name}={folder / path}" for name, path in zip(("tls_cert", "tls_key", "token_file"), paths, strict=True)
    ]
    done = run_program("export.serve", f"--export_dir={folder / 'export'}", "--port=0", "--model_name=toy", *flags)
    assert done.returncode == code, done.stderr
    [line] = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    assert re.search(told, line), line
