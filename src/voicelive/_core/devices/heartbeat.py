"""Whether a device is still there: its callbacks come as regularly as a heartbeat, or it is gone."""

from __future__ import annotations

__all__ = ["Heartbeat"]

_GONE_AFTER = 1.0
_STARTS_WITHIN = 5.0
"""Seconds that the first callback may take: sound servers wake a device that slept, and ask for permission."""


class Heartbeat:
    """Watches the number of callbacks of one stream. A dead sound server says nothing: callbacks only stay away."""

    def __init__(self, now: float) -> None:
        self._beats = 0
        self._since = now

    def is_gone(self, beats: int, now: float) -> bool:
        """Return whether no callback came for too long.

        Args:
            beats: how many there were so far.
            now: seconds, of any one clock.
        """
        if beats != self._beats:
            self._beats, self._since = beats, now
        return now - self._since > (_GONE_AFTER if self._beats else _STARTS_WITHIN)
