"""The way out: events leave in the order in which they were put, and never half."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from ..._core.codec import encode_server_event
from ..._generated.models import ServerEvent
from ..ids import new_id

__all__ = ["EventSender"]

_HIGH_WATER = 4 * 1024 * 1024
"""Bytes that may wait for a client that reads slowly before generation waits too."""


class EventSender:
    """Collects a session's events and sends them in one task.

    :meth:`put` never waits, so a run of events is never torn apart by a cancellation.
    """

    def __init__(
        self,
        transmit: Callable[[ServerEvent, bytes], Awaitable[None]],
        translate: Callable[[ServerEvent], Sequence[ServerEvent]] = lambda event: (event,),
    ) -> None:
        """Prepare to send.

        Args:
            transmit: sends one event, encoded.
            translate: says an event as the connection's API version does, in one event or several.
        """
        self._transmit = transmit
        self._translate = translate
        self._waiting: deque[tuple[ServerEvent, bytes]] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self._finishing = False

    def put(self, event: ServerEvent) -> None:
        """Translate `event` and send it, with an id, after everything put before."""
        for translated in self._translate(event):
            self._add(translated)

    def _add(self, event: ServerEvent) -> None:
        event.event_id = new_id("event")
        data = encode_server_event(event)
        self._waiting.append((event, data))
        self._bytes += len(data)
        self._filled.set()
        if self._bytes > _HIGH_WATER:
            self._drained.clear()

    async def room(self) -> None:
        """Wait until the client has caught up."""
        await self._drained.wait()

    async def drained(self) -> None:
        """Wait until the client has caught up; give way to other tasks in any case."""
        await asyncio.sleep(0)
        await self.room()

    async def run(self) -> None:
        """Send what is put until :meth:`finish` is called and nothing waits any more."""
        while not (self._finishing and not self._waiting):
            await self._filled.wait()
            self._filled.clear()
            while self._waiting:
                event, data = self._waiting.popleft()
                await self._transmit(event, data)
                self._bytes -= len(data)
                if self._bytes <= _HIGH_WATER:
                    self._drained.set()

    def finish(self) -> None:
        """Let :meth:`run` end once everything has been sent."""
        self._finishing = True
        self._filled.set()
