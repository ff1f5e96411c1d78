"""A host's addresses, and where a connection to them comes from."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any, NamedTuple

__all__ = ["HEAD_START", "Address", "SourceAddressError", "of_family", "literal", "prepared_socket"]

HEAD_START = 0.25
"""How long an address may take before the next one is tried beside it, in seconds."""


class Address(NamedTuple):
    """Where a TCP connection can go."""

    family: socket.AddressFamily
    address: tuple[Any, ...]


def literal(host: str, port: int) -> list[Address] | None:
    """Return the address that a host is, if it is one and no name; no name server is asked for it."""
    try:
        is_v6 = ipaddress.ip_address(host.partition("%")[0]).version == 6
    except ValueError:
        return None
    return [] if "%" in host else [Address(socket.AF_INET6 if is_v6 else socket.AF_INET, (host, port))]


class SourceAddressError(OSError):
    """There is no way from the address that the connection is to come from."""


def of_family(addresses: list[Address], source: tuple[str, int] | None) -> list[Address]:
    """Choose the addresses that can be reached from `source`: those of its family.

    Raises:
        SourceAddressError: if there are none.
    """
    if source is None:
        return addresses
    family = socket.AF_INET6 if ":" in source[0] else socket.AF_INET
    fit = [address for address in addresses if address.family == family]
    if addresses and not fit:
        raise SourceAddressError("the host has no address of that family")
    return fit


def prepared_socket(family: socket.AddressFamily, source: tuple[str, int] | None) -> socket.socket:
    """Make a socket that does not block, bound to the address it is to come from.

    Raises:
        SourceAddressError: if it cannot come from there, such as another machine's address.
    """
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        # asyncio does so only for sockets that it makes itself. Without it the kernel holds each piece of audio back
        # until the one before was acknowledged, 25 ms and more.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        if source is not None:
            try:
                sock.bind(source)
            except OSError as error:
                raise SourceAddressError(error.strerror or str(error)) from error
    except BaseException:
        sock.close()
        raise
    return sock
