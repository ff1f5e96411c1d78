"""How the synchronous connection receives: whoever holds the lock takes what has arrived, for all who wait.

An interruption such as Ctrl-C strikes between two instructions of Python's, and must not lose an event: what is taken
is noted in a variable first, removed by a `del` that nothing can interrupt, and put back by whoever is interrupted
before it is handed over. Locks are taken by `with` alone, which nothing can interrupt either.
"""

from __future__ import annotations

import threading
import time

from .._core.closing import CloseInfo
from .._core.envelope import Incoming, Outgoing
from .._core.events import AnyServerEvent
from .._core.holding import MESSAGE_OVERHEAD
from .._core.inbox import Received
from .._core.inbox import Waiter as Search
from .._threads import Waiter
from .._transport.bridge import Bridge
from ..errors import InvalidEventError, ReceiveTimeoutError
from .connection_base import BaseConnection
from .connection_parts import ConnectionParts

__all__ = ["SyncReceiving", "message_of"]

_NOTHING = Incoming(b"")
"""What is handed to a ``wait_for`` that is settled: it has its event already."""

_JUDGING_S = 1.0
"""How long to wait for the end of a connection that was given up, before looking at it again."""


class SyncReceiving(BaseConnection):
    """What the connection's receiving methods are made of."""

    _is_own_loop = False

    def __init__(self, parts: ConnectionParts) -> None:
        super().__init__(parts)
        self._bridge: Bridge | None = None
        # Guards the state of the connection. Whoever holds it may take what has arrived, for all who wait.
        self._lock = threading.RLock()

    def _transport_end(self, requested: tuple[int, str] | None) -> CloseInfo | None:
        return None if self._bridge is None else self._bridge.end(requested)

    def _opened(self, unsent: Outgoing | None = None) -> Bridge:
        self._check_process()
        if self._bridge is None:
            raise self._not_open("with connect(...) as connection", unsent)
        return self._bridge

    def _next_event(self, timeout: float | None) -> AnyServerEvent:
        """Return the next event, without waiting if it is there and is nobody else's: most are."""
        received: Incoming | Received | None = None
        try:
            bridge, inbox = self._opened(), self._inbox
            with self._lock:
                if bridge.arrived and not inbox.kept and not inbox.waiters and self._requested is None:
                    first = bridge.arrived[0]
                    cost = len(first.data) + MESSAGE_OVERHEAD
                    received = first
                    del bridge.arrived[0]
                    bridge.taken_bytes += cost
                    if self._watch.is_needed:
                        self._watch.see(first)
            if received is None:
                received = self._receive(timeout, None)
            elif bridge.needs_room:
                bridge.go_on()
            event = self._event_of(message_of(received))
            if self._layer is None or not self._layer.is_late(event):
                return event
            # Audio of what was interrupted meanwhile.
            received = None
            return self._next_event(timeout)
        except InvalidEventError:
            raise
        except BaseException:
            if received is not None:
                self._put_back(received)
            raise

    def _put_back(self, received: Incoming | Received) -> None:
        """Put back what was taken, for the next receiver."""
        with self._lock:
            if isinstance(received, Received):
                self._inbox.kept.appendleft(received)
                self._inbox.holding.kept_cost += received.cost
            elif self._bridge is not None:
                self._bridge.arrived.appendleft(received)
                self._bridge.taken_bytes -= len(received.data) + MESSAGE_OVERHEAD
        self._wake()

    def _receive(self, timeout: float | None, search: Search | None) -> Incoming | Received:
        """Wait for the next message, or until `search` is settled; what others search for is passed on to them."""
        bridge = self._opened()
        if timeout is None and search is None:
            timeout = self._options.receive_timeout
        deadline = None if timeout is None else time.monotonic() + timeout
        received: Incoming | Received | None = None
        waiter: Waiter | None = None
        receiver = object()
        try:
            try:
                if search is None:
                    with self._lock:
                        self._inbox.begin_receiving(receiver)
                while received is None:
                    with self._lock:
                        # Asked first: what it had received before it ended is looked at after that.
                        has_ended = bridge.has_ended
                        received = self._sorted(bridge, search)
                        if received is not None:
                            continue
                        if has_ended:
                            bridge.check_engine()
                            raise self._closed_error()
                        left = self._time_left(bridge, deadline, timeout or 0, search)
                        if waiter is None:
                            bridge.check_caller()
                            # From now on it is woken; what arrived before is looked at once more.
                            waiter = Waiter()
                            bridge.waiting.append(waiter)
                            continue
                    bridge.go_on()
                    waiter.wait(left)
            finally:
                if search is None:
                    with self._lock:
                        self._inbox.end_receiving(receiver)
                if waiter is not None:
                    bridge.waiting.remove(waiter)
                    waiter.close()
                bridge.go_on()
                self._inbox.holding.tell_if_half_empty()
            return received
        except BaseException:
            if received is not None and search is None:
                self._put_back(received)
            raise

    def _sorted(self, bridge: Bridge, search: Search | None) -> Incoming | Received | None:
        """Look through what arrived, for all who wait, and return the next message for this caller if there is one.

        For a search that is settled, the message returned means nothing. Called with the lock held.
        """
        inbox, arrived = self._inbox, bridge.arrived
        if search is not None and search.settled:
            return _NOTHING
        if self._requested is not None:
            raise self._closed_error()
        if search is None and inbox.kept:
            kept = inbox.kept[0]
            del inbox.kept[0]
            inbox.holding.kept_cost -= kept.cost
            return kept
        while arrived:
            message = arrived[0]
            cost = len(message.data) + MESSAGE_OVERHEAD
            if self._watch.is_needed:
                self._watch.see(message)
            if search is None and not inbox.waiters:
                del arrived[0]
                bridge.taken_bytes += cost
                return message
            try:
                received = inbox.sort(message, self._event_of(message))
                is_wanted = received is not None and inbox.is_wanted(received)
            except InvalidEventError:
                del arrived[0]
                bridge.taken_bytes += cost
                raise
            # Nothing interrupts the next lines: whoever takes it has it, and nobody can take it again.
            del arrived[0]
            bridge.taken_bytes += cost
            if received is not None:
                if search is None:
                    return received
                if is_wanted:
                    message.event = None
                    inbox.kept.append(received)
                    inbox.holding.kept_cost += cost
            if search is not None and search.settled:
                return _NOTHING
        return None

    def _time_left(self, bridge: Bridge, deadline: float | None, timeout: float, search: Search | None) -> float | None:
        """Return how long to wait for more, None without end; give the connection up if it should have come by now."""
        now = time.monotonic()
        left = until_look = None if deadline is None else deadline - now
        if self._watch.is_needed and (due := self._watch.due(bridge.last_arrival)) is not None:
            dead_in = due[0] - now
            if dead_in <= 0:
                bridge.give_up(due[1], bridge.last_arrival)
                dead_in = _JUDGING_S
            until_look = dead_in if left is None else min(left, dead_in)
        if left is not None and left <= 0:
            raise _timeout_error(timeout, search)
        return until_look

    def _wake(self) -> None:
        if self._bridge is not None:
            self._bridge.wake()


def message_of(received: Incoming | Received) -> Incoming:
    return received.message if isinstance(received, Received) else received


def _timeout_error(timeout: float, search: Search | None) -> ReceiveTimeoutError:
    if search is not None:
        return search.timeout_error(timeout)
    return ReceiveTimeoutError(f"no event within {timeout:g} s", timeout=timeout)
