"""Facial animation: mouth shapes and expressions beside the sound, for Azure voices."""

from __future__ import annotations

import pytest

from voicelive._audio.wire_formats import input_format
from voicelive._local.session.visemes import BLENDSHAPES, FRAMES_PER_S, Face, Viseme
from voicelive.local import LocalService
from voicelive.local.engines import Word

from .helpers import Client, Event, audio_of, connected, types

VISEMES = "response.animation_viseme.delta"
FRAMES = "response.animation_blendshapes.delta"


async def answer(client: Client) -> list[Event]:
    """Have "You said hello there" spoken and return the response's events."""
    await client.say("hello there")
    await client.until("conversation.item.created")
    await client.send("response.create")
    return await client.collect("response.done")


def length_ms(events: list[Event]) -> float:
    """Return how long the sound in `events` is."""
    return input_format().ms(len(audio_of(events)))


async def test_visemes_come_with_the_sound(client: Client) -> None:
    """Every shape is numbered 0 to 21, lies in the sound, in order; the mouth is shut at both ends; done is last."""
    await client.update(animation={"outputs": ["viseme_id"]})
    events = await answer(client)

    shapes = [event for event in events if event["type"] == VISEMES]
    offsets = [event["audio_offset_ms"] for event in shapes]
    assert offsets == sorted(offsets)
    assert offsets[0] == 0
    assert offsets[-1] <= length_ms(events)
    assert {event["viseme_id"] for event in shapes} <= set(range(22))
    assert [shapes[0]["viseme_id"], shapes[-1]["viseme_id"]] == [0, 0]
    assert len(shapes) > len("You said hello there") // 2
    assert types(events)[-6:] == [
        "response.audio.done",
        "response.audio_transcript.done",
        "response.animation_viseme.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    assert FRAMES not in types(events)


async def test_expressions_cover_the_sound(client: Client) -> None:
    """60 frames of 55 weights a second, without a gap, each before its sound; the mouth moves."""
    await client.update(animation={"model_name": "default"})
    events = await answer(client)

    parts = [event for event in events if event["type"] == FRAMES]
    frames = [frame for part in parts for frame in part["frames"]]
    assert [part["frame_index"] for part in parts] == [
        sum(len(before["frames"]) for before in parts[:place]) for place in range(len(parts))
    ]
    assert len(frames) == int(length_ms(events) * FRAMES_PER_S / 1000)
    assert {len(frame) for frame in frames} == {BLENDSHAPES}
    assert all(0 <= weight <= 1 for frame in frames for weight in frame)
    assert len({tuple(frame) for frame in frames}) > 3
    order = types(events)
    assert order.index(FRAMES) < order.index("response.audio.delta")
    assert "response.animation_blendshapes.done" in order
    done = next(event for event in events if event["type"] == "response.animation_blendshapes.done")
    assert "content_index" not in done


async def test_words_and_faces_go_together(client: Client) -> None:
    """All of them at once: every word's timestamp lies where its first shape does."""
    await client.update(animation={"outputs": ["viseme_id", "blendshapes"]}, output_audio_timestamp_types=["word"])
    events = await answer(client)

    words = [event["audio_offset_ms"] for event in events if event["type"] == "response.audio_timestamp.delta"]
    shapes = [event["audio_offset_ms"] for event in events if event["type"] == VISEMES]
    assert len(words) == 4
    assert set(words) <= set(shapes)
    assert types(events)[-6:-2] == [
        "response.audio_timestamp.done",
        "response.animation_viseme.done",
        "response.animation_blendshapes.done",
        "response.content_part.done",
    ]


async def test_voices_of_realtime_models_have_no_face(service: LocalService) -> None:
    """With an OpenAI voice, animation is accepted and nothing of it sent."""
    async with connected(service, "gpt-realtime") as client:
        session = await client.update(animation={"outputs": ["viseme_id"]})
        events = await answer(client)

    assert session["animation"] == {"outputs": ["viseme_id"]}
    assert not [event for event in events if "animation" in event["type"]]


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("Bob", [21, 8, 21]),
        ("she", [16, 4]),
        ("thing", [17, 6, 20]),
        ("42", [1]),
    ],
)
def test_letters_share_the_time_of_their_word(text: str, shapes: list[int]) -> None:
    """Groups of letters that make one sound make one shape; they follow each other at equal distances."""
    visemes = Face().move(Word(text, 0, 300))

    assert [viseme.viseme_id for viseme in visemes] == shapes
    assert [viseme.offset_ms for viseme in visemes] == [300 * place // len(shapes) for place in range(len(shapes))]


def test_the_mouth_closes_in_pauses() -> None:
    """Before the first word, between words apart, and after the last; not between words that touch."""
    face = Face()
    moves = [*face.move(Word("a", 100, 100)), *face.move(Word("a", 200, 100)), *face.move(Word("a", 500, 100))]

    assert [*moves, *face.rest()] == [
        Viseme(0, 0),
        Viseme(100, 1),
        Viseme(200, 1),
        Viseme(300, 0),
        Viseme(500, 1),
        Viseme(600, 0),
    ]
