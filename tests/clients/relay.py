"""A network that can be cut: a TCP relay between a client and a server, both on this machine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from .servers import ThreadedServer

__all__ = ["Relay"]


class Relay(ThreadedServer):
    """Passes bytes both ways, until it is told to cut every connection.

    Args:
        port: gives the port that the server listens on; asked for each connection.
    """

    def __init__(self, port: Callable[[], int]) -> None:
        super().__init__()
        self._target = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.accepted = 0
        """How many connections there were."""
        self.refuses = False
        """Whether new connections are dropped at once."""
        self.stalls_after: int | None = None
        """Pass only so many bytes of the server on new connections, then nothing more."""
        self.stalled = threading.Event()
        """Set once a connection has got as many."""
        self.cut_after: int | None = None
        """Cut all connections once so many more bytes have come from the server."""

    async def start(self) -> None:
        self._server = server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Break every connection at once, with a reset."""
        self._loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self.refuses:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target())
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, server_writer}
        try:
            await asyncio.gather(self._pass(reader, server_writer, False), self._pass(server_reader, writer, True))
        finally:
            self._writers -= {writer, server_writer}
            self._tasks.discard(task)
            writer.transport.abort()
            server_writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counts: bool) -> None:
        left = self.stalls_after if counts else None
        try:
            while data := await reader.read(65536):
                if left is not None:
                    if len(data) >= left:
                        self.stalled.set()
                    data, left = data[:left], max(0, left - len(data))
                if counts and self.cut_after is not None:
                    self.cut_after -= len(data)
                    if self.cut_after < 0:
                        # What came before the cut arrives, also in the middle of a message.
                        self.cut_after = None
                        writer.write(data[: len(data) // 2])
                        self._cut()
                        return
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            # One direction that ends takes the other with it.
            writer.transport.abort() if writer.is_closing() else writer.close()
