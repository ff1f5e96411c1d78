"""Calls on each line, by a caller over a real WebSocket: what is heard on both sides, and how calls end."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import time
from typing import Any

import pytest

from voicelive import ConfigurationError
from voicelive._telephony.bridge import Bridge
from voicelive.agents import agent
from voicelive.aio import VoiceLiveConnection, connect
from voicelive.telephony import (
    Call,
    CallLimits,
    GenesysLine,
    TwilioLine,
    answer,
    bridge,
    call_of,
    end_call_tool,
    transfer_tool,
)
from voicelive.testing import LineName, ScriptedService, phone_call

from ..clients.conversing import eventually
from .agents import DEADLINE, LINES, Agent

pytestmark = pytest.mark.voicelive(timeout=60)

LONG = "One two three four five six seven eight nine ten."


@pytest.mark.parametrize("line", LINES)
async def test_a_question_and_its_answer(voicelive_environment: ScriptedService, line: LineName) -> None:
    """What the caller says is understood, and the answer is heard to its end, with nothing converted in between."""
    service, speaking = voicelive_environment, Agent()
    service.say("At nine.")
    async with phone_call(speaking, line, model="gpt-4o") as caller:
        await caller.say(service.speech("When?", **caller.format))
        await caller.quiet()
    assert service.understand(caller.heard, **caller.format) == "At nine."
    assert [event.transcript for event in speaking.of("conversation.item.input_audio_transcription.completed")] == [
        "When?"
    ]
    (begun, ended) = speaking.of("voicelive.line")
    assert (begun.state, begun.line, begun.caller, ended.state) == ("started", line, "+15550100", "ended")
    summary = caller.summary
    assert (summary.outcome, summary.line, summary.caller, summary.called) == (
        "hung_up",
        line,
        "+15550100",
        "+15550199",
    )
    assert summary.heard_ms == summary.sent_ms == caller.heard_ms
    assert (summary.interruptions, summary.faults, summary.input_dropped_ms) == (0, {}, 0)
    session = speaking.of("session.updated")[-1].session
    assert session.output_audio_format == ("pcm16" if line == "acs" else "g711_ulaw")


@pytest.mark.parametrize("line", LINES)
async def test_the_caller_interrupts(voicelive_environment: ScriptedService, line: LineName) -> None:
    """At a barge-in the far end drops what it has; what the service keeps of the answer is what the far end heard."""
    service, speaking = voicelive_environment, Agent()
    service.say(LONG)
    service.say("Go on.")
    async with phone_call(speaking, line, model="gpt-4o") as caller:
        await caller.say(service.speech("Count.", **caller.format))
        await caller.hears(700)
        await caller.say(service.speech("Stop.", **caller.format))
        interrupted = await speaking.until("voicelive.interrupted")
        heard_ms = caller.heard_ms
        await speaking.until("response.done", 2)
        await caller.quiet()
    assert caller.summary.interruptions == 1
    # To the millisecond it is shown by a clock that is turned, in tests/testing/test_far_end.py.
    assert interrupted.heard_ms > 0
    assert interrupted.unheard_ms > 0
    assert LONG.startswith(interrupted.heard_text)
    (truncated,) = speaking.of("conversation.item.truncated")
    assert truncated.audio_end_ms == interrupted.heard_ms
    # The rest never reached the ear: neither from the line's buffer, nor late.
    everything_ms = interrupted.heard_ms + interrupted.unheard_ms
    answer_ms = caller.heard_ms - heard_ms
    assert 0 < caller.summary.cleared_ms <= interrupted.unheard_ms + 1
    assert answer_ms < everything_ms


@pytest.mark.parametrize("line", LINES)
async def test_keys_are_events_and_messages(voicelive_environment: ScriptedService, line: LineName) -> None:
    """Each key is told; where it is wished, keys that belong together are answered as the user's words."""
    service, speaking = voicelive_environment, Agent()
    service.say("Sales.")
    async with phone_call(speaking, line, model="gpt-4o", digits="message") as caller:
        await speaking.until("session.updated")
        await caller.press("12#")
        await speaking.until("response.done")
        await caller.quiet()
    assert [event.digit for event in speaking.of("voicelive.dtmf")] == ["1", "2", "#"]
    assert (
        getattr(service.requests[0].conversation[-1], "text", None) == "The caller pressed 12 on the telephone's keys."
    )
    assert caller.summary.digits == 3


@pytest.mark.parametrize("line", LINES)
async def test_the_model_ends_the_call(voicelive_environment: ScriptedService, line: LineName) -> None:
    """After `end_call` the call ends once the goodbye has been heard, and not before."""
    service = voicelive_environment
    service.call_tool("end_call", {}, say="Goodbye.")

    @agent(model="gpt-4o", tools=[end_call_tool()])
    async def polite(connection: VoiceLiveConnection) -> None:
        await connection.session.update(session={"tools": [end_call_tool().definition]})
        async for _ in connection:
            pass

    async with phone_call(polite, line) as caller:
        await caller.say(service.speech("Bye.", **caller.format))
        await caller.until_ended()
    assert service.understand(caller.heard, **caller.format) == "Goodbye."
    assert caller.summary.outcome == "finished"
    assert caller.summary.heard_ms == caller.summary.sent_ms > 0


class Exchange:
    """Stands for the vendor's interface for calls."""

    def __init__(self) -> None:
        self.done: list[tuple[str, ...]] = []

    async def hang_up(self, call: Call) -> None:
        self.done.append(("hang_up", call.call_id))

    async def transfer(self, call: Call, target: str) -> None:
        self.done.append(("transfer", call.call_id, target))


@pytest.mark.parametrize("line", LINES)
async def test_the_model_transfers_the_call(voicelive_environment: ScriptedService, line: LineName) -> None:
    """The model names whom it was told of, never a number; Genesys is told by the flow's variables."""
    service, exchange = voicelive_environment, Exchange()
    tools = [transfer_tool({"sales": "+15550111"})]
    service.call_tool("transfer_call", {"to": "police"})
    service.call_tool("transfer_call", {"to": "sales"}, say="One moment.")

    async def receptionist(connection: VoiceLiveConnection) -> None:
        await connection.session.update(session={"tools": [one.definition for one in tools]})
        refused = await connection.wait_for("voicelive.tool_done", timeout=DEADLINE)
        assert refused.outcome == "failed"
        await connection.respond()
        async for _ in connection:
            pass

    control = None if line == "genesys" else exchange
    async with phone_call(receptionist, line, model="gpt-4o", tools=tools, control=control) as caller:
        await caller.say(service.speech("Sales.", **caller.format))
        await caller.until_ended()
    assert caller.summary.outcome == "transferred"
    assert service.understand(caller.heard, **caller.format) == "One moment."
    if line == "genesys":
        assert caller.output_variables == {"transfer_to": "+15550111"}
    else:
        assert exchange.done == [("transfer", caller.summary.call_id, "+15550111")]


async def test_a_vendor_that_does_not_end_the_call(
    voicelive_environment: ScriptedService, caplog: pytest.LogCaptureFixture
) -> None:
    """The session and the WebSocket end all the same; the log says which call may go on, and nobody's number."""

    class Refusing(Exchange):
        async def hang_up(self, call: Call) -> None:
            raise ConnectionError(f"cannot end the call of {call.caller}")

    async def announcement(connection: VoiceLiveConnection) -> None:
        await connection.say("Closed.")

    async with phone_call(announcement, "acs", model="gpt-4o", control=Refusing()) as caller:
        await caller.until_ended()
    assert caller.summary.outcome == "finished"
    said = f"the call {caller.summary.call_id} could not be ended at the vendor: ConnectionError"
    assert [record.getMessage() for record in caplog.records if record.name == "voicelive.telephony"] == [said]


async def test_keys_leave_nothing_behind(voicelive_environment: ScriptedService) -> None:
    """Of each message that keys make nothing is kept once it was sent."""
    for _ in range(3):
        voicelive_environment.say("Yes.")
    async with phone_call(Agent(), "twilio", model="gpt-4o", digits="message") as caller:
        for _ in range(3):
            heard = caller.heard_ms
            await caller.press("1#")
            await caller.hears(heard + 1)
            await caller.quiet()
        (tasks,) = [
            [task.get_name() for task in one._tasks]
            for one in gc.get_objects()
            if isinstance(one, Bridge) and one.call is not None and one.call.call_id == caller.call_id
        ]
    assert tasks == ["voicelive-call"] * 5


@pytest.mark.parametrize("line", LINES)
async def test_an_agent_that_returns_ends_the_call(voicelive_environment: ScriptedService, line: LineName) -> None:
    """The call ends once what the agent has said was heard; the vendor's interface is asked to hang up."""
    exchange, found = Exchange(), []

    async def announcement(connection: VoiceLiveConnection) -> None:
        found.append(call_of(connection))
        await connection.say("Closed.")

    async with phone_call(announcement, line, model="gpt-4o", control=exchange) as caller:
        await caller.until_ended()
    assert voicelive_environment.understand(caller.heard, **caller.format) == "Closed."
    assert caller.summary.outcome == "finished"
    assert exchange.done == [("hang_up", found[0].call_id)]
    assert found[0].is_ending
    assert not found[0].was_transferred


async def test_an_agent_that_fails_ends_the_call(
    voicelive_environment: ScriptedService, caplog: pytest.LogCaptureFixture
) -> None:
    """What it raised is logged and told; nobody is left on a line that nothing answers."""

    async def broken(connection: VoiceLiveConnection) -> None:
        raise ZeroDivisionError

    async with phone_call(broken, "genesys", model="gpt-4o") as caller:
        await caller.until_ended()
    assert (caller.summary.outcome, caller.summary.detail) == ("agent_failed", "the agent raised ZeroDivisionError")
    assert "the agent failed" in caplog.text


async def test_an_agent_that_is_behind_learns_of_the_end(voicelive_environment: ScriptedService) -> None:
    """Closing drops what was not received; an agent that was at work when the caller hung up gets the end first."""
    at_work, may_go_on = asyncio.Event(), asyncio.Event()
    states: list[str] = []

    async def busy(connection: VoiceLiveConnection) -> None:
        async for event in connection:
            if event.type == "voicelive.line":
                states.append(event.state)
                at_work.set()
                await may_go_on.wait()

    async with phone_call(busy, "twilio", model="gpt-4o") as caller:
        await at_work.wait()
        asyncio.get_running_loop().call_later(0.5, may_go_on.set)
    assert caller.summary.outcome == "hung_up"
    assert states == ["started", "ended"]


@pytest.mark.parametrize("line", LINES)
async def test_the_service_ends_first(voicelive_environment: ScriptedService, line: LineName) -> None:
    """A connection that breaks ends the call on the line too."""
    voicelive_environment.faults.add("close:1011@event=session.updated")
    async with phone_call(Agent(), line, model="gpt-4o") as caller:
        await caller.until_ended()
    assert caller.summary.outcome == "service_ended"
    assert caller.summary.detail.startswith("1011")


async def test_a_service_that_cannot_be_reached(caplog: pytest.LogCaptureFixture) -> None:
    """The caller is not left waiting, and what was wrong is told."""
    options: dict[str, Any] = {"endpoint": "http://127.0.0.1:1", "model": "gpt-4o"}
    async with phone_call(Agent(), "genesys", **options) as caller:
        await caller.until_ended()
    assert caller.summary.outcome == "service_ended"
    assert "ConnectionError" in caller.summary.detail or "Error" in caller.summary.detail


async def test_a_session_in_another_format_is_converted(voicelive_environment: ScriptedService) -> None:
    """An agent that asks for another format is understood and heard all the same."""
    service = voicelive_environment
    speaking = Agent(input_audio_format="pcm16", input_audio_sampling_rate=24000, output_audio_format="pcm16")
    service.say("At nine.")
    async with phone_call(speaking, "twilio", model="gpt-4o") as caller:
        await speaking.until("session.updated", 2)
        await caller.say(service.speech("When?", **caller.format))
        await caller.quiet()
    assert service.understand(caller.heard, **caller.format) == "At nine."
    heard = speaking.of("conversation.item.input_audio_transcription.completed")
    assert [event.transcript for event in heard] == ["When?"]
    assert caller.summary.heard_ms == caller.heard_ms
    # What was played counted in the session's bytes: the state follows it to the end.
    assert [event.state for event in speaking.of("voicelive.state")][-2:] == ["speaking", "listening"]


async def test_jitter_and_a_line_that_breaks(voicelive_environment: ScriptedService) -> None:
    """Late frames lose nothing; a WebSocket that ends without a word ends the call."""
    service, speaking = voicelive_environment, Agent()
    service.say("At nine.")
    async with phone_call(speaking, "twilio", model="gpt-4o", jitter_ms=60) as caller:
        await caller.say(service.speech("When?", **caller.format))
        await caller.quiet()
        await caller.drop()
    assert service.understand(caller.heard, **caller.format) == "At nine."
    assert caller.summary.outcome == "hung_up"


async def test_an_event_loop_that_stood_still(voicelive_environment: ScriptedService) -> None:
    """What the line sends while the program does something else is heard as it was said, with no silence within."""
    service, speaking = voicelive_environment, Agent()
    service.say("At nine.")
    async with phone_call(speaking, "twilio", model="gpt-4o") as caller:
        saying = asyncio.create_task(caller.say(service.speech("When do you open on a Sunday?", **caller.format)))
        for frames in (20, 80):
            await eventually(lambda frames=frames: caller.frames_sent > frames)  # type: ignore[misc]
            time.sleep(0.8)  # noqa: ASYNC251 - as said
        await saying
        await caller.quiet()
    (heard,) = speaking.of("conversation.item.input_audio_transcription.completed")
    assert heard.transcript == "When do you open on a Sunday?"
    assert caller.summary.filled_ms == 0


LIMITS: list[tuple[str, CallLimits, str]] = [
    ("a call may take only so long", CallLimits(seconds=0.3), "too_long"),
    ("a line that sends nothing", CallLimits(silent_seconds=0.3), "silent"),
]


@pytest.mark.parametrize(("shows", "limits", "outcome"), LIMITS, ids=[row[0] for row in LIMITS])
async def test_limits_end_the_call(
    voicelive_environment: ScriptedService, shows: str, limits: CallLimits, outcome: str
) -> None:
    """Each row: what a call may take, and what it ends as."""
    async with phone_call(Agent(), "twilio", model="gpt-4o", limits=limits) as caller:
        caller.go_silent()
        await caller.until_ended()
    assert caller.summary.outcome == outcome


async def test_silence_takes_the_place_of_what_the_line_leaves_out(voicelive_environment: ScriptedService) -> None:
    """A line that stops sending within a turn does not hold up its end: the service hears silence, and answers."""
    service, speaking = voicelive_environment, Agent()
    service.say("At nine.")
    async with phone_call(speaking, "twilio", model="gpt-4o") as caller:
        await caller.say(service.speech("When?", silence_ms=0, **caller.format))
        caller.go_silent()
        await caller.quiet()
    assert service.understand(caller.heard, **caller.format) == "At nine."
    assert caller.summary.filled_ms > 0


async def test_a_line_that_says_what_cannot_be(voicelive_environment: ScriptedService) -> None:
    """A few faults are counted; too many end the call."""
    async with phone_call(Agent(), "twilio", model="gpt-4o", limits=CallLimits(faults=3)) as caller:
        for message in ("{", '{"event":"start","start":{"streamSid":"MZ1"}}', "[]"):
            await caller.send_raw(message)
        await caller.until_ended()
    assert caller.summary.outcome == "faulty"
    assert caller.summary.faults == {"not_json": 1, "second_stream": 1, "not_understood": 1}


class Silent:
    """A WebSocket on which nobody says anything; with `opening`, not a word after it."""

    def __init__(self, *opening: str) -> None:
        self.opening = list(opening)
        self.sent: list[str | bytes] = []
        self.is_closed = False

    async def receive(self) -> str | bytes:
        if self.opening:
            return self.opening.pop(0)
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    async def send(self, message: str | bytes) -> None:
        self.sent.append(message)

    async def close(self) -> None:
        self.is_closed = True


async def test_no_session_is_opened_for_nobody() -> None:
    """Where the line does not say which call it is, the service is not asked: nothing listens at this endpoint."""
    stream = Silent()
    summary = await answer(Agent(), stream, TwilioLine(), limits=CallLimits(start_seconds=0.05), endpoint="http://x")
    assert (summary.outcome, summary.call_id, stream.is_closed) == ("not_started", "", True)


async def test_a_probe_is_answered_and_no_more() -> None:
    """Genesys tries by sessions of nobody's: they are opened and closed, and the service is not asked."""
    from tests.core.lines import frames

    nobody = "00000000-0000-0000-0000-000000000000"
    stream = Silent(frames.genesys_open(conversationId=nobody), frames.genesys("close", 2, reason="end"))
    summary = await answer(Agent(), stream, GenesysLine(), endpoint="http://x")
    assert summary.outcome == "probe"
    assert [json.loads(message)["type"] for message in stream.sent] == ["opened", "closed"]
    assert stream.is_closed


class Deaf(Silent):
    """A line that never reads, or only the first `reads` messages: sending to it never returns."""

    reads = 0

    async def send(self, message: str | bytes) -> None:
        if self.reads:
            self.reads -= 1
            return
        await asyncio.get_running_loop().create_future()


async def test_what_cannot_be_bridged(voicelive_environment: ScriptedService) -> None:
    """Each is refused by name before anything is sent."""
    async with connect(model="gpt-4o") as plain:
        with pytest.raises(ConfigurationError, match="barge_in"):
            await bridge(plain, Silent(), TwilioLine())
    async with connect(model="gpt-4o", metrics=True) as measured:
        with pytest.raises(ConfigurationError, match="barge_in=True"):
            await bridge(measured, Silent(), TwilioLine())
    async with connect(model="gpt-4o", barge_in=True) as connection:
        with pytest.raises(ConfigurationError, match="not a WebSocket"):
            await bridge(connection, object(), TwilioLine())
        with pytest.raises(ConfigurationError, match="TwilioLine"):
            await bridge(connection, Silent(), "twilio")  # type: ignore[arg-type] # pyright: ignore
        with pytest.raises(ConfigurationError, match="digits"):
            await bridge(connection, Silent(), TwilioLine(), digits="tones")  # type: ignore[arg-type] # pyright: ignore
    with pytest.raises(ConfigurationError, match="CallLimits"):
        CallLimits(seconds=0)
    with pytest.raises(ConfigurationError, match="at least one"):
        transfer_tool({})


async def test_a_cancelled_call_leaves_nothing(voicelive_environment: ScriptedService) -> None:
    """Whoever carries the call may be cancelled: both sides are closed all the same."""
    from tests.core.lines import frames

    stream, speaking = Silent(frames.TWILIO_START), Agent()
    task = asyncio.create_task(answer(speaking, stream, TwilioLine(), model="gpt-4o"))
    await speaking.until("session.updated")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stream.is_closed
    assert speaking.connection is not None
    assert speaking.connection.close_info is not None


async def test_sound_is_in_the_lines_format_from_the_first_frame(voicelive_environment: ScriptedService) -> None:
    """What the caller sends before the service has confirmed the format is not converted to the one before."""
    from tests.core.lines import frames

    opening = [frames.TWILIO_START, *[frames.TWILIO_MEDIA] * 5]
    stream, speaking = Silent(*opening), Agent()
    task = asyncio.create_task(answer(speaking, stream, TwilioLine(), model="gpt-4o"))
    await speaking.until("session.updated")
    await eventually(lambda: len(voicelive_environment.session.events("input_audio_buffer.append")) > 0)
    task.cancel()
    await asyncio.wait({task})
    first = voicelive_environment.session.events("input_audio_buffer.append")[0]
    assert base64.b64decode(getattr(first, "audio", "")).startswith(frames.SOUND)
