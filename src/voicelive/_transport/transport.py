"""What both clients need of a transport, whatever lies between them and the socket."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from .._core.closing import Cause, CloseInfo
from .._core.envelope import Incoming, Outgoing
from .._core.holding import Holding
from .receive_queue import Sink

__all__ = ["DeliveringTransport", "Transport"]


class Transport(Protocol):
    """One connection as its event loop sees it: one WebSocket, one after the other, or a conversation over either.

    Everything is called on the loop. ``recv`` and what ``begin`` returns raise the transport's own
    :exc:`ConnectionClosed` when the connection has ended; :meth:`end` explains it.
    """

    def recv(self) -> Coroutine[Any, Any, Incoming]:
        """Return the next message; a call that is cancelled loses nothing."""
        ...

    def take(self) -> Incoming | None:
        """Return the next message if it is there already, else None."""
        ...

    def begin(self, event: Outgoing, /) -> Coroutine[Any, Any, None] | None:
        """Send an event, and return what is left to be awaited, if anything.

        That waits while the service reads more slowly than this side sends.
        """
        ...

    def end(self, requested: tuple[int, str] | None) -> CloseInfo | None:
        """Return how the connection ended; None while more can be received."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether what is sent now can go out at once."""
        ...

    @property
    def holding(self) -> Holding:
        """Counts what arrived and was not handed out, also what waits elsewhere than here."""
        ...

    @property
    def last_arrival(self) -> float:
        """When the last message arrived, by the monotonic clock."""
        ...

    def hide(self, text: str, /) -> str:
        """Take the credential out of what the service said."""
        ...

    def nudge(self) -> None:
        """End the wait of the task that receives, if one does, as if its time were up."""
        ...

    def give_up(self, cause: Cause) -> None:
        """Drop the connection at once, for a reason of this side's own; what arrived can still be received."""
        ...

    def abort(self) -> None:
        """Drop the connection at once."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Send a close frame, and drop the connection if the service does not answer in time."""
        ...


class DeliveringTransport(Transport, Protocol):
    """One over which a conversation can be kept."""

    def deliver_to(self, sink: Sink, ended: Callable[[object], None], /) -> None:
        """Hand each message to `sink` when it arrives, and call `ended` at the end, instead of keeping any here."""
        ...
