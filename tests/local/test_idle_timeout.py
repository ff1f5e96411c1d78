"""The assistant goes on by itself where the user stays silent."""

from __future__ import annotations

import pytest

from voicelive.local import LocalService

from .helpers import Client, connected, tones, types
from .test_text_turns import WRITTEN_ANSWER

TIMEOUT = "input_audio_buffer.timeout_triggered"


async def silent_client(client: Client, timeout_ms: int | None) -> None:
    """Have one answer written, with an idle timeout set."""
    await client.update(modalities=["text"], turn_detection={"type": "server_vad", "idle_timeout_ms": timeout_ms})
    await client.append(bytes(48000))
    await client.say("hello")
    await client.send("response.create")
    await client.until("response.done")


async def test_silence_after_an_answer_is_answered(client: Client) -> None:
    """timeout_triggered, then the silence as a turn of the user with nothing said, and the response to it."""
    await silent_client(client, 50)
    events = await client.collect("response.done")

    assert types(events) == [
        TIMEOUT,
        "input_audio_buffer.committed",
        "conversation.item.input_audio_transcription.completed",
        "conversation.item.created",
        *WRITTEN_ANSWER,
    ]
    triggered = events[0]
    assert triggered["audio_start_ms"] == triggered["audio_end_ms"] == 1000
    assert {events[1]["item_id"], events[2]["item_id"], events[3]["item"]["id"]} == {triggered["item_id"]}
    assert events[2]["transcript"] == ""


async def test_speech_is_no_silence(service: LocalService) -> None:
    """Speech that begins before the timeout is answered as usual."""
    async with connected(service) as client:
        await silent_client(client, 10_000)
        await client.speak(tones("hello"))
        events = await client.collect("response.done")

    assert TIMEOUT not in types(events)
    assert types(events)[0] == "input_audio_buffer.speech_started"


@pytest.mark.parametrize("timeout_ms", [None, 60_000])
async def test_without_a_timeout_nothing_comes(service: LocalService, timeout_ms: int | None) -> None:
    """Switched off or far away, an answer is followed by nothing; the session ends at once all the same."""
    async with connected(service) as client:
        await silent_client(client, timeout_ms)
        await client.send("input_audio_buffer.clear")
        assert (await client.recv())["type"] == "input_audio_buffer.cleared"
