"""The asynchronous client: the connection that :func:`connect` returns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar, TypeVarTuple

from .._base import Model
from .._core.closing import NORMAL, CloseInfo, check_close_arguments, ends_quietly
from .._core.envelope import Outgoing
from .._core.events import AnyServerEvent
from .._core.inbox import Condition
from .._core.timeouts import check_timeout
from .._generated.conversation_async import ConversationFace
from .._generated.resources_async import ConnectionResources
from .._generated.waiting_async import EventWaiting
from .._prebuilding import start_building
from .._public import public_in
from .._transport.transport import DeliveringTransport, Transport
from .._transport.websocket import ConnectionClosed as TransportClosed
from .._transport.websocket import open_transport, outcome
from ..errors import ConnectionClosed, ConnectionStateError
from .async_receiving import LONGEST_STEP_S, AsyncReceiving
from .connection_base import CLOSED_WHILE_OPENING
from .connection_parts import ConnectionParts
from .watching import over_transport, with_context

__all__ = ["VoiceLiveConnection"]

_SENDS_PER_BREAK = 64

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


@public_in("voicelive.aio")
class VoiceLiveConnection(ConnectionResources, EventWaiting, ConversationFace, AsyncReceiving):
    """A connection to the Voice Live service, for one event loop. Made by :func:`connect`.

    All methods may be called from any task of the loop at any time, and cancelled. Every event goes to one receiver:
    the oldest ``wait_for`` whose condition it meets, else the next ``recv`` or step of an iteration.
    """

    def __init__(self, parts: ConnectionParts) -> None:
        super().__init__(parts)
        self._sent = 0
        self._opening: asyncio.Task[Transport] | None = None

    async def open(self) -> Self:
        """Ask for the credential and open the connection.

        Returns:
            This connection.

        Raises:
            ConnectionError: if the service cannot be reached or refuses; says which and what to check.
            ConnectionStateError: if it was opened or closed before, or is closed meanwhile.
        """
        self._check_home()
        self._begin_opening()
        self._loop = asyncio.get_running_loop()
        self._requests.handshake = with_context(self._handshake, self._telemetry)
        wrap = over_transport(self._handshake, self._telemetry, self._layer, self._contract.event_of)
        try:
            self._opening = asyncio.ensure_future(self._open_transport(wrap))
            transport = await outcome(self._opening)
        except BaseException:
            self._state = "closed"
            raise
        if self._requested is None and transport is not None:
            self._watch.open(time.monotonic())
            self._transport = transport
            self._inbox.count_with(transport.holding)
            self._inbox.hide = transport.hide
            self._state = "open"
            return self
        if transport is not None:
            await transport.close(*(self._requested or (NORMAL, "")))
        raise ConnectionStateError(CLOSED_WHILE_OPENING)

    async def _open_transport(self, wrap: Callable[[DeliveringTransport], Transport] | None) -> Transport:
        builder = start_building(self._contract.version)
        opened = await self._open_plain()
        transport = opened if wrap is None else wrap(opened)
        try:
            await builder.done()
        except BaseException:
            transport.abort()
            raise
        builder.opened()
        return transport

    async def _open_plain(self) -> DeliveringTransport:
        if self._reconnect is None:
            return await open_transport(await self._requests.awaited(), self._options)
        from .._transport.reconnect_setup import ReconnectSetup
        from .._transport.reconnecting import ReconnectingTransport

        setup = ReconnectSetup(self._handshake, self._options, self._reconnect, self._contract.is_nested)
        transport = ReconnectingTransport(setup, self._requests.awaited)
        await transport.open()
        return transport

    async def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Close the connection; never raises for a connection that is closed or broken already.

        Wakes everyone who waits for events: ``recv`` and ``wait_for`` raise :class:`ConnectionClosed`, iterations end.
        What arrived and was not received yet is dropped. Takes at most ``close_timeout``; if it is cancelled, the
        connection is dropped at once. An ``open()`` under way ends at once.

        Args:
            code: the WebSocket close code: 1000, or one of your own from 3000 to 4999.
            reason: a text for the service, at most 123 bytes of UTF-8.

        Raises:
            ConfigurationError: if code or reason cannot be sent.
        """
        check_close_arguments(code, reason)
        self._check_home()
        transport = self._transport
        self._begin_closing(code, reason)
        self._wake()
        if self._opening is not None:
            self._opening.cancel()
        if transport is None:
            self._end = self._end or CloseInfo(code, reason, "local")
            return
        await transport.close(code, reason)

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def send(self, event: Model | Mapping[str, Any]) -> None:
        """Send an event: a client event of :mod:`voicelive.models`, or a mapping of the same form.

        Raises:
            InvalidEventError: if the contract does not allow it; nothing is sent then.
            ConnectionClosed: if the connection is closed.
        """
        await self._write(self._contract.encode_event(event))

    async def recv(self, timeout: float | None = None) -> AnyServerEvent:
        """Return the next event.

        Args:
            timeout: how long to wait, in seconds; 0 takes only what is there already.

        Raises:
            ReceiveTimeoutError: if nothing arrives in time; nothing is lost.
            ConnectionClosed: if the connection is closed; after the service closed it, only when every event that
                arrived before has been received.
            ConfigurationError: if `timeout` is not a number of seconds.
        """
        if timeout is not None:
            check_timeout(timeout)
        if time.monotonic() - self._last_break > LONGEST_STEP_S:
            await self._break()
        if (arrived := self._take()) is not None:
            event = self._event_of(arrived)
            if self._layer is None or not self._layer.is_late(event):
                return event
        return await self._next(timeout)

    async def recv_bytes(self, timeout: float | None = None) -> bytes:
        """Return the next message as it came, undecoded. Waits and raises like :meth:`recv`."""
        check_timeout(timeout)
        if time.monotonic() - self._last_break > LONGEST_STEP_S:
            await self._break()
        return (await self._within(timeout))[0].data

    def __aiter__(self) -> Self:
        """Iterate over the events until the connection ends.

        Ends quietly after ``close()``, or if the service closes with code 1000; any other end raises
        :class:`ConnectionClosed`.
        """
        return self

    async def __anext__(self) -> AnyServerEvent:
        if time.monotonic() - self._last_break > LONGEST_STEP_S:
            await self._break()
        if (arrived := self._take()) is not None:
            event = self._event_of(arrived)
            if self._layer is None or not self._layer.is_late(event):
                return event
        try:
            return await self._next(None)
        except ConnectionClosed as error:
            if ends_quietly(error.info, requested=self._requested is not None):
                raise StopAsyncIteration from None
            raise

    async def _wait_for(self, condition: Condition, timeout: float | None, keep: bool) -> Any:
        # The typed `wait_for`, one overload an event type, is generated.
        check_timeout(timeout)
        self._opened()
        waiter = self._inbox.wait(condition, keep=keep)
        try:
            await self._within(timeout, waiter)
            found, waiter.found = waiter.event, None
        finally:
            # An event that was found but not taken is there for the others again, also for who waits in recv().
            if self._inbox.leave(waiter) and self._reading and self._transport is not None:
                self._transport.nudge()
            self._wake()
        if waiter.failure is not None:
            raise waiter.failure
        return found

    async def _run(self, work: Callable[[*Arguments], Coroutine[Any, Any, T]], *arguments: *Arguments) -> T:
        return await work(*arguments)

    def _send_call(self, event_type: str, fields: dict[str, Any]) -> Coroutine[Any, Any, None]:
        # No coroutine of its own around the other one: this runs for every chunk of audio.
        return self._write(self._contract.encode_call(event_type, fields))

    async def _write(self, event: Outgoing) -> None:
        transport = self._opened(event)
        if self._requested is not None:
            raise self._closed_error(event)
        self._sent += 1
        if self._sent % _SENDS_PER_BREAK == 0:
            # Sending seldom waits, so a loop that only sends would never let the event loop notice a broken connection.
            await asyncio.sleep(0)
        try:
            if (rest := transport.begin(event)) is not None:
                await rest
        except TransportClosed as error:
            closed = self._closed_error(event)
            raise closed from closed.__cause__ or error

    def _check_home(self) -> None:
        """Refuse to be used where nothing can be done for the connection, and harm could be done to it."""
        self._check_process()
        if self._loop is not None and self._loop is not asyncio.get_running_loop():
            raise ConnectionStateError(
                "this connection was opened in another event loop, and works only there: open one in each loop, or use "
                "voicelive.connect(), whose connections any thread may use"
            )
