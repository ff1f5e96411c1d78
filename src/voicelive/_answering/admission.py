"""How many calls there are, and whether there may be one more. No clock, no sockets."""

from __future__ import annotations

from collections import Counter
from typing import Literal

__all__ = ["Admission", "Refusal"]

Refusal = Literal["draining", "full", "caller_busy"]


class Admission:
    """The calls of one worker."""

    def __init__(self, max_calls: int, max_per_caller: int = 0) -> None:
        self._max_calls = max_calls
        self._max_per_caller = max_per_caller
        self._callers: Counter[str] = Counter()
        self.active = 0
        """How many there are."""
        self.is_draining = False
        """Whether there will be no more."""

    def refusal(self, caller: str = "") -> Refusal | None:
        """Return why there may not be one more; None if there may."""
        if self.is_draining:
            return "draining"
        if self.active >= self._max_calls:
            return "full"
        if caller and self._max_per_caller and self._callers[caller] >= self._max_per_caller:
            return "caller_busy"
        return None

    def begin(self) -> None:
        """Count a WebSocket; who calls is known later."""
        self.active += 1

    def identify(self, caller: str) -> Refusal | None:
        """Count who calls; returns why that is too much."""
        if caller and self._max_per_caller and self._callers[caller] >= self._max_per_caller:
            return "caller_busy"
        self._callers[caller] += 1
        return None

    def end(self, caller: str | None) -> None:
        """Count the end of a call; None where it was never known who called."""
        self.active -= 1
        if caller is not None:
            self._callers[caller] -= 1
            if self._callers[caller] <= 0:
                del self._callers[caller]
