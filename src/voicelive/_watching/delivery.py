"""The thread in which telemetry is told of a call: in order, bounded, and many facts at a time where they come fast."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from .._core.watching.facts import Fact

__all__ = ["Delivery"]

_MOST = 8192
"""How many facts may wait before the oldest are dropped."""
_GATHERING_S = 0.05
"""How long more facts are waited for after one: each change between threads costs more than a fact."""


class Delivery:
    """Hands facts to a function that may take its time. Made for one call; the thread begins with the first fact."""

    def __init__(self, take: Callable[[Fact], None], finish: Callable[[int], None]) -> None:
        """Prepare.

        Args:
            take: takes a fact; it must not raise.
            finish: called after the last one, with how many were dropped.
        """
        self._take = take
        self._finish = finish
        self._facts: deque[Fact] = deque()
        self._dropped = 0
        self._has_come = threading.Event()
        self._is_closing = threading.Event()
        self._thread: threading.Thread | None = None

    def put(self, fact: Fact) -> None:
        """Have a fact taken soon; returns at once."""
        if len(self._facts) >= _MOST:
            # The thread may take it just now.
            with suppress(IndexError):
                self._facts.popleft()
                self._dropped += 1
        self._facts.append(fact)
        if not self._has_come.is_set():
            self._has_come.set()
            self._start()

    def close(self) -> None:
        """Have what waits taken now, and end the thread after it; returns at once."""
        self._is_closing.set()
        self._has_come.set()
        self._start()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="voicelive-telemetry", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._is_closing.is_set():
            self._has_come.wait()
            self._is_closing.wait(_GATHERING_S)
            # Before they are taken: what comes from now on sets it again.
            self._has_come.clear()
            self._take_all()
        self._take_all()
        self._finish(self._dropped)

    def _take_all(self) -> None:
        with suppress(IndexError):
            while True:
                self._take(self._facts.popleft())
