"""Letting many through one after the other, so that those already inside get on."""

from __future__ import annotations

import asyncio

__all__ = ["Pacer"]


class Pacer:
    """Passes its callers at intervals; whoever comes alone does not wait."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for the caller's turn, in the order in which they came."""
        now = asyncio.get_running_loop().time()
        wait = self._next - now
        self._next = max(now, self._next) + self._interval_s
        if wait > 0:
            await asyncio.sleep(wait)
