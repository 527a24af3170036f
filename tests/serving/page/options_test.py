"""Tests of the settings of the page: who may reach it, and with which certificate."""

import pathlib

import pytest

from retarget_tf.errors import ConfigError, InputDataError
from retarget_tf.serving.page.options import PageOptions
from retarget_tf.serving.page.running import running_page


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_this_machine_alone_needs_no_password(host: str) -> None:
    options = PageOptions(host=host)
    assert options.is_private
    assert not options.is_open_to_listeners


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "example.org", ""])
def test_others_need_a_password(host: str) -> None:
    with pytest.raises(ConfigError, match="needs auth"):
        PageOptions(host=host)
    assert PageOptions(host=host, auth="users").is_open_to_listeners
    assert not PageOptions(host=host, auth="users", tls_cert="c", tls_key="k").is_open_to_listeners


def test_a_certificate_needs_its_key() -> None:
    with pytest.raises(ConfigError, match="tls_cert and tls_key together"):
        PageOptions(tls_cert="cert.pem")


def test_a_certificate_that_is_none_is_refused_before_the_page_starts(tmp_path: pathlib.Path) -> None:
    certificate = tmp_path / "cert.pem"
    certificate.write_text("not a certificate")
    options = PageOptions(port=0, tls_cert=str(certificate), tls_key=str(certificate))
    with pytest.raises(InputDataError, match=r"cert\.pem with key .*cert\.pem: are not a pair in PEM"):
        running_page(options).__enter__()
