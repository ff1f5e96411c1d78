"""session.created and session.update: defaults, merging, and what cannot be changed."""

from __future__ import annotations

import time
from typing import Any

import pytest

from voicelive.local import LocalService

from .helpers import Client, connected, opened, tones


async def created(service: LocalService, model: str, **query: str) -> dict[str, Any]:
    """Return the session of session.created."""
    async with opened(service, model, **query) as client:
        event = await client.recv()
        assert event["type"] == "session.created"
        session: dict[str, Any] = event["session"]
        return session


async def test_a_cascaded_session_begins_with_the_recorded_defaults(service: LocalService) -> None:
    """Every default is the one that was recorded for a cascaded model."""
    session = await created(service, "gpt-4.1-mini")

    assert session["id"].startswith("sess_")
    assert session["model"] == "gpt-4.1-mini-2025-04-14"
    assert abs(session["expires_at"] - time.time() - 7200) < 30
    assert session["voice"] == {
        "name": "en-US-AvaNeural",
        "type": "azure-standard",
        "temperature": None,
        "custom_lexicon_url": None,
        "custom_text_normalization_url": None,
        "prefer_locales": None,
        "locale": None,
        "style": None,
        "pitch": None,
        "rate": None,
        "volume": None,
    }
    assert session["turn_detection"] == {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 200,
        "create_response": True,
        "interrupt_response": True,
        "idle_timeout_ms": None,
        "speech_duration_ms": None,
        "end_of_utterance_detection": None,
        "auto_truncate": False,
        "appended_text_after_truncation": None,
    }
    expected = {
        "modalities": ["audio", "text"],
        "input_audio_format": "pcm16",
        "output_audio_format": "pcm16",
        "input_audio_sampling_rate": 24000,
        "input_audio_transcription": {
            "model": "azure-speech",
            "language": None,
            "prompt": None,
            "custom_speech": None,
            "phrase_list": None,
        },
        "input_audio_noise_reduction": None,
        "tools": [],
        "tool_choice": "auto",
        "temperature": 0.8,
        "max_response_output_tokens": "inf",
        "object": "realtime.session",
        "avatar": None,
        "greeting": None,
        "handoff": None,
    }
    assert {name: session[name] for name in expected} == expected


async def test_a_realtime_session_begins_with_other_defaults(service: LocalService) -> None:
    """A realtime model: audio only, marin, no transcription, 500 ms of silence, an hour, no temperature."""
    session = await created(service, "gpt-realtime-2")

    assert session["modalities"] == ["audio"]
    assert session["voice"] == {"name": "marin", "type": "openai"}
    assert session["input_audio_transcription"] is None
    assert session["turn_detection"]["silence_duration_ms"] == 500
    assert "temperature" not in session
    assert abs(session["expires_at"] - time.time() - 3600) < 30


async def test_an_agent_session_names_its_agent(service: LocalService) -> None:
    """In agent mode no model is needed, and the session says which agent it is with."""
    query = {"agent-name": "helper", "agent-project-name": "p", "conversation-id": "thread_7"}
    session = await created(service, "", **query)

    assert session["agent"]["name"] == "helper"
    assert session["agent"]["thread_id"] == "thread_7"


async def test_an_update_keeps_what_it_does_not_name(client: Client) -> None:
    """session.updated is the whole session: named settings replaced, all others as before."""
    before = await client.update(instructions="One.")
    after = await client.update(temperature=0.7)

    assert after == {**before, "temperature": 0.7}
    assert after["instructions"] == "One."


async def test_an_echoed_session_can_be_sent_back(client: Client) -> None:
    """A client that resends the whole session it was told gets the same session again."""
    told = await client.update(
        voice="alloy",
        turn_detection={"type": "azure_semantic_vad"},
        avatar={"character": "lisa", "customized": False},
        input_audio_transcription={"model": "azure-speech"},
        tools=[{"type": "function", "name": "f"}],
    )

    assert await client.update(**told) == told


async def test_null_switches_off_and_is_echoed(client: Client) -> None:
    """turn_detection null stays null in the echo, until a later update sets it."""
    assert (await client.update(turn_detection=None))["turn_detection"] is None
    assert (await client.update(instructions="x"))["turn_detection"] is None
    restored = await client.update(turn_detection={"type": "server_vad"})
    assert restored["turn_detection"]["silence_duration_ms"] == 500


async def test_null_for_what_cannot_be_off_restores_the_default(client: Client) -> None:
    """A setting that always has a value goes back to its first one."""
    await client.update(voice="alloy", modalities=["text"])
    restored = await client.update(voice=None, modalities=None)

    assert restored["voice"]["name"] == "en-US-AvaNeural"
    assert restored["modalities"] == ["audio", "text"]


async def test_a_voice_name_is_echoed_as_an_object(client: Client) -> None:
    """A bare name of an OpenAI voice becomes an object of that kind, any other an Azure standard voice."""
    assert (await client.update(voice="alloy"))["voice"] == {"name": "alloy", "type": "openai"}
    azure = (await client.update(voice="en-US-AndrewNeural"))["voice"]
    assert (azure["name"], azure["type"], azure["style"]) == ("en-US-AndrewNeural", "azure-standard", None)


async def test_turn_detection_is_filled_with_its_kinds_defaults(client: Client) -> None:
    """A semantic VAD given by its type alone comes back with every setting of that kind."""
    session = await client.update(turn_detection={"type": "azure_semantic_vad_multilingual", "threshold": 0.7})

    detection = session["turn_detection"]
    assert detection["threshold"] == 0.7
    assert detection["remove_filler_words"] is False
    assert detection["create_response"] is True
    assert "languages" in detection


async def test_an_open_language_comes_back_as_the_empty_string(client: Client) -> None:
    """The recorded oddity: a transcription language left null is echoed as an empty string."""
    session = await client.update(input_audio_transcription={"model": "azure-speech"})

    assert session["input_audio_transcription"]["language"] == ""


async def test_unknown_settings_are_ignored(client: Client) -> None:
    """A setting that the contract does not have raises no error and is not echoed."""
    assert "favourite_colour" not in await client.update(favourite_colour="blue")


async def test_settings_of_the_draft_are_ignored_in_a_dated_version(client: Client) -> None:
    """What is nested as in v1 changes nothing and is not echoed."""
    before = await client.update(instructions="Be brief.")
    audio = {"input": {"turn_detection": None}, "output": {"voice": "alloy"}}

    assert await client.update(type="realtime", audio=audio, output_modalities=["text"]) == before


async def test_a_hyphen_in_an_output_format_is_accepted(client: Client) -> None:
    """The old spelling pcm16-8000hz is understood; the echo has the wire's."""
    session = await client.update(output_audio_format="pcm16-8000hz")

    assert session["output_audio_format"] == "pcm16_8000hz"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "other model": ({"model": "gpt-5"}, "session.model"),
    "unknown input format": ({"input_audio_format": "mp3"}, "session.input_audio_format"),
    "unknown output format": ({"output_audio_format": "mp3"}, "session.output_audio_format"),
    "impossible rate": ({"input_audio_sampling_rate": 11025}, "session.input_audio_sampling_rate"),
    "unknown modality": ({"modalities": ["text", "smell"]}, "session.modalities[1]"),
    "unknown turn detection": ({"turn_detection": {"type": "psychic"}}, "session.turn_detection"),
    "negative silence": (
        {"turn_detection": {"type": "server_vad", "silence_duration_ms": -1}},
        "session.turn_detection.silence_duration_ms",
    ),
    "threshold out of range": (
        {"turn_detection": {"type": "server_vad", "threshold": 3}},
        "session.turn_detection.threshold",
    ),
    "wrong type": ({"instructions": 5}, "session.instructions"),
    "echo channels": (
        {"input_audio_echo_cancellation": {"type": "server_echo_cancellation", "channels": 2}},
        "session.input_audio_echo_cancellation.channels",
    ),
}


@pytest.mark.parametrize(("update", "param"), REFUSED.values(), ids=REFUSED)
async def test_a_bad_setting_refuses_the_whole_update(client: Client, update: dict[str, Any], param: str) -> None:
    """One error naming the setting, no session.updated, nothing of the update taken over."""
    await client.send("session.update", session={**update, "temperature": 0.6}, event_id="mine")
    error = await client.error()
    session = await client.update(instructions="still here")

    assert error["type"] == "invalid_request_error"
    assert error["param"] == param
    assert error["event_id"] == "mine"
    assert session["temperature"] == 0.8


LOCKED: dict[str, tuple[dict[str, Any], str]] = {
    "input format": ({"input_audio_format": "g711_ulaw"}, "session.input_audio_format"),
    "sampling rate": ({"input_audio_sampling_rate": 16000}, "session.input_audio_sampling_rate"),
    "kind of turn detection": ({"turn_detection": {"type": "azure_semantic_vad"}}, "session.turn_detection.type"),
}


@pytest.mark.parametrize(("update", "param"), LOCKED.values(), ids=LOCKED)
async def test_received_audio_fixes_how_it_is_read(client: Client, update: dict[str, Any], param: str) -> None:
    """Input format, rate and kind of turn detection may change before the first audio, and not after it."""
    await client.append(bytes(480))
    await client.send("session.update", session=update)

    assert (await client.error())["param"] == param


async def test_before_audio_the_same_settings_may_change(client: Client) -> None:
    """The first update may choose any format and any kind of turn detection."""
    for update, _ in LOCKED.values():
        await client.update(**update)


async def test_the_voice_keeps_its_family_once_it_spoke(client: Client) -> None:
    """After assistant audio a voice of OpenAI's instead of Azure's is refused in the service's words."""
    await client.say("hello")
    await client.send("response.create")
    await client.until("response.done")
    await client.send("session.update", session={"voice": "alloy"})

    error = await client.error()
    assert error["message"] == "Cannot update voice from AzureVoice to OpenAIVoice"
    assert error["param"] == "voice"


async def test_an_openai_voice_is_fixed_once_it_spoke(client: Client) -> None:
    """After assistant audio an OpenAI voice cannot be exchanged for another."""
    await client.update(voice="alloy")
    await client.say("hello")
    await client.send("response.create")
    await client.until("response.done")
    await client.send("session.update", session={"voice": "echo"})

    assert (await client.error())["code"] == "cannot_update_voice"


async def test_azure_speech_on_a_realtime_model_needs_semantic_vad(service: LocalService) -> None:
    """The recorded refusal, word for word; with semantic VAD the same transcription is accepted."""
    async with connected(service, "gpt-realtime", **{"api-version": "2026-04-10"}) as client:
        await client.send("session.update", session={"input_audio_transcription": {"model": "azure-speech"}})
        error = await client.error()
        await client.update(
            input_audio_transcription={"model": "azure-speech"},
            turn_detection={"type": "azure_semantic_vad"},
        )

    assert error == {
        "message": "When using azure-speech as InputAudioTranscription, turn_detection must be of type "
        "AzureSemanticVAD or AzureMultilingualSemanticVAD.",
        "type": "invalid_request_error",
        "code": "invalid_request_error",
        "param": "session.turn_detection",
        "event_id": None,
    }


async def test_a_transcription_session_shares_the_input_settings(client: Client) -> None:
    """transcription_session.update is confirmed with the input settings, which then hold for the session."""
    await client.send(
        "transcription_session.update",
        session={"input_audio_transcription": {"model": "azure-speech", "language": "en-US"}, "turn_detection": None},
    )
    updated = await client.recv()
    session = await client.update(instructions="x")

    assert updated["type"] == "transcription_session.updated"
    assert updated["session"]["input_audio_transcription"]["language"] == "en-US"
    assert updated["session"]["turn_detection"] is None
    assert session["input_audio_transcription"]["language"] == "en-US"
    assert session["turn_detection"] is None


async def test_semantic_vad_finds_turns_too(client: Client) -> None:
    """Any kind of turn detection hears the turn."""
    await client.update(turn_detection={"type": "azure_semantic_vad", "silence_duration_ms": 300})
    await client.speak(tones("hello"))
    completed = await client.until("conversation.item.input_audio_transcription.completed")

    assert completed["transcript"] == "hello"
