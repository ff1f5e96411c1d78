"""The standard set held with the built-in agent again and again, and with agents that are worse on purpose."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from voicelive.evaluation import CallJob, CallResult, Scenario, run_batch

__all__ = ["GUARDED", "UNCHANGED", "WORSE", "Run", "guarded", "hold_runs", "timeless"]

GUARDED = Path(__file__).parents[1] / "data" / "evaluation" / "standard.json"
"""What the built-in agent reached: of each scenario the figures that do not depend on how fast the machine is."""
TIMELESS = ("tool_accuracy", "agent_word_errors", "caller_word_errors", "unanswered", "talked_over_ms")

UNCHANGED = 5


class Run(NamedTuple):
    """A run of the whole set with one agent."""

    name: str
    agent: str
    recognize: bool = False


WORSE = {
    "talked_over_ms": Run("talks over", "tests.evaluation.agents:talks_over"),
    "tool_accuracy": Run("forgets its tool", "tests.evaluation.agents:forgets_its_tool"),
    "caller_word_errors": Run("mumbles", "tests.evaluation.agents:mumbles", recognize=True),
}
"""The agents that are worse on purpose, by the figure that tells."""

# Speech is recognized where it is compared: it takes as much time as all the rest.
GOOD = [
    Run(f"unchanged {number}", "tests.evaluation.agents:good", recognize=number == 0) for number in range(UNCHANGED)
]


def hold_runs(file: Path, scenarios: Sequence[Scenario], at_once: int) -> dict[str, list[CallResult]]:
    """Hold every run, and return its results by the run's name; their ids are those of the scenarios.

    All runs of a scenario follow each other: what else the machine does meets all of them alike.
    """
    jobs = [
        CallJob(
            id=f"{run.name}: {scenario.name}",
            scenario=scenario,
            agent=run.agent,
            engines="speech",
            seed=number,
            recognize=run.recognize,
        )
        for scenario in scenarios
        for number, run in enumerate([*GOOD, *WORSE.values()])
    ]
    executor = partial(ProcessPoolExecutor, at_once, mp_context=get_context("spawn"))
    found = defaultdict[str, list[CallResult]](list)
    for result in run_batch(jobs, executor=executor, results=file, window=at_once):
        name, _, scenario = result.id.partition(": ")
        found[name].append(replace(result, id=scenario))
    return dict(found)


def guarded() -> dict[str, dict[str, float]]:
    """Return the figures that were reached, by scenario."""
    found: dict[str, dict[str, float]] = json.loads(GUARDED.read_text(encoding="utf-8"))
    return found


def timeless(result: CallResult) -> dict[str, float]:
    """Return the figures of a call that do not depend on how fast the machine is."""
    return {name: round(value, 4) for name, value in result.scores.items() if name in TIMELESS}
