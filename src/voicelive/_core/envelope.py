"""One message and what is known of it: made once, where it enters or is written, and handed from layer to layer.

Most of what arrives are pieces of audio and text, so the type is read from a message's head, without parsing it. A type
that does not stand at the head is not found there, and the message is to be read in full.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json, to_json

from ..errors import UnsentEvent

__all__ = [
    "AUDIO_DELTAS",
    "BOTH_FORMS",
    "Incoming",
    "Outgoing",
    "base64_size",
    "compact",
    "encoded",
    "parsed",
    "read_text",
]

_TYPE = b'"type":"'
_TYPE_LENGTH = len(_TYPE)
_BRACE, _BACKSLASH, _PADDING = b"{\\="
_KIND = re.compile(rb'\{(?:"event_id"\s*:\s*"[^"\\]*"\s*,\s*)?"type"\s*:\s*"([^"\\]*)"')
"""The type of an event where it stands first or second, however it is spaced."""
_LOOK_AT = 200

_MAX_DEPTH = 200
"""Levels of a value that can be walked, compared and written again; what pydantic's parser takes too."""
_MAX_DIGITS = 4000
"""The standard library refuses integers of more than 4300 digits, and the whole message with them."""

AUDIO_DELTAS = frozenset({b"response.audio.delta", b"response.output_audio.delta"})
"""Types of the pieces of an answer's audio: most of what arrives, and not to be read in full here."""

BOTH_FORMS = 256
"""So many messages may wait with the event that was made of each; behind them only the text is held."""


class Incoming:
    """One message of the service."""

    __slots__ = ("after_kind", "data", "event", "kind")

    def __init__(self, data: bytes) -> None:
        self.data: bytes = data
        """Its text, as it came."""
        self.kind: bytes
        """Its type as its head says, nothing if it does not."""
        self.after_kind: int
        """Where its type ends; 0 if it is not known."""
        self.event: Any = None
        """Its event, where somebody has made it before the application asked for it."""
        # In JSON this can only be a name and the beginning of its value: within a text, quotes are escaped. It is the
        # event's own unless an object has begun before it.
        before, found, rest = data[:_LOOK_AT].partition(_TYPE)
        if found and before.rfind(_BRACE) == 0:
            kind, found, _ = rest.partition(b'"')
            if found and _BACKSLASH not in kind:
                self.kind = kind
                self.after_kind = len(before) + _TYPE_LENGTH + len(kind)
                return
        match = _KIND.match(data)
        self.kind, self.after_kind = (b"", 0) if match is None else (match[1], match.end(1))

    def payload(self) -> dict[str, Any]:
        """Return it as plain values, read anew at each call: what waits is held in one form."""
        return parsed(self.data)


class Outgoing:
    """One event of the application or of this package, as it is sent."""

    __slots__ = ("_payload", "audio_size", "data", "event_id", "type")

    def __init__(self, kind: str, data: bytes, event_id: str | None = None, audio_size: int | None = None) -> None:
        self.type: str = kind
        self.data: bytes = data
        """Its text, UTF-8."""
        self.event_id: str | None = event_id
        self.audio_size: int | None = audio_size
        """How many bytes of audio it carries; None if it is not audio."""
        self._payload: dict[str, Any] | None = None

    @classmethod
    def of(cls, payload: dict[str, Any]) -> Outgoing:
        """Write an event given as plain values, which are its own from then on."""
        event_id = payload.get("event_id")
        made = cls(str(payload.get("type")), encoded(payload), event_id if isinstance(event_id, str) else None)
        made._payload = payload
        return made

    @property
    def payload(self) -> dict[str, Any]:
        """The event as plain values; read when first asked for, and the same object for all who ask."""
        if self._payload is None:
            self._payload = parsed(self.data)
        return self._payload

    @property
    def unsent(self) -> UnsentEvent:
        """What there is to say of it if it could not be sent: nothing of its content."""
        return UnsentEvent(self.type, self.event_id, len(self.data))


def base64_size(text: str | bytes) -> int:
    """Return how many bytes a base64 text stands for."""
    return len(text) * 3 // 4 - (text.count("=", -2) if isinstance(text, str) else text.count(_PADDING, -2))


def parsed(data: bytes) -> dict[str, Any]:
    """Return a message as the event it is, or an empty object for what is not one."""
    try:
        event = from_json(data, cache_strings="keys")
    except ValueError as error:
        event = None if "recursion limit" in str(error) else _parsed_leniently(data)
    return event if isinstance(event, dict) and isinstance(event.get("type"), str) else {}


def _parsed_leniently(data: bytes) -> object:
    """Read what pydantic's parser refuses: half of a surrogate pair, bytes that are not UTF-8, endless numbers."""
    try:
        value: object = json.loads(read_text(data), parse_int=_integer)
    except (ValueError, RecursionError):
        return None
    return value if _is_shallow(value) else None


def read_text(data: bytes) -> str:
    """Return bytes as text, with a replacement for each that is not UTF-8."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < _MAX_DIGITS else math.inf


def _is_shallow(value: object) -> bool:
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [
            inner
            for each in level
            if isinstance(each, (dict, list))
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return True
    return False


_encoder = json.JSONEncoder(separators=(",", ":"))


def encoded(event: Mapping[str, Any]) -> bytes:
    """Return an event as a message: in ASCII, because half a surrogate pair, which JSON allows, has no UTF-8."""
    return _encoder.encode(event).encode()


def compact(value: Mapping[str, Any]) -> bytes:
    """Return plain values as JSON to be kept, not sent: half a surrogate pair apart, as UTF-8."""
    try:
        return to_json(value)
    except ValueError:
        return encoded(value)
