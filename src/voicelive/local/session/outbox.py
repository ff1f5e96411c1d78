"""The way out: events leave in the order in which they were put, and never half."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from ..._core.codec import encode_server_event
from ..._generated.models import ServerEvent
from ..ids import new_id
from ..records import SessionRecord

__all__ = ["Outbox"]

_HIGH_WATER = 4 * 1024 * 1024
"""Bytes that may wait for a client that reads slowly before generation waits too."""


class Outbox:
    """Collects a session's events and sends them in one task.

    :meth:`put` never waits, so a run of events is never torn apart by a cancellation.
    """

    def __init__(self, transmit: Callable[[bytes], Awaitable[None]], record: SessionRecord) -> None:
        self._transmit = transmit
        self._record = record
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self._finishing = False

    def put(self, event: ServerEvent) -> None:
        """Give `event` an id and send it after everything put before."""
        event.event_id = new_id("event")
        data = encode_server_event(event)
        self._record._sent.add(event, len(data))
        self._waiting.append(data)
        self._bytes += len(data)
        self._filled.set()
        if self._bytes > _HIGH_WATER:
            self._drained.clear()

    async def drained(self) -> None:
        """Wait until the client has caught up; give way to other tasks in any case."""
        await asyncio.sleep(0)
        await self._drained.wait()

    async def run(self) -> None:
        """Send what is put until :meth:`finish` is called and nothing waits any more."""
        while not (self._finishing and not self._waiting):
            await self._filled.wait()
            self._filled.clear()
            while self._waiting:
                data = self._waiting.popleft()
                await self._transmit(data)
                self._bytes -= len(data)
                if self._bytes <= _HIGH_WATER:
                    self._drained.set()

    def finish(self) -> None:
        """Let :meth:`run` end once everything has been sent."""
        self._finishing = True
        self._filled.set()
