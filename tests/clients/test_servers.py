"""The tests' own servers end whatever comes in while they do, so that no later test finds a socket left open."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable
from contextlib import suppress

import pytest

from .harness import open_sockets
from .relay import Relay
from .servers import RawServer, ThreadedServer, WebSocketServer


async def _waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


KINDS: dict[str, Callable[[], ThreadedServer]] = {
    "raw": lambda: RawServer(_waits),
    "websocket": WebSocketServer,
    "relay": lambda: Relay(lambda: 9),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turns", range(8))
def test_a_connection_that_comes_as_it_ends_is_closed(kind: str, turns: int) -> None:
    """However far the event loop has come with a connection, ending the server ends it, and leaves no socket."""
    with KINDS[kind]() as server:

        async def comes() -> socket.socket:
            coming = socket.create_connection(("127.0.0.1", server.port), 20)
            for _ in range(turns):
                await asyncio.sleep(0)
            await server.shut_down()
            return coming

        # One that only the system had accepted is reset.
        with server.run(comes()).result(20) as coming, suppress(ConnectionResetError):
            assert coming.recv(1) == b""
    # A socket that nothing closed fails this test, not a later one.
    gc.collect()


def test_a_socket_that_is_left_is_found() -> None:
    """What looks for the sockets of a connection finds the client's, while it is open."""
    with RawServer(_waits) as server:
        with socket.create_connection(("127.0.0.1", server.port), 20) as one:
            assert [found.partition(",")[0] for found in open_sockets(server.port)] == [f"descriptor {one.fileno()}"]
        assert open_sockets(server.port) == []
