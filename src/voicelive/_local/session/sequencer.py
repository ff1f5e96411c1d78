"""What touches the conversation happens in the order in which the client asked for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

__all__ = ["Sequencer"]

_MAX_WEIGHT = 16 * 1024 * 1024
"""Bytes that may wait before the session reads no more."""

Job = Callable[[], Awaitable[None]]


class Sequencer:
    """Runs jobs one after the other, in one task.

    A spoken turn is not part of the conversation before it has been transcribed, which takes time. Meanwhile the
    session goes on listening; only what concerns the conversation waits here for its place in the queue.
    """

    def __init__(self) -> None:
        self._jobs: deque[tuple[Job, int]] = deque()
        self._weight = 0
        self._added = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def add(self, job: Job, weight: int = 0) -> None:
        """Run `job`, which keeps `weight` bytes, after all jobs added before it; it answers for its own errors."""
        self._jobs.append((job, weight))
        self._weight += weight
        if self._weight > _MAX_WEIGHT:
            self._room.clear()
        self._added.set()

    async def room(self) -> None:
        """Wait until what waits here is not too much."""
        await self._room.wait()

    async def run(self) -> None:
        """Run the jobs until cancelled."""
        while True:
            await self._added.wait()
            self._added.clear()
            while self._jobs:
                job, weight = self._jobs.popleft()
                self._weight -= weight
                if self._weight <= _MAX_WEIGHT:
                    self._room.set()
                await job()
                # A job that need not wait still gives way: there may be thousands of them.
                await asyncio.sleep(0)
