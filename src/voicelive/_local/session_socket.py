"""A session's WebSocket: what it reads and writes, recorded, with the faults that were asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from .._generated import models
from .._recording.recorder import Recorder
from .faults.schedule import FaultSchedule, Opportunities
from .faults.stream import Message, Stream, message_of
from .faults.triggers import Triggers
from .ids import new_id
from .limits import weight_of
from .records import SessionJournal
from .session.error_details import ErrorDetails

__all__ = ["SessionSocket"]

_CLOSE_S = 2.5
"""Seconds that a close may take, the client's answer included."""

_HELD_S = 0.5
"""Seconds that an event waits for the next to overtake it."""


class SessionSocket:
    """Carries the messages of one session, and does to them what the faults say."""

    def __init__(
        self,
        connection: ServerConnection,
        journal: SessionJournal,
        faults: FaultSchedule,
        opportunities: Opportunities,
        recorder: Recorder | None = None,
    ) -> None:
        self._connection = connection
        self._journal = journal
        self._recorder = recorder
        self._stream = Stream(opportunities)
        self._triggers = Triggers(faults, opportunities, self)
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._silent = False
        self._turn = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._expire: Callable[[], None] = lambda: None

    async def start(self, expire: Callable[[], None]) -> None:
        """Begin to watch for faults; `expire` lets the session's time be up."""
        self._expire = expire
        await self._triggers.start()

    def stop(self) -> None:
        """Commit no more faults."""
        self._triggers.stop()
        self._wait_no_longer()
        for task in self._tasks:
            task.cancel()

    async def messages(self) -> AsyncIterator[bytes | str]:
        """Yield what the client sends; ends when the connection does. Other tasks have their turn between any two."""
        while True:
            if len(self._connection.recv_messages.frames):
                # What waits already is there without waiting. What does not, lets the others go first by itself.
                await asyncio.sleep(0)
            try:
                message = await self._connection.recv()
            except ConnectionClosed:
                return
            if self._journal.shown is not None:
                self._journal.shown.add("in", message)
            if self._recorder is not None:
                data = message.encode("utf-8", "surrogatepass") if isinstance(message, str) else message
                self._recorder.sent(data, time.monotonic())
            yield message

    async def send(self, event: models.ServerEvent, data: bytes) -> None:
        """Send an event, already encoded; returns quietly where the connection has ended."""
        async with self._turn:
            self._wait_no_longer()
            await self._pass_on(self._stream.put(Message(data, str(event.type), event)))
            if self._stream.holding:
                self._timer = asyncio.get_running_loop().call_later(_HELD_S, self._release_soon)

    @property
    def is_open(self) -> bool:
        """Whether the client has not closed the connection, nor lost it."""
        return self._connection.state is State.OPEN

    async def close(self, code: int, reason: str) -> None:
        """Send what is held back, and close the connection."""
        if not self._turn.locked():
            await self._release()
        await self.end(code, reason)

    async def end(self, code: int, reason: str) -> None:
        """Close the connection; cut it where the client does not even read what was sent before."""
        try:
            async with asyncio.timeout(_CLOSE_S):
                await self._connection.close(code, reason)
        except TimeoutError:
            self.abort()

    def abort(self) -> None:
        """Cut the connection without a close frame."""
        self._connection.transport.abort()

    def expire(self) -> None:
        """Let the session's time be up."""
        self._expire()

    def stall(self, seconds: float | None) -> None:
        """Send nothing for some seconds, or ever again."""
        if seconds is None:
            self._silent = True
        else:
            self._flowing.clear()
            asyncio.get_running_loop().call_later(seconds, self._flowing.set)

    async def fail(self, details: ErrorDetails) -> None:
        """Send an ``error`` event that nothing but a fault is the reason for."""
        error = models.ServerEventErrorDetails(
            message=details.message, type=details.type, code=details.code, param=details.param, event_id=None
        )
        event = models.ServerEventError(error=error)
        event.event_id = new_id("event")
        await self._transmit(replace(message_of(event), fault=f"error:{details.code}"))

    def _wait_no_longer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _release_soon(self) -> None:
        task = asyncio.create_task(self._release())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _release(self) -> None:
        async with self._turn:
            await self._pass_on(self._stream.release())

    async def _pass_on(self, messages: list[Message]) -> None:
        for message in messages:
            if message.delay:
                await asyncio.sleep(message.delay)
            if await self._transmit(message):
                await self._triggers.sent(message.type)

    async def _transmit(self, message: Message) -> bool:
        """Send a message unless it is to be lost; return whether it left."""
        await self._flowing.wait()
        if self._connection.state is not State.OPEN:
            return False
        lost = message.lost or self._silent
        if self._journal.shown is not None:
            fault = message.fault or ("stall" if self._silent else None)
            self._journal.shown.add("out", message.data, fault=fault, lost=lost)
        if lost:
            return False
        # First, so that whoever has received it finds it in the record.
        self._journal.sent_events.add(message.data, weight_of(message.data))
        if self._recorder is not None:
            self._recorder.received(message.data, time.monotonic())
        # The reading side notices the end of the connection too, and ends the session.
        with suppress(ConnectionClosed):
            await self._connection.send(message.data, text=not message.binary)
        return True
