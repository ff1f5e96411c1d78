"""What the application sends while there is nobody to send it to."""

from __future__ import annotations

from collections import deque

from ..envelope import Outgoing

__all__ = ["SendQueue"]


class SendQueue:
    """Keeps events in order within a limit of bytes; audio only while it is wanted."""

    __slots__ = ("_bytes", "_events", "_max_bytes", "dropped_audio")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        # Made when there is something to keep: on most connections there never is.
        self._events: deque[Outgoing] | None = None
        self._bytes = 0
        self.dropped_audio = 0
        """Bytes of audio that were dropped."""

    def __len__(self) -> int:
        return 0 if self._events is None else len(self._events)

    def put(self, event: Outgoing, *, keep_audio: bool) -> bool:
        """Keep an event, or count it if it is audio that nobody wants; False if there is no room for it."""
        has_room = self._bytes + len(event.data) <= self._max_bytes
        if event.audio_size is not None and not (keep_audio and has_room):
            self.dropped_audio += event.audio_size
            return True
        if has_room:
            self._bytes += len(event.data)
            self._kept().append(event)
        return has_room

    def put_back(self, event: Outgoing) -> None:
        """Keep an event that was taken, before all others."""
        self._bytes += len(event.data)
        self._kept().appendleft(event)

    def take(self) -> Outgoing | None:
        """Hand out the oldest event, or None."""
        if not self._events:
            self._events = None
            return None
        event = self._events.popleft()
        self._bytes -= len(event.data)
        return event

    def drop_audio(self) -> None:
        """Drop the audio that was kept: the moment it was kept for has become an interruption."""
        if self._events:
            self.dropped_audio += sum(event.audio_size or 0 for event in self._events)
            self._events = deque(event for event in self._events if event.audio_size is None)
            self._bytes = sum(len(event.data) for event in self._events)

    def _kept(self) -> deque[Outgoing]:
        if self._events is None:
            self._events = deque()
        return self._events
