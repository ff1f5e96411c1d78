"""Observers: they see every event with its time, in order, and hold up nobody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from voicelive import ConfigurationError
from voicelive.testing import ScriptedService
from voicelive.tools import tool

from .conversing import DEADLINE, calling, eventually
from .harness import Client

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with ScriptedService(strict=False, timeout=60) as running:
        yield running


class Everything:
    """Writes down what it sees."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []
        self.times: list[float] = []
        self.threads: set[str] = set()

    def on_open(self, connection: Any) -> None:
        self.seen.append(("open", connection))

    def on_send(self, event: Any, at: float) -> None:
        self.seen.append(("send", event["type"]))
        self.times.append(at)

    def on_receive(self, event: Any, at: float) -> None:
        self.seen.append(("receive", event.type))
        self.times.append(at)
        self.threads.add(threading.current_thread().name)

    def on_heard(self, item_id: str, content_index: int, ms: int) -> None:
        self.seen.append(("heard", (content_index, ms)))

    def on_tool(self, event: Any) -> None:
        self.seen.append(("tool", event.type))

    def on_close(self, info: Any) -> None:
        self.seen.append(("close", info.code))

    def of(self, kind: str) -> list[Any]:
        return [value for found, value in self.seen if found == kind]


@tool
def add(a: int) -> int:
    """Add one."""
    return a + 1


async def test_everything_is_seen_in_order(client: Client, service: ScriptedService) -> None:
    """Every event sent and received, what was heard, tools, and the end; with times that do not go back."""
    service.call_tools(("add", '{"a": 1}'))
    service.say("two")
    one, two = Everything(), Everything()
    async with calling(client, service, tools=[add], observers=[one, two]) as caller:
        await caller.respond("Add.")
        await caller.until("response.done", lambda event: event.response.output[0].type == "message")
        await caller.played(100)
        await caller.played(100)
        connection = caller.script.connection
    await eventually(lambda: one.of("close") != [] and two.of("close") != [])
    assert one.seen == two.seen
    assert one.seen[0] == ("open", connection)
    assert one.of("receive") == [kind for kind in caller.types if not kind.startswith("voicelive.")]
    assert one.of("send") == [event.type for event in service.session.events()]
    assert one.of("tool") == ["voicelive.tool_started", "voicelive.tool_done"]
    assert one.of("heard") == [(0, 100), (0, 200)]
    assert one.seen[-1] == ("close", 1000)
    assert one.times == sorted(one.times)
    assert one.threads == {"voicelive-callbacks"}


async def test_one_that_raises_is_taken_off(client: Client, service: ScriptedService) -> None:
    """It is reported once, without what it said, and the others and the call go on."""

    class Fails:
        calls = 0

        def on_receive(self, event: Any, at: float) -> None:
            self.calls += 1
            raise ValueError("secret")

    service.say("yes")
    fails, sees = Fails(), Everything()
    async with calling(client, service, observers=[fails, sees]) as caller:
        failed = await caller.until("voicelive.observer_failed")
        await caller.respond("Go on.")
        await caller.until("response.done")
    await eventually(lambda: sees.of("close") != [])
    assert (failed.observer, failed.reason) == ("Fails", "ValueError")
    assert fails.calls == 1
    assert "response.done" in sees.of("receive")


@pytest.mark.parametrize("many", [False, True])
async def test_what_one_returns_is_sent(client: Client, service: ScriptedService, many: bool) -> None:
    """A hook may return a client event, or several: they are sent."""

    class Asks:
        def on_receive(self, event: Any, at: float) -> Any:
            if event.type != "session.created":
                return None
            update = {"type": "session.update", "session": {"instructions": "Be brief."}}
            return [update, {"type": "input_audio_buffer.clear"}] if many else update

    async with calling(client, service, observers=[Asks()]) as caller:
        await caller.until("session.updated")
        if many:
            await caller.until("input_audio_buffer.cleared")
    service.assert_settings(instructions="Be brief.")


async def test_what_one_returns_by_mistake_is_a_failure(client: Client, service: ScriptedService) -> None:
    """An observer that returns what is not an event is reported and taken off as one that raises."""

    class Mistaken:
        def on_receive(self, event: Any, at: float) -> Any:
            return 42

    service.say("yes")
    async with calling(client, service, observers=[Mistaken()]) as caller:
        failed = await caller.until("voicelive.observer_failed")
        assert (await caller.wait(await caller.respond("Go on."))).status == "completed"
    assert failed.observer == "Mistaken"


async def test_a_slow_one_holds_up_nobody(
    client: Client, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits for a slow observer is bounded; the oldest is dropped, counted, and the call goes on."""
    monkeypatch.setattr("voicelive._conversation.observers._MOST", 10)
    gate = threading.Event()

    class Slow(Everything):
        def on_receive(self, event: Any, at: float) -> None:
            gate.wait(DEADLINE)
            super().on_receive(event, at)

    slow = Slow()
    service.say("one two three")
    try:
        async with calling(client, service, observers=[slow]) as caller:
            assert (await caller.wait(await caller.respond("Go on."))).status == "completed"
            await caller.until("response.done")
            assert caller.script.connection.observers_dropped > 0
    finally:
        gate.set()
    await eventually(lambda: slow.of("close") != [])


async def test_a_coroutine_function_is_refused(client: Client, service: ScriptedService) -> None:
    """Hooks are plain functions in both clients; another is refused before anything is opened."""

    class Awaited:
        async def on_receive(self, event: Any, at: float) -> None: ...

    with pytest.raises(ConfigurationError, match="write a plain 'def'"):
        client.connect(service.endpoint, observers=[Awaited()])
