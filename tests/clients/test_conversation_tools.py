"""Tools that the model calls: each call is answered once, whatever becomes of the tool, and one response follows."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from voicelive import ConnectionClosed, ReconnectPolicy
from voicelive.testing import ScriptedService
from voicelive.tools import Tool, ToolContext, ToolError, Tools, tool

from ..local.helpers import tones
from .conversing import DEADLINE, Caller, calling, eventually
from .harness import Client, assert_nothing_left
from .relay import Relay

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with ScriptedService(strict=False, timeout=60) as running:
        yield running


class Gate:
    """Holds tools until it is opened; a test that is over leaves none behind."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.entered = threading.Event()

    def hold(self) -> None:
        self.entered.set()
        self.open.wait(DEADLINE)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    try:
        yield made
    finally:
        made.open.set()


@tool
def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


@tool
async def add_soon(a: int, b: int = 1) -> int:
    """Add two numbers, and take a moment for it."""
    await asyncio.sleep(0.01)
    return a + b


@tool
def refuses() -> None:
    """Say what went wrong."""
    raise ToolError("there is no such booking")


@tool
def breaks() -> None:
    """Raise what the caller must not hear."""
    raise ValueError("password=secret")


@tool
async def breaks_soon() -> None:
    """Raise after a moment."""
    await asyncio.sleep(0)
    raise ValueError("password=secret")


@tool
def exits() -> None:
    """End the program, as it thinks."""
    raise SystemExit(3)


@tool
async def cancels_itself() -> None:
    """Raise what a task that was cancelled raises."""
    raise asyncio.CancelledError


@tool
def returns_an_object() -> object:
    """Return what JSON cannot hold."""
    return object()


@tool
def returns_nothing() -> None:
    """Return nothing."""


@tool(timeout=0.05)
async def sleeps() -> None:
    """Take longer than it may."""
    await asyncio.sleep(DEADLINE)


@tool
def raises_timeout() -> None:
    """Run into a limit of its own."""
    raise TimeoutError


FAILED = {"error": "The tool failed."}
ENDS: list[tuple[Tool, str, str, Any]] = [
    (add, '{"a": 2, "b": 3}', "completed", 5),
    (add, '{"a": 2}', "completed", 3),
    (add_soon, '{"a": 2, "b": 3}', "completed", 5),
    (returns_nothing, "", "completed", None),
    (returns_nothing, "{}", "completed", None),
    (refuses, "{}", "failed", {"error": "there is no such booking"}),
    (breaks, "{}", "failed", FAILED),
    (breaks_soon, "{}", "failed", FAILED),
    (exits, "{}", "failed", FAILED),
    (cancels_itself, "{}", "failed", FAILED),
    (raises_timeout, "{}", "failed", FAILED),
    (sleeps, "{}", "timed_out", {"error": "The tool did not finish within 0.05 seconds."}),
]
REFUSED = [
    ("add", '{"a": ', "not valid JSON"),
    ("add", "[1, 2]", "send a JSON object"),
    ("add", '{"a": "many"}', "valid integer"),
    ("add", '{"b": 1}', "Field required"),
    ("add", '{"a": 1, "c": 2}', "c: Extra inputs"),
    ("subtract", '{"a": 1}', "There is no tool 'subtract'. There are: add."),
]


async def turn(caller: Caller, service: ScriptedService) -> Any:
    """Let the model call, and answer; returns the last ``voicelive.tool_done``."""
    await caller.respond("Do it.")
    done = await caller.until("voicelive.tool_done")
    await caller.until("response.done", lambda event: event.response.output[0].type == "message")
    return done


def outputs(service: ScriptedService) -> list[Any]:
    """What the service was given for the calls, in order."""
    events = service.session.events("conversation.item.create")
    items = [event.to_dict()["item"] for event in events]
    texts = [item["output"] for item in items if item["type"] == "function_call_output"]
    return [text if text.isalpha() and text != "null" else json.loads(text) for text in texts]


@pytest.mark.parametrize(
    ("one", "arguments", "outcome", "output"), ENDS, ids=lambda value: getattr(value, "name", None)
)
async def test_each_end_of_a_tool_is_answered(
    client: Client, service: ScriptedService, one: Tool, arguments: str, outcome: str, output: Any
) -> None:
    """The model gets one output, without a traceback, and one response follows."""
    service.call_tools((one.name, arguments))
    service.say("done")
    async with calling(client, service, tools=[one]) as caller:
        done = await turn(caller, service)
        assert caller.errors == []
    assert (done.name, done.outcome, json.loads(done.output)) == (one.name, outcome, output)
    assert outputs(service) == [output]
    assert len(service.session.events("response.create")) == 2


async def test_what_json_cannot_hold_is_told_to_the_model(client: Client, service: ScriptedService) -> None:
    """A result that is not JSON is a failure that names its type."""
    service.call_tools(("returns_an_object", "{}"))
    service.say("done")
    async with calling(client, service, tools=[returns_an_object]) as caller:
        done = await turn(caller, service)
    assert done.outcome == "failed"
    assert outputs(service) == [{"error": "the tool returned what JSON cannot hold: object"}]


@pytest.mark.parametrize(("name", "arguments", "told"), REFUSED)
async def test_a_tool_is_not_run_on_what_does_not_fit(
    client: Client, service: ScriptedService, name: str, arguments: str, told: str
) -> None:
    """An unknown name, and arguments that are broken or do not fit, are answered and not run."""
    service.call_tools((name, arguments))
    service.say("done")
    async with calling(client, service, tools=[add]) as caller:
        done = await turn(caller, service)
    assert done.outcome == "refused"
    (output,) = outputs(service)
    assert told in output["error"]


async def test_two_calls_of_which_one_fails_and_one_times_out(client: Client, service: ScriptedService) -> None:
    """Each is answered as it ends, beside the others, and one response follows all of them."""
    service.call_tools(("breaks", "{}"), ("sleeps", "{}"), ("add", '{"a": 1}'))
    service.say("done")
    async with calling(client, service, tools=[breaks, sleeps, add]) as caller:
        await caller.respond("Do it.")
        await caller.until("response.done", lambda event: event.response.output[0].type == "message")
        ends = {event.name: event.outcome for event in caller.of("voicelive.tool_done")}
        assert caller.errors == []
    assert ends == {"breaks": "failed", "sleeps": "timed_out", "add": "completed"}
    assert len(outputs(service)) == 3
    assert len(service.session.events("response.create")) == 2


async def test_tools_that_never_return_hold_up_no_others(client: Client, service: ScriptedService, gate: Gate) -> None:
    """A sync tool past its time is given up; more of them than may run at once leave room for the next."""

    @tool(timeout=0.05)
    def never() -> None:
        """Never return."""
        gate.hold()

    for _ in range(3):
        service.call_tools(("never", "{}"))
        service.say("done")
    service.call_tools(("add", '{"a": 1}'))
    service.say("done")
    async with calling(client, service, tools=Tools([never, add], max_concurrency=2)) as caller:
        ends = [(await turn(caller, service)).outcome for _ in range(4)]
    assert ends == ["timed_out", "timed_out", "timed_out", "completed"]


async def test_closing_does_not_wait_for_tools(client: Client, service: ScriptedService, gate: Gate) -> None:
    """close() with running tools, sync and async, hangs nothing and leaves nothing behind."""

    @tool
    def blocks() -> None:
        """Block."""
        gate.hold()

    @tool
    async def waits() -> None:
        """Wait."""
        await asyncio.sleep(DEADLINE)

    service.call_tools(("blocks", "{}"), ("waits", "{}"))
    async with calling(client, service, tools=[blocks, waits]) as caller:
        await caller.respond("Do it.")
        await caller.until("voicelive.tool_started")
        await caller.until("response.done")
        assert await asyncio.to_thread(gate.entered.wait, DEADLINE)
        started = time.monotonic()
    assert time.monotonic() - started < DEADLINE / 2
    await assert_nothing_left()
    gate.open.set()
    await eventually(
        lambda: not [one for one in threading.enumerate() if one.name.startswith(("voicelive-tool", "voicelive-call"))]
    )
    assert outputs(service) == []


async def test_a_tool_may_close_the_connection(client: Client, service: ScriptedService) -> None:
    """A tool that hangs up ends the call as close() does anywhere else."""

    if client.flavour == "sync":

        @tool
        def hang_up(context: ToolContext) -> str:
            """Hang up."""
            context.connection.close(1000, "bye")
            return "closed"
    else:

        @tool
        async def hang_up(context: ToolContext) -> str:
            """Hang up."""
            await context.connection.close(1000, "bye")
            return "closed"

    service.call_tools(("hang_up", "{}"))
    async with calling(client, service, tools=[hang_up]) as caller:
        await caller.respond("Do it.")
        with pytest.raises(ConnectionClosed):
            await caller.until("response.never")
        # close() wakes who waits before the connection has ended.
        await eventually(lambda: caller.script.close_info is not None)
        assert caller.script.close_info.code == 1000
    await service.wait_until_async(lambda: service.session.record.closed)


async def test_an_interruption_cancels_only_what_may_be(client: Client, service: ScriptedService, gate: Gate) -> None:
    """on_interrupt='cancel' stops the tool, and the model is told; the others finish."""

    @tool(on_interrupt="cancel")
    async def searches() -> None:
        """Search for long."""
        await asyncio.sleep(DEADLINE)

    @tool
    def books() -> str:
        """Book."""
        gate.hold()
        return "booked"

    service.call_tools(("searches", "{}"), ("books", "{}"))
    service.say("done")
    async with calling(client, service, tools=[searches, books], barge_in=True) as caller:
        await caller.respond("Do it.")
        await caller.until("response.done")
        await caller.interrupt()
        first = await caller.until("voicelive.tool_done")
        gate.open.set()
        second = await caller.until("voicelive.tool_done")
        await caller.until("response.done")
    assert (first.name, first.outcome) == ("searches", "cancelled")
    assert (second.name, second.outcome) == ("books", "completed")
    assert len(outputs(service)) == 2
    assert len(service.session.events("response.create")) == 2


async def test_the_user_speaks_while_a_tool_runs(client: Client, service: ScriptedService, gate: Gate) -> None:
    """The service answers the user's turn by itself: the output goes out, and no response is asked for twice."""

    @tool
    def looks_up() -> str:
        """Look something up."""
        gate.hold()
        return "found"

    service.call_tools(("looks_up", "{}"))
    service.say("yes")
    async with calling(client, service, tools=[looks_up], barge_in=True) as caller:
        await caller.respond("Do it.")
        await caller.until("response.done")
        await caller.speak(tones("hello"))
        await caller.until("response.done")
        gate.open.set()
        await caller.until("voicelive.tool_done")
        await service.wait_until_async(lambda: outputs(service) == ["found"])
        assert caller.errors == []
    assert len(service.session.events("response.create")) == 1
    assert len(service.session.responses) == 2


async def test_a_tool_without_a_wanted_response(client: Client, service: ScriptedService) -> None:
    """respond=False: the output goes out, and no response is asked for."""

    @tool(respond=False)
    def notes(text: str) -> None:
        """Note something."""

    service.call_tools(("notes", '{"text": "x"}'))
    async with calling(client, service, tools=[notes]) as caller:
        handle = await caller.respond("Do it.")
        await caller.until("voicelive.tool_done")
        await caller.wait(handle)
        await service.wait_until_async(lambda: outputs(service) == [None])
    assert len(service.session.events("response.create")) == 1


async def test_the_context_is_that_of_the_call(client: Client, service: ScriptedService) -> None:
    """A tool gets the connection, the id of its call, and one dictionary for the whole call."""
    seen: list[ToolContext] = []

    @tool
    def counts(context: ToolContext) -> int:
        """Count."""
        seen.append(context)
        context.state["count"] = count = int(context.state.get("count", 0)) + 1
        return count

    for _ in range(2):
        service.call_tools(("counts", ""))
        service.say("done")
    async with calling(client, service, tools=[counts]) as caller:
        await turn(caller, service)
        done = await turn(caller, service)
        assert seen[1].connection is caller.script.connection
    assert outputs(service) == [1, 2]
    assert seen[1].call_id == done.call_id


async def test_a_tool_outlives_a_break_of_the_connection(client: Client, service: ScriptedService, gate: Gate) -> None:
    """Under a policy the tool goes on over a break, and its output goes to the session that follows."""

    @tool
    def looks_up() -> str:
        """Look something up."""
        gate.hold()
        return "found"

    service.call_tools(("looks_up", "{}"))
    service.say("done")
    policy = ReconnectPolicy(initial_delay=0.01, max_delay=0.1)
    with Relay(lambda: int(service.endpoint.rsplit(":", 1)[1])) as relay:
        async with client.connect(relay.endpoint, tools=[looks_up], reconnect=policy) as script:
            caller = Caller(script)
            await caller.until("session.created")
            await caller.respond("Do it.")
            await caller.until("response.done")
            relay.cut()
            await caller.until("voicelive.restored")
            gate.open.set()
            done = await caller.until("voicelive.tool_done")
            last = await caller.until("response.done")
            assert caller.errors == []
    assert done.outcome == "completed"
    assert last.response.output[0].type == "message"
    assert service.sessions[-1].tool_outputs("looks_up") == ["found"]
    assert len(service.sessions[-1].events("response.create")) == 1


async def test_many_turns_with_tools(client: Client, service: ScriptedService) -> None:
    """Sixty random turns: one response for each request and for each round of calls, one output for each call."""
    rng = random.Random(client.flavour)
    calls = rounds = 0
    async with calling(client, service, tools=[add, add_soon, breaks, refuses], barge_in=True) as caller:
        for _ in range(60):
            kind = rng.choice(["say", "tools", "interrupted", "unknown"])
            if kind in ("tools", "unknown"):
                names = rng.choices(["add", "add_soon", "breaks", "refuses"], k=rng.randint(1, 3))
                names = [*names, "nothing"] if kind == "unknown" else names
                service.call_tools(*((name, '{"a": 1}' if name.startswith("add") else "{}") for name in names))
                calls, rounds = calls + len(names), rounds + 1
            service.say("one two three")
            handle = await caller.respond("Go on.")
            await caller.until("response.done", lambda event: event.response.output[0].type == "message")
            if kind == "interrupted":
                await caller.played(rng.randint(0, 900))
                await caller.interrupt()
            assert (await caller.wait(handle)).status == "completed"
        assert caller.errors == []
        metrics = await caller.script.do(lambda connection: connection.metrics)
    session = service.session
    assert len(session.responses) == len(session.events("response.create")) == 60 + rounds
    answered = [event.to_dict()["item"].get("call_id") for event in session.events("conversation.item.create")]
    answered = [call_id for call_id in answered if call_id is not None]
    assert len(answered) == len(set(answered)) == calls
    assert len(metrics.turns) == 60
