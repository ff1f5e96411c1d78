"""What has arrived and was not received yet: how much it is, when the last came, and what tells why a connection ends.

Both clients hold arrived messages up to a bound. At the bound they stop reading, so that memory stays bounded; then
pings are not answered either. So they do that only for a while: if the application has not received half of it by then,
the connection is given up with an error that says so, before a keepalive ends it with one that does not.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from typing import Any

from .._core.closing import Cause
from .options import TransportOptions

__all__ = ["MESSAGE_OVERHEAD", "Inflow", "patience"]

MESSAGE_OVERHEAD = 512
"""What a message takes in memory beside its bytes, at most."""

_LONGEST_PATIENCE = 10.0
_NO_LIMIT = 1 << 62
_SMALL = 16 * 1024
"""Error events and sessions are no larger; audio mostly is."""


class Inflow:
    """Counts the messages that arrive at one connection and those taken from it.

    One thread adds and one takes at a time; they may be two, as neither writes what the other one writes.
    """

    def __init__(self, options: TransportOptions) -> None:
        self.max_size = options.max_size
        """How large a message may be, in bytes."""
        self._max_messages = _NO_LIMIT if options.max_queue is None else options.max_queue
        self._max_bytes = _NO_LIMIT if options.max_buffer is None else options.max_buffer
        self.patience = patience(options)
        """How long reading may stand still, in seconds."""
        self._came = self._came_cost = self._went = self._went_cost = self._unfinished_cost = 0
        self._first: bytes | None = None
        self._recent: deque[bytes] = deque(maxlen=4)
        self.last_arrival = time.monotonic()
        self.ended_at: float | None = None
        """When the connection ended, in seconds since the epoch."""
        self.given_up: Cause | None = None
        """Why this side gave the connection up, if it did."""

    def add(self, data: Any) -> bool:
        """Count a frame's payload that arrived; tell whether the bound is reached."""
        size = len(data)
        self._came += 1
        self._came_cost += size + MESSAGE_OVERHEAD
        self.last_arrival = time.monotonic()
        if size <= _SMALL:
            if self._first is None:
                self._first = data
            else:
                self._recent.append(data)
        # As is_full() says; written out, because this runs for every event.
        return self._came - self._went > self._max_messages or self._came_cost - self._went_cost > self._max_bytes

    def take(self, data: Any, is_last: bool) -> None:
        """Count a frame's payload that was taken; the memory of a message is free when all of it was."""
        cost = len(data) + MESSAGE_OVERHEAD
        self._went += 1
        if is_last:
            self._went_cost += self._unfinished_cost + cost
            self._unfinished_cost = 0
        else:
            self._unfinished_cost += cost

    def put_back(self, data: Any) -> None:
        """Count a frame's payload, of an unfinished message, that was taken but not used."""
        self._unfinished_cost -= len(data) + MESSAGE_OVERHEAD
        self._went -= 1

    def is_full(self) -> bool:
        """Whether the bound is reached."""
        return self._over(1)

    def is_half_empty(self) -> bool:
        """Whether there is room again."""
        return not self._over(2)

    def _over(self, divisor: int) -> bool:
        return (
            self._came - self._went > self._max_messages // divisor
            or self._came_cost - self._went_cost > self._max_bytes // divisor
        )

    def end(self) -> None:
        """Note when the connection ended."""
        if self.ended_at is None:
            self.ended_at = time.time()

    def telling(self) -> Iterator[bytes]:
        """Yield the first and the last small messages."""
        if self._first is not None:
            yield bytes(self._first)
        yield from (bytes(data) for data in list(self._recent))


def patience(options: TransportOptions) -> float:
    """Tell how long reading may stand still: so short that no keepalive of this side runs out meanwhile."""
    limits = [limit / 2 for limit in (options.ping_timeout,) if limit is not None and options.ping_interval is not None]
    return min([_LONGEST_PATIENCE, *limits])
