"""By when something must arrive: ``session.created`` after the opening, and the next event of a response under way."""

from __future__ import annotations

import json

from .closing import Cause
from .envelope import kind_of

__all__ = ["Watch"]

_READY = {"session.created", "transcription_session.created"}
_RESPONSES = {b"response.created", b"response.done"}
_SAYS_NOTHING = {"error", "warning"}


class Watch:
    """Says since when a connection counts as dead. Told of each event in order; times are seconds of one clock."""

    def __init__(self, *, ready_timeout: float | None, stall_timeout: float | None) -> None:
        self._ready_timeout = ready_timeout
        self._stall_timeout = stall_timeout
        self._opened_at = 0.0
        self._responses: set[str] = set()
        self._is_ready = ready_timeout is None
        self.is_needed = ready_timeout is not None or stall_timeout is not None
        """Whether :meth:`see` must still be called; stays False once it is."""

    @property
    def is_ready(self) -> bool:
        """Whether the service has made a session, or is not waited for to do so."""
        return self._is_ready

    def open(self, now: float) -> None:
        """Note when the connection opened."""
        self._opened_at = now

    def see(self, data: bytes, head: bytes | None = None) -> None:
        """Learn from a message that was received.

        Args:
            data: the message.
            head: its type as its head says, nothing if it does not; None if nobody has looked yet.
        """
        if head is None:
            head = kind_of(data)
        if self._is_ready and head and head not in _RESPONSES:
            return
        kind, response_id = _read(data)
        # A service that sends other events of a session has made one, even if its session.created got lost.
        if not self._is_ready and kind not in _SAYS_NOTHING:
            self._is_ready = True
            self.is_needed = self._stall_timeout is not None
        if kind == "response.created":
            self._responses.add(response_id)
        elif kind == "response.done":
            self._responses.discard(response_id)

    def due(self, last_arrival: float) -> tuple[float, Cause] | None:
        """Return when the connection counts as dead if nothing more arrives, and why; None for never.

        Args:
            last_arrival: when the last message arrived.
        """
        if not self._is_ready and self._ready_timeout is not None:
            return self._opened_at + self._ready_timeout, "ready"
        if self._responses and self._stall_timeout is not None:
            return last_arrival + self._stall_timeout, "stall"
        return None


def _read(data: bytes) -> tuple[str, str]:
    try:
        event = json.loads(data)
    except (ValueError, RecursionError):
        return "error", ""
    if not isinstance(event, dict):
        return "error", ""
    response = event.get("response")
    response_id = response.get("id") if isinstance(response, dict) else None
    return str(event.get("type", "error")), str(response_id or "")
