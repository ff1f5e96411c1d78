"""The one queue of a connection: messages that arrived, until the application takes them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from websockets.exceptions import ConnectionClosedError

from .._core.envelope import Incoming
from .._core.holding import MESSAGE_OVERHEAD, Holding
from .._core.receive_buffer import ReceiveBuffer

__all__ = ["ReceiveQueue", "Sink"]

Sink = Callable[[Incoming], bool]
"""Takes a message when it arrives; returns whether reading is to wait until there is room again."""


class ReceiveQueue(ReceiveBuffer):
    """A buffer that one task at a time can wait for. Everything is called on the loop."""

    __slots__ = ("_has_ended", "_waiter")

    def __init__(self, holding: Holding) -> None:
        super().__init__(holding)
        self._waiter: asyncio.Future[None] | None = None
        self._has_ended = False

    def put(self, message: Incoming) -> bool:
        # As the parent does; written out, because this runs for every event.
        messages = self._messages
        if messages is None:
            self._messages = messages = deque()
        messages.append(message)
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
        return self.holding.add(len(message.data))

    async def recv(self) -> Incoming:
        """Return the next message; a call that is cancelled loses nothing.

        Raises:
            ConnectionClosed: if no more is coming and everything was received.
            TimeoutError: if the wait was ended by :meth:`nudge`.
        """
        while (message := self.take()) is None:
            if self._has_ended:
                raise ConnectionClosedError(None, None)
            waiter = self._waiter = asyncio.get_running_loop().create_future()
            try:
                await waiter
            finally:
                self._waiter = None
        return message

    def nudge(self) -> None:
        """End the wait of the task that receives, if one does, as if its time were up."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(TimeoutError("nudged"))

    def end(self) -> None:
        """Note that no more is coming."""
        self._has_ended = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def drain_into(self, sink: Sink) -> bool:
        """Give all messages to `sink`; return whether reading is to wait after them."""
        is_full = False
        while (message := self.take()) is not None:
            is_full = sink(message)
        return is_full

    def remove_if(self, is_unwanted: Callable[[Incoming], bool]) -> None:
        """Drop the messages of which that is said."""
        kept = deque(message for message in self._messages or () if not is_unwanted(message))
        gone = len(self) - len(kept)
        size = sum(len(message.data) for message in self._messages or ()) - sum(len(message.data) for message in kept)
        self._messages = kept or None
        if gone:
            self.holding.release(gone, size + gone * MESSAGE_OVERHEAD)
