"""What is alike in all transports that lie over another one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any

from .._core.close_info import Cause, CloseInfo
from .._core.envelope import Incoming
from .._core.holding import Holding
from .receive_queue import ReceiveQueue
from .transport import DeliveringTransport

__all__ = ["LayeredTransport"]


class LayeredTransport(ABC):
    """The part of a :class:`Transport` over another that only passes on; what is received is queued here."""

    def __init__(self, inner: DeliveringTransport) -> None:
        self._inner = inner
        # The only queue: what lies below hands everything on, and reads no more when too much waits here.
        self._queue = ReceiveQueue(inner.holding)
        self.recv: Callable[[], Coroutine[Any, Any, Incoming]] = self._queue.recv
        """Return the next message; a call that is cancelled loses nothing."""
        self.take: Callable[[], Incoming | None] = self._queue.take
        """Return the next message if it is there already, else None."""

    @property
    def holding(self) -> Holding:
        """Counts what arrived and was not handed out, also what waits elsewhere than here."""
        return self._inner.holding

    @property
    def is_ready(self) -> bool:
        """Whether what is sent now can go out."""
        return self._inner.is_ready

    @property
    def last_arrival(self) -> float:
        """When the last message arrived, by the monotonic clock."""
        return self._inner.last_arrival

    def end(self, requested: tuple[int, str] | None) -> CloseInfo | None:
        """Return how the connection ended; None while more can be received."""
        return self._inner.end(requested)

    def hide(self, text: str, /) -> str:
        """Take the credential out of what the service said."""
        return self._inner.hide(text)

    def nudge(self) -> None:
        """End the wait of the task that receives, if one does, as if its time were up."""
        self._queue.nudge()

    def give_up(self, cause: Cause) -> None:
        """Drop the connection at once, for a reason of this side's own."""
        self._inner.give_up(cause)

    def abort(self) -> None:
        """Drop the connection at once."""
        self._inner.abort()
        self._end()

    @abstractmethod
    def _end(self, _: object = None) -> None:
        """Note that nothing more comes."""
