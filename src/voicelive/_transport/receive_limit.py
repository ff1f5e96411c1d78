"""What has arrived and was not received yet: how much it is, when the last came, and what says why a connection ends.

Both clients hold arrived messages up to a bound. At the bound they stop reading, so that memory stays bounded; then
pings are not answered either. So they do that only for a while: if the application has not received half of it by then,
the connection is given up with an error that says so, before a keepalive ends it with one that does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from .._core.closing import Cause
from .._core.end_evidence import EndEvidence
from .._core.holding import Holding
from .options import TransportOptions

__all__ = ["ReceiveLimit", "patience"]

_LONGEST_PATIENCE = 10.0


class ReceiveLimit:
    """What may arrive at one WebSocket, and what has arrived: how much, when, and what it says about the end."""

    def __init__(self, options: TransportOptions) -> None:
        self.max_size = options.max_size
        """How large a message may be, in bytes."""
        self.holding = Holding(options.max_queue, options.max_buffer)
        """Counts what is here, and what was taken but not handed out to the application."""
        self.patience = patience(options)
        """How long reading may stand still, in seconds."""
        self.words = EndEvidence()
        """What the service has said about the end."""
        self.last_arrival = time.monotonic()
        self.hide: Callable[[str], str] = str
        """Takes the credential out of what the service said."""
        self.ended_at: float | None = None
        """When the connection ended, in seconds since the epoch."""
        self.given_up: Cause | None = None
        """Why this side gave the connection up, if it did."""

    def end(self) -> None:
        """Note when the connection ended."""
        if self.ended_at is None:
            self.ended_at = time.time()


def patience(options: TransportOptions) -> float:
    """Return how long reading may stand still: so short that no keepalive of this side runs out meanwhile."""
    limits = [limit / 2 for limit in (options.ping_timeout,) if limit is not None and options.ping_interval is not None]
    return min([_LONGEST_PATIENCE, *limits])
