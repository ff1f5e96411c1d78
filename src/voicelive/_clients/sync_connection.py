"""The synchronous client: the connection that :func:`connect` returns."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from .._base import Model
from .._core.closing import NORMAL, CloseInfo, check_close_arguments, closed_error, ends_quietly
from .._core.contract import WireContract
from .._core.end_evidence import describe_unsent
from .._core.handshake import Handshake, OpeningRequest
from .._core.inbox import Condition, Inbox, Waiter
from .._core.timeouts import check_timeout
from .._core.watchdog import Watch
from .._credentials import CredentialSource
from .._generated.resources_sync import ConnectionResources
from .._generated.waiting_sync import EventWaiting
from .._transport.halt import Halt, HaltedError
from .._transport.options import TransportOptions
from .._transport.threads import ConnectionClosed as TransportClosed
from .._transport.threads import Transport, open_transport
from ..errors import ConnectionClosed, ConnectionStateError, ReceiveTimeoutError

if TYPE_CHECKING:
    from .._core.events import AnyServerEvent
    from .._core.reconnect.policy import ReconnectPolicy

__all__ = ["VoiceLiveConnection"]


class VoiceLiveConnection(ConnectionResources, EventWaiting):
    """A connection to the Voice Live service, for threads. Made by :func:`connect`.

    All methods may be called from any thread at any time. Every event goes to one receiver: the oldest ``wait_for``
    whose condition it meets, else the next ``recv`` or step of an iteration.
    """

    def __init__(
        self,
        handshake: Handshake,
        credential: CredentialSource,
        options: TransportOptions,
        contract: WireContract,
        reconnect: ReconnectPolicy | None = None,
    ) -> None:
        self._handshake = handshake
        self._credential = credential
        self._options = options
        self._contract = contract
        self._decode = contract.decode
        self._transport: Transport | None = None
        self._state = "new"
        # Guards everything below. One thread reads from the transport at a time; the others wait here for their turn.
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._inbox = Inbox()
        self._reconnect = reconnect
        # A transport that outlasts its connections watches each of them itself.
        self._watch = (
            Watch(ready_timeout=options.ready_timeout, stall_timeout=options.stall_timeout)
            if reconnect is None
            else Watch(ready_timeout=None, stall_timeout=None)
        )
        self._reading = False
        self._followers = 0
        self._drained = False
        self._requested: tuple[int, str] | None = None
        self._end: CloseInfo | None = None
        self._opened_before = False
        self._halt = Halt()

    def __repr__(self) -> str:
        model = f" model={self._handshake.model!r}" if self._handshake.model else ""
        state = "closed" if self.close_info else self._state
        return f"<VoiceLiveConnection host={self._handshake.endpoint.authority!r}{model} state={state!r}>"

    @property
    def request_id(self) -> str:
        """The id this connection gave the service, for support requests; one that reconnects gives a new one."""
        return self._handshake.request_id

    @property
    def close_info(self) -> CloseInfo | None:
        """How the connection ended; None while it is open, and before it was."""
        if self._end is None and self._transport is not None:
            self._end = self._transport.end(self._requested)
        return self._end

    def open(self) -> Self:
        """Ask for the credential and open the connection.

        Returns:
            This connection.

        Raises:
            ConnectionError: if the service cannot be reached or refuses; says which and what to check.
            ConnectionStateError: if it was opened or closed before, or is closed meanwhile.
        """
        with self._changed:
            if self._state != "new":
                raise ConnectionStateError(
                    f"this connection is {self._state}; it opens only once: call connect() for another"
                )
            self._state = "opening"
        try:
            transport = self._open_transport()
        except HaltedError:
            raise ConnectionStateError("close() was called while the connection opened") from None
        except BaseException:
            self._state = "closed"
            raise
        with self._changed:
            requested = self._requested
            if requested is None:
                self._watch.open(time.monotonic())
                self._transport = transport
                self._state = "open"
                return self
        transport.close(*requested)
        raise ConnectionStateError("close() was called while the connection opened")

    def _open_transport(self) -> Transport:
        if self._reconnect is None:
            return open_transport(self._request(), self._options, self._halt)
        from .._transport.lasting_threads import LastingTransport
        from .._transport.reconnect_setup import Lasting

        lasting = Lasting(self._handshake, self._options, self._reconnect, self._contract.is_nested)
        transport = LastingTransport(lasting, self._request, self._halt)
        transport.open()
        # It offers all that is used of a transport here.
        return cast("Transport", transport)

    def _request(self) -> OpeningRequest:
        """Complete the opening request of the next connection, with a fresh token."""
        headers = self._credential.headers()
        if self._opened_before:
            self._handshake = self._handshake.renewed(str(uuid.uuid4()))
        self._opened_before = True
        return self._handshake.request(headers)

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
        with self._changed:
            transport = self._transport
            if self._requested is None:
                # If it has ended already, that is how it ended.
                self._end = self._end or (transport.end(None) if transport else None)
                self._requested = (code, reason)
                self._state = "closed"
                self._inbox.clear()
            self._changed.notify_all()
        # An opening under way ends at once, in its own thread.
        self._halt.stop()
        if transport is None:
            self._end = self._end or CloseInfo(code, reason, "local")
            return
        transport.close(code, reason)

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
            ConfigurationError: if `timeout` is no number of seconds.
        """
        if timeout is not None:
            check_timeout(timeout)
        if (arrived := self._take()) is not None:
            return self._decode(arrived)
        data, event = self._receive(timeout)
        return self._decode(data) if event is None else event

    def recv_bytes(self, timeout: float | None = None) -> bytes:
        """Return the next message as it came, undecoded. Waits and raises like :meth:`recv`."""
        check_timeout(timeout)
        return self._receive(timeout)[0]

    def __iter__(self) -> Self:
        """Iterate over the events until the connection ends.

        Ends quietly after ``close()``, or if the service closes with code 1000; any other end raises
        :class:`ConnectionClosed`.
        """
        return self

    def __next__(self) -> AnyServerEvent:
        if (arrived := self._take()) is not None:
            return self._decode(arrived)
        try:
            data, event = self._receive(None)
        except ConnectionClosed as error:
            if ends_quietly(error.info, requested=self._requested is not None):
                raise StopIteration from None
            raise
        return self._decode(data) if event is None else event

    def _wait_for(self, condition: Condition, timeout: float | None) -> Any:
        # The typed `wait_for`, one overload an event type, is generated.
        check_timeout(timeout)
        with self._changed:
            self._opened()
            waiter = self._inbox.wait(condition)
        try:
            self._receive(timeout, waiter)
            found, waiter.found = waiter.found, None
        finally:
            with self._changed:
                # An event that was found but not taken is there for the others again, also for who waits in recv().
                if self._inbox.leave(waiter) and self._reading and self._transport is not None:
                    self._transport.nudge()
                if self._followers:
                    self._changed.notify_all()
        if waiter.failure is not None:
            raise waiter.failure
        return found and found.event

    def _send_call(self, event_type: str, fields: dict[str, Any]) -> None:
        self._write(self._contract.encode_call(event_type, fields))

    def _write(self, data: bytes) -> None:
        transport = self._opened(data)
        if self._requested is not None:
            raise self._closed_error(data)
        try:
            transport.send(data)
        except TransportClosed as error:
            raise self._closed_error(data) from error

    def _take(self) -> bytes | None:
        """Return the next message if it is there and is nobody else's: most are, and need no waiting."""
        inbox = self._inbox
        with self._lock:
            if self._transport is None or self._reading or self._requested is not None or inbox.kept or inbox.waiters:
                return None
            data = self._transport.take()
            if data is not None and self._watch.is_needed:
                self._watch.see(data)
            return data

    def _receive(self, timeout: float | None, waiter: Waiter | None = None) -> tuple[bytes, AnyServerEvent | None]:
        """Wait for the next message, or until `waiter` is settled; what others wait for is passed on to them."""
        transport = self._opened()
        if timeout is None and waiter is None:
            timeout = self._options.receive_timeout
        deadline = None if timeout is None else time.monotonic() + timeout
        left = timeout
        expired = False
        watch = self._watch
        while True:
            with self._changed:
                if waiter is not None and waiter.settled:
                    return b"", None
                if self._requested is not None:
                    raise self._closed_error()
                if waiter is None and self._inbox.kept:
                    kept = self._inbox.take()
                    return kept.data, kept.event
                if self._drained:
                    raise self._closed_error()
                if expired:
                    raise _timeout_error(timeout or 0, waiter)
                if deadline is not None:
                    left = max(0.0, deadline - time.monotonic())
                if self._reading:
                    self._followers += 1
                    try:
                        expired = not self._changed.wait(left)
                    finally:
                        self._followers -= 1
                    continue
                self._reading = True
            data = None
            received: tuple[bytes, AnyServerEvent | None] | None = None
            watched = watch.due(transport.inflow.last_arrival) if watch.is_needed else None
            try:
                if watched is None:
                    data = transport.recv(left)
                else:
                    dead_in = max(0.0, watched[0] - time.monotonic())
                    data = transport.recv(dead_in if left is None else min(left, dead_in))
                if watch.is_needed:
                    watch.see(data)
            except TimeoutError:
                now = time.monotonic()
                # If something arrived just now, it is not dead.
                if watched is not None and now >= watched[0] and watched == watch.due(transport.inflow.last_arrival):
                    transport.give_up(watched[1])
                else:
                    expired = deadline is not None and now >= deadline
            except TransportClosed:
                self._drained = True
            finally:
                # The next reader must find this event in its place.
                with self._changed:
                    self._reading = False
                    if self._followers:
                        self._changed.notify_all()
                    if data is not None and self._requested is None:
                        if waiter is None and not self._inbox.waiters:
                            received = data, None
                        else:
                            received = self._sort(data, waiter)
            if received is not None:
                return received

    def _sort(self, data: bytes, waiter: Waiter | None) -> tuple[bytes, AnyServerEvent] | None:
        event = self._decode(data)
        received = self._inbox.sort(data, event)
        if received is None:
            return None
        if waiter is None:
            return data, event
        self._inbox.keep(received)
        return None

    def _opened(self, unsent: bytes | None = None) -> Transport:
        if self._transport is None:
            if self._requested is not None:
                raise self._closed_error(unsent)
            raise ConnectionStateError(
                "this connection is not open: use `with connect(...) as connection`, or call open() first"
            )
        return self._transport

    def _closed_error(self, unsent: bytes | None = None) -> ConnectionClosed:
        info = self.close_info or CloseInfo(*(self._requested or (NORMAL, "")), "local")
        return closed_error(info, self._handshake.endpoint.authority, describe_unsent(unsent) if unsent else None)


def _timeout_error(timeout: float, waiter: Waiter | None) -> ReceiveTimeoutError:
    if waiter is not None:
        return waiter.timeout_error(timeout)
    return ReceiveTimeoutError(f"no event within {timeout:g} s", timeout=timeout)
