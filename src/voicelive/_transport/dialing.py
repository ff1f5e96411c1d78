"""The way to the service for asyncio: addresses, TCP, the proxy. TLS is asyncio's own."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from aiohappyeyeballs import start_connection

from .._core.handshake import USER_AGENT, OpeningRequest
from .._core.tunnel import TunnelRefusedError, check_answer, tunnel_request
from .addresses import HEAD_START, Address, literal, of_family, prepared_socket
from .options import TransportOptions
from .routes import Proxy

__all__ = ["dial", "dial_host", "resolve"]


async def dial(request: OpeningRequest, options: TransportOptions, proxy: Proxy | None) -> socket.socket:
    """Connect to the service, directly or through an ``http://`` proxy. Whoever calls this limits the time."""
    endpoint = request.endpoint
    host, port = (endpoint.host, endpoint.port) if proxy is None else (proxy.host, proxy.port)
    sock = await dial_host(host, port, options.source_address)
    try:
        if proxy is not None:
            await _open_tunnel(sock, request, proxy)
    except BaseException:
        sock.close()
        raise
    return sock


async def dial_host(host: str, port: int, source: tuple[str, int] | None = None) -> socket.socket:
    """Connect to a host; the socket does not block."""
    return await _connect_first(await resolve(host, port), source)


async def resolve(host: str, port: int) -> list[Address]:
    """Return the addresses of a host, each once; a host that is an address is not looked up."""
    if addresses := literal(host, port):
        return addresses
    try:
        found: Any = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "not a valid name") from None
    return list(dict.fromkeys(Address(family, address) for family, _, _, _, address in found))


async def _connect_first(addresses: list[Address], source: tuple[str, int] | None) -> socket.socket:
    """Connect to whichever address answers first; each has a head start before the next one is tried beside it."""
    fit = of_family(addresses, source)
    if not fit:
        raise OSError("the host has no address")

    def socket_for(info: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
        return prepared_socket(socket.AddressFamily(info[0]), source)

    return await start_connection(
        [(each.family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", each.address) for each in fit],
        happy_eyeballs_delay=HEAD_START,
        socket_factory=socket_for,
    )


async def _open_tunnel(sock: socket.socket, request: OpeningRequest, proxy: Proxy) -> None:
    loop, endpoint = asyncio.get_running_loop(), request.endpoint
    await loop.sock_sendall(sock, tunnel_request(endpoint.host, endpoint.port, proxy.user, USER_AGENT))
    head = b""
    # Byte by byte: what follows the head is the service's.
    while not check_answer(head):
        byte = await loop.sock_recv(sock, 1)
        if not byte:
            raise TunnelRefusedError
        head += byte
