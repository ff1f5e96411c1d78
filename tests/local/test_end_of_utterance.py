"""End-of-utterance detection: a pause does not end what does not sound finished."""

from __future__ import annotations

from typing import Any

import pytest

from voicelive._local.session.utterance import is_finished

from .helpers import Client, tones, types

TURN = "input_audio_buffer.speech_stopped"


def detection(**eou: Any) -> dict[str, Any]:
    """Return turn detection that judges the words after 200 ms of silence."""
    return {
        "type": "azure_semantic_vad",
        "silence_duration_ms": 200,
        "end_of_utterance_detection": {"model": "semantic_detection_v1", **eou},
    }


async def test_a_pause_within_a_sentence_does_not_end_the_turn(client: Client) -> None:
    """Two parts: "I would like the" and, half a second later, "red one" become one turn with one transcript."""
    await client.update(turn_detection=detection())
    await client.speak(tones("I would like the", silence_ms=500))
    await client.speak(tones("red one please", silence_ms=700))
    events = await client.collect("conversation.item.created")

    assert types(events).count("input_audio_buffer.speech_started") == 1
    assert events[-1]["item"]["content"][0]["transcript"] == "I would like the red one please"


async def test_a_sentence_that_sounds_finished_ends_at_once(client: Client) -> None:
    """The same pause after a finished sentence ends the turn: there are two."""
    await client.update(turn_detection=detection())
    await client.speak(tones("I would like it.", silence_ms=500))
    await client.speak(tones("the red one", silence_ms=700))
    stops = [(await client.until(TURN))["audio_end_ms"] for _ in range(2)]

    assert stops[0] < stops[1]


@pytest.mark.parametrize(("timeout_ms", "longest_ms"), [(0, 300), (480, 800), (None, 1300)])
async def test_the_wait_ends_with_its_timeout(client: Client, timeout_ms: int | None, longest_ms: int) -> None:
    """An unfinished sentence ends after the silence and the timeout, 1000 ms by default; 0 switches the wait off."""
    await client.update(turn_detection=detection(**({} if timeout_ms is None else {"timeout_ms": timeout_ms})))
    speech_ms = len(tones("I would like the", silence_ms=0)) / 48
    await client.speak(tones("I would like the", silence_ms=2000))
    stopped = await client.until(TURN)

    silence_ms = stopped["audio_end_ms"] - speech_ms
    assert longest_ms - 200 <= silence_ms <= longest_ms


@pytest.mark.parametrize(
    ("text", "finished"),
    [
        ("", True),
        ("What time is it?", True),
        ("what time is it", True),
        ("I need to", False),
        ("Well, um", False),
        ("My number is one, two,", False),
        ("give me the", False),
        ("It is.", True),
        ("Hello", True),
        ("wait...", False),
    ],
)
def test_what_sounds_finished(text: str, finished: bool) -> None:
    """By the last word and the punctuation; nothing understood is nothing to wait for."""
    assert is_finished(text) is finished


def test_high_certainty_waits_after_few_words() -> None:
    """With the level high, a word or two without punctuation are not finished."""
    assert not is_finished("Hello", "high")
    assert is_finished("Hello.", "high")
    assert is_finished("what time is it", "high")
