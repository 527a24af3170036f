"""Addresses of servers: `host:port`, whether they are of this machine, and through which proxy they are asked."""

import ipaddress
import os
import urllib.parse
import urllib.request


def has_port(address: str) -> bool:
    """Returns whether an address has a host and a port, and is no web address."""
    try:
        return bool(_host(address) and _parsed(address).port) and not address.startswith(("http://", "https://"))
    except ValueError:  # such as a name for a port, or an unfinished [::1
        return False


def is_loopback(address: str) -> bool:
    """Returns whether a host, or the host of an address, is this machine and can be reached from it alone."""
    host = _host(address)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def proxy_of(address: str) -> str:
    """Names the variable of the proxy through which gRPC asks an address; empty without one."""
    names = (name for name in ("grpc_proxy", "https_proxy", "http_proxy") if os.environ.get(name))
    name = next(names, None)
    if name is None or is_loopback(address) or urllib.request.proxy_bypass(_host(address)):
        return ""
    return f", asked through the proxy of {name}"


def _host(address: str) -> str:
    return _parsed(address).hostname or ""


def _parsed(address: str) -> urllib.parse.SplitResult:
    """Splits `host:port`, also of gRPC's longer forms such as `dns:///host:port`."""
    return urllib.parse.urlsplit(f"//{address.rpartition('/')[2]}")
