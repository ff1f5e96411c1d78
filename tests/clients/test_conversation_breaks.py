"""A break of the connection during what the conversation keeps: answers, interruptions, requests and tools."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from voicelive import ReconnectPolicy
from voicelive._core.reconnect.link_changes import LinkChanges
from voicelive.local.engines import MessageTurn
from voicelive.testing import ScriptedService
from voicelive.tools import Tools, tool

from ..local.helpers import tones
from .conversing import DEADLINE, Caller
from .harness import Client
from .relay import Relay

pytestmark = pytest.mark.timeout(300)

SENTENCE = "one two three four five six seven eight nine ten"
POLICY = ReconnectPolicy(initial_delay=0.01, max_delay=0.05, deadline=DEADLINE)


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with ScriptedService(strict=False, timeout=60) as running:
        yield running


class BrokenCaller(Caller):
    """A caller whose network a test cuts."""

    relay: Relay

    def cut(self) -> None:
        """Break the connection, and let no other through."""
        self.relay.refuses = True
        self.relay.cut()

    async def restored(self) -> Any:
        """Let the connection come back, and receive until it has."""
        self.relay.refuses = False
        return await self.until("voicelive.restored")


@asynccontextmanager
async def breakable(client: Client, service: ScriptedService, **options: Any) -> AsyncGenerator[BrokenCaller, None]:
    options.setdefault("barge_in", True)
    with Relay(lambda: int(service.endpoint.rsplit(":", 1)[1])) as relay:
        async with client.connect(relay.endpoint, reconnect=POLICY, **options) as script:
            caller = BrokenCaller(script)
            caller.relay = relay
            await caller.until("session.created")
            yield caller


async def ask(caller: Caller, service: ScriptedService) -> Any:
    """Have an answer given, of which a second is played."""
    service.say(SENTENCE)
    await caller.respond("Count.")
    done = await caller.until("response.done")
    await caller.played(1000)
    return done.response.output[0].id


@pytest.mark.parametrize("when", ["before", "during", "after"])
async def test_the_user_speaks_around_a_break(client: Client, service: ScriptedService, when: str) -> None:
    """Interrupted before, during or after a break: the model knows the words that were heard, and no error comes."""
    async with breakable(client, service) as caller:
        interruption: Any = None
        item_id = await ask(caller, service)
        if when == "before":
            interruption = await caller.interrupt()
            await caller.until("conversation.item.truncated")
        caller.cut()
        await caller.until("voicelive.reconnecting")
        if when == "during":
            interruption = await caller.interrupt()
        await caller.restored()
        if when == "after":
            await caller.speak(tones("wait"))
            interruption = await caller.until("voicelive.interrupted")
            await caller.until("response.done")
        service.say("yes")
        handle = await caller.respond("Go on.")
        await caller.until("response.done", lambda event: event.response.id == handle.response_id)
        assert caller.errors == []
    assert (interruption.item_id, interruption.heard_ms) == (item_id, 1000)
    turns = [turn for turn in service.requests[-1].conversation if isinstance(turn, MessageTurn)]
    assert turns[:2] == [MessageTurn("user", "Count."), MessageTurn("assistant", interruption.heard_text)]
    assert SENTENCE not in [turn.text for turn in turns]
    assert SENTENCE.startswith(interruption.heard_text)


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 8])
async def test_an_interruption_just_after_another_session_took_over(
    client: Client, service: ScriptedService, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first step of the loop after that on, the item counts as the text that the new session knows."""
    interruptions: list[Any] = []
    async with breakable(client, service) as caller:
        item_id = await ask(caller, service)
        kept = caller.script.connection._layer.transport

        def interrupt_after(left: int) -> None:
            if left:
                asyncio.get_running_loop().call_soon(interrupt_after, left - 1)
            else:
                interruptions.append(kept.interrupt())

        def adopts(self: LinkChanges, *arguments: Any) -> None:
            adopt(self, *arguments)
            # Nothing else can run before the next step.
            asyncio.get_running_loop().call_soon(interrupt_after, steps - 1)

        adopt = LinkChanges._adopt
        monkeypatch.setattr(LinkChanges, "_adopt", adopts)
        caller.cut()
        await caller.until("voicelive.reconnecting")
        await caller.restored()
        await caller.until("voicelive.interrupted")
        service.say("yes")
        handle = await caller.respond("Go on.")
        assert (await caller.wait(handle)).status == "completed"
        assert caller.errors == []
    (interruption,) = interruptions
    assert (interruption.item_id, interruption.heard_ms) == (item_id, 1000)
    assert service.sessions[-1].events("conversation.item.truncate") == []
    turns = [turn for turn in service.requests[-1].conversation if isinstance(turn, MessageTurn)]
    assert turns[:2] == [MessageTurn("user", "Count."), MessageTurn("assistant", interruption.heard_text)]


async def test_a_break_during_a_response(client: Client, service: ScriptedService) -> None:
    """What was asked for ends as superseded; what is asked for meanwhile is answered by the next session, once."""
    service.say(SENTENCE)
    async with breakable(client, service) as caller:
        # In the middle of the answer's audio.
        caller.relay.cut_after = 60_000
        caller.relay.refuses = True  # who comes back
        first = await caller.respond("Count.")
        await caller.until("voicelive.reconnecting")
        second = await caller.respond(instructions="Be brief.")
        assert (await caller.wait(first)).status == "superseded"
        assert await caller.interrupt() is not None
        service.say("yes")
        await caller.restored()
        assert (await caller.wait(second)).status == "completed"
        await caller.until("response.done", lambda event: event.response.id == second.response_id)
        assert caller.errors == []
    assert len(service.sessions[-1].events("response.create")) == 1
    assert service.sessions[-1].events("conversation.item.truncate") == []


async def test_a_break_while_two_tools_run(client: Client, service: ScriptedService) -> None:
    """One fails and one times out, each is answered once in the next session, and one response follows."""
    entered = threading.Semaphore(0)
    gate = threading.Event()

    @tool
    def breaks() -> None:
        """Fail."""
        entered.release()
        gate.wait(DEADLINE)
        raise ValueError("no")

    @tool(timeout=0.3)
    def never() -> None:
        """Never return."""
        entered.release()
        gate.wait(DEADLINE)

    service.call_tools(("breaks", "{}"), ("never", "{}"))
    service.say("done")
    async with breakable(client, service, tools=Tools([breaks, never])) as caller:
        await caller.respond("Do it.")
        await caller.until("response.done")
        caller.cut()
        await caller.until("voicelive.tool_done")
        gate.set()
        await caller.until("voicelive.tool_done")
        await caller.restored()
        await caller.until("response.done")
        assert caller.errors == []
    assert {one.name: one.outcome for one in caller.of("voicelive.tool_done")} == {
        "breaks": "failed",
        "never": "timed_out",
    }
    session = service.sessions[-1]
    assert len(session.tool_outputs("breaks")) == len(session.tool_outputs("never")) == 1
    assert len(session.events("response.create")) == 1


async def test_the_user_speaks_while_a_tool_runs_over_a_break(client: Client, service: ScriptedService) -> None:
    """The tool's output reaches the next session; the user's turn there is answered once."""
    gate = threading.Event()

    @tool
    def looks_up() -> str:
        """Look something up."""
        gate.wait(DEADLINE)
        return "found"

    service.call_tools(("looks_up", "{}"))
    service.say("yes")
    async with breakable(client, service, tools=[looks_up]) as caller:
        await caller.respond("Do it.")
        await caller.until("response.done")
        caller.cut()
        await caller.until("voicelive.reconnecting")
        await caller.restored()
        before = [done.response.id for done in caller.of("response.done")]
        await caller.speak(tones("hello"))
        await caller.until("input_audio_buffer.speech_started")
        gate.set()
        await caller.until("voicelive.tool_done")
        # The answer does not wait for the tool.
        await caller.have("response.done", lambda done: done.response.id not in before)
        assert caller.errors == []
    assert service.sessions[-1].tool_outputs("looks_up") == ["found"]
    assert service.sessions[-1].events("response.create") == []
    assert len(service.sessions[-1].responses) == 1


async def test_a_break_before_the_call_was_complete(client: Client, service: ScriptedService) -> None:
    """A response lost in the middle of its call: no tool runs on half of its arguments; the next request goes out."""
    ran: list[str] = []

    @tool
    def notes(text: str) -> None:
        """Note something."""
        ran.append(text)

    service.call_tools(("notes", {"text": "x" * 20_000}))
    async with breakable(client, service, tools=[notes]) as caller:
        caller.relay.cut_after = 8_000
        handle = await caller.respond("Do it.")
        await caller.until("voicelive.restored")
        assert (await caller.wait(handle)).status == "superseded"
        service.say("yes")
        assert (await caller.wait(await caller.respond("Go on."))).status == "completed"
        assert caller.errors == []
    assert ran == []
