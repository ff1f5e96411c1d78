"""What touches the conversation happens in the order in which the client asked for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

__all__ = ["Sequencer"]

Job = Callable[[], Awaitable[None]]


class Sequencer:
    """Runs jobs one after the other, in one task.

    A spoken turn is not part of the conversation before it has been transcribed, which takes time. Meanwhile the
    session goes on listening; only what concerns the conversation waits here for its place in the queue.
    """

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._added = asyncio.Event()

    def add(self, job: Job) -> None:
        """Run `job` after all jobs added before it; it answers for its own errors."""
        self._jobs.append(job)
        self._added.set()

    async def run(self) -> None:
        """Run the jobs until cancelled."""
        while True:
            await self._added.wait()
            self._added.clear()
            while self._jobs:
                await self._jobs.popleft()()
