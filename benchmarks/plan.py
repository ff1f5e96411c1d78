"""How much is measured: the full run, and the quick one that only shows that everything works."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FULL", "QUICK", "Plan"]


@dataclass(frozen=True)
class Plan:
    """Counts and times of one run of the benchmark."""

    name: str
    rounds: int
    """How often everything is measured, each round all clients in turn."""
    events: int
    """Events to receive, and chunks to send, in one measurement."""
    latency: tuple[tuple[int, float], ...]
    """Rates in events a second, and for how many seconds each."""
    starts: int
    """Processes started for imports and cold starts, of each client."""
    idle_sessions: int
    live_sessions: tuple[int, ...]
    live_seconds: float
    capacity_steps: int
    """Steps of the search for the most sessions that a core holds; 0: no search."""
    option_rounds: int


FULL = Plan("full", 5, 3000, ((50, 3.0), (500, 2.0), (5000, 1.0)), 7, 200, (1, 10, 100, 1000), 3.0, 4, 5)
QUICK = Plan("quick", 3, 400, ((500, 0.5),), 2, 30, (10, 100), 1.0, 0, 1)
