"""Interim responses: what is said while an answer is late or a tool is at work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from voicelive._local.session.interim import LOCAL_TEXTS
from voicelive.local import Engines, LocalService
from voicelive.local.engines import FunctionCall, ResponderOutput, ResponderRequest, TextChunk

from .helpers import DEADLINE, Client, Event, GatedSynthesizer, Scripted, audio_of, connected, read_tones, tones, types
from .test_text_turns import SPOKEN_ANSWER

WAIT = "Hold on."


class Late:
    """A responder that answers once it is let."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()

    async def respond(self, request: ResponderRequest) -> AsyncIterator[ResponderOutput]:
        """Wait, then answer."""
        await asyncio.wait_for(self.gate.wait(), DEADLINE)
        yield TextChunk("Here it is.")


def static(*triggers: str, threshold_ms: int = 0) -> dict[str, Any]:
    """Return settings with one text."""
    return {
        "type": "static_interim_response",
        "triggers": list(triggers),
        "latency_threshold_ms": threshold_ms,
        "texts": [WAIT],
    }


async def talk(stack: AsyncExitStack, responder: Any, interim: dict[str, Any] | None, **engines: Any) -> Client:
    """Connect to a service with a responder, interim responses set, and ask something."""
    made = replace(Engines.basic(), responder=responder, **engines)
    service = await stack.enter_async_context(LocalService(engines=made))
    client = await stack.enter_async_context(connected(service))
    await client.update(interim_response=interim)
    await client.say("go")
    await client.until("conversation.item.created")
    return client


def said(events: Sequence[Event], response_id: str) -> str:
    """Return the transcript of one response."""
    done = [e for e in events if e["type"] == "response.audio_transcript.done" and e["response_id"] == response_id]
    return str(done[0]["transcript"])


async def test_a_late_answer_is_bridged() -> None:
    """After the threshold, a whole response with one of the texts; then the answer goes on where it was."""
    responder = Late()
    async with AsyncExitStack() as stack:
        client = await talk(stack, responder, static("latency"))
        await client.send("response.create")
        created = await client.until("response.created")
        bridge = await client.collect("response.done")
        responder.gate.set()
        answer = await client.collect("response.done")

    assert types(bridge) == SPOKEN_ANSWER
    assert bridge[-1]["response"]["status"] == "completed"
    assert bridge[-1]["response"]["usage"]["input_tokens"] == 0
    assert said(bridge, bridge[0]["response"]["id"]) == WAIT
    assert read_tones(audio_of(bridge)) == WAIT
    assert types(answer) == SPOKEN_ANSWER[1:]
    assert answer[-1]["response"]["id"] == created["response"]["id"]
    assert said(answer, created["response"]["id"]) == "Here it is."


async def test_an_answer_in_time_is_not_bridged() -> None:
    """With output before the threshold, there is one response only."""
    async with AsyncExitStack() as stack:
        client = await talk(stack, Scripted([TextChunk("Quick.")]), static("latency", threshold_ms=20_000))
        await client.send("response.create")
        events = await client.collect("response.done")

    assert types(events) == SPOKEN_ANSWER


async def test_a_barge_in_ends_the_bridge_and_the_answer() -> None:
    """Speaking over it cancels both responses, the bridge first; nothing of the late answer comes later."""
    responder, synthesizer = Late(), GatedSynthesizer()
    async with AsyncExitStack() as stack:
        client = await talk(stack, responder, static("latency"), synthesizer=synthesizer)
        await client.send("response.create")
        answer = (await client.until("response.created"))["response"]["id"]
        bridge = (await client.until("response.created"))["response"]["id"]
        await client.until("response.audio.delta")
        await client.speak(tones("stop"))
        ended = [(await client.until("response.done"))["response"] for _ in range(2)]
        synthesizer.release()

    assert [(response["id"], response["status"]) for response in ended] == [
        (bridge, "cancelled"),
        (answer, "cancelled"),
    ]
    assert ended[0]["status_details"] == {"type": "cancelled", "reason": "turn_detected"}


async def test_a_tool_at_work_is_bridged() -> None:
    """After a response that calls a function, a response of its own; response.create meanwhile waits for its end."""
    async with AsyncExitStack() as stack:
        responder = Scripted([FunctionCall("look_up", "{}")], [TextChunk("Found.")])
        client = await talk(stack, responder, static("tool"))
        await client.send("response.create")
        called = await client.collect("response.done")
        await client.until("response.created")
        await client.create_item(
            {"type": "function_call_output", "call_id": called[-1]["response"]["output"][0]["call_id"], "output": "x"}
        )
        await client.send("response.create")
        bridge = await client.collect("response.done")
        answer = await client.collect("response.done")

    assert said(bridge, bridge[-1]["response"]["id"]) == WAIT
    assert said(answer, answer[-1]["response"]["id"]) == "Found."
    assert "error" not in types(client.events)


async def test_an_answer_without_calls_is_not_bridged(client: Client) -> None:
    """The trigger tool says nothing after a plain answer."""
    await client.update(interim_response=static("tool"))
    await client.say("go")
    await client.send("response.create")
    await client.until("response.done")
    await client.send("input_audio_buffer.clear")
    assert (await client.recv())["type"] == "input_audio_buffer.cleared"


async def test_one_response_may_have_settings_of_its_own() -> None:
    """interim_response of response.create counts instead of the session's."""
    responder = Late()
    async with AsyncExitStack() as stack:
        client = await talk(stack, responder, None)
        own = {"type": "llm_interim_response", "latency_threshold_ms": 0, "instructions": "Be kind."}
        await client.send("response.create", response={"interim_response": own})
        bridge = await client.collect("response.done")
        responder.gate.set()
        await client.until("response.done")

    assert said(bridge, bridge[-1]["response"]["id"]) in LOCAL_TEXTS


@pytest.mark.parametrize(
    ("given", "echoed"),
    [
        (
            {"type": "static_interim_response", "texts": ["a"]},
            {"triggers": ["latency"], "latency_threshold_ms": 2000, "texts": ["a"]},
        ),
        (
            {"type": "llm_interim_response", "triggers": ["tool"]},
            {
                "triggers": ["tool"],
                "latency_threshold_ms": 2000,
                "model": "gpt-4.1-mini",
                "instructions": None,
                "max_completion_tokens": 50,
            },
        ),
    ],
)
async def test_the_settings_are_echoed_with_their_defaults(
    client: Client, given: dict[str, Any], echoed: dict[str, Any]
) -> None:
    """What is left open comes back filled in; null switches it off again."""
    session = await client.update(interim_response=given)
    assert session["interim_response"] == {"type": given["type"], **echoed}
    assert (await client.update(interim_response=None))["interim_response"] is None


async def test_realtime_models_need_an_azure_voice(service: LocalService) -> None:
    """With an OpenAI voice the setting is refused, with an Azure voice accepted."""
    async with connected(service, "gpt-realtime") as client:
        await client.send("session.update", session={"interim_response": static("tool")})
        error = await client.error()
        voice = {"type": "azure-standard", "name": "en-US-AvaNeural"}
        session = await client.update(interim_response=static("tool"), voice=voice)

    assert error["param"] == "session.interim_response"
    assert "azure-standard" in error["message"]
    assert session["interim_response"]["triggers"] == ["tool"]
