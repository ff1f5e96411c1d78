"""What stands between the threads that use a synchronous connection and the event loop that it runs on.

Messages cross in batches: those of one read of the socket with one wake-up of who waits, and those that were sent since
the loop last looked with one wake-up of the loop. Nothing of the application is called here, and nothing here refers to
the connection that the application holds, so that one that is dropped can be collected.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from contextvars import Context
from typing import TYPE_CHECKING, Any

from .._calls import Call
from .._core.closing import Cause, CloseInfo, broken
from .._core.envelope import BOTH_FORMS, Incoming, Outgoing
from .._core.handshake import OpeningRequest
from .._core.holding import MESSAGE_OVERHEAD
from .._core.inbox import Inbox
from .._loop import LoopThread
from .._threads import Waiter
from ..errors import SendQueueFullError
from .logs import transport_logger
from .options import TransportOptions
from .transport import DeliveringTransport, Transport
from .websocket import ConnectionClosed, open_transport

if TYPE_CHECKING:
    # Few connections have a policy, and what carries it out takes its time to load.
    from .reconnect_setup import ReconnectSetup

__all__ = ["Bridge", "ConnectionClosed"]

_SHARE = 16
"""Which part of the bounds on what arrived may be on this side of the loop: one in this many."""
_MOST_MESSAGES, _MOST_BYTES = 1024, 4 * 1024 * 1024
_UNSENT_BYTES = 512 * 1024
"""How much may wait for the loop to send it before who sends waits too."""
_STEPS_TO_READ = 3


class _Sending:
    """An event whose sender waits to learn what becomes of it."""

    def __init__(self, event: Outgoing) -> None:
        self.event = event
        self.waiter = Waiter()
        self.is_settled = False
        self.error: Exception | None = None

    def settle(self, error: Exception | None) -> None:
        self.error = error
        self.is_settled = True
        self.waiter.wake()


class Bridge:
    """One connection as threads see it. Methods may be called from any thread, except those marked as the loop's."""

    def __init__(
        self,
        engine: LoopThread,
        options: TransportOptions,
        wrap: Callable[[DeliveringTransport], Transport] | None = None,
    ) -> None:
        self._engine = engine
        self._wrap = wrap
        self._close_timeout = options.close_timeout
        # Together with what waits on this side, as much may have arrived as the options say.
        self._most = min(_MOST_MESSAGES, max(1, (options.max_queue or 1 << 30) // _SHARE))
        self._most_bytes = min(_MOST_BYTES, max(1, (options.max_buffer or 1 << 62) // _SHARE))
        self.options = options._replace(
            max_queue=None if options.max_queue is None else max(0, options.max_queue - self._most),
            max_buffer=None if options.max_buffer is None else max(0, options.max_buffer - self._most_bytes),
        )
        self._transport: Transport | None = None
        self._opening: Call[None] | None = None
        self._pumping: asyncio.Task[None] | None = None
        self._failed: CloseInfo | None = None
        """How the connection ended, where something failed here."""

        self.arrived: deque[Incoming] = deque()
        """Messages in order; the loop adds, and whoever holds the connection's lock takes the first."""
        self.taken_bytes = 0
        """What was taken, with the overhead; counted by who takes."""
        self._arrived_bytes = 0
        self.needs_room = False
        """Whether the loop waits to be told by :meth:`go_on` that enough was taken."""
        self._room: asyncio.Future[None] | None = None
        self.has_ended = False
        """Whether nothing more arrives."""
        self.waiting: list[Waiter] = []
        """Those who wait for something to arrive, or for the end."""

        self._outgoing: deque[Outgoing | _Sending] = deque()
        self._adding = threading.Lock()
        self._added_bytes = self._begun_bytes = 0
        self._is_posted = False
        self._sending: asyncio.Task[None] | None = None
        self._is_closing = False

    # Opening and closing.

    def open(self, request: Callable[[], Awaitable[OpeningRequest]]) -> None:
        """Open the connection.

        Raises:
            ConnectionError: saying which step failed and what to check.
            asyncio.CancelledError: if it was ended by :meth:`stop_opening`.
        """

        async def opening() -> None:
            self._start(await open_transport(await request(), self.options))

        self._open(opening)

    def open_reconnecting(self, setup: ReconnectSetup, request: Callable[[], Awaitable[OpeningRequest]]) -> None:
        """Like :meth:`open`, for a connection that is made again when it breaks."""
        from .reconnecting import ReconnectingTransport

        transport = ReconnectingTransport(setup._replace(options=self.options), request)

        async def opening() -> None:
            await transport.open()
            self._start(transport)

        self._open(opening)

    def _open(self, opening: Callable[[], Coroutine[Any, Any, None]]) -> None:
        # Nothing of the caller's context is to live as long as the connection.
        self._opening = self._engine.start(opening, context=Context())
        if self._is_closing:
            self._opening.cancel()
        try:
            self._opening.result()
        except BaseException:
            # Interrupted just when it was done, it is open.
            self.abandon()
            raise

    def stop_opening(self) -> None:
        """End the opening, if one is under way; returns at once."""
        self._is_closing = True
        if self._opening is not None:
            self._opening.cancel()

    def close(self, code: int, reason: str) -> None:
        """Close the connection, and drop it if the service does not answer in time."""
        if not self._engine.has_ended:
            with suppress(asyncio.CancelledError):
                self._engine.call(lambda: self._close(code, reason))

    def abandon(self) -> None:
        """Drop the connection; returns at once and waits for nothing."""
        if not self._engine.forked and not self._engine.has_ended:
            self._engine.post(self._drop)

    # Receiving.

    def go_on(self) -> None:
        """Tell the loop that there is room again, if it waits for that and there is enough."""
        if not self.needs_room:
            return
        if len(self.arrived) <= self._most // 2 and self._arrived_bytes - self.taken_bytes <= self._most_bytes // 2:
            self.needs_room = False
            self._engine.post(self._make_room)

    def wake(self) -> None:
        """Wake everyone who waits, to look again."""
        for waiter in tuple(self.waiting):
            waiter.wake()

    def count(self, inbox: Inbox) -> None:
        """Count what `inbox` keeps against the bounds too, and keep the credential out of what it says."""
        assert self._transport is not None
        holding = inbox.count_with(self._transport.holding)
        holding.post = self._engine.post
        inbox.hide = self._transport.hide

    def end(self, requested: tuple[int, str] | None) -> CloseInfo | None:
        """Return how the connection ended; None while it is open."""
        return self._failed or (None if self._transport is None else self._transport.end(requested))

    @property
    def last_arrival(self) -> float:
        """When the last message arrived."""
        assert self._transport is not None
        return self._transport.last_arrival

    def give_up(self, cause: Cause, last_arrival: float) -> None:
        """Drop the connection soon, unless something has arrived since `last_arrival` after all."""
        self._engine.post(self._give_up, cause, last_arrival)

    def check_caller(self) -> None:
        """Refuse to wait where that would be forever."""
        self._engine.check_caller()

    def check_engine(self) -> None:
        """Raise what ended the loop, if something did."""
        if self._engine.death is not None:
            raise self._engine.ended_error()

    # Sending.

    def send(self, event: Outgoing) -> None:
        """Send an event; waits while the service reads more slowly than this side sends.

        Raises:
            ConnectionClosed: if the connection is closed, also if that happens while it waits.
            SendQueueFullError: if it is being made again, and there is no room to keep the event.
        """
        size = len(event.data)
        transport = self._transport
        is_quick = (
            transport is not None
            and transport.is_ready
            and self._added_bytes - self._begun_bytes + size <= _UNSENT_BYTES
        )
        if is_quick:
            self._add(event, size)
        else:
            self._send_and_wait(event, size)

    def _send_and_wait(self, event: Outgoing, size: int) -> None:
        self._engine.check_caller()
        message = _Sending(event)
        try:
            self._add(message, size)
            while not message.is_settled:
                message.waiter.wait()
        except BaseException:
            # Whole, if the loop has begun with it; else not at all.
            with suppress(ValueError), self._adding:
                self._outgoing.remove(message)
                self._added_bytes -= size
            raise
        finally:
            message.waiter.close()
        error, message.error = message.error, None
        if error is not None:
            try:
                raise error
            finally:
                del error

    def _add(self, message: Outgoing | _Sending, size: int) -> None:
        try:
            with self._adding:
                self._added_bytes += size
                self._outgoing.append(message)
            # Posted again now and then: an interruption between the next two lines must not stop it forever.
            if not self._is_posted or len(self._outgoing) % 64 == 0:
                self._is_posted = True
                self._engine.post(self._flush)
        except BaseException:
            with suppress(Exception):
                self._engine.post(self._flush)
            raise

    # What runs on the loop.

    def _start(self, opened: DeliveringTransport) -> None:
        self._transport = transport = opened if self._wrap is None else self._wrap(opened)
        self._pumping = self._engine.loop.create_task(self._pump(transport), context=Context())
        if self._is_closing:
            self._drop()

    async def _pump(self, transport: Transport) -> None:
        # This runs for every event.
        arrived, take = self.arrived, transport.take
        try:
            while True:
                message: Incoming | None = await transport.recv()
                while message is not None:
                    arrived.append(message)
                    if message.event is not None and len(arrived) > BOTH_FORMS:
                        message.event = None
                    self._arrived_bytes += len(message.data) + MESSAGE_OVERHEAD
                    message = None if self._is_full else take()
                self.wake()
                await self._until_room()
        except ConnectionClosed:
            pass
        except Exception as error:  # noqa: BLE001 - nobody waits for this task; those who wait for the connection learn of it
            self._fail(error)
        finally:
            self.has_ended = True
            self.wake()
            self._fail_unsent()

    def _fail(self, error: Exception) -> None:
        if self._transport is not None and self.end(None) is None:
            self._failed = broken(error)
            self._transport.abort()

    @property
    def _is_full(self) -> bool:
        return len(self.arrived) >= self._most or self._arrived_bytes - self.taken_bytes >= self._most_bytes

    async def _until_room(self) -> None:
        while self._is_full:
            self._room = self._engine.loop.create_future()
            self.needs_room = True
            # Taken meanwhile, by one who did not see yet that it is waited for.
            if self._is_full:
                await self._room
            self.needs_room = False

    def _make_room(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def _flush(self) -> None:
        # First of all: what is added from now on posts another one.
        self._is_posted = False
        transport = self._transport
        while self._outgoing and self._sending is None and transport is not None:
            message = self._outgoing.popleft()
            event = message.event if isinstance(message, _Sending) else message
            self._begun_bytes += len(event.data)
            try:
                rest = transport.begin(event)
            except Exception as error:  # noqa: BLE001 - nobody would notice it here
                self._fail(error)
                self._outgoing.appendleft(message)
                self._begun_bytes -= len(event.data)
                self._fail_unsent()
                return
            if rest is not None:
                self._sending = self._engine.loop.create_task(self._finish(message, rest))
            elif isinstance(message, _Sending):
                message.settle(None)

    async def _finish(self, message: Outgoing | _Sending, rest: Coroutine[Any, Any, None]) -> None:
        error: Exception | None = None
        try:
            await rest
        except Exception as raised:  # noqa: BLE001 - raised where it is waited for
            error = raised
        except asyncio.CancelledError:
            error = _closed()
        if isinstance(message, _Sending):
            message.settle(error)
        elif isinstance(error, SendQueueFullError):
            # The connection broke after it was taken from its sender, who cannot be told any more.
            transport_logger().warning("%s", error)
        elif error is not None:
            transport_logger().debug("an event could not be sent any more: %s", type(error).__name__)
        self._sending = None
        self._flush()

    def _fail_unsent(self) -> None:
        while self._outgoing:
            message = self._outgoing.popleft()
            if isinstance(message, _Sending):
                self._begun_bytes += len(message.event.data)
                message.settle(_closed())
            else:
                self._begun_bytes += len(message.data)

    async def _close(self, code: int, reason: str) -> None:
        transport = self._transport
        if transport is None:
            return
        self._is_closing = True
        try:
            self._flush()
            # The close frame comes after what was sent before, as far as the service takes that in time.
            deadline = self._engine.loop.time() + self._close_timeout
            while self._sending is not None and (left := deadline - self._engine.loop.time()) > 0:
                await asyncio.wait({self._sending}, timeout=left)
            if self._sending is not None:
                transport.abort()
            await transport.close(code, reason)
        finally:
            if self._pumping is not None:
                self._pumping.cancel()
                await asyncio.wait({self._pumping})

    def _drop(self) -> None:
        if self._transport is not None:
            self._transport.abort()
        for task in (self._pumping, self._sending):
            if task is not None:
                task.cancel()

    async def _check_dead(self, cause: Cause, last_arrival: float) -> None:
        for _ in range(_STEPS_TO_READ):
            # If the loop stood still, there may be something to read that it has not seen yet.
            await asyncio.sleep(0)
        assert self._transport is not None
        if self._transport.last_arrival == last_arrival:
            self._transport.give_up(cause)

    def _give_up(self, cause: Cause, last_arrival: float) -> None:
        self._judging = self._engine.loop.create_task(self._check_dead(cause, last_arrival))


def _closed() -> ConnectionClosed:
    return ConnectionClosed(None, None)
