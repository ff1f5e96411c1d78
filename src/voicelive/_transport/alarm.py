"""One timer of an event loop, for what moves on all the time: it may come too early, never too late."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Alarm"]

_EARLIER_S = 0.001
"""How much earlier than the timer something must be due for the timer to be set anew."""


class Alarm:
    """Calls back when something is due, or before; whoever is called looks what is due, and sets it again."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float | None) -> None:
        """Have it ring in so many seconds at the latest; not at all if None."""
        timer = self._timer
        if seconds is None:
            if timer is not None:
                timer.cancel()
                self._timer = None
            return
        loop = asyncio.get_running_loop()
        at = loop.time() + max(0.0, seconds)
        if timer is None or at < timer.when() - _EARLIER_S:
            if timer is not None:
                timer.cancel()
            self._timer = loop.call_at(at, self._time_is_up)

    def _time_is_up(self) -> None:
        self._timer = None
        self._ring()
