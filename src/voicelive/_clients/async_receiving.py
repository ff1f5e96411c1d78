"""How the asynchronous connection receives: one task at a time reads, for all who wait."""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod

from .._core.closing import CloseInfo
from .._core.envelope import Incoming, Outgoing
from .._core.events import AnyServerEvent
from .._core.inbox import Waiter
from .._fork import FORKS
from .._transport.transport import Transport
from .._transport.websocket import ConnectionClosed as TransportClosed
from ..errors import ConnectionClosed, ReceiveTimeoutError
from .connection_base import BaseConnection
from .connection_parts import ConnectionParts

__all__ = ["LONGEST_STEP_S", "AsyncReceiving"]

LONGEST_STEP_S = 0.01
"""How long receivers may hold up the event loop over what is there already."""
_STEPS_TO_READ = 3

_Taken = tuple[Incoming, AnyServerEvent | None]
"""A message that was taken, and its event if somebody has made it."""
_NOTHING = Incoming(b"")
"""What is handed to a ``wait_for`` that is settled: it has its event already."""


class AsyncReceiving(BaseConnection):
    """What the connection's receiving methods are made of."""

    _is_own_loop = True

    def __init__(self, parts: ConnectionParts) -> None:
        super().__init__(parts)
        self._transport: Transport | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        # One task reads from the transport at a time; the others wait here for their turn.
        self._reading = False
        self._turns: list[asyncio.Future[None]] = []
        self._drained = False
        self._last_break = 0.0

    @abstractmethod
    def _check_home(self) -> None:
        """Refuse to be used where nothing can be done for the connection."""

    def _transport_end(self, requested: tuple[int, str] | None) -> CloseInfo | None:
        return None if self._transport is None else self._transport.end(requested)

    def _opened(self, unsent: Outgoing | None = None) -> Transport:
        self._check_home()
        if self._transport is None:
            raise self._not_open("async with connect(...) as connection", unsent)
        return self._transport

    async def _break(self) -> None:
        """Let the rest of the event loop have its turn: receiving does not wait while something is there."""
        await asyncio.sleep(0)
        self._last_break = time.monotonic()

    async def _break_if_due(self) -> None:
        if time.monotonic() - self._last_break > LONGEST_STEP_S:
            await self._break()

    async def _next(self, timeout: float | None) -> AnyServerEvent:
        while True:
            message, event = await self._within(timeout)
            event = self._event_of(message) if event is None else event
            # What wait_for passed over may have become late meanwhile; the transport holds nothing late.
            if self._layer is None or not self._layer.is_late(event):
                return event

    def _take(self) -> Incoming | None:
        """Return the next message if it is there and is nobody else's: most are, and need no waiting."""
        if self._generation != FORKS.count or self._loop is not asyncio.get_running_loop():
            # Says what is wrong, if anything is.
            self._check_home()
        inbox = self._inbox
        if self._transport is None or self._reading or self._requested is not None or inbox.kept or inbox.waiters:
            return None
        message = self._transport.take()
        if message is not None and self._watch.is_needed:
            self._watch.see(message)
        return message

    async def _within(self, timeout: float | None, waiter: Waiter | None = None) -> _Taken:
        """Like :meth:`_receive`, for at most `timeout` seconds."""
        if timeout is None and waiter is None:
            timeout = self._options.receive_timeout
        if timeout is None:
            return await self._receive(waiter)
        try:
            async with asyncio.timeout(timeout):
                return await self._receive(waiter)
        except ConnectionClosed:
            # One of them is a TimeoutError too.
            raise
        except TimeoutError:
            pass
        # Not in the handler: what is raised would hold the variables of whoever was interrupted.
        return await self._timed_out(timeout, waiter)

    async def _timed_out(self, timeout: float, waiter: Waiter | None) -> _Taken:
        is_settled = waiter is not None and waiter.settled
        if self._watch.is_needed and not is_settled and await self._is_dead(self._opened().last_arrival):
            # Raises; what is kept comes first.
            return await self._receive(waiter)
        # The transport hands a message over in one step, so a limit that strikes before that step loses nothing.
        if waiter is None:
            raise ReceiveTimeoutError(f"no event within {timeout:g} s", timeout=timeout)
        if not waiter.settled:
            raise waiter.timeout_error(timeout)
        return _NOTHING, None

    async def _receive(self, waiter: Waiter | None) -> _Taken:
        """Wait for the next message, or until `waiter` is settled; what others wait for is passed on to them."""
        transport = self._opened()
        if waiter is not None:
            return await self._read(transport, waiter)
        receiver = object()
        self._inbox.begin_receiving(receiver)
        try:
            return await self._read(transport, None)
        finally:
            self._inbox.end_receiving(receiver)

    async def _read(self, transport: Transport, waiter: Waiter | None) -> _Taken:
        inbox = self._inbox
        while True:
            if waiter is not None and waiter.settled:
                return _NOTHING, None
            if waiter is None and inbox.kept and self._requested is None:
                return inbox.take(), None
            if self._drained or self._requested is not None:
                raise self._closed_error()
            if self._reading:
                await self._turn()
                continue
            self._reading = True
            try:
                if self._watch.is_needed:
                    message = await self._recv_watched(transport)
                elif (there := transport.take()) is not None:
                    message = there
                else:
                    message = await transport.recv()
                    self._last_break = time.monotonic()
            except (TimeoutError, TransportClosed) as error:
                self._drained = isinstance(error, TransportClosed)
                continue
            finally:
                # No other task runs before this one waits again, so the event is in its place by then.
                self._reading = False
                self._wake()
            if self._requested is not None:
                continue
            if waiter is None and not inbox.waiters:
                return message, None
            received = self._sorted(message, waiter)
            if received is not None:
                return received
            await self._break_if_due()

    def _sorted(self, message: Incoming, waiter: Waiter | None) -> _Taken | None:
        """Give a message to whoever waits for it, and return it if it is for this receiver."""
        event = self._event_of(message)
        received = self._inbox.sort(message, event)
        if received is None:
            return None
        if waiter is None:
            return message, event
        self._inbox.pass_over(received)
        return None

    async def _recv_watched(self, transport: Transport) -> Incoming:
        """Return the next message, or give the connection up if it does not come in time."""
        last_arrival = transport.last_arrival
        due = self._watch.due(last_arrival)
        if due is None:
            message = await transport.recv()
        else:
            try:
                async with asyncio.timeout(max(0.0, due[0] - time.monotonic())):
                    message = await transport.recv()
            except TimeoutError:
                await self._is_dead(last_arrival)
                raise
        self._watch.see(message)
        return message

    async def _is_dead(self, last_arrival: float) -> bool:
        """Give the connection up if nothing arrived since then although it had to, and tell so."""
        transport = self._opened()
        for _ in range(_STEPS_TO_READ):
            # If the loop stood still, there may be something to read that it has not seen yet.
            await asyncio.sleep(0)
        due = self._watch.due(last_arrival)
        if due is None or time.monotonic() < due[0] or transport.last_arrival != last_arrival:
            return False
        transport.give_up(due[1])
        return True

    async def _turn(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        try:
            await turn
        finally:
            self._turns.remove(turn)

    def _wake(self) -> None:
        for turn in self._turns:
            if not turn.done():
                turn.set_result(None)
