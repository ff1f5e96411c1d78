"""What waits for the application to receive it."""

from __future__ import annotations

from collections import deque

from ..envelope import Incoming
from ..holding import MESSAGE_OVERHEAD, Holding

__all__ = ["ReceiveBuffer"]


class ReceiveBuffer:
    """Messages in order of arrival; says when there are enough.

    Args:
        max_messages: how many messages are enough; None for no limit.
        max_bytes: how many bytes are enough; None for no limit.
    """

    __slots__ = ("_messages", "holding", "is_crowded")

    def __init__(self, max_messages: int | None, max_bytes: int | None) -> None:
        self.holding = Holding(max_messages, max_bytes)
        """Counts what is here, and what was taken but not handed out to the application."""
        # Made when something waits: most of the time nothing does.
        self._messages: deque[Incoming] | None = None
        self.is_crowded = False
        """Whether the bound was passed when the last message came."""

    def put(self, message: Incoming) -> None:
        """Add a message."""
        if self._messages is None:
            self._messages = deque()
        self._messages.append(message)
        self.is_crowded = self.holding.add(len(message.data))

    def take(self) -> Incoming | None:
        """Hand out the oldest message, or None."""
        messages = self._messages
        if messages is None:
            return None
        message = messages.popleft()
        if not messages:
            self._messages = None
        self.holding.release(1, len(message.data) + MESSAGE_OVERHEAD)
        return message

    def clear(self) -> None:
        """Drop all messages."""
        while self._messages:
            self.take()

    @property
    def is_full(self) -> bool:
        """Whether no more should be added."""
        return self.holding.is_full()
