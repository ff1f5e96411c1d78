"""A user who is silent, and a call that uses up its budget: what the application is told, and how the call ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from voicelive import BudgetExceededError, ConfigurationError, ReconnectPolicy
from voicelive.conversation import Budget, Price
from voicelive.testing import ScriptedService
from voicelive.tools import Tools

from ..local.helpers import tones
from .conversing import DEADLINE, Caller, calling
from .harness import Client
from .relay import Relay

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with ScriptedService(strict=False, timeout=60) as running:
        yield running


async def test_a_silent_user_is_told_after_playback(client: Client, service: ScriptedService) -> None:
    """Counted from the last sample that was played; asking makes it the second time in a row."""
    service.say("one two three")
    async with calling(client, service, user_away=0.3) as caller:
        await caller.played(0)
        handle = await caller.respond("Count.")
        await caller.wait(handle)
        await caller.until("response.done")
        # Nothing has been played: it is not the user's turn yet, however long that takes.
        await asyncio.sleep(0.5)
        await caller.played(60_000)
        began = asyncio.get_running_loop().time()
        first = await caller.until("voicelive.user_away")
        assert asyncio.get_running_loop().time() - began >= 0.25
        assert [event.type for event in caller.events].count("voicelive.user_away") == 1
        await caller.script.do(lambda connection: connection.say("still there"))
        await caller.until("response.done")
        await caller.played(60_000)
        second = await caller.until("voicelive.user_away")
    assert (first.silent_ms, first.count, second.count) == (300, 1, 2)


async def test_a_user_who_speaks_is_not_away(client: Client, service: ScriptedService) -> None:
    """Speech ends the silence, and the count of silences."""
    service.say("yes")
    async with calling(client, service, user_away=0.3) as caller:
        assert (await caller.until("voicelive.user_away")).count == 1
        await caller.speak(tones("hello"))
        await caller.until("response.done")
        away = await caller.until("voicelive.user_away")
    assert away.count == 1
    assert "input_audio_buffer.speech_started" in caller.types


async def end_of(caller: Caller) -> BudgetExceededError:
    with pytest.raises(BudgetExceededError) as caught:
        await caller.until("never")
    return caught.value


@pytest.mark.parametrize("keeps", [False, True], ids=["ends", "with a policy"])
async def test_a_call_that_lasts_too_long_ends(client: Client, service: ScriptedService, keeps: bool) -> None:
    """A warning, then the end, with an error of its own; a policy opens no other connection."""
    policy = ReconnectPolicy(initial_delay=0.01, max_delay=0.1) if keeps else None
    told: list[Any] = []
    for calls in range(1, 6):
        async with calling(client, service, budget=Budget(seconds=1.2, warn_at=0.2), reconnect=policy) as caller:
            error = await end_of(caller)
            info = caller.script.close_info
        assert (error.code, error.initiator, error.recoverable) == (4003, "local", False)
        assert (info.code, info.cause) == (4003, "budget")
        await service.wait_until_async(lambda: service.session.record.closed)
        assert service.session.record.close_code == 4003
        assert len(service.sessions) == calls
        told = caller.of("voicelive.budget")
        # A machine so busy that it is a second late tells the end alone.
        if len(told) > 1:
            break
    warning, last = told
    assert (warning.limit, warning.exceeded, last.exceeded, last.allowed) == ("seconds", False, True, 1.2)
    assert 0.24 <= warning.used < last.used


@pytest.mark.parametrize("limit", ["tokens", "money"])
async def test_a_call_that_costs_too_much_ends(client: Client, service: ScriptedService, limit: str) -> None:
    """The response that goes over it can still be received; a response that waits ends as superseded."""
    budgets = {"tokens": Budget(tokens=1), "money": Budget(money=0.01, price=Price(output_text=10_000))}
    service.say("one two three")
    async with calling(client, service, budget=budgets[limit]) as caller:
        await caller.respond("Count.")
        waiting = await caller.respond(instructions="Go on.")
        told = await caller.until("voicelive.budget")
        await end_of(caller)
        assert (await caller.wait(waiting)).status == "superseded"
    assert (told.limit, told.exceeded) == (limit, True)
    assert told.used >= told.allowed
    assert "response.done" in caller.types


async def test_a_budget_outlives_a_break_of_the_connection(client: Client, service: ScriptedService) -> None:
    """Another session does not prolong the call."""
    policy = ReconnectPolicy(initial_delay=0.01, max_delay=0.1)
    budget = Budget(seconds=2, warn_at=1)
    with Relay(lambda: int(service.endpoint.rsplit(":", 1)[1])) as relay:
        async with client.connect(relay.endpoint, budget=budget, reconnect=policy) as script:
            caller = Caller(script)
            await caller.until("session.created")
            began = asyncio.get_running_loop().time()
            relay.cut()
            await caller.until("voicelive.restored")
            await end_of(caller)
            assert asyncio.get_running_loop().time() - began < DEADLINE / 4
    assert len(service.sessions) == 2


BAD: list[tuple[dict[str, Any], str]] = [
    ({"budget": 60}, "budget is 60; it takes a Budget"),
    ({"user_away": 0}, "user_away is 0; it takes seconds above 0"),
    ({"user_away": "10"}, "user_away is '10'"),
    ({"user_away": True}, "user_away is True"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
async def test_options_that_cannot_be_are_refused(client: Client, options: dict[str, Any], message: str) -> None:
    """Before anything is opened, naming the option and the value."""
    with pytest.raises(ConfigurationError, match=message):
        client.connect("http://127.0.0.1:9", **options)


async def test_no_tools_are_no_conversation(client: Client) -> None:
    """Tools without a function and without one that approves switch nothing on."""
    script = client.connect("http://127.0.0.1:9", tools=Tools())
    with pytest.raises(ConfigurationError, match="does not keep a conversation"):
        await script.do(lambda connection: connection.metrics)
