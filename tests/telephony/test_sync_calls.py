"""Calls that a synchronous agent answers: a plain function, in a thread, on a WebSocket that blocks."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from voicelive import ConfigurationError, VoiceLiveConnection, connect
from voicelive.agents import agent
from voicelive.telephony import (
    Call,
    CallLimits,
    GenesysLine,
    SyncCall,
    TwilioLine,
    answer,
    answer_sync,
    bridge_sync,
    call_of,
    end_call_tool,
    transfer_tool,
)
from voicelive.testing import LineName, ScriptedService, phone_call

from ..clients.conversing import eventually
from .agents import DEADLINE, LINES

pytestmark = pytest.mark.voicelive(timeout=60)

LONG = "One two three four five six seven eight nine ten."


class Agent:
    """Receives until the call ends, and keeps the events."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.threads: set[int] = set()

    def __call__(self, connection: VoiceLiveConnection) -> None:
        for event in connection:
            self.threads.add(threading.get_ident())
            self.events.append(event)

    def of(self, kind: str) -> list[Any]:
        return [event for event in self.events if event.type == kind]

    async def until(self, kind: str, count: int = 1) -> Any:
        """Wait for the `count`-th event of a type."""
        deadline = time.monotonic() + DEADLINE
        while len(found := self.of(kind)) < count:
            assert time.monotonic() < deadline, [event.type for event in self.events]
            await asyncio.sleep(0.01)
        return found[count - 1]


@pytest.mark.parametrize("line", LINES)
async def test_a_question_and_its_answer(voicelive_environment: ScriptedService, line: LineName) -> None:
    """What the caller says is understood, and the answer is heard to its end; the figures are those of the line."""
    service, speaking = voicelive_environment, Agent()
    service.say("At nine.")
    async with phone_call(speaking, line, model="gpt-4o") as caller:
        await caller.say(service.speech("When?", **caller.format))
        await caller.quiet()
    assert service.understand(caller.heard, **caller.format) == "At nine."
    (heard,) = speaking.of("conversation.item.input_audio_transcription.completed")
    assert heard.transcript == "When?"
    begun, ended = speaking.of("voicelive.line")
    assert (begun.state, begun.line, begun.caller, ended.state) == ("started", line, "+15550100", "ended")
    summary = caller.summary
    assert (summary.outcome, summary.line, summary.caller) == ("hung_up", line, "+15550100")
    assert summary.heard_ms == summary.sent_ms == caller.heard_ms
    assert (summary.interruptions, summary.faults, summary.input_dropped_ms) == (0, {}, 0)


@pytest.mark.parametrize("line", LINES)
async def test_the_caller_interrupts(voicelive_environment: ScriptedService, line: LineName) -> None:
    """At a barge-in the far end drops what it has, and the service is told what the far end heard."""
    service, speaking = voicelive_environment, Agent()
    service.say(LONG)
    service.say("Go on.")
    async with phone_call(speaking, line, model="gpt-4o") as caller:
        await caller.say(service.speech("Count.", **caller.format))
        await caller.hears(700)
        await caller.say(service.speech("Stop.", **caller.format))
        interrupted = await speaking.until("voicelive.interrupted")
        await speaking.until("response.done", 2)
        await caller.quiet()
    assert caller.summary.interruptions == 1
    assert interrupted.heard_ms > 0
    assert interrupted.unheard_ms > 0
    (truncated,) = speaking.of("conversation.item.truncated")
    assert truncated.audio_end_ms == interrupted.heard_ms
    assert 0 < caller.summary.cleared_ms <= interrupted.unheard_ms + 1


async def test_keys_are_events_and_messages(voicelive_environment: ScriptedService) -> None:
    """Keys that belong together are answered as the user's words, also in the middle of a synchronous iteration."""
    service, speaking = voicelive_environment, Agent()
    service.say("Sales.")
    async with phone_call(speaking, "twilio", model="gpt-4o", digits="message") as caller:
        await speaking.until("session.updated")
        await caller.press("12#")
        await speaking.until("response.done")
        await caller.quiet()
    assert [event.digit for event in speaking.of("voicelive.dtmf")] == ["1", "2", "#"]
    assert "12" in getattr(service.requests[0].conversation[-1], "text", "")
    assert service.understand(caller.heard, **caller.format) == "Sales."


async def test_the_model_ends_the_call(voicelive_environment: ScriptedService) -> None:
    """After `end_call` the call ends once the last words have been heard."""
    service, tools = voicelive_environment, [end_call_tool()]
    service.call_tool("end_call", {}, say="Goodbye.")

    @agent(model="gpt-4o", tools=tools)
    def polite(connection: VoiceLiveConnection) -> None:
        connection.session.update(session={"tools": [one.definition for one in tools]})
        for _ in connection:
            pass

    async with phone_call(polite, "twilio") as caller:
        await caller.say(service.speech("Bye.", **caller.format))
        await caller.until_ended()
    assert service.understand(caller.heard, **caller.format) == "Goodbye."
    assert caller.summary.outcome == "finished"
    assert caller.summary.heard_ms == caller.summary.sent_ms > 0


class Exchange:
    """Stands for the vendor's interface for calls, as its package has it: methods that block."""

    def __init__(self) -> None:
        self.done: list[tuple[str, ...]] = []
        self.threads: set[str] = set()

    def hang_up(self, call: Call) -> None:
        self.threads.add(threading.current_thread().name)
        self.done.append(("hang_up", call.call_id))

    def transfer(self, call: Call, target: str) -> None:
        self.threads.add(threading.current_thread().name)
        self.done.append(("transfer", call.call_id, target))


@pytest.mark.parametrize("by", ["the model", "the agent"])
async def test_a_call_is_transferred(voicelive_environment: ScriptedService, by: str) -> None:
    """By the model's tool or by the program itself, once what is being said was heard; nothing blocks the loop."""
    service, exchange, tools = voicelive_environment, Exchange(), [transfer_tool({"sales": "+15550111"})]
    found: list[SyncCall] = []
    if by == "the model":
        service.call_tool("transfer_call", {"to": "sales"}, say="One moment.")

    def receptionist(connection: VoiceLiveConnection) -> None:
        found.append(call_of(connection))
        connection.session.update(session={"tools": [one.definition for one in tools]})
        if by == "the agent":
            connection.say("One moment.").wait(timeout=DEADLINE)
            found[0].transfer("+15550111")
        for _ in connection:
            pass

    async with phone_call(receptionist, "twilio", model="gpt-4o", tools=tools, control=exchange) as caller:
        if by == "the model":
            await caller.say(service.speech("Sales.", **caller.format))
        await caller.until_ended()
    assert caller.summary.outcome == "transferred"
    assert service.understand(caller.heard, **caller.format) == "One moment."
    assert exchange.done == [("transfer", caller.summary.call_id, "+15550111")]
    assert "voicelive-loop" not in exchange.threads
    assert found[0].was_transferred
    assert found[0].is_ending
    assert found[0].caller == "+15550100"


@pytest.mark.parametrize("line", LINES)
async def test_an_agent_that_returns_ends_the_call(voicelive_environment: ScriptedService, line: LineName) -> None:
    """The call ends once what the agent has said was heard; the vendor's interface is asked to hang up."""
    exchange = Exchange()

    def announcement(connection: VoiceLiveConnection) -> None:
        connection.say("Closed.")

    async with phone_call(announcement, line, model="gpt-4o", control=exchange) as caller:
        await caller.until_ended()
    assert voicelive_environment.understand(caller.heard, **caller.format) == "Closed."
    assert caller.summary.outcome == "finished"
    assert exchange.done == [("hang_up", caller.summary.call_id)]


async def test_an_agent_that_fails_ends_the_call(
    voicelive_environment: ScriptedService, caplog: pytest.LogCaptureFixture
) -> None:
    """What it raised is logged and told; nobody is left on a line that nothing answers."""

    def broken(connection: VoiceLiveConnection) -> None:
        raise ZeroDivisionError

    async with phone_call(broken, "genesys", model="gpt-4o") as caller:
        await caller.until_ended()
    assert (caller.summary.outcome, caller.summary.detail) == ("agent_failed", "the agent raised ZeroDivisionError")
    assert "the agent failed" in caplog.text


async def test_the_service_ends_first(voicelive_environment: ScriptedService) -> None:
    """A connection that breaks ends the call on the line, and the agent's wait."""
    voicelive_environment.faults.add("close:1011@event=session.updated")

    def waiting(connection: VoiceLiveConnection) -> None:
        connection.wait_for("response.done", timeout=DEADLINE)

    async with phone_call(waiting, "twilio", model="gpt-4o") as caller:
        await caller.until_ended()
    assert caller.summary.outcome == "service_ended"
    assert caller.summary.detail.startswith("1011")


async def test_an_agent_that_is_behind_learns_of_the_end(voicelive_environment: ScriptedService) -> None:
    """Closing drops what was not received; an agent that was at work when the caller hung up gets the end first."""
    at_work, may_go_on = threading.Event(), threading.Event()
    states: list[str] = []

    def busy(connection: VoiceLiveConnection) -> None:
        for event in connection:
            if event.type == "voicelive.line":
                states.append(event.state)
                at_work.set()
                may_go_on.wait(DEADLINE)

    async with phone_call(busy, "twilio", model="gpt-4o") as caller:
        assert await asyncio.to_thread(at_work.wait, DEADLINE)
        threading.Timer(0.5, may_go_on.set).start()
    assert caller.summary.outcome == "hung_up"
    assert states == ["started", "ended"]


async def test_a_service_that_cannot_be_reached() -> None:
    """The caller is not left waiting, and what was wrong is told."""
    async with phone_call(Agent(), "genesys", endpoint="http://127.0.0.1:1", model="gpt-4o") as caller:
        await caller.until_ended()
    assert caller.summary.outcome == "service_ended"
    assert "ConnectionError" in caller.summary.detail


async def test_a_call_may_take_only_so_long(voicelive_environment: ScriptedService) -> None:
    """A limit ends the call, and the agent's iteration with it."""
    async with phone_call(Agent(), "twilio", model="gpt-4o", limits=CallLimits(silent_seconds=0.3)) as caller:
        caller.go_silent()
        await caller.until_ended()
    assert caller.summary.outcome == "silent"


class Socket:
    """A WebSocket that blocks and knows no limit of time, as those of gevent: None is its end."""

    def __init__(self, *messages: str) -> None:
        self._messages = list(messages)
        self.sent: list[str | bytes] = []
        self.is_closed = False

    def receive(self) -> str | None:
        return self._messages.pop(0) if self._messages else None

    def send(self, message: str | bytes) -> None:
        self.sent.append(message)

    def close(self) -> None:
        self.is_closed = True


def threads_of_lines() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("voicelive-line-")]


async def test_a_websocket_on_which_nobody_calls() -> None:
    """No session is opened for it, it is closed, and no thread stays."""
    socket = Socket()
    summary = await asyncio.to_thread(answer_sync, Agent(), socket, TwilioLine(), model="gpt-4o")
    assert summary.outcome == "not_started"
    assert socket.is_closed
    await eventually(lambda: not threads_of_lines())


class Patient(Socket):
    """A WebSocket that is closed by its peer when that is wished."""

    def __init__(self, *messages: str) -> None:
        super().__init__(*messages)
        self.may_end = threading.Event()

    def receive(self) -> str | None:
        if not self._messages:
            self.may_end.wait(DEADLINE)
        return super().receive()


async def test_a_bridge_without_an_agent(voicelive_environment: ScriptedService) -> None:
    """The connection is the program's: it opens it, receives its events in a thread of its own, and finds the call."""
    from tests.core.lines import frames

    def carry() -> Any:
        with connect(model="gpt-4o", barge_in=True) as connection:
            states: list[str] = []
            socket = Patient(frames.TWILIO_START)

            def receive() -> None:
                for event in connection:
                    if event.type == "voicelive.line":
                        states.append(f"{event.state} {call_of(connection).call_id}")
                        socket.may_end.set()

            receiving = threading.Thread(target=receive)
            receiving.start()
            summary = bridge_sync(connection, socket, TwilioLine())
            receiving.join(DEADLINE)
            return summary, states, connection.close_info

    summary, states, ended = await asyncio.to_thread(carry)
    assert summary.outcome == "hung_up"
    assert states[0] == f"started {summary.call_id}"
    assert ended.code == 1000


class Never(Patient):
    """A WebSocket whose peer never reads: sending blocks until it is closed by force."""

    def send(self, message: str | bytes) -> None:
        self.may_end.wait(DEADLINE)
        raise OSError

    def close(self) -> None:
        self.may_end.set()


async def test_a_line_that_never_reads(voicelive_environment: ScriptedService) -> None:
    """The call ends as stalled, and closing the WebSocket ends the thread that sends."""
    from tests.core.lines import frames

    def talkative(connection: VoiceLiveConnection) -> None:
        connection.say("Hello.")
        for _ in connection:
            pass

    socket, limits = Never(frames.TWILIO_START), CallLimits(stalled_seconds=0.5)
    summary = await asyncio.to_thread(answer_sync, talkative, socket, TwilioLine(), limits=limits, model="gpt-4o")
    assert summary.outcome == "stalled"
    await eventually(lambda: not threads_of_lines())


class Coroutines:
    """A WebSocket for asyncio."""

    async def receive(self) -> str:
        raise AssertionError

    async def send(self, message: str | bytes) -> None:
        raise AssertionError


WRONG: list[tuple[str, Any, Any, str]] = [
    ("a WebSocket for asyncio", Agent(), Coroutines(), "use answer"),
    ("something that is not a WebSocket", Agent(), object(), "is not a WebSocket"),
    ("an agent for asyncio", Coroutines().receive, Socket(), "agent takes a function"),
]


@pytest.mark.parametrize(("shows", "answering", "socket", "expected"), WRONG, ids=[row[0] for row in WRONG])
def test_what_cannot_be_answered(shows: str, answering: Any, socket: Any, expected: str) -> None:
    """Each row: a mistake, and what is said of it."""
    with pytest.raises(ConfigurationError, match=expected):
        answer_sync(answering, socket, GenesysLine())


async def test_a_websocket_that_blocks_is_not_for_asyncio() -> None:
    """Given to `answer()`, it is named with what takes it; the call is not said to have been hung up."""

    async def waiting(connection: Any) -> None:
        raise AssertionError

    with pytest.raises(ConfigurationError, match="use answer_sync"):
        await answer(waiting, Socket("{}"), TwilioLine())
