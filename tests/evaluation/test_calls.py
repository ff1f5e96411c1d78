"""Calls held with the local service in real time: what the caller says is heard, what the agent does is scored."""

from __future__ import annotations

import asyncio
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from voicelive.errors import ConfigurationError
from voicelive.evaluation import CallJob, CallResult, LanguageModel, Scenario, run_call_async
from voicelive.recording import Recording

from . import agents

pytestmark = pytest.mark.timeout(300)

WEATHER = Scenario.model_validate(
    {
        "name": "weather",
        "tags": ["tools"],
        "pause_ms": 500,
        "caller": [
            {"say": "What is the weather in Paris?"},
            {"say": "What is two plus two?", "interrupt_after_ms": 300},
        ],
        "expect": [
            {"in_order": [{"heard": "weather in Paris"}, {"tool": "get_weather"}, {"heard": "two plus two"}]},
            {"tool": "get_weather", "arguments": {"location": "paris"}},
            {"said": "is four"},
            {"no_talking_over": True},
            {"yields_within_ms": 1500},
            {"ended": False},
        ],
    }
)
GREETED = Scenario.model_validate(
    {"name": "sums", "pause_ms": 500, "caller": [{"say": "What is two plus two?"}], "expect": [{"said": "four"}]}
)


def job(agent: Any, scenario: Scenario = GREETED, **options: Any) -> CallJob:
    """Return a call with the engines that need no extra."""
    return CallJob(id=agent.__name__, scenario=scenario, agent=agent, engines="basic", **options)


async def test_calls() -> None:
    """Held side by side: a good agent passes; one without its tool, and one that talks over the caller, do not.

    What the caller measures at the ear and what the connection measures are the same within a block and a half.
    """
    good, forgetful, rude, ending, broken = await asyncio.gather(
        run_call_async(job(agents.good, WEATHER)),
        run_call_async(job(agents.forgets_its_tool, WEATHER)),
        run_call_async(job(agents.talks_over)),
        run_call_async(job(agents.hangs_up)),
        run_call_async(job(agents.breaks)),
    )
    good.assert_passed()
    assert good.scores["agent_word_errors"] == 0
    assert good.scores["interruptions"] == 1
    assert len(good.samples["yield_ms"]) == 1
    for ear, connection in zip(good.samples["response_ms"], good.samples["voice_to_voice_ms"], strict=True):
        assert abs(ear - connection) < 400
    assert "Agent calls get_weather" in good.transcript

    assert forgetful.outcome == "failed"
    assert forgetful.scores["tool_accuracy"] == 0
    with pytest.raises(AssertionError, match="tool: get_weather: no tool was called"):
        forgetful.assert_passed()

    assert rude.scores["talked_over_ms"] > 300

    assert (ending.outcome, ending.error) == ("passed", None)
    assert broken.outcome == "error"
    assert broken.error == "the agent raised KeyError: 'no such customer'"
    assert not broken.is_retryable


async def test_a_call_is_recorded(tmp_path: Path) -> None:
    """The result says where; a second attempt has a recording of its own."""
    first, second = await asyncio.gather(
        *(run_call_async(job(agents.hangs_up, recording=str(tmp_path / f"{name}.zip"))) for name in ("one", "two"))
    )
    assert first.recording == str(tmp_path / "one.zip")
    recording = Recording.open(tmp_path / "one.zip")
    assert recording.audio.seconds > 2
    assert "response.done" in {event.type for event in recording.events}
    again = await run_call_async(job(agents.breaks, recording=first.recording))
    assert again.recording == str(tmp_path / "one-2.zip")
    assert second.recording == str(tmp_path / "two.zip")


async def test_what_is_not_there() -> None:
    """A service that cannot be reached is an error that may pass; an agent that is not there raises."""
    away = await run_call_async(job(agents.good, connect={"endpoint": "http://127.0.0.1:9"}))
    assert away.outcome == "error"
    assert away.is_retryable
    assert "127.0.0.1:9" in (away.error or "")
    with pytest.raises(ConfigurationError, match="no module 'no_such_agent'"):
        await run_call_async(CallJob(id="x", scenario=GREETED, agent="no_such_agent:answer"))
    with pytest.raises(ConfigurationError, match="is not a coroutine function"):
        await run_call_async(CallJob(id="x", scenario=GREETED, agent="json:dumps"))


class Model:
    """A chat endpoint that answers what it is told to."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __aenter__(self) -> LanguageModel:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        return LanguageModel(f"http://127.0.0.1:{port}/v1", "test", timeout_s=10)

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.asked.append("\n".join(message["content"] for message in asked["messages"]))
        chunk = {"choices": [{"index": 0, "delta": {"content": self.answers.pop(0)}, "finish_reason": "stop"}]}
        return web.Response(text=f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n", content_type="text/event-stream")


GOAL = Scenario.model_validate(
    {
        "name": "goal",
        "pause_ms": 500,
        "goal": "You want to know what two plus two is.",
        "expect": [{"judge": "Was the caller answered?"}, {"judge": "Was it quick?"}, {"judge": "Was it polite?"}],
    }
)


async def test_a_goal_and_a_judge() -> None:
    """A model speaks for the caller until it is done, and judges; what is not a verdict is told as such."""
    model = Model(
        "What is two plus two?",
        "Done.",
        'Sure: {"passed": true, "reason": "It said four."}',
        '{"passed": false, "reason": "It took long."}',
        "I would rather not say.",
    )
    async with model as judge:
        found = await run_call_async(job(agents.good, GOAL, judge=judge))
    assert found.transcript.splitlines() == ["Caller: What is two plus two?", "Agent: Two plus two is four."]
    assert [(check.passed, check.reason) for check in found.checks[:2]] == [
        (True, "It said four."),
        (False, "It took long."),
    ]
    assert found.checks[2].passed is None
    assert "I would rather not say." in found.checks[2].reason
    assert "Agent: Two plus two is four." in model.asked[-1]
    assert found.outcome == "failed"


async def test_a_goal_without_a_model() -> None:
    """A caller that nobody speaks for is not the agent's failure."""
    found = await run_call_async(job(agents.good, GOAL))
    assert (found.outcome, found.is_retryable) == ("error", False)
    assert "no language model speaks for it" in (found.error or "")


async def test_a_judge_that_is_not_there() -> None:
    """The call is held; what was asked of the judge is told to be unknown, and so is whether it was a success."""
    scenario = GREETED.model_copy(update={"expect": [*GREETED.expect, GOAL.expect[0]]})
    judge = LanguageModel("http://127.0.0.1:9/v1", "test")
    found = await run_call_async(job(agents.good, scenario, judge=judge))
    assert found.outcome == "error"
    assert found.checks[0].passed is True
    assert "cannot be reached" in (found.error or "")
    assert "success" not in found.scores


def test_jobs_and_results_travel() -> None:
    """Both are the same after pickling, a result after JSON too; a later version's fields are left out."""
    given = CallJob(id="1", scenario=WEATHER, agent=agents.good, judge=LanguageModel("http://localhost/v1", "m"))
    assert pickle.loads(pickle.dumps(given)) == given
    found = CallResult(id="1", scenario="weather", outcome="passed", samples={"response_ms": (1.0, 2.0)})
    assert pickle.loads(pickle.dumps(found)) == found
    assert CallResult.from_dict(json.loads(json.dumps({**found.to_dict(), "later": 1}))) == found
