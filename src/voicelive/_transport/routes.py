"""Which way a connection takes: directly, or through a proxy."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from websockets.exceptions import InvalidProxy
from websockets.uri import parse_uri

from .._core.handshake import OpeningRequest, is_loopback
from ..errors import ConfigurationError
from .options import PROXY_SCHEMES, TransportOptions

__all__ = ["InvalidProxy", "Proxy", "ProxyTlsError", "environment_proxy", "find_proxy", "parse_proxy"]

_DEFAULT_PORTS = {"http": 80, "https": 443}


class ProxyTlsError(Exception):
    """TLS with the proxy itself failed; the cause says why."""


class Proxy(NamedTuple):
    """A proxy's URL, taken apart. The URL and the user may hold a password, and are never shown."""

    url: str
    scheme: str
    host: str
    port: int
    user: tuple[str, str] | None

    def __repr__(self) -> str:
        return f"Proxy({self.authority})"

    @property
    def is_http(self) -> bool:
        """Whether it is asked for a way by HTTP's CONNECT; otherwise it speaks SOCKS."""
        return self.scheme.startswith("http")

    @property
    def authority(self) -> str:
        """Scheme, host and port, as they may be shown."""
        return f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def find_proxy(request: OpeningRequest, options: TransportOptions) -> Proxy | None:
    """Find the proxy of a connection: the given one, or the environment's; None for none.

    Raises:
        InvalidProxy: for an URL in the environment that names no proxy.
        ConfigurationError: for a connection in plain text through a proxy that is not this machine.
    """
    url: Any = options.proxy
    if url is True:
        url = environment_proxy(request.url)
    if url is None:
        return None
    proxy = parse_proxy(url)
    if not request.endpoint.secure and not is_loopback(proxy.host) and not options.allow_plaintext_credentials:
        raise ConfigurationError(
            f"the way to {request.endpoint.authority} through a proxy on another machine is not encrypted, so the "
            "credential could be read there: use https://, or set the option 'proxy' to None"
        )
    return proxy


def environment_proxy(url: str) -> str | None:
    """Return the URL of the proxy that the environment names for a WebSocket to `url`; None for none."""
    found: str | None = _getter()(parse_uri(url))
    return found


def parse_proxy(url: str) -> Proxy:
    """Take a proxy's URL apart.

    Raises:
        InvalidProxy: if it names no proxy.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 1080)
    except ValueError:
        raise InvalidProxy(url, "malformed") from None
    if parts.scheme not in PROXY_SCHEMES or not parts.hostname:
        raise InvalidProxy(url, "scheme or host is missing")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise InvalidProxy(url, "a proxy's URL has nothing after the port")
    user = None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))
    try:
        host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode("ascii")
    except UnicodeError:
        raise InvalidProxy(url, "not a valid host") from None
    return Proxy(url, parts.scheme, host, port, user)


def _getter() -> Any:
    """Find the function that reads the environment; its module moved between the versions of `websockets`."""
    try:
        return import_module("websockets.proxy").get_proxy
    except ImportError:
        return import_module("websockets.uri").get_proxy
