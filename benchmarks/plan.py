"""How much is measured: the full run, and the quick one that only shows that everything works."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FULL", "QUICK", "Plan"]


@dataclass(frozen=True)
class Plan:
    """Counts and times of one run of the benchmark."""

    name: str
    rounds: int
    """How often what has a target is measured, each round all clients in turn."""
    few_rounds: int
    """How often the rest is measured."""
    events: int
    """Events to receive, and chunks to send, in one measurement."""
    latency: tuple[tuple[int, float], ...]
    """Rates in events a second, and for how many seconds each."""
    starts: int
    """Processes started for imports and cold starts, of each client that has a target; a third for the others."""
    idle_sessions: int
    live_sessions: tuple[int, ...]
    live_seconds: float
    capacity_steps: int
    """Steps of the search for the most sessions that a core holds; 0: no search."""
    capacity_seconds: float
    """How long that search may take for each client."""
    engine_rounds: int
    """How often 100 live sessions of the blocking client are measured."""


FULL = Plan(
    name="full",
    rounds=15,
    few_rounds=3,
    events=2000,
    latency=((50, 2.0), (500, 1.5), (5000, 1.0)),
    starts=15,
    idle_sessions=100,
    live_sessions=(10, 100, 200, 1000),
    live_seconds=2.0,
    capacity_steps=4,
    capacity_seconds=8.0,
    engine_rounds=5,
)
QUICK = Plan(
    name="quick",
    rounds=1,
    few_rounds=1,
    events=400,
    latency=((500, 0.5),),
    starts=1,
    idle_sessions=30,
    live_sessions=(10, 100, 200),
    live_seconds=1.0,
    capacity_steps=0,
    capacity_seconds=0.0,
    engine_rounds=1,
)
