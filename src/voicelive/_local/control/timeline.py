"""What went over the wire in one session, in both directions, as the page and other viewers are shown it."""

from __future__ import annotations

import json
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Literal

from ..._audio.pcm import from_samples
from .levels import read_sound
from .sound import Piece, SessionSound

__all__ = ["MAX_TIMELINE_BYTES", "MAX_TIMELINE_EVENTS", "Timeline"]

MAX_TIMELINE_EVENTS = 5000
"""Events that a timeline goes back."""

MAX_TIMELINE_BYTES = 4 * 1024 * 1024
"""Bytes that a timeline may take; the oldest events go first."""

_MAX_PARSED = 256 * 1024  # longer messages are only named

_LONG = 1500
_SHOWN = 64
_AUDIO_FIELDS = {"input_audio_buffer.append": "audio", "input_audio.turn.append": "audio"}
_TYPE = re.compile(r'"type"\s*:\s*"([^"\\]{1,100})"')
_SECRET = {"authorization", "headers", "authorization_headers"}
"""Fields with which the service authenticates itself elsewhere: to MCP servers and to the customer's own models."""
_SPEECH = ("response.audio.delta", "response.output_audio.delta")


class Timeline:
    """The latest events of a session, abbreviated, each as one JSON text with a number of its own.

    An entry has ``n`` (its number, from 0), ``at`` (milliseconds since the session began), ``dir`` (``in`` from the
    client, ``out`` from the service), ``type``, ``size`` (bytes of the message), ``payload``; where it carries sound,
    ``audio`` with ``ms`` and ``levels`` (peaks at even steps, 0 to 100); where a fault changed it, ``fault``; and
    ``lost`` where it was not sent.
    """

    def __init__(self, changed: Callable[[], None] = lambda: None, sound: SessionSound | None = None) -> None:
        """Begin; `changed` is called whenever an event has come, and `sound` keeps the sound of the events."""
        self._entries: deque[str] = deque()
        self._bytes = 0
        self._max_bytes = MAX_TIMELINE_BYTES
        self._began = time.monotonic()
        self._changed = changed
        self.sound = sound
        """The sound of the events, where it is kept."""
        self.first = 0
        """The number of the oldest event that is still there."""
        self.settings: Callable[[], Mapping[str, Any]] = dict
        """The session's settings, for the formats of its audio."""

    @property
    def next(self) -> int:
        """The number that the next event will have."""
        return self.first + len(self._entries)

    def since(self, number: int, limit: int) -> list[str]:
        """Return at most `limit` entries from `number` on, or from the oldest where that is forgotten."""
        start = max(number, self.first) - self.first
        return [self._entries[place] for place in range(start, min(start + limit, len(self._entries)))]

    def add(
        self,
        direction: Literal["in", "out"],
        message: bytes | str,
        *,
        fault: str | None = None,
        lost: bool = False,
    ) -> None:
        """Add a message."""
        entry: dict[str, Any] = {
            "n": self.next,
            "at": round((time.monotonic() - self._began) * 1000, 1),
            "dir": direction,
            "size": len(message),
        }
        if len(message) > _MAX_PARSED:
            self._keep(json.dumps({**entry, **_named(message), **_marks(fault, lost)}, ensure_ascii=False))
            return
        try:
            payload = json.loads(message)
        except (ValueError, RecursionError):
            text = message if isinstance(message, str) else message.decode("utf-8", "replace")
            entry.update(type="(not JSON)", payload=_shortened(text))
        else:
            event_type = payload.get("type") if isinstance(payload, dict) else None
            entry["type"] = event_type if isinstance(event_type, str) else "(no type)"
            if isinstance(payload, dict):
                self._measure(entry, payload)
            entry["payload"] = _abbreviated(payload)
        entry.update(_marks(fault, lost))
        self._keep(json.dumps(entry, ensure_ascii=False, separators=(",", ":")))

    def limit(self, max_bytes: int) -> None:
        """Keep to `max_bytes` bytes from now on."""
        self._max_bytes = min(max_bytes, MAX_TIMELINE_BYTES)
        self._forget()

    def _measure(self, entry: dict[str, Any], payload: dict[str, Any]) -> None:
        field = "delta" if entry["type"] in _SPEECH else _AUDIO_FIELDS.get(entry["type"])
        audio = payload.get(field) if field is not None else None
        if not isinstance(audio, str):
            return
        sound = read_sound(audio, entry["dir"], self.settings())
        if sound is None:
            return
        entry["audio"] = {"ms": round(sound.ms, 1), "levels": sound.levels()}
        if self.sound is not None:
            self.sound.add(Piece(entry["n"], sound.rate, from_samples(sound.samples)))

    def _keep(self, text: str) -> None:
        self._entries.append(text)
        self._bytes += len(text)
        self._forget()
        self._changed()

    def _forget(self) -> None:
        while len(self._entries) > MAX_TIMELINE_EVENTS or self._bytes > self._max_bytes:
            self._bytes -= len(self._entries.popleft())
            self.first += 1


def _marks(fault: str | None, lost: bool) -> dict[str, Any]:
    return {**({} if fault is None else {"fault": fault}), **({"lost": True} if lost else {})}


def _named(message: bytes | str) -> dict[str, Any]:
    """Return the type of a long message, and its beginning; it is not read as JSON."""
    beginning = message[:1024] if isinstance(message, str) else message[:1024].decode("utf-8", "replace")
    found = _TYPE.search(beginning)
    return {
        "type": found[1] if found else "(no type)",
        "payload": f"{beginning[:_SHOWN]}… ({len(message):,} characters)",
    }


def _abbreviated(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return _shortened(value)
    if depth > 20:
        return "…"
    if isinstance(value, dict):
        return {
            str(key): _hidden(inner) if key in _SECRET else _abbreviated(inner, depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        kept = [_abbreviated(inner, depth + 1) for inner in value[:200]]
        return kept if len(value) <= 200 else [*kept, f"… {len(value) - 200} more"]
    return value


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _hidden(inner) for key, inner in value.items()}
    return value if value is None else "(hidden)"


def _shortened(text: str) -> str:
    # Base64 long before other text: nobody reads it.
    if len(text) > _LONG or (len(text) > 4 * _SHOWN and " " not in text):
        return f"{text[:_SHOWN]}… ({len(text):,} characters)"
    return text
