"""By when something must arrive: ``session.created`` after the opening, and the next event of a response under way."""

from __future__ import annotations

from typing import Any

from .closing import Cause
from .envelope import Incoming

__all__ = ["UNWATCHED", "Watch"]

_RESPONSES = {b"response.created", b"response.done"}
_SAYS_NOTHING = {"error", "warning"}


class Watch:
    """Says since when a connection counts as dead. Told of each event in order; times are seconds of one clock."""

    __slots__ = ("_opened_at", "_ready_timeout", "_responses", "_stall_timeout", "is_needed", "is_ready")

    def __init__(self, *, ready_timeout: float | None, stall_timeout: float | None) -> None:
        self._ready_timeout = ready_timeout
        self._stall_timeout = stall_timeout
        self._opened_at = 0.0
        self._responses: dict[str, None] = {}
        self.is_ready = ready_timeout is None
        """Whether the service has made a session, or is not waited for to do so."""
        self.is_needed = ready_timeout is not None or stall_timeout is not None
        """Whether :meth:`see` must still be called; stays False once it is."""

    def open(self, now: float) -> None:
        """Note when the connection opened."""
        self._opened_at = now

    def see(self, message: Incoming, payload: dict[str, Any] | None = None) -> None:
        """Learn from a message that was received.

        Args:
            message: the message.
            payload: its plain values, if somebody has read it.
        """
        if self.is_ready and message.kind and message.kind not in _RESPONSES:
            return
        event = message.payload() if payload is None else payload
        # What is not an event tells nothing, like an error.
        kind = event.get("type", "error")
        # A service that sends other events of a session has made one, even if its session.created got lost.
        if not self.is_ready and kind not in _SAYS_NOTHING:
            self.is_ready = True
            self.is_needed = self._stall_timeout is not None
        if kind == "response.created":
            self._responses[_response_id(event)] = None
        elif kind == "response.done":
            self._responses.pop(_response_id(event), None)

    def due(self, last_arrival: float) -> tuple[float, Cause] | None:
        """Return when the connection counts as dead if nothing more arrives, and why; None for never.

        Args:
            last_arrival: when the last message arrived.
        """
        if not self.is_ready and self._ready_timeout is not None:
            return self._opened_at + self._ready_timeout, "ready"
        if self._responses and self._stall_timeout is not None:
            return last_arrival + self._stall_timeout, "stall"
        return None


UNWATCHED = Watch(ready_timeout=None, stall_timeout=None)
"""Waits for nothing; for a connection whose links are watched one by one."""


def _response_id(event: dict[str, Any]) -> str:
    response = event.get("response")
    return str((response.get("id") if isinstance(response, dict) else None) or "")
