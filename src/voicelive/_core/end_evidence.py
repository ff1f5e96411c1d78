"""What messages say about the end that followed them, read from their bytes: the application may not have got them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import UnsentEvent

__all__ = ["LastWords", "describe_unsent", "read_last_words"]

_CONFIGURATION_CODES = {"invalid_session_update_message", "max_config_attempts_exceeded"}


@dataclass
class LastWords:
    """What a connection's messages say about its end."""

    expired: bool = False
    """An error event said that the session expired."""
    refused_configuration: bool = False
    """The last error event was about the session's configuration."""
    expires_at: float | None = None
    """When the session ends, in seconds since the epoch."""


def read_last_words(messages: Sequence[bytes]) -> LastWords:
    """Read `messages`, in the order of their arrival; what is no event is passed over."""
    words = LastWords()
    for data in messages:
        event = _parsed(data)
        kind = event.get("type")
        if kind == "error":
            error = _mapping(event.get("error"))
            code, param = str(error.get("code")), str(error.get("param"))
            words.expired = words.expired or code == "session_expired"
            words.refused_configuration = code in _CONFIGURATION_CODES or param.partition(".")[0] == "session"
        elif kind in ("session.created", "session.updated"):
            expires_at = _mapping(event.get("session")).get("expires_at")
            if isinstance(expires_at, (int, float)) and not isinstance(expires_at, bool) and expires_at > 0:
                words.expires_at = expires_at
            if kind == "session.updated":
                words.refused_configuration = False
    return words


def describe_unsent(data: bytes) -> UnsentEvent:
    """Describe an encoded event that could not be sent, without its content."""
    event = _parsed(data)
    event_id = event.get("event_id")
    return UnsentEvent(str(event.get("type", "")), event_id if isinstance(event_id, str) else None, len(data))


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        return _mapping(json.loads(data))
    except (ValueError, RecursionError):
        return {}


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
