"""A transport of which a watcher is shown what it asks for: over whatever carries messages, below a conversation.

It costs each message one call and a look into a set; the event of what is wanted is made here, and the application gets
that one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from .._core.closing import CloseInfo
from .._core.envelope import BOTH_FORMS, Incoming, Outgoing
from ..errors import InvalidEventError
from .layered import LayeredTransport
from .logs import transport_logger
from .receive_queue import Sink
from .transport import DeliveringTransport

__all__ = ["WatchedTransport", "Watcher"]

_SHOWN = 8
"""No more than one message in so many is shown to the watcher, and has both forms."""


class Watcher(Protocol):
    """Who is shown what passes. Called on the loop; it must not block."""

    @property
    def wanted(self) -> frozenset[bytes]:
        """The kinds of message to show at the moment."""
        ...

    def received(self, event: Any, now: float) -> None:
        """Take an event that arrived."""

    def sent(self, event: Outgoing, now: float) -> None:
        """Take an event that is sent."""

    def ended(self, info: CloseInfo, now: float) -> None:
        """Take the end of the connection."""

    async def settled(self) -> None:
        """Wait until what was told elsewhere has been taken there, for a time."""


class WatchedTransport(LayeredTransport):
    """A :class:`Transport` over another that lets a watcher look on."""

    def __init__(self, inner: DeliveringTransport, watcher: Watcher, event_of: Callable[[Incoming], Any]) -> None:
        super().__init__(inner)
        self._watcher = watcher
        self._event_of = event_of
        self._sink: Sink = self._queue.put
        self._tell_end: Callable[[object], None] = self._end_queue
        self._requested: tuple[int, str] | None = None

    def start(self) -> None:
        """Take what has arrived already, and what arrives from now on, to be received here."""
        watcher, show, queue, put = self._watcher, self._show, self._queue, self._queue.put

        def arrive(message: Incoming) -> bool:
            # As `_arrive` and a queue do; written out, because this runs for every event.
            if message.kind not in watcher.wanted:
                return put(message)
            show(message)
            is_full = put(message)
            if len(queue) > _SHOWN * BOTH_FORMS:
                # Nobody takes it soon: one form is enough to hold.
                message.event = None
            return is_full

        self._inner.deliver_to(arrive, self._end)

    def deliver_to(self, sink: Sink, ended: Callable[[object], None]) -> None:
        """Hand each message to `sink` when it arrives, and call `ended` at the end, instead of keeping any here."""
        self._sink, self._tell_end = sink, ended
        self._inner.deliver_to(self._arrive, self._end)

    def begin(self, event: Outgoing) -> Coroutine[Any, Any, None] | None:
        """Send an event, and return what is left to be awaited, if anything."""
        try:
            self._watcher.sent(event, time.monotonic())
        except Exception:  # noqa: BLE001 - see `_show`
            transport_logger().exception("an event of type %s that is sent could not be watched", event.type)
        return self._inner.begin(event)

    async def close(self, code: int, reason: str) -> None:
        """Send a close frame, and drop the connection if the service does not answer in time."""
        self._requested = (code, reason)
        try:
            await self._inner.close(code, reason)
        finally:
            self._end()
        await self._watcher.settled()

    def _arrive(self, message: Incoming) -> bool:
        if message.kind in self._watcher.wanted:
            self._show(message)
        return self._sink(message)

    def _show(self, message: Incoming) -> None:
        try:
            event = message.event = self._event_of(message)
            self._watcher.received(event, time.monotonic())
        except InvalidEventError:
            # A strict connection: whoever receives it is told.
            return
        except Exception:  # noqa: BLE001 - a fault of this package's must cost the call nothing but the watching
            transport_logger().exception("a message of type %r could not be watched", message.kind)

    def _end(self, _: object = None) -> None:
        info = self._inner.end(self._requested) or CloseInfo(*(self._requested or (1006, "")), "local")
        try:
            self._watcher.ended(info, time.monotonic())
        except Exception:  # noqa: BLE001 - as above
            transport_logger().exception("the end of a connection could not be watched")
        self._tell_end(None)

    def _end_queue(self, _: object) -> None:
        self._queue.end()
