"""Responders as a client sees them: scripted ones, those that wait in the event loop, and every end of an answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from voicelive.local import Engines, LocalService
from voicelive.local.engines import (
    AnyResponder,
    FunctionCall,
    Incomplete,
    MessageTurn,
    ResponderError,
    ResponderOutput,
    ResponderRequest,
    ScriptedResponder,
    ScriptedTurn,
    TextChunk,
    ToneTranscriber,
    Transcript,
)

from .helpers import DEADLINE, Client, Event, connected, tones, types


async def client_of(stack: AsyncExitStack, responder: AnyResponder) -> Client:
    """Return a connection, for text only, to a service that answers with `responder`."""
    engines = replace(Engines.basic(), responder=responder)
    service = await stack.enter_async_context(LocalService(engines=engines))
    client = await stack.enter_async_context(connected(service))
    await client.update(modalities=["text"])
    return client


async def ask(client: Client, text: str = "go") -> dict[str, Any]:
    """Ask for an answer; return the finished response."""
    await client.say(text)
    await client.send("response.create")
    done: dict[str, Any] = (await client.until("response.done"))["response"]
    return done


def text_of(response: dict[str, Any]) -> str:
    """Return what a finished response says."""
    return "".join(part["text"] for item in response["output"] for part in item.get("content", ()))


async def test_the_turns_of_a_script_come_in_their_order() -> None:
    """A text, a call, both at once and several calls are answered one after the other."""
    paris, oslo = FunctionCall("get_weather", '{"city": "Paris"}'), FunctionCall("get_weather", '{"city": "Oslo"}')
    script = ScriptedResponder("Hello there.", paris, ["One moment.", paris], [paris, oslo])
    async with AsyncExitStack() as stack:
        client = await client_of(stack, script)
        outputs = [[item["type"] for item in (await ask(client))["output"]] for _ in range(4)]
    assert outputs == [["message"], ["function_call"], ["message", "function_call"], ["function_call"] * 2]
    assert script.unused == []


async def test_a_function_makes_a_turn_of_the_conversation() -> None:
    """A function in the script sees what was said, and is asked once; `otherwise` answers what is left."""

    def repeat(request: ResponderRequest) -> ScriptedTurn:
        last = request.conversation[-1]
        return f"You said {last.text}" if isinstance(last, MessageTurn) else "What?"

    async with AsyncExitStack() as stack:
        client = await client_of(stack, ScriptedResponder(repeat, otherwise=lambda _: "Enough."))
        assert text_of(await ask(client, "hello")) == "You said hello"
        assert text_of(await ask(client, "again")) == "Enough."


async def test_pieces_go_out_as_they_are_given() -> None:
    """Text chunks become deltas, each at least one of its own."""
    async with AsyncExitStack() as stack:
        client = await client_of(stack, ScriptedResponder([TextChunk("Hel"), TextChunk("lo")]))
        assert text_of(await ask(client)) == "Hello"
        assert [e["delta"] for e in client.events if e["type"] == "response.text.delta"] == ["Hel", "lo"]


@pytest.mark.parametrize("reason", ["max_output_tokens", "content_filter"])
async def test_an_answer_can_end_early(reason: Any) -> None:
    """The response is incomplete, says why, and keeps what was said before and nothing of what follows."""
    async with AsyncExitStack() as stack:
        client = await client_of(stack, ScriptedResponder(["I will tell", Incomplete(reason), "you"]))
        response = await ask(client)
    assert response["status"] == "incomplete"
    assert response["status_details"] == {"type": "incomplete", "reason": reason}
    assert [item["status"] for item in response["output"]] == ["incomplete"]
    assert text_of(response) == "I will tell"


async def test_an_error_fails_the_response_and_not_the_session() -> None:
    """What the error says is in the status details; the next request is answered."""
    script = ScriptedResponder(["Well,", ResponderError("no capacity", code="rate_limited", type="too_many")], "Hello.")
    async with AsyncExitStack() as stack:
        client = await client_of(stack, script)
        response = await ask(client)
        assert text_of(await ask(client)) == "Hello."
    assert response["status"] == "failed"
    assert response["status_details"] == {
        "type": "failed",
        "error": {"type": "too_many", "code": "rate_limited", "message": "no capacity"},
    }


async def test_a_script_at_its_end_says_so() -> None:
    """A request too many fails with the number of turns there were, and is remembered; more turns go on from there."""
    script = ScriptedResponder("One.")
    async with AsyncExitStack() as stack:
        client = await client_of(stack, script)
        await ask(client)
        error = (await ask(client))["status_details"]["error"]
        script.add("Three.")
        assert text_of(await ask(client)) == "Three."
    assert error["code"] == "script_exhausted"
    assert error["message"] == (
        "the script is at its end after 1 turn(s), and this is request 2: give the script one more turn"
    )
    assert (len(script.requests), len(script.unexpected), script.unused) == (3, 1, [])


class Waiting:
    """Says something in the event loop, then waits for what never comes."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.ended = asyncio.Event()

    async def respond(self, request: ResponderRequest) -> AsyncIterator[ResponderOutput]:
        """Yield one piece and wait."""
        self.loop = asyncio.get_running_loop()
        try:
            yield TextChunk("Hello")
            await asyncio.Event().wait()
        finally:
            self.ended.set()


async def test_a_responder_may_wait_in_the_event_loop() -> None:
    """Its pieces go out as they come, and a cancelled response stops it where it waits."""
    responder = Waiting()
    async with AsyncExitStack() as stack:
        client = await client_of(stack, responder)
        await client.say("go")
        await client.send("response.create")
        await client.until("response.text.delta")
        assert responder.loop is asyncio.get_running_loop()
        await client.send("response.cancel")
        events: list[Event] = await client.collect("response.done")
        await asyncio.wait_for(responder.ended.wait(), DEADLINE)
    assert "response.text.done" in types(events)
    assert events[-1]["response"]["status"] == "cancelled"


class Sleeping(ToneTranscriber):
    """Holds a thread until it is woken."""

    def __init__(self) -> None:
        self.asleep, self.woken = threading.Event(), threading.Event()

    def transcribe(self, pcm: bytes, rate: int, language: str | None = None, phrases: Sequence[str] = ()) -> Transcript:
        """Wait, then understand."""
        self.asleep.set()
        self.woken.wait(3 * DEADLINE)
        return super().transcribe(pcm, rate, language, phrases)


async def test_a_responder_in_the_event_loop_needs_no_thread() -> None:
    """While the only thread is taken by another session's transcription, it answers."""

    class Greeting:
        async def respond(self, request: ResponderRequest) -> AsyncIterator[ResponderOutput]:
            yield TextChunk("Hello")

    transcriber = Sleeping()
    engines = replace(Engines.basic(), responder=Greeting(), transcriber=transcriber)
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(LocalService(engines=engines, worker_threads=1))
        stack.callback(transcriber.woken.set)
        speaking = await stack.enter_async_context(connected(service))
        await speaking.speak(tones("good morning"))
        await asyncio.to_thread(transcriber.asleep.wait, DEADLINE)
        writing = await stack.enter_async_context(connected(service))
        await writing.update(modalities=["text"])
        assert text_of(await ask(writing)) == "Hello"
        assert not transcriber.woken.is_set()


async def test_a_responder_in_the_event_loop_may_fail() -> None:
    """Its error ends the response as one of a blocking responder does."""

    class Failing:
        async def respond(self, request: ResponderRequest) -> AsyncIterator[ResponderOutput]:
            yield TextChunk("Well")
            raise ResponderError("no connection", code="unreachable")

    async with AsyncExitStack() as stack:
        client = await client_of(stack, Failing())
        response = await ask(client)
    assert response["status"] == "failed"
    assert response["status_details"]["error"]["message"] == "no connection"
