"""Conversations that outgrow what is kept: flat in memory, flat in cost, and restored however long that takes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from voicelive import ReconnectPolicy
from voicelive._core.reconnect.conversation_items import ConversationItems
from voicelive._core.reconnect.history import History
from voicelive._core.reconnect.link_actions import Condense

from .scripted import Scripted, item
from .test_history import answer, conversation, create, created, deleted, done, heard, response, said, speech


def turn(story: Scripted, number: int) -> None:
    """Hold one spoken turn, with all that a service says of it."""
    user, assistant, name = f"u{number}", f"x{number}", f"r{number}"
    story.get(1, "input_audio_buffer.speech_started", item_id=user, audio_start_ms=0)
    story.get(1, "input_audio_buffer.speech_stopped", item_id=user, audio_end_ms=500)
    story.get(1, "input_audio_buffer.committed", item_id=user)
    story.get(1, "conversation.item.created", item=speech(user, "A question"))
    story.get(1, "response.created", response={"id": name})
    transcription = "conversation.item.input_audio_transcription.completed"
    story.get(1, transcription, item_id=user, transcript=f"A question of some length, number {number}")
    story.get(1, "response.output_item.added", response_id=name, item=answer(assistant))
    story.get(1, "conversation.item.created", item=answer(assistant))
    story.get(1, "response.audio.delta", response_id=name, item_id=assistant, delta="AAAA" * 100)
    text = f"An answer of some length, number {number}"
    story.get(1, "response.audio_transcript.done", response_id=name, item_id=assistant, transcript=text)
    story.get(1, "response.output_item.done", response_id=name, item=answer(assistant, text))
    story.get(1, "response.done", response={"id": name, "output": [answer(assistant, text)]})
    story.send("response.cancel")
    story.get(1, "error", error={"code": "response_cancel_not_active"})
    story.send("input_text.delta", id="t", delta="word")
    story.told()


def size(thing: Any, seen: set[int]) -> int:
    """Count the objects that can be reached from `thing`."""
    if id(thing) in seen or isinstance(thing, type) or callable(thing):
        return 0
    seen.add(id(thing))
    total = 1
    if isinstance(thing, dict):
        total += sum(size(each, seen) for pair in thing.items() for each in pair)
    elif isinstance(thing, (list, tuple, set, frozenset)) or hasattr(thing, "popleft"):
        total += sum(size(each, seen) for each in thing)
    for name in (*getattr(thing, "__dict__", {}), *getattr(type(thing), "__slots__", ())):
        total += size(getattr(thing, name, None), seen)
    return total


def test_memory_is_flat_past_the_bound() -> None:
    """Once the history has reached its bound, a thousand more turns leave as many objects as there were before."""
    story = Scripted(ReconnectPolicy(max_history_items=100))
    for number in range(2_500):
        turn(story, number)
    before = size(story.line, set())
    for number in range(2_500, 3_500):
        turn(story, number)
    assert size(story.line, set()) <= before * 1.01
    assert len(story.line.history.conversation.kept) == 100


@pytest.mark.parametrize("kept", [50, 5_000])
def test_the_cost_of_a_turn_is_flat(kept: int) -> None:
    """What a turn costs does not depend on how much was said before: as many lines of Python run."""
    story = Scripted(ReconnectPolicy(max_history_items=kept))
    for number in range(60):
        turn(story, number)
    early = lines_run(lambda: turn(story, 60))
    for number in range(61, 1_500):
        turn(story, number)
    assert lines_run(lambda: turn(story, 1_500)) <= early * 1.1


def lines_run(work: Callable[[], None]) -> int:
    """Count the lines of Python that run."""
    lines = 0

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return lines


def test_the_default_holds_a_day() -> None:
    """A question and an answer every ten seconds for a day are all kept."""
    ledger = History()
    for number in range(24 * 360):
        ledger.received(created(said(f"u{number}", "A question of some twenty words " * 4)))
        ledger.received(done(answer(f"x{number}", "An answer of some twenty words and more " * 5)))
    assert ledger.conversation.dropped == 0
    assert len(ledger.conversation.kept) == 2 * 24 * 360


def test_a_restoration_goes_on_as_long_as_it_makes_progress() -> None:
    """4,000 items that take longer than restore_timeout and deadline are restored, because each is taken in time."""
    story = Scripted(ReconnectPolicy(restore_timeout=5, deadline=60))
    for number in range(4_000):
        story.get(1, "conversation.item.created", item=item(f"i{number}"))
    story.end(1)
    story.at(1)
    story.actions()
    story.told()
    assert story.line.opened(2, story.now)
    story.begin(2, "s2")
    while (outgoing := story.line.next_to_send(2, story.now)) is not None:
        story.line.sent(outgoing, story.now)
    for number in range(4_000):
        story.at(story.now + 0.1)
        story.get(2, "conversation.item.created", item=item(f"i{number}"))
    (restored,) = story.told()
    assert (restored["type"], restored["replayed_items"]) == ("voicelive.restored", 4_000)
    assert restored["downtime_ms"] == 401_000


@pytest.mark.parametrize(("deadline", "kind"), [(60, "voicelive.reconnecting"), (12, "voicelive.gave_up")])
def test_a_restoration_that_stops_is_a_failed_attempt(deadline: float, kind: str) -> None:
    """Where the new session takes no more for restore_timeout, the next attempt follows, up to the deadline."""
    story = Scripted(ReconnectPolicy(restore_timeout=5, deadline=deadline))
    for name in "abc":
        story.get(1, "conversation.item.created", item=item(name))
    story.end(1)
    story.told()
    story.line.opened(2, 0)
    story.begin(2, "s2")
    story.over(2)
    story.at(4)
    story.get(2, "conversation.item.created", item=item("a"))
    story.at(8)
    story.get(2, "conversation.item.created", item=item("b"))
    story.at(12.9)
    assert story.told() == []
    story.at(13)
    (told,) = story.told()
    assert told["type"] == kind
    assert "the new session went no further with the restoration within 5 s (restore_timeout)" in told["reason"]


def test_each_message_is_made_when_it_is_sent() -> None:
    """A long replay is made message by message: opening the link makes no more than one."""
    story = Scripted()
    for number in range(3_000):
        story.get(1, "conversation.item.created", item=item(f"i{number}"))
    story.end(1)
    opening = lines_run(lambda: assert_opened(story))
    first = lines_run(lambda: take(story))
    last = max(lines_run(lambda: take(story)) for _ in range(2_999))
    assert opening < 300
    assert last <= first * 1.5
    assert story.line.next_to_send(2, 0) is None


def assert_opened(story: Scripted) -> None:
    assert story.line.opened(2, 0)


def take(story: Scripted) -> None:
    outgoing = story.line.next_to_send(2, 0)
    assert outgoing is not None
    story.line.sent(outgoing, 0)


def kept_by(**values: Any) -> Callable[..., list[str]]:
    def after(*history: dict[str, Any]) -> list[str]:
        ledger = History(ReconnectPolicy(**values))
        for event in history:
            ledger.received(event)
        return conversation(ledger)

    return after


CALL = {"id": "f", "type": "function_call", "call_id": "c", "name": "n", "arguments": "{}"}
OUTPUT = {"id": "o", "type": "function_call_output", "call_id": "c", "output": "1"}

BOUNDS: list[tuple[str, dict[str, Any], list[dict[str, Any]], list[str]]] = [
    ("the newest", {"max_history_items": 2}, [created(said(name)) for name in "abcd"], ["c=c", "d=d"]),
    ("none", {"max_history_items": 0}, [created(said("a"))], []),
    ("too large", {"max_history_bytes": 500}, [created(said("a")), created(said("b", "x" * 600))], []),
    ("by size", {"max_history_bytes": 400}, [created(said(name, "x" * 150)) for name in "abc"], ["c=" + "x" * 150]),
    (
        "grown by its transcript",
        {"max_history_bytes": 500},
        [created(speech("a")), created(said("b")), heard("a", "x" * 400)],
        ["b=b"],
    ),
    (
        "no output without its call",
        {"max_history_items": 2},
        [done(CALL), created(OUTPUT), created(said("a"))],
        ["a=a"],
    ),
    (
        "what was dropped stays so",
        {"max_history_items": 1},
        [created(said("a")), created(said("b")), created(said("a")), done(said("a"))],
        ["b=b"],
    ),
    (
        "deleted makes room",
        {"max_history_items": 2},
        [created(said("a")), created(said("b")), deleted("a"), created(said("c"))],
        ["b=b", "c=c"],
    ),
]


@pytest.mark.parametrize(("bound", "history", "left"), [case[1:] for case in BOUNDS], ids=[case[0] for case in BOUNDS])
def test_the_bound(bound: dict[str, Any], history: list[dict[str, Any]], left: list[str]) -> None:
    """Past its bound the history drops the oldest items, and calls with their outputs."""
    assert kept_by(**bound)(*history) == left


def test_what_was_dropped_is_counted() -> None:
    """The restored event says how many items the new session was not given, once."""
    story = Scripted(ReconnectPolicy(max_history_items=2))
    for name in "abcde":
        story.get(1, "conversation.item.created", item=item(name))
    for link, dropped in ((1, 3), (2, 0)):
        story.end(link)
        assert [event["item"]["id"] for event in story.restore(link + 1)] == ["d", "e"]
        restored = story.told()[-1]
        assert (restored["replayed_items"], restored["dropped_items"]) == (2, dropped)


SUMMARY = {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Earlier"}]}


def condensing(items: int = 4) -> Scripted:
    story = Scripted(ReconnectPolicy(max_history_items=items, condense=lambda items: []))
    for number in range(items + 1):
        story.get(1, "conversation.item.created", item=item(f"i{number}"))
    return story


def test_the_oldest_half_is_condensed() -> None:
    """Past the bound the application is asked once for something shorter, which takes the place of the oldest items."""
    story = condensing()
    assert story.actions() == [Condense([item("i0"), item("i1"), item("i2")])]
    story.get(1, "conversation.item.created", item=item("i5"))
    assert story.actions() == []
    assert story.line.condensed([SUMMARY, {**SUMMARY, "id": "own"}], 0)
    story.end(1)
    replayed = [event["item"] for event in story.restore(2)]
    assert replayed == [{"id": "item_1", **SUMMARY}, {**SUMMARY, "id": "own"}, item("i3"), item("i4"), item("i5")][1:]
    assert story.told()[-1]["dropped_items"] == 1


@pytest.mark.parametrize("made", [None, 5, "text", [5], [{"role": "system"}], {"type": "message"}])
def test_what_cannot_take_their_place_drops_them(made: object) -> None:
    """Items that the application fails to condense are dropped, and counted."""
    story = condensing()
    assert not story.line.condensed(made, 0)
    story.end(1)
    assert [event["item"]["id"] for event in story.restore(2)] == ["i3", "i4"]
    assert story.told()[-1]["dropped_items"] == 3


def test_nobody_waits_for_the_summary() -> None:
    """While the application condenses, the history grows to twice its bound at most."""
    story = condensing()
    for number in range(5, 50):
        story.get(1, "conversation.item.created", item=item(f"i{number}"))
    assert len(story.line.history.conversation.kept) == 8
    assert story.line.condensed([SUMMARY], 0)
    assert len(story.line.history.conversation.kept) == 4
    assert len([action for action in story.actions() if isinstance(action, Condense)]) == 1


def test_what_is_under_way_is_not_condensed() -> None:
    """An answer that is being given, and a call without its output, are kept until they are whole."""
    bound = ReconnectPolicy(max_history_items=5, condense=lambda items: [])
    kept = ConversationItems(bound, nested=False)
    kept.hold(CALL, finished=True)
    kept.hold(answer("x"), finished=False)
    for name in "abcd":
        kept.hold(said(name), finished=True)
    assert kept.to_condense == [said("a"), said("b"), said("c")]
    ids = count(1)
    assert kept.condensed([SUMMARY], lambda: f"item_{next(ids)}")
    assert [entry.id for entry in kept.kept] == ["item_1", "f", "x", "d"]


def test_a_move_takes_the_summary_along() -> None:
    """A fresh session that has the old items already loses them, and gets the summary at their place."""
    story = condensing()
    story.end(1)
    story.actions()
    story.line.opened(2, 0)
    story.begin(2, "s2")
    replayed = story.over(2)
    assert len(replayed) == 5
    assert story.line.condensed([SUMMARY], 0)
    story.answer(2, replayed)
    more = story.over(2)
    assert [event["item_id"] for event in more if "item_id" in event] == ["i0", "i1", "i2"]
    assert [(event["item"]["id"], event["previous_item_id"]) for event in more if "item" in event] == [
        ("item_1", "root")
    ]


def test_a_service_that_answers_nothing_fills_no_memory() -> None:
    """Ten thousand events of each kind that no service confirms leave a bounded number of notes."""
    ledger = History(ReconnectPolicy(max_history_items=10))
    for number in range(10_000):
        ledger.sent(create(said(f"a{number}")))
        for kind in ("response.create", "input_audio_buffer.commit", "input_text.delta", "input_audio.turn.start"):
            ledger.sent({"type": kind, "id": str(number), "turn_id": str(number)})
        ledger.sent({"type": "session.update", "session": {"temperature": number}})
        ledger.received(response("created", f"r{number}"))
        ledger.received(heard(f"b{number}", "early"))
    assert size(ledger, set()) < 40_000
    ledger.end()
    assert ledger.settings.updates()[-1] == {"type": "session.update", "session": {"temperature": 9_999}}
