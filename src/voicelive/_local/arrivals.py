"""The connections of a server from the moment they are accepted, so that stopping it loses none of them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from websockets.asyncio.server import Server, ServerConnection

__all__ = ["Arrivals", "stop_accepting"]

_TURNS = 3  # of the event loop: an accepted connection gets its transport, its protocol is told, its task begins


async def stop_accepting(server: Server | asyncio.Server) -> None:
    """Accept nothing more, and wait until every connection that was accepted is being handled.

    A server of asyncio accepts a connection in one turn of the event loop and hands it over in those that follow. One
    that is closed in between leaves the socket to the garbage collector (python/cpython#109564).
    """
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        # The event loop of Windows accepts and hands over in one step.
        with suppress(NotImplementedError):
            loop.remove_reader(listening)
    for _ in range(_TURNS):
        await asyncio.sleep(0)


class Arrivals:
    """Every connection there is; the library itself tells only those that have opened."""

    def __init__(self) -> None:
        self._accepting: WeakKeyDictionary[ServerConnection, asyncio.Task[Any]] = WeakKeyDictionary()
        """The connections, by the task of asyncio's that accepted each: it lasts as long as a TLS handshake."""
        self._connections: WeakSet[ServerConnection] = WeakSet()

    def make(self, *args: Any, **kwargs: Any) -> ServerConnection:
        """Make the object of a connection: what the library calls for each that is accepted."""
        connection = ServerConnection(*args, **kwargs)
        self._connections.add(connection)
        # Other event loops may accept without a task.
        if (task := asyncio.current_task()) is not None:
            self._accepting[connection] = task
        return connection

    def cut(self, *, silent: bool = False) -> None:
        """Cut every connection, or those that have asked for nothing yet."""
        for connection in list(self._connections):
            if not hasattr(connection, "transport"):
                # In the middle of its TLS handshake it has no transport yet; the task closes what is there.
                if (task := self._accepting.get(connection)) is not None:
                    task.cancel()
            elif not (silent and connection.request is not None):
                connection.transport.abort()
