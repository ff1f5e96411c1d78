"""The connection options: names, defaults, checks. Imports no transport, so that ``connect()`` can check early."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from typing_extensions import TypedDict

from .._core.handshake import Endpoint
from .._core.numbers import is_number, is_whole
from .._core.timeouts import LONGEST
from .._public import public_in
from ..errors import ConfigurationError
from .contexts import check_context

__all__ = [
    "PROXY_SCHEMES",
    "ConnectionOptions",
    "TransportOptions",
    "WebsocketConnectionOptions",
    "allows_plaintext",
    "read_options",
]

MIB = 1024 * 1024


@public_in("voicelive")
class ConnectionOptions(TypedDict, total=False):
    """Settings of the connection itself, all optional. Times in seconds, sizes in bytes.

    The names that the official package uses (``max_msg_size``, ``heartbeat``, ``handshake_timeout``, ...) work too.
    """

    open_timeout: float | None
    """TCP, TLS and the upgrade together; asking for a token is not counted. Default 20; None: no limit."""
    close_timeout: float
    """How long ``close()`` waits for the service's close frame before it drops the connection. Default 5."""
    receive_timeout: float | None
    """The time ``recv()`` and each step of an iteration wait when they are given none. Default None: no limit."""
    ping_interval: float | None
    """Time between keepalive pings. Default 20; None: no pings."""
    ping_timeout: float | None
    """How long a ping may go unanswered before the connection counts as broken. Default 20; None: no limit."""
    max_size: int | None
    """The largest message to accept. Default 64 MiB; None: no limit."""
    max_queue: int | None
    """Messages to hold for an application that does not receive them. Default 16,384; None: no limit.

    Past it or ``max_buffer`` reading pauses. If half of it is not received within 10 seconds (or half of
    ``ping_timeout``, if that is less), the connection ends with :class:`ReceiveOverflowError`."""
    max_buffer: int | None
    """Bytes to hold likewise, 512 for each message included. Default 128 MiB; None: no limit."""
    ready_timeout: float | None
    """How long ``session.created`` may take from the opening on. Default 30; None: no limit. Nothing waits for it, but
    whoever receives after that time, and finds nothing, gets :class:`ReadyTimeoutError`."""
    stall_timeout: float | None
    """How long nothing may arrive between ``response.created`` and ``response.done``, for those who receive meanwhile;
    past it the connection ends with :class:`ResponseStalledError`. Default None: no limit."""
    compression: bool | str | None
    """``True`` or ``"deflate"`` to compress messages. Default off: on audio it costs time and gains little."""
    proxy: str | bool | None
    """A proxy's URL, ``True`` for the system's, ``None`` for none. Default: the system's, none for this machine."""
    proxy_ssl: ssl.SSLContext | None
    """TLS settings towards a proxy with an ``https://`` URL. Default: the system's authorities."""
    ssl: ssl.SSLContext | None
    """TLS settings, such as a private certificate authority or a client certificate; TLS 1.2 at least. Default: the
    system's authorities."""
    source_address: str | tuple[str, int] | None
    """The address of this machine to connect from, such as ``"10.0.0.5"``; with a port, a pair. Default: any."""
    allow_plaintext_credentials: bool
    """``True`` takes ``http://`` endpoints on other machines. Dangerous: whoever sees the traffic has the key or token,
    and hears the conversation. Default False."""

    max_msg_size: int | None
    """Another name for ``max_size``."""
    heartbeat: float | None
    """Another name for ``ping_interval``."""
    handshake_timeout: float | None
    """Another name for ``open_timeout``."""
    timeout: float
    """Another name for ``close_timeout``."""
    autoclose: bool
    """Always on; accepted for compatibility."""
    autoping: bool
    """Always on; accepted for compatibility."""
    vendor_options: Mapping[str, Any]
    """Further arguments for ``websockets``' ``connect()``, passed on as they are; no stable interface."""


def _pydantic_schema(source: object, handler: object) -> dict[str, str]:
    # Any mapping: pydantic knows no SSLContext, and read_options() says more about what is wrong.
    return {"type": "dict"}


ConnectionOptions.__get_pydantic_core_schema__ = staticmethod(_pydantic_schema)  # type: ignore[attr-defined]


class TransportOptions(NamedTuple):
    """Checked options, defaults filled in."""

    open_timeout: float | None = 20.0
    close_timeout: float = 5.0
    receive_timeout: float | None = None
    ping_interval: float | None = 20.0
    ping_timeout: float | None = 20.0
    max_size: int | None = 64 * MIB
    max_queue: int | None = 16_384
    max_buffer: int | None = 128 * MIB
    ready_timeout: float | None = 30.0
    stall_timeout: float | None = None
    compression: str | None = None
    proxy: str | bool | None = True
    proxy_ssl: ssl.SSLContext | None = None
    ssl: ssl.SSLContext | None = None
    source_address: tuple[str, int] | None = None
    allow_plaintext_credentials: bool = False
    vendor_options: Mapping[str, Any] = MappingProxyType({})

    def __repr__(self) -> str:
        # A proxy's URL and what is passed on may hold secrets.
        shown = (name for name in self._fields if name not in ("proxy", "vendor_options"))
        return f"TransportOptions({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


_ALIASES = {
    "max_msg_size": "max_size",
    "heartbeat": "ping_interval",
    "handshake_timeout": "open_timeout",
    "timeout": "close_timeout",
}
_ALWAYS_ON = ("autoclose", "autoping")
_KNOWN = (*TransportOptions._fields, *_ALIASES, *_ALWAYS_ON)
_NULLABLE = {"open_timeout", "receive_timeout", "ready_timeout", "stall_timeout", "ping_interval", "ping_timeout"}
PROXY_SCHEMES = ("http", "https", "socks5", "socks5h", "socks4", "socks4a")

# What keeps the credential where it belongs must not be overridden from outside.
_RESERVED_VENDOR_OPTIONS = {
    *TransportOptions._fields,
    "uri",
    "additional_headers",
    "user_agent_header",
    "logger",
    "create_connection",
    "process_exception",
    "legacy",
    "sock",
    "unix",
    "path",
}


def read_options(options: Mapping[str, Any] | None, endpoint: Endpoint) -> TransportOptions:
    """Check `options` and fill in the defaults.

    Raises:
        ConfigurationError: naming the option, what is wrong with it, and what it takes.
    """
    given = _canonical(options)
    for name in _ALWAYS_ON:
        if given.pop(name, True) is not True:
            raise ConfigurationError(f"connection option {name!r} cannot be switched off: leave it out")
    checked: dict[str, Any] = {}
    for name, value in given.items():
        checked[name] = _CHECKS.get(name, _seconds)(name, value)
    if checked.get("ssl") is not None and not endpoint.secure:
        raise ConfigurationError(
            f"connection option 'ssl' does not fit the endpoint {endpoint.authority}, which is not encrypted: "
            "use https:// or leave ssl out"
        )
    if endpoint.is_loopback:
        # Proxies of the system are for the network; few could reach this machine.
        checked.setdefault("proxy", None)
    return TransportOptions(**checked)


def _canonical(options: Mapping[str, Any] | None) -> dict[str, Any]:
    if options is None:
        return {}
    if not isinstance(options, Mapping):
        raise ConfigurationError(f"connection_options must be a mapping, not {type(options).__name__}")
    given: dict[str, Any] = {}
    for name, value in options.items():
        if name not in _KNOWN:
            from difflib import get_close_matches

            close = get_close_matches(str(name), _KNOWN, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"the options are {', '.join(_KNOWN)}"
            raise ConfigurationError(f"unknown connection option {name!r}: {hint}")
        canonical = _ALIASES.get(name, name)
        if canonical in given:
            raise ConfigurationError(f"connection option {canonical!r} was given under two names")
        given[canonical] = value
    return given


def _seconds(name: str, value: object) -> float | None:
    if value is None and name in _NULLABLE:
        return None
    if not is_number(value) or not 0 < value <= LONGEST:
        or_none = ", or None for no limit" if name in _NULLABLE else ""
        raise ConfigurationError(f"connection option {name!r} is {value!r}; it takes seconds above 0{or_none}")
    return float(value)


def _count(name: str, value: object) -> int | None:
    if value is None or is_whole(value, 1):
        return value
    unit = "messages" if name == "max_queue" else "bytes"
    raise ConfigurationError(f"connection option {name!r} is {value!r}; it takes {unit} above 0, or None for no limit")


def _compression(name: str, value: object) -> str | None:
    if value is True or value == "deflate":
        return "deflate"
    if value is None or value is False:
        return None
    raise ConfigurationError(f"connection option {name!r} is {value!r}; it takes True, 'deflate', False or None")


def _proxy(name: str, value: object) -> str | bool | None:
    if value is None or value is False:
        return None
    if value is True:
        return True
    if not isinstance(value, str):
        raise ConfigurationError(f"connection option {name!r} takes a URL, True or None, not {type(value).__name__}")
    # The value may hold a password, so no message repeats it.
    try:
        parts = urlsplit(value)
        valid = parts.scheme in PROXY_SCHEMES and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid:
        raise ConfigurationError(
            f"connection option {name!r} is not a proxy URL: write it like http://HOST:PORT, "
            f"with one of the schemes {', '.join(PROXY_SCHEMES)}"
        )
    return value


def _source_address(name: str, value: object) -> tuple[str, int] | None:
    if value is None:
        return None
    host, port = value if isinstance(value, tuple) and len(value) == 2 else (value, 0)
    try:
        if not isinstance(host, str) or not is_whole(port, 0) or port >= 65536:
            raise ValueError
        ipaddress.ip_address(host)
    except ValueError:
        raise ConfigurationError(
            f"connection option {name!r} is {value!r}; it takes an IP address of this machine, such as "
            "'10.0.0.5', or a pair of it and a port, such as ('10.0.0.5', 0)"
        ) from None
    return host, port


def _plaintext(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(f"connection option {name!r} is {value!r}; it takes True or False")
    return value


def allows_plaintext(options: Mapping[str, Any] | None) -> bool:
    """Return, before the options are checked, whether they allow an endpoint without encryption."""
    return isinstance(options, Mapping) and options.get("allow_plaintext_credentials") is True


def _vendor_options(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"connection option {name!r} must be a mapping, not {type(value).__name__}")
    reserved = sorted(_RESERVED_VENDOR_OPTIONS & {str(name) for name in value})
    if reserved:
        raise ConfigurationError(
            f"vendor_options may not hold {', '.join(reserved)}: use the connection option or argument "
            "of connect() for it, if there is one"
        )
    return {str(name): item for name, item in value.items()}


_CHECKS: dict[str, Callable[[str, object], object]] = {
    "max_size": _count,
    "max_queue": _count,
    "max_buffer": _count,
    "compression": _compression,
    "proxy": _proxy,
    "proxy_ssl": check_context,
    "ssl": check_context,
    "source_address": _source_address,
    "allow_plaintext_credentials": _plaintext,
    "vendor_options": _vendor_options,
}
"""What checks an option and returns the value to use; all others are times, in seconds."""


WebsocketConnectionOptions = ConnectionOptions
"""The name that azure-ai-voicelive has for it."""
