"""What messages say about the end that followed them, read from their bytes: the application may not have got them."""

from __future__ import annotations

from typing import Literal

from .envelope import Incoming
from .json_values import mapping, number

__all__ = ["TELLING", "EndEvidence"]

Verdict = Literal["expired", "configuration"]

_FATAL: dict[str, Verdict] = {"session_expired": "expired", "max_config_attempts_exceeded": "configuration"}
"""Errors after which the service ends the session, however the connection then ends."""
_CONFIGURATION_CODES = {"invalid_session_update_message", "max_config_attempts_exceeded"}

TELLING = {b"", b"error", b"session.created", b"session.updated"}
"""The types that tell something, and what does not show its type at its head."""

_LOOK_AT = 200
_MOST = 16 * 1024
"""Error events do not get larger; sessions and audio may."""


class EndEvidence:
    """What the messages of a connection say about its end. Told of each in order, however it is received later."""

    def __init__(self) -> None:
        self.verdict: Verdict | None = None
        """What the service said last that ends the session by itself."""
        self.refused_configuration = False
        """The last error event was about the session's configuration."""
        self.expires_at: float | None = None
        """When the session ends, in seconds since the epoch."""

    def see(self, message: Incoming) -> None:
        """Learn from a message; what is not an event is passed over."""
        if message.kind not in TELLING or len(message.data) > _MOST or not _may_tell(message.data):
            return
        event = message.payload()
        kind = event.get("type")
        if kind == "error":
            error = mapping(event.get("error"))
            code, param = str(error.get("code")), str(error.get("param"))
            if code in _FATAL:
                self.verdict = _FATAL[code]
            self.refused_configuration = code in _CONFIGURATION_CODES or param.partition(".")[0] == "session"
        elif kind in ("session.created", "session.updated"):
            expires_at = number(mapping(event.get("session")).get("expires_at"))
            if expires_at is not None and expires_at > 0:
                self.expires_at = expires_at
            if kind == "session.updated":
                self.refused_configuration = False
                self.verdict = None if self.verdict == "configuration" else self.verdict


def _may_tell(data: bytes) -> bool:
    """Return whether a message is worth parsing. This runs for every event, so audio is sorted out first."""
    head = data[:_LOOK_AT]
    if b'.delta"' in head and b'"error"' not in head:
        return False
    return b'"error"' in data or b'"session.' in data
