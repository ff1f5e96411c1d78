"""The standard set: what it says of the good agent stays, and it tells of agents that are worse on purpose.

One scenario here; `nox -s stress` holds the whole set eight times, by `whole_standard_set.py`.
"""

from __future__ import annotations

import asyncio

import pytest

from voicelive.agents import Agent
from voicelive.evaluation import CallJob, CallResult, run_call_async, standard_set

from . import agents
from .standard_runs import guarded, timeless

pytestmark = pytest.mark.timeout(400)


async def hold(name: str, agent: Agent) -> CallResult:
    """Hold a scenario of the set with a caller that has the patience that a busy machine takes."""
    (scenario,) = [one for one in standard_set() if one.name == name]
    patient = scenario.model_copy(update={"patience_ms": 120_000, "timeout_s": 300.0})
    return await run_call_async(CallJob(id=name, scenario=patient, agent=agent, engines="speech", recognize=True))


async def test_one_scenario_of_it() -> None:
    """The good agent is as good as it was; where it mumbles, it is worse by the figure for that, and by no other."""
    good, mumbling = await asyncio.gather(*(hold("weather", agent) for agent in (agents.good, agents.mumbles)))
    reached = guarded()["weather"]
    assert timeless(good).keys() == reached.keys()
    assert {name: value for name, value in timeless(good).items() if value > reached[name] + 0.15} == {}
    assert good.scores["tool_accuracy"] == 1
    assert mumbling.scores["caller_word_errors"] > good.scores["caller_word_errors"] + 0.2
    assert mumbling.scores["tool_accuracy"] == 1


def test_the_whole_set_is_guarded() -> None:
    """What was reached is known of each scenario, and is good."""
    figures = guarded()
    assert sorted(figures) == sorted(scenario.name for scenario in standard_set())
    tools = [known["tool_accuracy"] for known in figures.values() if "tool_accuracy" in known]
    assert sum(tools) / len(tools) > 0.9
    assert sum(known["talked_over_ms"] for known in figures.values()) == 0
