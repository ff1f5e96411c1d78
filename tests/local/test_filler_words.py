"""remove_filler_words: what is left of a transcript, and what a pause filled with "um" means for the turn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from voicelive._local.session.fillers import without_fillers
from voicelive.local import Engines, LocalService

from .helpers import Scripted, connected, tones, types

HEARD = "conversation.item.input_audio_transcription.completed"


@pytest.mark.parametrize(
    ("text", "language", "kept"),
    [
        ("Um, what is the time?", None, "What is the time?"),
        ("what is, uh, the time", "en-US", "what is, the time"),
        ("The weather, um.", None, "The weather."),
        ("hmm... er", None, ""),
        ("Um.", None, ""),
        ("", None, ""),
        ("the umbrella is ah-ing", None, "the umbrella is ah-ing"),
        ("Ähm, er kommt um acht.", "de-DE", "Er kommt um acht."),
        ("Nothing  to leave out.", None, "Nothing  to leave out."),
    ],
)
def test_what_is_left_without_fillers(text: str, language: str | None, kept: str) -> None:
    """Fillers go with the comma that sets them off; words that only look like them stay, by language."""
    assert without_fillers(text, language) == kept


@pytest.mark.parametrize(("removed", "said"), [(True, "What time is it?"), (False, "Um, what time is it?")])
async def test_a_transcript_is_without_fillers(removed: bool, said: str) -> None:
    """The transcript, the item and what the responder is told are without them, if the session says so."""
    responder = Scripted()
    engines = replace(Engines.basic(), responder=responder)
    async with LocalService(engines=engines) as service, connected(service) as client:
        await client.update(turn_detection=detection(remove_filler_words=removed))
        await client.speak(tones("Um, what time is it?"))
        heard = await client.until(HEARD)
        item = (await client.until("conversation.item.created"))["item"]
        await client.until("response.done")

    assert heard["transcript"] == said
    assert item["content"][0]["transcript"] == said
    assert [getattr(turn, "text", None) for turn in responder.requests[0].conversation] == [said]


async def test_a_turn_of_fillers_alone_is_not_answered() -> None:
    """It becomes an item without a transcript, and the next turn with words gets the first response."""
    engines = replace(Engines.basic(), responder=Scripted())
    async with LocalService(engines=engines) as service, connected(service) as client:
        await client.update(turn_detection=detection(remove_filler_words=True))
        await client.speak(tones("hmm"))
        first = await client.collect("conversation.item.created")
        await client.speak(tones("hello"))
        second = await client.collect("response.done")

    assert first[-1]["item"]["content"] == [{"type": "input_audio", "transcript": ""}]
    assert types(second)[:6] == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        HEARD,
        "conversation.item.created",
        "response.created",
    ]


@pytest.mark.parametrize(("removed", "prolonged"), [(False, True), (True, False)])
async def test_a_filler_does_not_prolong_a_turn(removed: bool, prolonged: bool) -> None:
    """A turn that ends in "um" sounds unfinished, unless fillers are left out when it is judged."""
    engines = replace(Engines.basic(), responder=Scripted())
    async with LocalService(engines=engines) as service, connected(service) as client:
        judged = {"model": "semantic_detection_v1", "timeout_ms": 3000}
        await client.update(turn_detection=detection(remove_filler_words=removed, end_of_utterance_detection=judged))
        await client.speak(tones("what time is it um", silence_ms=900))
        await client.send("output_audio_buffer.clear")
        events = await client.collect("output_audio_buffer.cleared")

    assert ("input_audio_buffer.speech_stopped" not in types(events)) is prolonged


def detection(**settings: Any) -> dict[str, Any]:
    """Return settings of a semantic turn detection that ends a turn after 300 ms."""
    return {"type": "azure_semantic_vad", "silence_duration_ms": 300, **settings}
