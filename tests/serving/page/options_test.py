"""Tests of the page's settings: who may reach it."""

import pytest

from retarget_tf.errors import ConfigError
from retarget_tf.serving.page.options import PageOptions


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
