"""The synchronous client: the connection that :func:`connect` returns."""

from __future__ import annotations

import asyncio
import time
import warnings
import weakref
from collections.abc import Callable, Coroutine, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar, TypeVarTuple

from .._base import Model
from .._core.closing import NORMAL, CloseInfo, check_close_arguments, ends_quietly
from .._core.envelope import Incoming, Outgoing
from .._core.events import AnyServerEvent
from .._core.inbox import Condition, Received
from .._core.inbox import Waiter as Search
from .._core.timeouts import check_timeout
from .._generated.conversation_sync import ConversationFace
from .._generated.resources_sync import ConnectionResources
from .._generated.waiting_sync import EventWaiting
from .._loop import LoopThread, lease
from .._prebuilding import start_building
from .._public import public_in
from .._transport.bridge import Bridge
from .._transport.bridge import ConnectionClosed as TransportClosed
from ..errors import ConnectionClosed, ConnectionStateError
from .connection_base import CLOSED_WHILE_OPENING
from .connection_parts import ConnectionParts
from .sync_receiving import SyncReceiving, message_of
from .watching import over_transport, with_context

__all__ = ["VoiceLiveConnection"]

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


@public_in("voicelive")
class VoiceLiveConnection(ConnectionResources, EventWaiting, ConversationFace, SyncReceiving):
    """A connection to the Voice Live service, for threads. Made by :func:`connect`.

    All methods may be called from any thread at any time. Every event goes to one receiver: the oldest ``wait_for``
    whose condition it meets, else the next ``recv`` or step of an iteration.
    """

    # How an interruption such as Ctrl-C is kept from losing an event: see `sync_receiving`.

    def __init__(self, parts: ConnectionParts) -> None:
        super().__init__(parts)
        self._engine: LoopThread | None = None
        self._opening: Bridge | None = None
        self._dropped: weakref.finalize[Any, Any] | None = None

    def open(self) -> Self:
        """Ask for the credential and open the connection.

        Returns:
            This connection.

        Raises:
            ConnectionError: if the service cannot be reached or refuses; says which and what to check.
            ConnectionStateError: if it was opened or closed before, or is closed meanwhile.
        """
        self._check_process()
        with self._lock:
            self._begin_opening()
        try:
            bridge = self._open_bridge()
        except asyncio.CancelledError:
            self._state = "closed"
            self._release()
            if self._requested is None:
                raise ConnectionStateError("the program is ending: no connection can be opened any more") from None
            raise ConnectionStateError(CLOSED_WHILE_OPENING) from None
        except BaseException:
            self._state = "closed"
            self._release()
            raise
        with self._lock:
            requested = self._requested
            if requested is None and self._engine is not None:
                self._watch.open(time.monotonic())
                self._dropped = weakref.finalize(self, _drop, bridge, self._engine, repr(self))
                self._dropped.atexit = False
                self._bridge = bridge
                bridge.count(self._inbox)
                self._state = "open"
                return self
        bridge.close(*(requested or (NORMAL, "")))
        self._release()
        raise ConnectionStateError(CLOSED_WHILE_OPENING)

    def _open_bridge(self) -> Bridge:
        requests = self._requests
        requests.handshake = with_context(requests.handshake, self._telemetry)
        requests.prepare_first()
        wrap = over_transport(requests.handshake, self._telemetry, self._layer, self._contract.event_of)
        # Its first steps are for the time that the opening takes; nobody waits for it.
        builder = start_building(self._contract.version)
        self._engine = lease()
        self._opening = bridge = Bridge(self._engine, self._options, wrap)
        if self._requested is not None:
            raise asyncio.CancelledError
        if self._reconnect is None:
            bridge.open(self._requests.in_thread)
        else:
            from .._transport.reconnect_setup import ReconnectSetup

            setup = ReconnectSetup(self._handshake, self._options, self._reconnect, self._contract.is_nested)
            bridge.open_reconnecting(setup, self._requests.in_thread)
        builder.opened()
        return bridge

    def _run(self, work: Callable[[*Arguments], Coroutine[Any, Any, T]], *arguments: *Arguments) -> T:
        self._opened()
        if self._engine is None:
            raise self._closed_error()
        return self._engine.call(lambda: work(*arguments))

    def _release(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.release()

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Close the connection; never raises for a connection that is closed or broken already.

        Wakes everyone who waits for events: ``recv`` and ``wait_for`` raise :class:`ConnectionClosed`, iterations end.
        What arrived and was not received yet is dropped. Takes at most ``close_timeout``. An ``open()`` under way ends
        at once, unless it waits for a credential that blocks.

        Args:
            code: the WebSocket close code: 1000, or one of your own from 3000 to 4999.
            reason: a text for the service, at most 123 bytes of UTF-8.

        Raises:
            ConfigurationError: if code or reason cannot be sent.
        """
        check_close_arguments(code, reason)
        self._check_process()
        with self._lock:
            bridge = self._bridge
            self._begin_closing(code, reason)
            opening = self._opening
        if bridge is None:
            # An opening under way ends at once, in its own thread.
            if opening is not None:
                opening.stop_opening()
            self._end = self._end or CloseInfo(code, reason, "local")
            return
        bridge.wake()
        try:
            bridge.close(code, reason)
        finally:
            if self._dropped is not None and self._dropped.detach() is not None:
                self._release()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def send(self, event: Model | Mapping[str, Any]) -> None:
        """Send an event: a client event of :mod:`voicelive.models`, or a mapping of the same form.

        Raises:
            InvalidEventError: if the contract does not allow it; nothing is sent then.
            ConnectionClosed: if the connection is closed.
        """
        self._write(self._contract.encode_event(event))

    def recv(self, timeout: float | None = None) -> AnyServerEvent:
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
        return self._next_event(timeout)

    def recv_bytes(self, timeout: float | None = None) -> bytes:
        """Return the next message as it came, undecoded. Waits and raises like :meth:`recv`."""
        check_timeout(timeout)
        received: Incoming | Received | None = None
        try:
            received = self._receive(timeout, None)
            return message_of(received).data
        except BaseException:
            if received is not None:
                self._put_back(received)
            raise

    def __iter__(self) -> Self:
        """Iterate over the events until the connection ends.

        Ends quietly after ``close()``, or if the service closes with code 1000; any other end raises
        :class:`ConnectionClosed`.
        """
        return self

    def __next__(self) -> AnyServerEvent:
        try:
            return self._next_event(None)
        except ConnectionClosed as error:
            if ends_quietly(error.info, requested=self._requested is not None):
                raise StopIteration from None
            raise

    def _wait_for(self, condition: Condition, timeout: float | None, keep: bool) -> Any:
        # The typed `wait_for`, one overload an event type, is generated.
        check_timeout(timeout)
        self._opened()
        search = Search(condition, keeps=keep)
        try:
            with self._lock:
                self._inbox.enter(search)
            self._receive(timeout, search)
            with self._lock:
                self._inbox.withdraw(search)
            if search.failure is None and search.found is not None:
                search.found = None
                return search.event
        except BaseException:
            # An event that was found but not taken is there for the others again, also for who waits in recv().
            with self._lock:
                self._inbox.leave(search)
            self._wake()
            raise
        assert search.failure is not None
        raise search.failure

    def _send_call(self, event_type: str, fields: dict[str, Any]) -> None:
        self._write(self._contract.encode_call(event_type, fields))

    def _write(self, event: Outgoing) -> None:
        bridge = self._opened(event)
        if self._requested is not None:
            raise self._closed_error(event)
        try:
            bridge.send(event)
        except TransportClosed as error:
            closed = self._closed_error(event)
            raise closed from closed.__cause__ or error


def _drop(bridge: Bridge, engine: LoopThread, shown: str) -> None:
    """Close a connection that nobody refers to any more. May run in any thread, so it waits for nothing."""
    if engine.forked or engine.has_ended:
        return
    was_open = bridge.end(None) is None
    bridge.abandon()
    engine.release()
    if was_open:
        warnings.warn(f"{shown} was dropped without close()", ResourceWarning, stacklevel=2)
