"""What the application sends while there is nobody to send it to."""

from __future__ import annotations

import re
from collections import deque

from .messages import parsed, read_text

__all__ = ["AUDIO_DELTAS", "SAY_NOTHING", "Outbox", "audio_delta", "audio_size", "is_audio", "kind_of"]

_AUDIO = re.compile(rb'"type"\s*:\s*"input_audio(?:_buffer\.append|\.turn\.append)"')
_SOUND = re.compile(rb'"(?:audio|delta)"\s*:\s*"')
_LOOK_AT = 200
_ID = re.compile(rb'"item_id"\s*:\s*"((?:[^"\\]|\\.)*)"')
_LOOK_FOR_ID = 300
_KIND = re.compile(rb'\{(?:"event_id"\s*:\s*"[^"\\]*"\s*,\s*)?"type"\s*:\s*"([^"\\]*)"')
"""The type of an event where it stands first or second, as services write it; else the event is read in full."""

AUDIO_DELTAS = {b"response.audio.delta", b"response.output_audio.delta"}
"""Types of the pieces of an answer's audio: most of what arrives, and not to be read in full here."""

SAY_NOTHING = {
    b"conversation.item.input_audio_transcription.delta",
    b"response.animation_blendshapes.delta",
    b"response.animation_viseme.delta",
    b"response.audio_timestamp.delta",
    b"response.audio_transcript.delta",
    b"response.function_call_arguments.delta",
    b"response.output_audio_transcript.delta",
    b"response.output_text.delta",
    b"response.text.delta",
    b"response.video.delta",
}
"""Types of events that leave no trace in a session: what they are pieces of comes whole later."""


def kind_of(data: bytes) -> bytes:
    """Return the type of a message that shows it at its beginning, else nothing."""
    found = _KIND.match(data)
    return b"" if found is None else found[1]


def is_audio(data: bytes) -> bool:
    """Whether an encoded event carries input audio; told by its beginning, where this package writes the type."""
    return _AUDIO.search(data, 0, _LOOK_AT) is not None


def audio_size(data: bytes) -> int:
    """Return how many bytes of audio an event carries as base64, of either side."""
    found = _SOUND.search(data)
    if found is None:
        return 0
    start = found.end()
    end = data.find(b'"', start)
    return (end - start) * 3 // 4 - data.count(b"=", max(start, end - 2), end)


def audio_delta(data: bytes) -> tuple[str, int]:
    """Return the item's id and the size of a piece of an answer's audio."""
    found = _ID.search(data, 0, _LOOK_FOR_ID) or _ID.search(data)
    return ("" if found is None else _read_id(found[1])), audio_size(data)


def _read_id(text: bytes) -> str:
    """Return an id as the ledger knows it, also where it is written with escapes."""
    if b"\\" in text:
        return str(parsed(b'{"type":"","id":"' + text + b'"}').get("id"))
    return read_text(text)


class Outbox:
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
