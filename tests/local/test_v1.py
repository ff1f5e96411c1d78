"""Connections of the draft v1: everything is nested and named as the draft has it, for both clients to read."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from voicelive import models
from voicelive._audio.wire_formats import input_format
from voicelive.local import Engines, LocalService
from voicelive.local.engines import FunctionCall, TextChunk

from ..clients.harness import Client as Package
from ..clients.harness import Script
from .helpers import DEADLINE, Client, Event, GatedSynthesizer, Scripted, connected, read_tones, tones, types

PCM16_16K = input_format("pcm16", 16000)

FLAT_SESSION = models.RequestSession(
    modalities=["text", "audio"],
    input_audio_sampling_rate=16000,
    turn_detection=models.ServerVad(threshold=0.6, silence_duration_ms=300),
    voice=models.AzureStandardVoice(name="en-US-AvaNeural"),
    max_response_output_tokens=500,
    reasoning_effort="low",
)

WEATHER = {"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {}}}

TEXT_ANSWER = [
    "response.created",
    "response.output_item.added",
    "conversation.item.created",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "conversation.item.done",
    "response.done",
]


@pytest.fixture(params=["sync", "async"])
async def script(request: pytest.FixtureRequest, service: LocalService) -> AsyncIterator[Script]:
    """Each of the two clients, connected with v1 and refusing what does not fit the contract."""
    async with Package(request.param).connect(service.endpoint, api_version="v1", strict=True) as connection:
        yield connection


@pytest.fixture
async def v1(service: LocalService) -> AsyncIterator[Client]:
    """A plain connection of v1, its session just created."""
    async with connected(service, **{"api-version": "v1"}) as client:
        assert (await client.recv())["type"] == "conversation.created"
        yield client


async def until_done(script: Script) -> list[Any]:
    """Receive up to the end of a response."""
    events: list[Any] = []
    while not events or events[-1].type != "response.done":
        events.append(await script.recv(DEADLINE))
    return events


def read(events: Sequence[Any]) -> tuple[str, bytes]:
    """Return text and sound of an answer as a program for every version reads them."""
    text, sound = "", b""
    for event in events:
        if isinstance(event, models.ServerEventResponseAudioDelta):
            sound += event.delta_bytes
        elif event.canonical_type == "response.audio_transcript.done":
            text = event.transcript
        elif event.canonical_type == "response.text.done":
            text = event.text
    return text, sound


async def test_a_flat_session_takes_effect_and_is_read_back_flat(script: Script, service: LocalService) -> None:
    """What a program sets by flat names it reads back by flat names; over the wire it is nested."""
    await script.call("session.update", session=FLAT_SESSION)
    updated = (await script.wait_for("session.updated")).session

    assert updated.input_audio_sampling_rate == 16000
    assert updated.turn_detection.type == "server_vad"
    assert updated.turn_detection.threshold == 0.6
    assert updated.voice.name == "en-US-AvaNeural"
    assert set(updated.modalities) == {"text", "audio"}
    assert updated.max_response_output_tokens == 500
    assert updated.reasoning_effort == "low"
    (record,) = service.sessions
    received, sent = record.received[-1].to_dict()["session"], record.sent[-1].to_dict()["session"]
    assert received["audio"]["input"]["sampling_rate"] == sent["audio"]["input"]["sampling_rate"] == 16000
    assert sent["type"] == "realtime"
    assert sent["output_modalities"] == ["text", "audio"]
    assert sent["max_output_tokens"] == 500
    assert sent["reasoning"] == {"effort": "low"}
    assert not {"modalities", "voice", "turn_detection", "input_audio_format"} & sent.keys()


async def test_an_audio_turn(script: Script, service: LocalService) -> None:
    """Speech of 16 kHz is heard right, and one loop reads transcript and sound of the answer."""
    await script.call("session.update", session=FLAT_SESSION)
    await script.call("input_audio_buffer.append", audio=tones("hello", PCM16_16K))
    events = await until_done(script)
    heard = next(e for e in events if e.type == "conversation.item.input_audio_transcription.completed")
    text, sound = read(events)

    assert heard.transcript == "hello"
    assert heard.usage.type == "duration"
    assert heard.usage.seconds >= 1
    assert text == "You said hello"
    assert read_tones(sound) == "You said hello"
    response = events[-1].response
    assert set(response.modalities) == {"text", "audio"}
    assert response.to_dict()["audio"]["output"]["voice"] == "en-US-AvaNeural"
    assert response.output[0].content[0].type == "output_audio"
    assert {"response.output_audio.delta", "response.output_audio.done"} < set(service.sessions[0].sent_types())


async def test_a_text_turn(script: Script, service: LocalService) -> None:
    """A response asked for by flat names is text alone, and the record shows v1's order of events."""
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}
    await script.call("conversation.item.create", item=item)
    await script.call("response.create", response={"modalities": ["text"]})
    events = await until_done(script)

    assert read(events) == ("You said hello", b"")
    assert types([e.to_dict() for e in service.sessions[0].sent]) == [
        "session.created",
        "conversation.created",
        "conversation.item.created",
        "conversation.item.added",
        "conversation.item.done",
        *TEXT_ANSWER,
    ]
    added, done = (
        next(e for e in reversed(events) if e.type == f"conversation.item.{end}") for end in ("added", "done")
    )
    assert added.item.id == done.item.id
    assert added.item.content == []
    assert done.item.content[0].type == "output_text"
    assert done.item.content[0].text == "You said hello"
    assert service.sessions[0].items[-1].to_dict()["content"][0]["type"] == "output_text"


@pytest.mark.parametrize("flavour", ["sync", "async"])
async def test_a_function_call(flavour: Any) -> None:
    """A call arrives, its output goes back, and the answer follows; the call is added and done as an item."""
    responder = Scripted([FunctionCall("get_weather", "{}")], [TextChunk("Sunny.")])
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(LocalService(engines=replace(Engines.basic(), responder=responder)))
        connection = Package(flavour).connect(service.endpoint, api_version="v1", strict=True)
        script = await stack.enter_async_context(connection)
        await script.call("session.update", session={"modalities": ["text"], "tools": [WEATHER]})
        await script.call("response.create")
        events = await until_done(script)
        call = next(e for e in events if e.type == "response.function_call_arguments.done")
        output = {"type": "function_call_output", "call_id": call.call_id, "output": "sun"}
        await script.call("conversation.item.create", item=output)
        await script.call("response.create")
        answer = await until_done(script)

    assert call.arguments == "{}"
    ends = [e.item for e in events if e.type == "conversation.item.done"]
    assert [(item.type, item.call_id, item.status) for item in ends] == [("function_call", call.call_id, "completed")]
    assert read(answer)[0] == "Sunny."
    assert [tool["name"] for tool in responder.requests[0].tools] == ["get_weather"]


async def test_an_assistant_message_of_the_client(script: Script, service: LocalService) -> None:
    """A message for the history is sent, reported and retrieved with v1's part type, and part of the conversation."""
    said = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "before"}], "id": "said"}
    await script.call("conversation.item.create", item=said)
    await script.call("conversation.item.retrieve", item_id="said")
    retrieved = (await script.wait_for("conversation.item.retrieved")).item
    await script.call("response.create", response={"modalities": ["text"]})

    assert (retrieved.content[0].type, retrieved.content[0].text) == ("output_text", "before")
    assert service.sessions[0].received[0].to_dict()["item"]["content"][0]["type"] == "output_text"
    assert read(await until_done(script))[0] == "You said before"


async def test_the_parameters_of_a_response(v1: Client) -> None:
    """Nested parameters rule one response; it reports them nested, its voice by name."""
    given = [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "instead"}]}]
    audio = {"output": {"voice": "alloy", "format": {"type": "audio/pcmu"}}}
    await v1.send("response.create", response={"audio": audio, "input": given})
    response = (await v1.until("response.done"))["response"]

    assert response["output"][0]["content"] == [{"type": "output_audio", "transcript": "You said instead"}]
    assert response["audio"]["output"]["voice"] == "alloy"
    assert response["output_modalities"] == ["audio", "text"]
    assert not {"modalities", "voice", "output_audio_format"} & response.keys()


async def test_a_realtime_model_reports_its_formats(service: LocalService) -> None:
    """The output format of a response is an object, also where the session's is one that only its name can tell."""
    async with connected(service, "gpt-realtime", **{"api-version": "v1"}) as client:
        assert (await client.recv())["conversation"]["id"].startswith("conv_")
        await client.update(audio={"output": {"format": "pcm16_8000hz"}})
        await client.say("hello")
        await client.send("response.create")
        response = (await client.until("response.done"))["response"]

    assert response["audio"]["output"]["format"] == {"type": "audio/pcm", "rate": 8000}


async def test_an_interrupted_answer_is_done_as_an_item() -> None:
    """Cancelling a response ends its item too, as incomplete."""
    synthesizer = GatedSynthesizer()
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(
            LocalService(engines=replace(Engines.basic(), synthesizer=synthesizer))
        )
        stack.callback(synthesizer.release)
        client = await stack.enter_async_context(connected(service, **{"api-version": "v1"}))
        await client.say("hello")
        await client.send("response.create")
        await client.until("response.output_audio.delta")
        await client.send("response.cancel")
        response = (await client.until("response.done"))["response"]

    assert response["status"] == "cancelled"
    added = [e["item"]["id"] for e in client.events if e["type"] == "conversation.item.added"]
    done = [e["item"] for e in client.events if e["type"] == "conversation.item.done"]
    assert [item["id"] for item in done] == added
    assert [item["status"] for item in done] == ["completed", "incomplete"]


REFUSED: dict[str, tuple[Event, str]] = {
    "modality": ({"output_modalities": ["text", "avatar"]}, "session.output_modalities"),
    "effort": ({"reasoning": {"effort": "none"}}, "session.reasoning.effort"),
    "sampling rate": ({"audio": {"input": {"sampling_rate": 11025}}}, "session.audio.input.sampling_rate"),
    "type": ({"audio": {"input": {"sampling_rate": "fast"}}}, "session.audio.input.sampling_rate"),
    "detection": (
        {"audio": {"input": {"turn_detection": {"type": "semantic_vad"}}}},
        "session.audio.input.turn_detection.type",
    ),
}


@pytest.mark.parametrize(("session", "param"), REFUSED.values(), ids=REFUSED)
async def test_errors_name_the_nested_field(v1: Client, session: Event, param: str) -> None:
    """A value that cannot be used is refused by the name under which the client gave it."""
    await v1.send("session.update", session={"type": "realtime", **session}, event_id="mine")
    error = await v1.error()
    await v1.update(instructions="still here")

    assert error["param"] == param
    assert error["event_id"] == "mine"


async def test_a_fixed_setting_is_named_nested_in_the_text(v1: Client) -> None:
    """The text of an error speaks of nested fields too."""
    await v1.append(bytes(4800))
    await v1.send("session.update", session={"audio": {"input": {"format": "g711_ulaw"}}})
    error = await v1.error()

    assert error["param"] == "session.audio.input.format"
    assert "Cannot change session.audio.input.format" in error["message"]


ODD_SESSIONS: dict[str, Event] = {
    "null places": {"audio": None, "reasoning": None},
    "null inside": {"audio": {"input": None, "output": None}},
    "unknown inside": {"audio": {"input": {"future": 1}, "future": {}}, "reasoning": {"future": True}},
    "flat": {"voice": "alloy", "turn_detection": None, "input_audio_sampling_rate": 8000},
    "flat and nested": {"input_audio_sampling_rate": 8000, "audio": {"input": {"sampling_rate": 24000}}},
}


@pytest.mark.parametrize("session", ODD_SESSIONS.values(), ids=ODD_SESSIONS)
async def test_what_v1_lacks_is_ignored(v1: Client, session: Event) -> None:
    """Places without settings, unknown settings and flat ones change nothing."""
    before = await v1.update(instructions="Be brief.")
    assert await v1.update(**session) == before


async def test_null_switches_off(v1: Client) -> None:
    """A nested null is a setting: turn detection ends, transcription too."""
    updated = await v1.update(audio={"input": {"turn_detection": None, "transcription": None}})

    assert updated["audio"]["input"]["turn_detection"] is None
    assert updated["audio"]["input"]["transcription"] is None


async def test_an_event_that_v1_lacks_is_refused(v1: Client) -> None:
    """transcription_session.update is of the dated versions alone."""
    await v1.send("transcription_session.update", session={"audio": {}, "type": "transcription"})
    error = await v1.error()

    assert error["param"] == "type"
    assert "transcription_session.update" in error["message"]


@pytest.mark.parametrize("version", ["2025-10-01", "2026-07-15", "2031-01-01"])
async def test_other_versions_are_flat(service: LocalService, version: str) -> None:
    """A dated version, known or not, has nothing of v1."""
    async with connected(service, **{"api-version": version}) as client:
        updated = await client.update(input_audio_sampling_rate=16000)
        await client.append(tones("hello", PCM16_16K))
        await client.until("response.done")

    assert updated["input_audio_sampling_rate"] == 16000
    assert "audio" not in updated
    seen = json.dumps(client.events)
    for name in ("conversation.item.added", "conversation.created", "output_audio.delta", 'output_audio"', "seconds"):
        assert name not in seen
