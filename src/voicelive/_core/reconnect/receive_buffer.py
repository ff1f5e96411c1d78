"""What waits for the application to receive it."""

from __future__ import annotations

from collections import deque

__all__ = ["Mailbox"]


class Mailbox:
    """Messages in order of arrival; tells when it holds enough.

    Args:
        max_messages: how many messages are enough; None for no limit.
        max_bytes: how many bytes are enough; None for no limit.
    """

    def __init__(self, max_messages: int | None, max_bytes: int | None) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._messages: deque[bytes] = deque()
        self._bytes = 0

    def put(self, data: bytes) -> None:
        """Add a message."""
        self._messages.append(data)
        self._bytes += len(data)

    def take(self) -> bytes | None:
        """Hand out the oldest message, or None."""
        if not self._messages:
            return None
        data = self._messages.popleft()
        self._bytes -= len(data)
        return data

    def clear(self) -> None:
        """Drop all messages."""
        self._messages.clear()
        self._bytes = 0

    @property
    def is_full(self) -> bool:
        """Whether it holds enough."""
        if self._max_messages is not None and len(self._messages) >= self._max_messages:
            return True
        return self._max_bytes is not None and self._bytes >= self._max_bytes
