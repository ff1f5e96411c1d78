"""Sessions whose time is up when a test says so: the local service behind a server that says another `expires_at`."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from voicelive.local import ThreadedLocalService

from .servers import WebSocketServer

__all__ = ["ShortSessions"]

LEFT_S = 2
"""So much time a session is said to have: a client moves in half of it, and no session really ends."""


class ShortSessions(WebSocketServer):
    """Passes messages both ways between clients and `service`."""

    def __init__(self, service: ThreadedLocalService) -> None:
        super().__init__(self._pass_on)
        self._service = service
        self._shortens = False

    def shorten(self) -> None:
        """Let the next ``session.updated`` say that the session's time is nearly up; later sessions have theirs."""
        self._shortens = True

    async def _pass_on(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        address = f"ws://127.0.0.1:{self._service.port}{connection.request.path}"
        async with connect(address, max_size=None, proxy=None) as service:
            both = {asyncio.ensure_future(self._forth(connection, service))}
            both.add(asyncio.ensure_future(self._back(connection, service)))
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for each in both:
                each.cancel()

    async def _forth(self, client: ServerConnection, service: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for message in client:
                await service.send(message)

    async def _back(self, client: ServerConnection, service: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for message in service:
                await client.send(self._shortened(message) if self._shortens else message)

    def _shortened(self, message: str | bytes) -> str | bytes:
        event = json.loads(message)
        if event["type"] != "session.updated":
            return message
        self._shortens = False
        event["session"]["expires_at"] = int(time.time()) + LEFT_S
        return json.dumps(event)
