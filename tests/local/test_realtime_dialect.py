"""The order and the fields of a realtime model, where they differ from a cascaded one's."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from voicelive.local import LocalService

from .helpers import Client, audio_of, connected, read_tones, tones, types
from .test_text_turns import SPOKEN_ANSWER


@pytest.fixture
async def realtime(service: LocalService) -> AsyncIterator[Client]:
    """A session with a realtime model that shows transcripts."""
    async with connected(service, "gpt-realtime") as client:
        await client.update(
            input_audio_transcription={"model": "azure-speech"},
            turn_detection={"type": "azure_semantic_vad", "silence_duration_ms": 300},
        )
        yield client


async def test_a_spoken_turn_has_the_recorded_order(realtime: Client) -> None:
    """The item and the response come before the transcript, the answer after it."""
    await realtime.speak(tones("hello"))
    events = await realtime.collect("response.done")

    assert types(events) == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.created",
        "response.created",
        "conversation.item.input_audio_transcription.completed",
        *SPOKEN_ANSWER[1:],
    ]
    assert read_tones(audio_of(events)) == "You said hello"


async def test_items_and_responses_have_the_recorded_fields(realtime: Client) -> None:
    """Null transcript at first, status in_progress, item ids, links to whatever item is before."""
    for _ in range(2):
        await realtime.speak(tones("hello"))
        await realtime.until("response.done")

    created = [e for e in realtime.events if e["type"] == "conversation.item.created"]
    ids = [e["item"]["id"] for e in created]
    assert [e["previous_item_id"] for e in created] == [None, *ids[:-1]]
    assert all(name.startswith("item_") for name in ids)
    assert created[0]["item"]["content"] == [{"type": "input_audio", "transcript": None}]
    assert created[1]["item"]["status"] == "in_progress"
    response = realtime.events[-1]["response"]
    assert response["conversation_id"].startswith("conv_")
    assert response["output_audio_format"] == "pcm16"
    assert response["max_output_tokens"] == "inf"
    assert response["temperature"] is None


async def test_the_dialect_can_be_chosen() -> None:
    """dialect overrules the model's name."""
    async with LocalService(dialect="cascaded") as service, connected(service, "gpt-realtime") as client:
        session = await client.update(instructions="x")

    assert session["voice"]["name"] == "en-US-AvaNeural"
