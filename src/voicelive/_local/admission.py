"""Who may speak to the service at all: one rule for every door, before anything else is looked at."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from websockets.datastructures import Headers

from ..errors import ConfigurationError
from .addresses import is_loopback, literal, plain_name
from .handshake import HandshakeRefusedError

__all__ = ["Admission"]

_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@\s\\]+")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class Admission:
    """Decides by the headers ``Host`` and ``Origin``.

    A page of a stranger can reach a service on loopback through the browser of whoever looks at it. The browser says
    in ``Origin`` whose page it is; and where the stranger has given a name of their own the address of this machine,
    so that both count as of one origin, the name stands in ``Host``.
    """

    def __init__(
        self, host: str, *, hosts: Iterable[str] = (), origins: Iterable[str] = (), encrypted: bool = False
    ) -> None:
        """Let in what is meant for `host`.

        Args:
            host: the address that the service listens on.
            hosts: more names under which it may be reached.
            origins: origins whose pages may reach it, such as ``http://localhost:3000``, beside its own.
            encrypted: whether it speaks TLS.

        Raises:
            ConfigurationError: for something that is not a host name or an origin.
        """
        self._on_loopback = is_loopback(host)
        self._hosts = {_host_name(each) for each in hosts}
        if not self._on_loopback:
            self._hosts |= {plain_name(host), plain_name(socket.gethostname())}
        self._origins = {_origin(each) for each in origins}
        self.encrypted = encrypted

    def check(self, headers: Headers) -> str:
        """Check a request and return the host that it was made to, a name with or without a port.

        Raises:
            HandshakeRefusedError: if it was made to another host, or by a page of another origin.
        """
        named = headers.get_all("Host")
        host = named[0] if len(named) == 1 else ""
        if not self._listens_as(host):
            # What does not look like a host is not repeated: it can be anything.
            name = f"not {host!r}" if _HOST.fullmatch(host) else "and this names none, or more than one"
            raise HandshakeRefusedError(
                403,
                f"This service answers to the host it listens on, {name}. For another name, start it with "
                "--allow-host NAME, or LocalService(allow_hosts=[…]).",
            )
        for origin in headers.get_all("Origin"):
            if not self._knows(origin, host):
                raise HandshakeRefusedError(
                    403,
                    "This service does not answer pages from other origins. For a page of your own, start it with "
                    "--allow-origin ORIGIN, or LocalService(allow_origins=[…]).",
                )
        return host

    def _listens_as(self, host: str) -> bool:
        if not _HOST.fullmatch(host):
            return False
        name = plain_name(re.sub(r":[0-9]*$", "", host))
        address = literal(name)
        if address is not None and (not self._on_loopback or address.is_unspecified):
            return True  # an address cannot be made to lead elsewhere, as a name can
        return is_loopback(name) or name in self._hosts

    def _knows(self, origin: str, host: str) -> bool:
        own = f"{'https' if self.encrypted else 'http'}://{host}"
        plain = _without_default_port(origin.lower())
        return plain == _without_default_port(own.lower()) or plain in self._origins


def _host_name(text: str) -> str:
    if not _HOST.fullmatch(text) or re.search(r":[0-9]+$", text):
        raise ConfigurationError(f"{text!r} is not the name of a host: give one such as voice.example, without a port")
    return plain_name(text)


def _origin(text: str) -> str:
    plain = text.lower()
    if plain == "null":
        return plain  # the origin of pages from files and of sandboxed frames
    try:
        fits = bool(_ORIGIN.fullmatch(plain)) and urlsplit(plain).port != 0
    except ValueError:
        fits = False
    if not fits:
        raise ConfigurationError(f"{text!r} is not an origin: give scheme and host, such as http://localhost:3000")
    return _without_default_port(plain)


def _without_default_port(origin: str) -> str:
    return origin.removesuffix(_DEFAULT_PORTS.get(origin.partition("://")[0], ""))
