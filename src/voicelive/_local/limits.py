"""How much one client may send: what is longer is refused by an ``error`` event before it costs anything.

The numbers are documented ones where there are any: 15 MiB of audio an event and 128 tools for realtime services,
256,000 characters of instructions and 100,000 messages a conversation for Azure's agents. The others are this service's
own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from .._core.codec import decode_client_event
from .._core.events import AnyClientEvent
from .session import error_details as errors
from .session.error_details import ErrorDetails, RefusedError

__all__ = [
    "MAX_CONVERSATION_BYTES",
    "MAX_EVENT_CHARS",
    "MAX_EVENT_VALUES",
    "MAX_INSTRUCTIONS",
    "MAX_ITEMS",
    "MAX_MESSAGE_BYTES",
    "MAX_PARTS",
    "MAX_TOOLS",
    "TooLargeError",
    "read_client_event",
    "weight_of",
]

MAX_MESSAGE_BYTES = 32 * 1024 * 1024
"""The longest message that is received at all: 15 MiB of audio in base64, and room to spare. Longer ones end the
connection with 1009."""

MAX_EVENT_CHARS = 4 * 1024 * 1024
"""Characters of one event's JSON, sound and pictures left aside."""

MAX_EVENT_VALUES = 50_000
"""Values of one event: members of its objects and arrays, at any depth."""

MAX_PARTS = 1000
"""Content parts of one item."""

MAX_TOOLS = 128
"""Tools of a session or a response."""

MAX_INSTRUCTIONS = 256_000
"""Characters of instructions."""

MAX_ITEMS = 100_000
"""Items of a conversation."""

MAX_CONVERSATION_BYTES = 64 * 1024 * 1024
"""Bytes of JSON that a client's items may add up to in one conversation."""

_SHORT = 16 * 1024
"""Messages up to this length cannot pass the limits of length, and are read as they are."""

_MAX_MEDIA = 2000
"""Fields with sound or pictures that are looked for in one event."""

_MEDIA_FIELDS = ('"audio"', '"image_url"')

_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[,\[{]', re.DOTALL)
"""A whole string, or what comes with one more value. Nothing is read twice, whatever the text is."""

_EVENT_ID = re.compile(r'"event_id"\s{0,9}:\s{0,9}"([^"\\]{1,512})"')


class TooLargeError(RefusedError):
    """An event that passes a limit."""

    def __init__(self, details: ErrorDetails, event_id: str | None) -> None:
        super().__init__(details)
        self.event_id = event_id


def read_client_event(message: bytes | str) -> AnyClientEvent:
    """Read an event within the limits; its cost grows with the length of what is within them alone.

    Raises:
        TooLargeError: if it passes one.
        InvalidEventError: if it is not an event.
    """
    if len(message) > _SHORT:
        text = message if isinstance(message, str) else message.decode("latin-1")
        details = _length_error(text)
        if details is not None:
            found = _EVENT_ID.search(text, 0, 4096)
            raise TooLargeError(details, found[1] if found is not None else None)
    return decode_client_event(message, check=_check_shape)


def weight_of(message: bytes | str) -> int:
    """Return about how many bytes an event takes once it has been read."""
    comma = b"," if isinstance(message, bytes) else ","
    return 2000 + len(message) + 300 * message.count(comma)  # type: ignore[arg-type]


def _length_error(text: str) -> ErrorDetails | None:
    length = len(text) - sum(_media_lengths(text))
    if length > MAX_EVENT_CHARS:
        return errors.event_too_large(length, MAX_EVENT_CHARS)
    if sum(map(text.count, ",[{")) > MAX_EVENT_VALUES and _has_more_values(text, MAX_EVENT_VALUES):
        return errors.too_many_values(MAX_EVENT_VALUES)
    return None


def _media_lengths(text: str) -> Iterator[int]:
    """Yield the lengths of the strings with sound or pictures."""
    for field in _MEDIA_FIELDS:
        position = 0
        for _ in range(_MAX_MEDIA):
            position = text.find(field, position)
            if position < 0:
                break
            position += len(field)
            start = text.find('"', position, position + 16) + 1
            end = text.find('"', start) if start else -1
            if end < 0:
                break
            yield end - start
            position = end


def _has_more_values(text: str, count: int) -> bool:
    commas = (token for token in _TOKEN.finditer(text) if text[token.start()] != '"')
    return next(islice(commas, count, None), None) is not None


def _check_shape(payload: Mapping[str, Any]) -> None:
    details = _shape_error(payload)
    if details is not None:
        event_id = payload.get("event_id")
        raise TooLargeError(details, event_id if isinstance(event_id, str) else None)


def _shape_error(payload: Mapping[str, Any]) -> ErrorDetails | None:
    for name in ("session", "response"):
        settings = payload.get(name)
        if not isinstance(settings, Mapping):
            continue
        tools, instructions = settings.get("tools"), settings.get("instructions")
        if isinstance(tools, list) and len(tools) > MAX_TOOLS:
            return errors.array_too_long(f"{name}.tools", len(tools), MAX_TOOLS)
        if isinstance(instructions, str) and len(instructions) > MAX_INSTRUCTIONS:
            return errors.string_too_long(f"{name}.instructions", len(instructions), MAX_INSTRUCTIONS)
        for index, item in enumerate(_list_of(settings.get("input"))):
            if (details := _item_error(f"{name}.input[{index}]", item)) is not None:
                return details
    return _item_error("item", payload.get("item"))


def _item_error(path: str, item: object) -> ErrorDetails | None:
    parts = item.get("content") if isinstance(item, Mapping) else None
    if isinstance(parts, list) and len(parts) > MAX_PARTS:
        return errors.array_too_long(f"{path}.content", len(parts), MAX_PARTS)
    return None


def _list_of(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
