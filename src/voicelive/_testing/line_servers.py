"""Servers of this machine that an agent answers on: with asyncio, and with a thread for each WebSocket as in Flask."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio import server as async_server
from websockets.sync import server as sync_server

__all__ = ["serving", "serving_in_threads"]

_OPTIONS: dict[str, Any] = {"compression": None, "max_size": None, "ping_interval": None}


@asynccontextmanager
async def serving(take: Callable[[async_server.ServerConnection], Awaitable[None]]) -> AsyncGenerator[int]:
    """Have each WebSocket taken by a coroutine; yield the port."""
    async with async_server.serve(take, "127.0.0.1", 0, **_OPTIONS) as server:
        yield next(iter(server.sockets)).getsockname()[1]


@asynccontextmanager
async def serving_in_threads(take: Callable[[sync_server.ServerConnection], None]) -> AsyncGenerator[int]:
    """Have each WebSocket taken by a function, in a thread of its own; yield the port."""
    with sync_server.serve(take, "127.0.0.1", 0, **_OPTIONS) as server:
        thread = threading.Thread(target=server.serve_forever, name="voicelive-line-server", daemon=True)
        thread.start()
        try:
            yield server.socket.getsockname()[1]
        finally:
            await asyncio.to_thread(server.shutdown)
            await asyncio.to_thread(thread.join, 10)
