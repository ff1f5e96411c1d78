"""A call that was watched is measured from its events as it was measured while it went on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from voicelive.conversation import CallMetrics, Observed, TurnMetrics, measure
from voicelive.models import ServerEvent
from voicelive.testing import ScriptedService
from voicelive.tools import tool

from ..local.helpers import tones
from .conversing import BYTES_PER_MS, DEADLINE, Caller, calling, eventually
from .harness import Client

pytestmark = pytest.mark.timeout(300)

CLOSE_ENOUGH_MS = 200
"""What is sent, or reported by a player, is timed where it happens and where it is watched."""


class Watcher:
    """Keeps every event with its time, as a recorder does."""

    def __init__(self) -> None:
        self.events: list[Observed] = []
        self.has_ended = threading.Event()

    def on_receive(self, event: ServerEvent, at: float) -> None:
        self.events.append(Observed(at, "in", event))

    def on_send(self, event: dict[str, Any], at: float) -> None:
        self.events.append(Observed(at, "out", event))

    def on_close(self, info: Any) -> None:
        self.has_ended.set()


@tool
def look_up() -> str:
    """Look something up."""
    time.sleep(0.02)
    return "found"


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with ScriptedService(strict=False, timeout=60) as running:
        yield running


class Playing:
    """Reports what was played, and remembers it."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.reports: list[tuple[float, str | None, int]] = []

    async def __call__(self, ms: int) -> None:
        self.reports.append((time.monotonic(), None, ms * BYTES_PER_MS))
        await self.caller.played(ms)


async def hold(caller: Caller, service: ScriptedService, playing: Playing) -> CallMetrics:
    """A spoken turn, one with a tool, one that is spoken over; returns what the connection measured."""
    service.say("one two three")
    service.call_tools(("look_up", "{}"))
    service.say("four five six")
    service.say("seven")
    await caller.speak(tones("count"))
    await caller.until("response.done")
    await playing(100)
    await playing(60_000)
    await caller.respond("Look it up.")
    await caller.until("response.done", lambda event: event.response.output[0].type == "message")
    await playing(200)
    await caller.speak(tones("wait"))
    await caller.until("voicelive.interrupted")
    await caller.until("response.done")
    await playing(60_000)
    # The synchronous client counts it on its loop.
    await eventually(lambda: caller.script.connection.playback.unheard_ms == 0)
    found: CallMetrics = await caller.script.do(lambda connection: connection.metrics)
    return found


def assert_alike(live: TurnMetrics, measured: TurnMetrics) -> None:
    for one in fields(TurnMetrics):
        expected, found = getattr(live, one.name), getattr(measured, one.name)
        if isinstance(expected, float):
            assert found == pytest.approx(expected, abs=CLOSE_ENOUGH_MS), one.name
        else:
            assert found == expected, one.name


@pytest.mark.parametrize("as_objects", [True, False])
async def test_a_call_is_measured_as_it_was_live(client: Client, service: ScriptedService, as_objects: bool) -> None:
    """Turns, tokens, interruptions and times, from objects as from the wire's form of the same events."""
    watcher = Watcher()
    options: dict[str, Any] = {"barge_in": True, "tools": [look_up], "observers": [watcher]}
    async with calling(client, service, **options) as caller:
        playing = Playing(caller)
        live = await hold(caller, service, playing)
        assert caller.errors == []
    assert watcher.has_ended.wait(DEADLINE)
    events = watcher.events if as_objects else [_on_the_wire(one) for one in watcher.events]
    measured = measure(events, played=playing.reports, barge_in=True)
    assert (live.interruptions, live.reconnects, len(live.turns)) == (1, 0, 3)
    assert (measured.interruptions, measured.false_interruptions) == (1, live.false_interruptions)
    assert measured.tokens == live.tokens
    assert [turn.interrupted for turn in measured.turns] == [False, True, False]
    assert [len(turn.response_ids) for turn in measured.turns] == [1, 2, 1]
    assert measured.turns[1].tool_ms is not None
    for before, after in zip(live.turns, measured.turns, strict=True):
        assert_alike(before, after)


def _on_the_wire(one: Observed) -> Observed:
    event = one.event if isinstance(one.event, dict) else one.event.to_dict()  # type: ignore[union-attr]
    return Observed(one.time, one.direction, event)
