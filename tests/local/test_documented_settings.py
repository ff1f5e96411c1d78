"""Settings that the documentation, official samples and official tests name, and the specification lacks."""

from __future__ import annotations

from typing import Any

import pytest

from voicelive._audio.wire_formats import input_format
from voicelive.local import LocalService

from .helpers import Client, audio_of, connected, read_tones, tones

TURN = "input_audio_buffer.speech_stopped"


@pytest.fixture
async def realtime(service: LocalService) -> Any:
    """A connection to a realtime model."""
    async with connected(service, "gpt-realtime") as client:
        yield client


async def test_semantic_vad_waits_by_eagerness(realtime: Client) -> None:
    """A pause within a sentence does not end the turn, however eager; the echo has the defaults."""
    session = await realtime.update(turn_detection={"type": "semantic_vad", "eagerness": "high"})
    await realtime.speak(tones("I would like the", silence_ms=800))
    await realtime.speak(tones("red one please", silence_ms=900))
    stopped = await realtime.until(TURN)

    assert session["turn_detection"] == {
        "type": "semantic_vad",
        "eagerness": "high",
        "create_response": True,
        "interrupt_response": True,
    }
    assert stopped["audio_end_ms"] > len(tones("I would like the", silence_ms=800)) / 48 + 300
    assert [event["type"] for event in realtime.events].count("input_audio_buffer.speech_started") == 1


@pytest.mark.parametrize(
    ("eagerness", "longest_ms"), [("high", 2500), ("medium", 4500), (None, 4500)], ids=["high", "medium", "unset"]
)
async def test_semantic_vad_ends_in_the_end(realtime: Client, eagerness: str | None, longest_ms: int) -> None:
    """What never sounds finished ends after the longest wait of its eagerness, `auto` as `medium`."""
    detection = {"type": "semantic_vad"} if eagerness is None else {"type": "semantic_vad", "eagerness": eagerness}
    await realtime.update(turn_detection=detection)
    await realtime.speak(tones("I would like the", silence_ms=5500))
    stopped = await realtime.until(TURN)

    silence_ms = stopped["audio_end_ms"] - len(tones("I would like the", silence_ms=0)) / 48
    assert longest_ms - 200 <= silence_ms <= longest_ms + 100


@pytest.mark.parametrize(
    ("model", "detection", "param"),
    [
        ("gpt-4o", {"type": "semantic_vad"}, "session.turn_detection.type"),
        ("gpt-realtime", {"type": "semantic_vad", "eagerness": "rash"}, "session.turn_detection.eagerness"),
    ],
)
async def test_semantic_vad_is_of_realtime_models(
    service: LocalService, model: str, detection: dict[str, Any], param: str
) -> None:
    """A cascaded model has none, and an eagerness that nobody knows is refused by its name."""
    async with connected(service, model) as client:
        await client.send("session.update", session={"turn_detection": detection})
        assert (await client.error())["param"] == param


async def test_short_sounds_are_passed_over(client: Client) -> None:
    """server_vad with speech_duration_ms: speech shorter than it starts no turn."""
    await client.update(turn_detection={"type": "server_vad", "speech_duration_ms": 400})
    await client.speak(tones("a cough", silence_ms=0)[: 48 * 200] + bytes(48 * 1000))
    await client.speak(tones("a much longer sentence", silence_ms=700))
    started = await client.until("input_audio_buffer.speech_started")

    assert started["audio_start_ms"] > 500


@pytest.mark.parametrize(
    ("version", "kind", "padding_ms"),
    [
        ("2025-10-01", "server_vad", 300),
        ("2025-10-01", "azure_semantic_vad", 300),
        ("2026-07-15", "server_vad", 400),
        ("2026-07-15", "azure_semantic_vad", 420),
        ("2026-07-15", "azure_semantic_vad_multilingual", 420),
        ("2026-07-15", "azure_semantic_vad_en", 300),
    ],
)
async def test_the_padding_depends_on_the_version(
    service: LocalService, version: str, kind: str, padding_ms: int
) -> None:
    """From 2026-04-10 on more audio is kept from before the speech."""
    async with connected(service, **{"api-version": version}) as client:
        session = await client.update(turn_detection={"type": kind})

    assert session["turn_detection"]["prefix_padding_ms"] == padding_ms


@pytest.mark.parametrize(
    ("model", "voice"),
    [
        ("azure-realtime", {"name": "ava", "type": "azure-realtime-native"}),
        ("phi4-mm-realtime", {"name": "en-US-AvaNeural", "type": "azure-standard"}),
        ("gpt-realtime", {"name": "alloy", "type": "openai"}),
        ("gpt-realtime-2.1-datazone", {"name": "marin", "type": "openai"}),
        ("gpt-realtime-datazone", {"name": "alloy", "type": "openai"}),
    ],
)
async def test_a_session_begins_with_the_voice_of_its_model(
    service: LocalService, model: str, voice: dict[str, str]
) -> None:
    """Realtime models of others than OpenAI do not speak with a voice of OpenAI's."""
    async with connected(service, model) as client:
        session = await client.update(instructions="x")

    assert {key: session["voice"][key] for key in voice} == voice


@pytest.mark.parametrize("rate", [22050, 24000, 44100, 48000])
async def test_output_at_every_rate(client: Client, rate: int) -> None:
    """The formats that official tests ask for are echoed, and the answer is heard in them."""
    session = await client.update(output_audio_format=f"pcm16_{rate}hz")
    await client.say("blue")
    await client.send("response.create")
    await client.until("response.done")

    assert session["output_audio_format"] == f"pcm16_{rate}hz"
    assert "blue" in read_tones(audio_of(client.events), rate)


async def test_input_at_44100_hz(client: Client) -> None:
    """A microphone's usual rate, as official samples send it, is heard."""
    await client.update(input_audio_sampling_rate=44100)
    await client.speak(tones("the red one", input_format("pcm16", 44100)))
    completed = await client.until("conversation.item.input_audio_transcription.completed")

    assert completed["transcript"] == "the red one"


async def test_an_avatar_need_not_say_whether_it_is_custom(client: Client) -> None:
    """Official samples leave `customized` out: it is a standard avatar then."""
    session = await client.update(avatar={"character": "lisa"})

    assert session["avatar"]["customized"] is False


@pytest.mark.parametrize("model", ["gpt-realtime", "phi4-mm-realtime"])
async def test_azure_speech_with_server_vad_on_realtime_models(service: LocalService, model: str) -> None:
    """Taken at 2026-07-15, as official tests do it; refused before, as it was recorded."""
    settings = {"input_audio_transcription": {"model": "azure-speech"}, "turn_detection": {"type": "server_vad"}}
    async with connected(service, model) as client:
        session = await client.update(**settings)
    async with connected(service, model, **{"api-version": "2026-04-10"}) as client:
        await client.send("session.update", session=settings)
        error = await client.error()

    assert session["input_audio_transcription"]["model"] == "azure-speech"
    assert error["param"] == "session.turn_detection"


async def test_a_prompt_for_the_transcription_is_echoed(realtime: Client) -> None:
    """OpenAI's transcription models take words to expect."""
    session = await realtime.update(input_audio_transcription={"model": "whisper-1", "prompt": "Contoso, Fabrikam"})

    assert session["input_audio_transcription"]["prompt"] == "Contoso, Fabrikam"
