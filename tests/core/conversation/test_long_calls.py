"""What a connection keeps of a long call: the same after thousands of turns as after the first hundreds."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable
from itertools import count
from types import FunctionType, MethodType, ModuleType
from typing import Any

import pytest

from voicelive._core.codec import decode_server_event
from voicelive._core.conversation.barge_in import BargeIn
from voicelive._core.conversation.conversation import Conversation
from voicelive._core.conversation.metrics import TurnMeter
from voicelive._core.conversation.tokens import TokenCounts
from voicelive.conversation import CallMetrics, Observed, Spread, measure

MS = 48
TURNS = 4_000
AT_FIRST = 1_100
PER_TURN = 80
"""Bytes that a turn may leave behind: its figures, as numbers."""

Turn = Callable[["Call", int], None]


class Call:
    """A conversation, told what a service sends."""

    def __init__(self, **options: Any) -> None:
        ids = count()
        self.conversation = Conversation(new_id=lambda: f"id_{next(ids)}", **options)
        self.now = 0.0

    def tell(self, kind: str, **fields: Any) -> None:
        self.now += 0.1
        event = decode_server_event(json.dumps({"type": kind, "event_id": f"event_{self.now:.1f}", **fields}))
        self.conversation.received(event, self.now)
        self.conversation.actions.clear()

    def speaks(self, number: int) -> None:
        """Begin an answer with 200 ms of sound, and say nothing of its end."""
        ids = {"response_id": f"r{number}", "item_id": f"i{number}", "output_index": 0, "content_index": 0}
        self.tell("response.created", response={"id": f"r{number}", "object": "realtime.response", "output": []})
        self.tell("response.audio_transcript.delta", delta="Of course, on Sundays too.", **ids)
        self.tell("response.audio.delta", delta="AAAA" * (200 * MS // 3), **ids)

    def ends(self, number: int) -> None:
        """End the answer."""
        ids = {"response_id": f"r{number}", "item_id": f"i{number}", "output_index": 0, "content_index": 0}
        self.tell("response.audio.done", **ids)
        usage = {"total_tokens": 3000, "input_tokens": 1000, "output_tokens": 2000}
        response = {"id": f"r{number}", "object": "realtime.response", "status": "completed", "output": []}
        self.tell("response.done", response={**response, "usage": usage})

    def asks(self, number: int) -> None:
        """Have the user say something."""
        self.conversation.sent("input_audio_buffer.append", self.now, audio_size=1000 * MS)
        self.tell("input_audio_buffer.speech_started", item_id=f"u{number}", audio_start_ms=0)
        self.tell("input_audio_buffer.speech_stopped", item_id=f"u{number}", audio_end_ms=number * 1000 + 900)
        item = {"item_id": f"u{number}", "content_index": 0}
        self.tell("conversation.item.input_audio_transcription.completed", transcript="Are you open?", **item)


def heard(call: Call, number: int) -> None:
    """Ask, and hear the answer."""
    call.asks(number)
    call.speaks(number)
    call.ends(number)
    call.conversation.played(200 * MS, call.now)


def interrupted(call: Call, number: int) -> None:
    """Ask, hear half of the answer, and interrupt it; sound of it comes late."""
    call.asks(number)
    call.speaks(number)
    call.conversation.played(100 * MS, call.now)
    call.tell("input_audio_buffer.speech_started", item_id=f"v{number}", audio_start_ms=0)
    call.speaks(number)
    call.ends(number)


def not_played(call: Call, number: int) -> None:
    """Ask, where nobody says what is played."""
    call.asks(number)
    call.speaks(number)
    call.ends(number)


def unasked(call: Call, number: int) -> None:
    """Hear what the service says by itself: all of it is one turn."""
    call.speaks(number)
    call.ends(number)
    call.conversation.played(200 * MS, call.now)


def unanswered_calls(call: Call, number: int) -> None:
    """Have the model call a function that the application never answers, such as one that ends the call."""
    call.asks(number)
    call.speaks(number)
    names = {"response_id": f"r{number}", "item_id": f"f{number}", "output_index": 1, "call_id": f"c{number}"}
    call.tell("response.function_call_arguments.done", arguments="{}", name="note", **names)
    call.ends(number)


def unanswered_requests(call: Call, number: int) -> None:
    """Ask for responses that the service never begins."""
    call.conversation.sent("response.create", call.now, event_id=f"event_{number}")


TABLE: list[tuple[str, Turn]] = [
    ("heard", heard),
    ("interrupted", interrupted),
    ("not played", not_played),
    ("unasked", unasked),
    ("calls that nobody answers", unanswered_calls),
    ("requests that nobody answers", unanswered_requests),
]


@pytest.mark.parametrize("turn", [row[1] for row in TABLE], ids=[row[0].replace(" ", "-") for row in TABLE])
def test_a_turn_leaves_nothing_behind_but_its_figures(turn: Turn) -> None:
    """Whatever happens in thousands of turns, all that hangs on the conversation is as large as after a quarter."""
    call = Call(barge_in=BargeIn())
    call.tell("session.created", session={"id": "s", "model": "m"})
    for number in range(AT_FIRST):
        turn(call, number)
    at_first = size_of(call.conversation)
    for number in range(AT_FIRST, TURNS):
        turn(call, number)
    grown = size_of(call.conversation) - at_first
    assert grown <= PER_TURN * (TURNS - AT_FIRST), f"{grown / (TURNS - AT_FIRST):.0f} bytes a turn"


def size_of(thing: object) -> int:
    """Return the bytes of everything that can be reached from a thing, without code."""
    seen: dict[int, object] = {}
    left = [thing]
    while left:
        one = left.pop()
        if id(one) in seen or isinstance(one, (type, ModuleType, FunctionType)):
            continue
        seen[id(one)] = one
        left += [one.__self__] if isinstance(one, MethodType) else gc.get_referents(one)
    return sum(map(sys.getsizeof, seen.values()))


def turns_of(meter: TurnMeter, turns: int) -> CallMetrics:
    """Have turns, of which the n-th takes n ms to be heard."""
    for number in range(1, turns + 1):
        began = number * 10.0
        meter.requested(began)
        meter.created(f"r{number}", began)
        meter.audio(100, began + number / 1000)
        meter.done("completed", TokenCounts(input=1))
    return meter.call


def test_the_spread_of_a_long_call_is_of_all_its_turns() -> None:
    """Of a call of 1,000 turns the records of the latest are kept, and the figures of all count."""
    all_kept, call = turns_of(TurnMeter(max_turns=None), 1000), turns_of(TurnMeter(), 1000)
    assert [turn.number for turn in call.turns] == list(range(744, 1001))
    for name in ("first_audio_ms", "generated_ms"):
        assert call.spread(name) == all_kept.spread(name)
    spread = call.spread("first_audio_ms")
    assert spread is not None
    assert (spread.count, round(spread.p50, 1)) == (1000, 500.5)
    assert call.spread("tool_ms") is None
    assert call.tokens.input == 1000


def test_the_figures_of_a_call_do_not_change_with_it() -> None:
    """What ``metrics`` returned stays as it was, also when turns that it counts are dropped later."""
    meter = TurnMeter(max_turns=2)
    before = turns_of(meter, 10)
    spread = before.spread("first_audio_ms")
    turns_of(meter, 10)
    assert before.spread("first_audio_ms") == spread
    assert isinstance(spread, Spread)
    assert spread.count == 10


def test_what_was_recorded_is_measured_with_all_turns() -> None:
    """``measure()`` has the events of the whole call, and returns all its turns."""
    events: list[Observed] = []
    for number in range(600):
        response = {"id": f"r{number}", "status": "completed"}
        events.append(Observed(number, "out", {"type": "response.create"}))
        events.append(Observed(number, "in", {"type": "response.created", "response": response}))
        events.append(Observed(number, "in", {"type": "response.done", "response": response}))
    assert [turn.number for turn in measure(events).turns] == list(range(1, 601))


def test_the_responses_of_an_endless_turn() -> None:
    """A service that speaks without being asked: the latest responses are named, and all that was played counts."""
    meter = TurnMeter()
    for number in range(1000):
        meter.created(f"r{number}", float(number))
        meter.played(f"i{number}", 50, float(number))
        meter.played(f"i{number}", 100, float(number))
    (turn,) = meter.turns
    assert turn.response_ids[-1] == "r999"
    assert len(turn.response_ids) == 256
    assert turn.heard_ms == 100_000
