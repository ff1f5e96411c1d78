"""What the application sends while there is nobody to send it to."""

from __future__ import annotations

import re
from collections import deque

from ..envelope import audio_size, is_audio, text_at
from .messages import parsed, read_text

__all__ = ["SendQueue", "audio_delta"]

_ID = re.compile(rb'"item_id"\s*:\s*"((?:[^"\\]|\\.)*)"')
_LOOK_FOR_ID = 300


def audio_delta(data: bytes) -> tuple[str, int]:
    """Return the item's id and the size of a piece of an answer's audio."""
    at = text_at(data, b'"item_id"', _LOOK_FOR_ID)
    if at:
        item_id = data[at : data.find(b'"', at)]
        if b"\\" not in item_id:
            return read_text(item_id), audio_size(data)
    found = _ID.search(data, 0, _LOOK_FOR_ID) or _ID.search(data)
    return ("" if found is None else _read_id(found[1])), audio_size(data)


def _read_id(text: bytes) -> str:
    """Return an id as the ledger knows it, also where it is written with escapes."""
    if b"\\" in text:
        return str(parsed(b'{"type":"","id":"' + text + b'"}').get("id"))
    return read_text(text)


class SendQueue:
    """Keeps events in order within a limit of bytes; audio only while it is wanted."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._events: deque[bytes] = deque()
        self._bytes = 0
        self.dropped_audio = 0
        """Bytes of audio that were dropped."""

    def __len__(self) -> int:
        return len(self._events)

    def put(self, data: bytes, *, keep_audio: bool) -> bool:
        """Keep an event, or count it if it is audio that nobody wants; False if there is no room for it."""
        has_room = self._bytes + len(data) <= self._max_bytes
        if is_audio(data) and not (keep_audio and has_room):
            self.dropped_audio += audio_size(data)
            return True
        if has_room:
            self._bytes += len(data)
            self._events.append(data)
        return has_room

    def put_back(self, data: bytes) -> None:
        """Keep an event that was taken, before all others."""
        self._bytes += len(data)
        self._events.appendleft(data)

    def take(self) -> bytes | None:
        """Hand out the oldest event, or None."""
        if not self._events:
            return None
        data = self._events.popleft()
        self._bytes -= len(data)
        return data

    def drop_audio(self) -> None:
        """Drop the audio that was kept: the moment it was kept for has become an interruption."""
        self.dropped_audio += sum(audio_size(data) for data in self._events if is_audio(data))
        self._events = deque(data for data in self._events if not is_audio(data))
        self._bytes = sum(map(len, self._events))
