"""A clock for calls in real time on a machine that is busy: no stall of it takes more than a few milliseconds."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

__all__ = ["run_unhurried"]

T = TypeVar("T")

_STEP_S = 0.005
_MOST_S = 0.01
"""The most that passes from one round of the event loop to the next, however long that took."""


class _TurningSelector(selectors.DefaultSelector):
    """Turns the clock each time the event loop has waited; it never waits for long."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._last = clock()
        self.now = self._last

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(_STEP_S if timeout is None else min(timeout, _STEP_S))
        now = self._clock()
        self.now += min(now - self._last, _MOST_S)
        self._last = now
        return found


def run_unhurried(job: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine on an event loop whose rounds take 10 ms at most, by the clock that everything here reads.

    So what a test says of positions in sound holds however late the machine lets it run.
    """
    selector = _TurningSelector(time.monotonic)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: selector.now)
        with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
            return runner.run(job())
