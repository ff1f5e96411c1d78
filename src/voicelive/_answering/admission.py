"""How many calls there are, and whether there may be one more. No clock, no sockets."""

from __future__ import annotations

from collections import Counter
from typing import Literal

__all__ = ["Admission", "Refusal"]

Refusal = Literal["draining", "full", "caller_busy", "second_stream"]


class Admission:
    """The calls of one worker."""

    def __init__(self, max_calls: int, max_per_caller: int = 0) -> None:
        self._max_calls = max_calls
        self._max_per_caller = max_per_caller
        self._callers: Counter[str] = Counter()
        self._calls: set[str] = set()
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

    def identify(self, caller: str, call_id: str) -> Refusal | None:
        """Count a call once it is known who calls; returns why it is not taken."""
        if call_id and call_id in self._calls:
            return "second_stream"
        if caller and self._max_per_caller and self._callers[caller] >= self._max_per_caller:
            return "caller_busy"
        self._callers[caller] += 1
        if call_id:
            self._calls.add(call_id)
        return None

    def end(self, *identified: tuple[str, str]) -> None:
        """Count the end of a WebSocket, and of the call on it if that was identified: caller and id."""
        self.active -= 1
        for caller, call_id in identified:
            self._calls.discard(call_id)
            self._callers[caller] -= 1
            if self._callers[caller] <= 0:
                del self._callers[caller]
