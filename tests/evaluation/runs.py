"""Results of calls, made up for tests of what is made of them."""

from __future__ import annotations

import random
from typing import Any

from voicelive.evaluation import CallResult

__all__ = ["result", "run"]


def result(id: str, **values: Any) -> CallResult:
    """Return a result with these values."""
    given: dict[str, Any] = {"id": id, "scenario": "weather", "outcome": "passed", **values}
    return CallResult(**given)


def run(
    scenario: str, calls: int, *, response_ms: float = 700, success: float = 1.0, seed: int = 0
) -> list[CallResult]:
    """Return the results of a scenario held so often, with two answers each that vary by chance."""
    source = random.Random(f"{scenario} {seed}")
    return [
        result(
            f"{scenario}#{number}",
            scenario=scenario,
            tags=(f"tag of {scenario}",),
            outcome="passed" if success else "failed",
            scores={"success": success, "talked_over_ms": 0.0},
            samples={"response_ms": (source.gauss(response_ms, 50), source.gauss(response_ms, 50))},
        )
        for number in range(calls)
    ]
