"""The pieces of an answer: taken from their messages, they lead to the same as their events do."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicelive._core.codec import decode_server_event
from voicelive._core.conversation.actions import Tell
from voicelive._core.conversation.barge_in import BargeIn
from voicelive._core.conversation.conversation import PIECES, Conversation
from voicelive._core.envelope import Incoming

IDS = {"response_id": "r1", "item_id": "a", "output_index": 0, "content_index": 0}
TRANSCRIPT, AUDIO = "response.audio_transcript.delta", "response.audio.delta"
SOUND = base64.b64encode(bytes(4800)).decode()

STORIES: dict[str, list[dict[str, Any]]] = {
    "an answer": [
        *({"type": TRANSCRIPT, **IDS, "delta": word} for word in ("One ", "tw\u00f6 ", '"three"')),
        *({"type": AUDIO, **IDS, "delta": sound} for sound in (SOUND, SOUND, "AA==", "")),
    ],
    "the GA's names": [
        {"type": "response.output_audio_transcript.delta", **IDS, "delta": "One"},
        {"type": "response.output_audio.delta", **IDS, "delta": SOUND},
    ],
    "two parts by turns": [
        {"type": kind, **IDS, "content_index": part, "delta": delta}
        for part in (0, 1, 0, 1)
        for kind, delta in ((TRANSCRIPT, "word "), (AUDIO, SOUND))
    ],
    "text only": [
        {"type": kind, **IDS, "delta": "One"} for kind in ("response.text.delta", "response.output_text.delta")
    ],
    "without an item": [
        {"type": TRANSCRIPT, "delta": "One"},
        {"type": TRANSCRIPT, **IDS, "item_id": None, "delta": "One"},
    ],
    "without content": [
        {"type": TRANSCRIPT, **IDS},
        {"type": TRANSCRIPT, **IDS, "delta": None},
        {"type": AUDIO, **IDS},
        {"type": "response.text.delta", **IDS},
    ],
    "of something interrupted": [
        {"type": AUDIO, **IDS, "response_id": "before", "delta": SOUND},
        {"type": TRANSCRIPT, **IDS, "response_id": "before", "delta": "late"},
        {"type": AUDIO, **IDS, "item_id": "b", "delta": SOUND},
    ],
}


def begun(**options: Any) -> Conversation:
    """Return a conversation in which an answer was interrupted, and another one has begun."""
    conversation = Conversation(new_id=str, **options)
    for response_id in ("before", "r1"):
        response: dict[str, Any] = {"id": response_id, "status": "in_progress", "output": []}
        conversation.received(decode_server_event(json.dumps({"type": "response.created", "response": response})), 1.0)
        if response_id == "before":
            conversation.interrupt(1.5)
    return conversation


def state_of(conversation: Conversation) -> tuple[object, ...]:
    interruption = conversation.ledger.interrupt()
    return interruption, conversation.ledger.heard, conversation.meter.turns, list(conversation.actions)


@pytest.mark.parametrize("options", [{}, {"user_away": 5.0}], ids=["plain", "away"])
@pytest.mark.parametrize("story", STORIES)
def test_pieces_count_as_their_events_do(story: str, options: dict[str, Any]) -> None:
    """Whether a piece is taken as it came or as an event, the same is counted, told and shown to the application."""
    by_message, by_event = begun(**options), begun(**options)
    for number, fields in enumerate(STORIES[story]):
        message = Incoming(json.dumps({"event_id": f"e{number}", **fields}, separators=(",", ":")).encode())
        now = 2.0 + number
        shown = PIECES[message.kind](by_message, message, now)
        assert shown is by_event.received(decode_server_event(message.data), now)
    assert by_message.due() == by_event.due()
    assert state_of(by_message) == state_of(by_event)


NEEDED: list[tuple[dict[str, Any], set[bytes]]] = [
    ({}, set()),
    ({"barge_in": BargeIn()}, {b"conversation.item.input_audio_transcription.delta"}),
    ({"runs_tools": True}, {b"response.output_item.added"}),
    ({"user_away": 5.0}, {b"conversation.item.created", b"conversation.item.added"}),
    (
        {"decides_approvals": True},
        {b"response.output_item.added", b"conversation.item.created", b"conversation.item.added"},
    ),
]


@pytest.mark.parametrize(("options", "more"), NEEDED, ids=range(len(NEEDED)))
def test_only_what_an_option_needs_is_asked_for(options: dict[str, Any], more: set[bytes]) -> None:
    """A type that only one option needs is asked for with that option, and not without it."""
    optional = set[bytes]().union(*(kinds for _, kinds in NEEDED))
    needed = Conversation(new_id=str, **options).needed
    assert needed & optional == more
    assert {b"", b"response.created", b"response.done", b"error"} < needed


def event(kind: str, **fields: Any) -> bytes:
    return json.dumps({"type": kind, **fields}, separators=(",", ":")).encode()


def piece(kind: str, item: str, index: int, delta: str) -> bytes:
    return event(kind, response_id="r1", item_id=item, output_index=0, content_index=index, delta=delta)


def sound(size: int) -> str:
    return base64.b64encode(bytes(size)).decode()


CALL = {"call_id": "c1", "name": "look_up", "arguments": "{}", "response_id": "r1", "item_id": "f1"}
AGAIN: dict[str, Any] = {"id": "r1", "status": "in_progress", "output": []}
ITEMS, INDEXES = st.sampled_from("aab"), st.sampled_from((0, 0, 1))
ARRIVING = st.one_of(
    st.builds(
        piece, st.sampled_from((AUDIO, "response.output_audio.delta")), ITEMS, INDEXES, st.integers(0, 200).map(sound)
    ),
    st.builds(piece, st.just(TRANSCRIPT), ITEMS, INDEXES, st.sampled_from(("one ", "tw\u00f6 ", '"three"', ""))),
    st.builds(piece, st.just("response.text.delta"), ITEMS, INDEXES, st.just("four ")),
    st.sampled_from(
        (
            event("response.audio.done", item_id="a", content_index=0),
            event("response.created", response=AGAIN),
            event("response.done", response={**AGAIN, "status": "completed"}),
            event("response.function_call_arguments.done", **CALL),
            event("input_audio_buffer.speech_started", item_id="u1", audio_start_ms=0),
            event("input_audio_buffer.speech_stopped", item_id="u1", audio_end_ms=10),
            event("session.updated", session={"output_audio_format": "pcm16_8000hz"}),
            event("voicelive.restored", session_id="s2", completed_items=["a"]),
        )
    ),
)
DOING: dict[str, Callable[[Conversation, float], object]] = {
    "play": lambda conversation, now: conversation.played(300, now),
    "interrupt": Conversation.interrupt,
    "append": lambda conversation, now: conversation.sent("input_audio_buffer.append", now, audio_size=960),
    "create": lambda conversation, now: conversation.sent("response.create", now),
    "request": lambda conversation, now: conversation.request(None, now),
    "finish": lambda conversation, now: conversation.tool_finished("c1", "{}", "completed", now),
    "tick": Conversation.tick,
    "end": lambda conversation, now: conversation.ended(),
}


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(ARRIVING, st.integers(1, 4)) | st.sampled_from(sorted(DOING)), max_size=25),
    st.sampled_from(({}, {"barge_in": BargeIn()}, {"user_away": 5.0}, {"runs_tools": True})),
)
def test_runs_of_pieces_count_as_their_events_do(steps: list[tuple[bytes, int] | str], options: dict[str, Any]) -> None:
    """Whatever happens between pieces, a run of them leaves the same behind as if each had been an event."""
    by_message, by_event = begun(**options), begun(**options)
    now = 2.0
    for step in steps:
        for data in [step[0]] * step[1] if isinstance(step, tuple) else [None]:
            now += 0.1
            if data is None:
                assert DOING[str(step)](by_message, now) == DOING[str(step)](by_event, now) or step == "request"
                continue
            message = Incoming(data)
            take = PIECES.get(message.kind)
            # As the transport does.
            if not by_message.goes_on(message):
                shown = (
                    by_message.received(decode_server_event(data), now)
                    if take is None
                    else take(by_message, message, now)
                )
                assert shown is by_event.received(decode_server_event(data), now)
            else:
                assert by_event.received(decode_server_event(data), now)
            assert by_message.ledger.unheard_ms == by_event.ledger.unheard_ms
            assert by_message.ledger.heard == by_event.ledger.heard
            assert by_message.meter.turns == by_event.meter.turns
    assert by_message.due() == by_event.due()
    assert [str(action) for action in by_message.actions] == [str(action) for action in by_event.actions]
    for action in by_message.actions:
        if isinstance(action, Tell) and action.written is not None:
            assert action.written == action.event.to_json()
    assert state_of(by_message)[:3] == state_of(by_event)[:3]
