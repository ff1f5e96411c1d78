"""The way to the service for asyncio: addresses, TCP, the proxy. TLS is asyncio's own."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import Any

from .._core.handshake import USER_AGENT, OpeningRequest
from .._core.tunnel import TunnelRefusedError, check_answer, tunnel_request
from .addresses import HEAD_START, Address, arranged, fitting, literal, prepared_socket
from .options import TransportOptions
from .routes import Proxy

__all__ = ["dial"]


async def dial(request: OpeningRequest, options: TransportOptions, proxy: Proxy | None) -> socket.socket:
    """Connect to the service, directly or through an ``http://`` proxy. Whoever calls this limits the time."""
    endpoint = request.endpoint
    host, port = (endpoint.host, endpoint.port) if proxy is None else (proxy.host, proxy.port)
    addresses = literal(host, port) or await _resolve(host, port)
    sock = await _connect_first(addresses, options.source_address)
    try:
        if proxy is not None:
            await _open_tunnel(sock, request, proxy)
    except BaseException:
        sock.close()
        raise
    return sock


async def _resolve(host: str, port: int) -> list[Address]:
    try:
        found: Any = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "no valid name") from None
    return arranged(found)


async def _connect_first(addresses: list[Address], source: tuple[str, int] | None) -> socket.socket:
    """Connect to whichever address answers first; each has a head start before the next one is tried beside it."""
    waiting = deque(fitting(addresses, source))
    trying: set[asyncio.Task[socket.socket]] = set()
    failure = OSError("the host has no address")
    try:
        while waiting or trying:
            if waiting:
                trying.add(asyncio.create_task(_connect(waiting.popleft(), source)))
            done, trying = await asyncio.wait(
                trying, timeout=HEAD_START if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            # Two may have answered at once: the other one is closed below.
            trying |= done
            for task in done:
                error = task.exception()
                if error is None:
                    trying.discard(task)
                    return task.result()
                trying.discard(task)
                if not isinstance(error, OSError):
                    raise error
                failure = error
    finally:
        await _abandon(trying)
    raise failure


async def _abandon(tasks: set[asyncio.Task[socket.socket]]) -> None:
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, socket.socket):
            result.close()


async def _connect(address: Address, source: tuple[str, int] | None) -> socket.socket:
    sock = prepared_socket(address.family, source)
    try:
        await asyncio.get_running_loop().sock_connect(sock, address.address)
    except BaseException:
        sock.close()
        raise
    return sock


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
