"""Speaking over the assistant, and cancelling it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from voicelive.local import Engines, LocalService

from .helpers import DEADLINE, Client, GatedSynthesizer, Scripted, connected, tones, types

CANCELLED_SPEECH = [
    "response.audio.done",
    "response.audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.done",
]


@pytest.fixture
def mouth() -> GatedSynthesizer:
    """A synthesizer that stops in the middle of its answer."""
    return GatedSynthesizer()


@pytest.fixture
async def talking(mouth: GatedSynthesizer) -> AsyncIterator[Client]:
    """A client that is being talked to: the response has sent some sound and does not end by itself."""
    engines = replace(Engines.basic(), responder=Scripted(), synthesizer=mouth)
    async with LocalService(engines=engines) as service:
        try:
            async with connected(service) as client:
                await client.say("hello")
                await client.send("response.create")
                for _ in range(4):
                    await client.until("response.audio.delta")
                yield client
        finally:
            mouth.release()


async def test_speech_during_generation_cancels_the_response(talking: Client) -> None:
    """speech_started comes first, then every done event of the cut response, then nothing more of it."""
    await talking.append(tones("wait", silence_ms=0))
    events = await talking.collect("response.done")
    by_type = {event["type"]: event for event in events}

    assert [t for t in types(events) if t != "response.audio.delta"] == [
        "input_audio_buffer.speech_started",
        *CANCELLED_SPEECH,
    ]
    assert types(events)[-5:] == CANCELLED_SPEECH
    response = by_type["response.done"]["response"]
    assert response["status"] == "cancelled"
    assert response["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    assert response["usage"]["output_tokens"] > 0
    assert response["output"][0]["status"] == "incomplete"
    assert by_type["response.output_item.done"]["item"]["status"] == "incomplete"
    assert by_type["response.audio_transcript.done"]["transcript"] == "You said hello"


async def test_the_interrupting_turn_is_answered(talking: Client, mouth: GatedSynthesizer) -> None:
    """After the cancelled response the user's turn goes its normal way to its own response."""
    await talking.append(tones("wait"))
    await talking.until("response.done")
    mouth.release()
    events = await talking.collect("response.done")

    assert types(events)[:5] == [
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.input_audio_transcription.completed",
        "conversation.item.created",
        "response.created",
    ]
    assert events[-1]["response"]["status"] == "completed"
    assert not any(
        event.get("response_id", events[-1]["response"]["id"]) != events[-1]["response"]["id"] for event in events
    )


async def test_speech_after_generation_changes_nothing(client: Client) -> None:
    """When the response was complete before the user spoke, no cancelled and no truncated event follows."""
    await client.say("hello")
    await client.send("response.create")
    await client.until("response.done")
    await client.append(tones("wait"))
    events = await client.collect("conversation.item.created")

    assert types(events) == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.input_audio_transcription.completed",
        "conversation.item.created",
    ]


async def test_without_interrupt_response_the_answer_goes_on(talking: Client, mouth: GatedSynthesizer) -> None:
    """interrupt_response false: speech leaves the response alone, and its own answer follows afterwards."""
    await talking.update(turn_detection={"type": "server_vad", "interrupt_response": False})
    await talking.append(tones("wait"))
    await talking.until("conversation.item.created")
    mouth.release()
    first = await talking.until("response.done")
    second = await talking.until("response.done")

    assert first["response"]["status"] == second["response"]["status"] == "completed"
    assert first["response"]["id"] != second["response"]["id"]


async def test_cancel_ends_the_response_and_says_who_did(talking: Client) -> None:
    """response.cancel closes everything open; the reason is client_cancelled."""
    await talking.send("response.cancel")
    events = await talking.collect("response.done")

    assert types(events)[-5:] == CANCELLED_SPEECH
    details = events[-1]["response"]["status_details"]
    assert details == {"type": "cancelled", "reason": "client_cancelled"}


async def test_cancel_stops_the_synthesizer(talking: Client, mouth: GatedSynthesizer) -> None:
    """The engine's work for a cancelled response is given up as soon as its step ends."""
    await talking.send("response.cancel")
    await talking.until("response.done")
    mouth.release()

    assert await asyncio.to_thread(mouth.ended.wait, DEADLINE)
    assert not mouth.finished.is_set()


async def test_the_missions_interruption_is_benign(talking: Client) -> None:
    """On speech_started the client cancels and clears: it gets one benign error and the confirmation."""
    await talking.append(tones("wait", silence_ms=0))
    await talking.until("input_audio_buffer.speech_started")
    await talking.send("response.cancel")
    await talking.send("output_audio_buffer.clear")
    events = await talking.collect("output_audio_buffer.cleared")

    errors = [e["error"] for e in events if e["type"] == "error"]
    assert [error["code"] for error in errors] == ["response_cancel_not_active"]
    assert errors[0]["message"] == "Cancellation failed: no active response"


async def test_cancelling_another_response_is_refused(talking: Client) -> None:
    """response.cancel with the id of a response that is not in progress changes nothing."""
    await talking.send("response.cancel", response_id="resp_other")

    assert (await talking.error())["code"] == "response_cancel_not_active"
    await talking.send("response.cancel")
    await talking.until("response.done")


async def test_a_second_response_is_refused_while_one_is_active(talking: Client) -> None:
    """response.create during a response names the one in progress, and no response.done follows for it."""
    active = next(e for e in talking.events if e["type"] == "response.created")["response"]["id"]
    await talking.send("response.create")
    error = await talking.error()

    assert error["code"] == "conversation_already_has_active_response"
    assert error["message"] == (
        f"Conversation already has an active response in progress: {active}. "
        "Wait until the response is finished before creating a new one."
    )
    await talking.send("response.cancel")
    assert (await talking.until("response.done"))["response"]["id"] == active


async def test_a_response_can_replace_the_active_one(talking: Client, mouth: GatedSynthesizer) -> None:
    """response.create with cancel_previous cancels the response in progress and starts its own."""
    await talking.send("response.create", response={"cancel_previous": True, "modalities": ["text"]})
    first = await talking.until("response.done")
    second = await talking.until("response.done")

    assert first["response"]["status"] == "cancelled"
    assert second["response"]["status"] == "completed"


async def test_auto_truncate_cuts_the_answer_to_what_was_heard(talking: Client) -> None:
    """auto_truncate: the interrupted item is truncated to the time since its first sound, played in real time."""
    await talking.update(turn_detection={"type": "server_vad", "auto_truncate": True})
    await talking.append(tones("wait", silence_ms=0))
    truncated = await talking.until("conversation.item.truncated")
    item_id = truncated["item_id"]
    await talking.send("conversation.item.retrieve", item_id=item_id)
    item = (await talking.until("conversation.item.retrieved"))["item"]

    assert 0 <= truncated["audio_end_ms"] < 1500
    assert item["content"][0]["transcript"] == ""


async def test_text_stands_in_for_what_was_cut(talking: Client) -> None:
    """appended_text_after_truncation takes the place of the transcript, so that the model knows of the interruption."""
    note = "[The user interrupted here.]"
    detection = {"type": "azure_semantic_vad", "auto_truncate": True, "appended_text_after_truncation": note}
    await talking.update(turn_detection=detection)
    await talking.append(tones("wait", silence_ms=0))
    item_id = (await talking.until("conversation.item.truncated"))["item_id"]
    await talking.send("conversation.item.retrieve", item_id=item_id)
    item = (await talking.until("conversation.item.retrieved"))["item"]

    assert item["content"][0]["transcript"] == note
