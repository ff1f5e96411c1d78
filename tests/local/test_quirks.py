"""Switches for what is uncertain about the real service, and what it does in modes and versions of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from voicelive import ConfigurationError
from voicelive.local import Engines, LocalService

from .helpers import GatedSynthesizer, Scripted, audio_of, connected, opened, tones, types, url_of
from .test_text_turns import WRITTEN_ANSWER


async def test_an_unknown_quirk_is_refused() -> None:
    """The error names it, and those that there are."""
    with pytest.raises(ConfigurationError, match=r"no quirk 'odd'.*'replace_updates'"):
        LocalService(quirks=["odd"])  # type: ignore[list-item]


@pytest.mark.parametrize(("quirks", "kept"), [([], True), (["replace_updates"], False)])
async def test_updates_merge_or_replace(quirks: list[Any], kept: bool) -> None:
    """What a second update does not name stays, or returns to its default; the session's id stays in any case."""
    async with LocalService(quirks=quirks) as service, connected(service) as client:
        first = await client.update(instructions="Be brief.", modalities=["text"])
        second = await client.update(temperature=0.7)

    assert second["id"] == first["id"]
    assert second["temperature"] == 0.7
    assert (second["instructions"] == "Be brief.") is kept
    assert (second["modalities"] == ["text"]) is kept


async def test_replacing_does_not_get_around_what_is_fixed() -> None:
    """With replace_updates, what may not change in mid-session is compared with the settings in force."""
    async with LocalService(quirks=["replace_updates"]) as service, connected(service) as client:
        await client.update(input_audio_sampling_rate=16000)
        await client.append(bytes(3200))
        await client.send("session.update", session={"instructions": "x"})
        error = await client.error()

    assert error["param"] == "session.input_audio_sampling_rate"


@pytest.mark.parametrize(("quirks", "named"), [([], "mine"), (["null_error_event_id"], None)])
async def test_errors_may_name_no_event(quirks: list[Any], named: str | None) -> None:
    """error.event_id is the client's, or null as in the recordings."""
    async with LocalService(quirks=quirks) as service, connected(service) as client:
        await client.send("response.cancel", event_id="mine")
        assert (await client.error())["event_id"] == named


async def test_a_committed_turn_may_be_transcribed_twice() -> None:
    """With the next audio: a second completed, empty, and the item again, linked to itself; once only."""
    engines = replace(Engines.basic(), responder=Scripted())
    async with (
        LocalService(engines=engines, quirks=["duplicate_transcription"]) as service,
        connected(service) as client,
    ):
        await client.update(turn_detection=None)
        await client.speak(tones("hello"))
        await client.send("input_audio_buffer.commit")
        created = await client.until("conversation.item.created")
        await client.append(bytes(9600))
        await client.append(bytes(9600))
        await client.send("input_audio_buffer.clear")
        again = await client.collect("input_audio_buffer.cleared")

    item_id = created["item"]["id"]
    assert types(again) == [
        "conversation.item.input_audio_transcription.completed",
        "conversation.item.created",
        "input_audio_buffer.cleared",
    ]
    assert (again[0]["item_id"], again[0]["transcript"]) == (item_id, "")
    assert again[1]["previous_item_id"] == item_id
    assert again[1]["item"] == created["item"]


CALL = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "21"}


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-realtime"])
async def test_the_output_of_a_call_that_was_never_made_is_refused(service: LocalService, model: str) -> None:
    """The refusal has the code and the words of realtime services; after the call, the same output is taken."""
    async with connected(service, model) as client:
        await client.create_item(OUTPUT)
        error = await client.error()
        await client.create_item(CALL)
        await client.recv()
        await client.create_item(OUTPUT)
        created = await client.recv()

    assert (error["code"], error["param"]) == ("invalid_tool_call_id", None)
    assert error["message"] == "Tool call ID 'call_1' not found in conversation."
    assert created["item"]["output"] == "21"


async def test_an_output_without_its_call_can_be_taken() -> None:
    """With unknown_call_outputs it becomes an item."""
    async with LocalService(quirks=["unknown_call_outputs"]) as service, connected(service) as client:
        await client.create_item(OUTPUT)
        assert (await client.recv())["item"]["call_id"] == "call_1"


@pytest.mark.parametrize(("quirks", "taken"), [([], False), (["early_truncation"], True)])
async def test_an_answer_without_sound_is_not_truncated(quirks: list[Any], taken: bool) -> None:
    """Cutting a spoken answer to 0 ms before its first audio is refused, or taken."""
    held = GatedSynthesizer(chunks=0)
    engines = replace(Engines.basic(), responder=Scripted(), synthesizer=held)
    async with LocalService(engines=engines, quirks=quirks) as service, connected(service) as client:
        await client.say("hello")
        await client.send("response.create")
        item_id = (await client.until("response.audio_transcript.delta"))["item_id"]
        await client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=0)
        event = await client.recv()
        while event["type"] == "response.audio_transcript.delta":
            event = await client.recv()
        held.release()

    if taken:
        assert (event["type"], event["audio_end_ms"]) == ("conversation.item.truncated", 0)
    else:
        assert event["error"]["message"] == "Only model output audio messages can be truncated"


@pytest.mark.parametrize("part", ["create_response", "interrupt_response", "threshold", "silence_duration_ms"])
async def test_null_is_refused_where_the_service_never_reports_it(service: LocalService, part: str) -> None:
    """The refusal names the part, and nothing of the update holds."""
    async with connected(service) as client:
        detection = {"type": "server_vad", part: None}
        await client.send("session.update", session={"instructions": "x", "turn_detection": detection})
        error = await client.error()
        session = await client.update(temperature=0.7)

    assert (error["code"], error["param"]) == ("invalid_type", f"session.turn_detection.{part}")
    assert session["instructions"] != "x"


async def test_parts_given_as_null_can_be_left_open() -> None:
    """With null_turn_detection, null inside turn detection is the default of that part."""
    async with LocalService(quirks=["null_turn_detection"]) as service, connected(service) as client:
        session = await client.update(turn_detection={"type": "server_vad", "threshold": None, "create_response": None})

    assert session["turn_detection"]["threshold"] == 0.5
    assert session["turn_detection"]["create_response"] is True


@pytest.mark.parametrize(("quirks", "taken"), [([], False), (["azure_voice_change"], True)])
async def test_an_azure_voice_is_fixed_once_it_spoke(quirks: list[Any], taken: bool) -> None:
    """After assistant audio another Azure voice is refused, or taken; another setting is taken in any case."""
    async with LocalService(quirks=quirks) as service, connected(service) as client:
        await client.say("hello")
        await client.send("response.create")
        await client.until("response.done")
        await client.update(voice="en-US-AvaNeural", instructions="x")
        await client.send("session.update", session={"voice": "en-US-AndrewNeural"})
        event = await client.recv()

    if taken:
        assert event["session"]["voice"]["name"] == "en-US-AndrewNeural"
    else:
        assert event["error"]["code"] == "cannot_update_voice"


async def test_an_agent_takes_no_key() -> None:
    """A key in agent mode is refused by an HTTP 401 that says so; a token, and with agent_api_key a key, is taken."""
    address = {"agent-name": "helper", "agent-project-name": "p"}
    async with LocalService() as service:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(url_of(service.endpoint, "", **address), additional_headers={"api-key": "k"}):
                pass
        async with connect(url_of(service.endpoint, "", **address), additional_headers={"Authorization": "Bearer t"}):
            pass
        async with connect(url_of(service.endpoint), additional_headers={"api-key": "k"}):
            pass
    async with (
        LocalService(quirks=["agent_api_key"]) as service,
        connect(url_of(service.endpoint, "", **address), additional_headers={"api-key": "k"}),
    ):
        pass

    assert refused.value.response.status_code == 401
    assert "An agent takes no API key" in (refused.value.response.body or b"").decode()


@pytest.mark.parametrize(
    ("model", "quirks", "reported", "output_format"),
    [
        ("gpt-realtime", [], False, None),
        ("gpt-realtime", ["newest_session"], True, "pcm16"),
        ("gpt-4o", [], False, "pcm16"),
    ],
)
async def test_a_session_is_reported_as_recorded_then_or_later(
    model: str, quirks: list[Any], reported: bool, output_format: str | None
) -> None:
    """In 2026-04-10: without greeting, handoff and at first an output format, or with all of them."""
    async with (
        LocalService(quirks=quirks) as service,
        opened(service, model, **{"api-version": "2026-04-10"}) as client,
    ):
        session = (await client.recv())["session"]
        await client.send("response.create", response={"modalities": ["audio"]})
        response = (await client.until("response.created"))["response"]

    assert ("greeting" in session, "handoff" in session) == (reported, reported)
    assert session["output_audio_format"] == output_format
    assert response["output_audio_format"] == (None if model == "gpt-4o" else "pcm16")


async def test_a_realtime_model_writes_a_greeting_that_it_cannot_speak(service: LocalService) -> None:
    """A given text with an OpenAI voice comes as text, no sound and no error; with an Azure voice, it is spoken."""
    greeting = {"role": "assistant", "type": "message", "content": [{"type": "text", "text": "Welcome!"}]}
    async with connected(service, "gpt-realtime") as client:
        await client.send("response.create", response={"pre_generated_assistant_message": greeting})
        written = await client.collect("response.done")
        await client.update(voice={"type": "azure-standard", "name": "en-US-AvaNeural"})
        await client.send("response.create", response={"pre_generated_assistant_message": greeting})
        spoken = await client.collect("response.done")

    assert types(written) == WRITTEN_ANSWER
    assert written[-1]["response"]["output"][0]["content"] == [{"type": "text", "text": "Welcome!"}]
    assert written[-1]["response"]["usage"]["input_tokens"] == 0
    assert audio_of(spoken)


AGENT = {"agent-name": "helper", "agent-project-name": "p"}
FUNCTION = {"type": "function", "name": "f"}


@pytest.mark.parametrize(
    ("session", "code", "param"),
    [
        ({"instructions": "Be brief."}, "instructions_configuration_not_supported", "session.instructions"),
        ({"tools": [FUNCTION]}, "tools_configuration_not_supported", "session.tools"),
    ],
)
async def test_an_agent_brings_its_instructions_and_tools(
    service: LocalService, session: dict[str, Any], code: str, param: str
) -> None:
    """In agent mode an update with either is refused, and nothing of it holds."""
    async with connected(service, "", **AGENT) as client:
        await client.send("session.update", session={"temperature": 0.7, **session})
        error = await client.error()
        updated = await client.update(modalities=["text"])

    assert (error["code"], error["param"]) == (code, param)
    assert updated["temperature"] == 0.8


async def test_an_agents_instructions_cannot_be_overridden(service: LocalService) -> None:
    """response.create with instructions is refused in agent mode; without, answered."""
    async with connected(service, "", **AGENT) as client:
        await client.say("hello")
        await client.recv()
        await client.send("response.create", response={"instructions": "Shout."})
        error = await client.error()
        await client.send("response.create")
        done = await client.until("response.done")

    assert error["message"] == "Overriding instructions in response.create is not supported with Agent service"
    assert done["response"]["status"] == "completed"


@pytest.mark.parametrize(("version", "accepted"), [("2025-10-01", False), ("2026-07-15", True), ("2099-01-01", True)])
async def test_a_version_refuses_events_that_it_lacks(service: LocalService, version: str, accepted: bool) -> None:
    """input_text.delta came later than the oldest version; a version that is unknown has everything."""
    async with connected(service, **{"api-version": version}) as client:
        await client.send("input_text.delta", id="t1", delta="hello")
        await client.send("input_text.done", id="t1")
        event = await client.recv()

    if accepted:
        assert event["type"] == "conversation.item.created"
    else:
        assert event["error"]["param"] == "type"
        assert "input_text.delta" in event["error"]["message"]


@pytest.mark.parametrize(("version", "known"), [("2025-10-01", False), ("2026-07-15", True)])
async def test_a_version_ignores_settings_that_it_lacks(service: LocalService, version: str, known: bool) -> None:
    """They are neither taken over nor echoed."""
    interim = {"type": "static_interim_response", "texts": ["a"]}
    async with connected(service, **{"api-version": version}) as client:
        session = await client.update(interim_response=interim, instructions="x")

    assert session["instructions"] == "x"
    assert ("interim_response" in session) is known


@pytest.mark.parametrize(
    ("model", "settings", "code", "param"),
    [
        ("gpt-4o", {"voice": {"type": "nobody", "name": "x"}}, "invalid_voice_type", "session.voice"),
        (
            "gpt-4o",
            {"modalities": ["text"], "input_audio_echo_cancellation": {"type": "server_echo_cancellation"}},
            "ec_not_supported",
            "session.input_audio_echo_cancellation",
        ),
        (
            "gpt-4o",
            {"input_audio_transcription": {"model": "whisper-1"}},
            "invalid_value",
            "session.input_audio_transcription.model",
        ),
        (
            "gpt-realtime",
            {"input_audio_transcription": {"model": "whisper-1", "phrase_list": ["Contoso"]}},
            "invalid_request_error",
            "session.input_audio_transcription.phrase_list",
        ),
    ],
)
async def test_settings_that_do_not_fit_are_refused(
    service: LocalService, model: str, settings: dict[str, Any], code: str, param: str
) -> None:
    """Each with the service's code and the setting it is about; the session stays as it was."""
    async with connected(service, model) as client:
        await client.send("session.update", session=settings)
        error = await client.error()
        session = await client.update(instructions="x")

    assert (error["code"], error["param"]) == (code, param)
    assert session["voice"]["type"] in ("azure-standard", "openai")


async def test_openai_transcribers_take_a_language_without_region(service: LocalService) -> None:
    """zh-CN comes back as zh."""
    async with connected(service, "gpt-realtime") as client:
        session = await client.update(input_audio_transcription={"model": "gpt-4o-transcribe", "language": "zh-CN"})

    assert session["input_audio_transcription"]["language"] == "zh"
