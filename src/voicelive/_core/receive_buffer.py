"""What waits for the application to receive it."""

from __future__ import annotations

from collections import deque

from .envelope import Incoming
from .holding import MESSAGE_OVERHEAD, Holding

__all__ = ["ReceiveBuffer"]


class ReceiveBuffer:
    """Messages in order of arrival; says when there are enough.

    Args:
        holding: counts what is here, and what was taken but not handed out to the application.
    """

    __slots__ = ("_messages", "holding")

    def __init__(self, holding: Holding) -> None:
        self.holding = holding
        """Counts what is here, and what was taken but not handed out to the application."""
        # Made when something waits: most of the time nothing does.
        self._messages: deque[Incoming] | None = None

    def put(self, message: Incoming) -> bool:
        """Add a message; return whether the bound is passed."""
        if self._messages is None:
            self._messages = deque()
        self._messages.append(message)
        return self.holding.add(len(message.data))

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

    def __len__(self) -> int:
        return 0 if self._messages is None else len(self._messages)

    def clear(self) -> None:
        """Drop all messages."""
        while self._messages:
            self.take()
