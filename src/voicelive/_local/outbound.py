"""Where the service itself may connect to, and with which headers, when a session asks it to.

A name is resolved here, and the connection goes to the very address that was checked: a name that leads elsewhere when
it is looked up again gains nothing by it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..errors import ConfigurationError
from .addresses import IPAddress, literal, never_dialled, plain_name, standing_for

__all__ = ["AddressRefusedError", "AddressRule", "McpAccess"]

_RESERVED_HEADERS = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that say who asks whom, or belong to one connection: not for a session to choose."""


class AddressRefusedError(Exception):
    """The operator of the service does not allow a connection to this address."""


@dataclass(frozen=True)
class _Listed:
    """An entry of the operator's list: a name or a network, at one port or at any."""

    name: str | None
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None
    port: int | None

    def allows(self, name: str, address: IPAddress, port: int) -> bool:
        if self.port not in (None, port):
            return False
        if self.network is None:
            return name == self.name
        return any(each.version == self.network.version and each in self.network for each in _both(address))


class AddressRule:
    """Decides which addresses may be connected to."""

    def __init__(self, listed: Iterable[str] = (), *, anywhere: bool = False) -> None:
        """Allow public addresses and those listed, never link-local addresses and those of clouds' metadata.

        Args:
            listed: host names, addresses and networks (``10.1.0.0/16``), each with or without a port.
            anywhere: allow everything but the addresses that never are.

        Raises:
            ConfigurationError: for an entry that cannot be read.
        """
        self._listed = [_read_entry(text) for text in listed]
        self._anywhere = anywhere

    def allows(self, host: str, address: IPAddress, port: int) -> bool:
        """Return whether a connection may go to `address`, which `host` has led to."""
        if never_dialled(address):
            return False
        if self._anywhere or any(entry.allows(plain_name(host), address, port) for entry in self._listed):
            return True
        return all(each.is_global and not each.is_multicast for each in _both(address))

    async def resolve(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host that may be connected to, the resolver's first one first.

        Raises:
            AddressRefusedError: if there is none among them.
            OSError: if the name cannot be resolved.
        """
        found = await asyncio.get_running_loop().getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
        allowed = [text for text in addresses if (a := literal(text)) is not None and self.allows(host, a, port)]
        if not allowed:
            # Not the address: who asks is not to learn where names of this network lead.
            if self._anywhere:
                raise AddressRefusedError(f"{host} leads to a link-local address or a cloud's metadata service")
            raise AddressRefusedError(
                f"the operator of this service does not allow connections to {host}, port {port}: it is neither a "
                "public address nor one of --allow-mcp HOST, or LocalService(allow_mcp=[…])"
            )
        return allowed


@dataclass(frozen=True)
class McpAccess:
    """What sessions may reach as MCP servers."""

    addresses: AddressRule = field(default_factory=AddressRule)
    headers: frozenset[str] = frozenset()
    """Names of reserved headers, in lower case, that sessions may set anyway."""

    def refused_headers(self, headers: Mapping[str, str]) -> list[str]:
        """Return the names among `headers` that a session may not set."""
        return sorted(name for name in headers if name.strip().lower() in _RESERVED_HEADERS - self.headers)


def _both(address: IPAddress) -> tuple[IPAddress, ...]:
    inner = standing_for(address)
    return (address,) if inner == address else (address, inner)


def _read_entry(text: str) -> _Listed:
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]\s]+)(?::([0-9]{1,5}))?|([0-9A-Fa-f:.]+(?:/[0-9]{1,3})?)", text)
    host, port, bare = match.groups() if match else (None, None, None)
    name = plain_name(host or bare or "")
    if not name or (port is not None and not 0 < int(port) <= 65535):
        raise ConfigurationError(
            f"{text!r} is not a host: give a name, an address or a network, with or without a port, such as "
            "localhost:8000, 10.1.0.0/16 or [::1]:8000"
        )
    where = None if port is None else int(port)
    try:
        return _Listed(None, ipaddress.ip_network(name, strict=False), where)
    except ValueError:
        if "/" in name:
            raise ConfigurationError(f"{text!r} is not a network: write one as 10.1.0.0/16") from None
        return _Listed(name, None, where)
