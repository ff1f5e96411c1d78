"""Giving memory back to the system once a session has left it."""

from __future__ import annotations

import asyncio
import ctypes
import logging
from collections.abc import Callable
from functools import cache

from .workers import Workers

__all__ = ["MemoryKeeper", "give_back"]

logger = logging.getLogger("voicelive.local")

_DELAY_S = 0.5
"""Between the end of a session and the giving back: many that end together cost it once."""


class MemoryKeeper:
    """Has freed memory given back after sessions have ended.

    A C library may keep what was freed for itself: after a few messages of 20 MB, glibc keeps up to 64 MiB a thread,
    for good.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def session_ended(self) -> None:
        """Give back what a session leaves: soon, and again once the work that it has left behind is done."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_DELAY_S, self._begin)

    def stop(self) -> None:
        """Give nothing back any more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._timer = None
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._give_back())

    async def _give_back(self) -> None:
        await self._workers.read(give_back)
        if await self._workers.unfinished():
            await self._workers.read(give_back)


def give_back() -> None:
    """Give memory that is free to the system, where the C library can; blocks for some milliseconds."""
    trim = _trimmer()
    if trim is not None:
        trim(0)


@cache
def _trimmer() -> Callable[[int], int] | None:
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None  # not glibc: the others give back by themselves
    trim.argtypes, trim.restype = [ctypes.c_size_t], ctypes.c_int
    return trim
