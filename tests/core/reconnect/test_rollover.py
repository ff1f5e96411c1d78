"""The move to a fresh session before the old one's time is up: a story each."""

from __future__ import annotations

from typing import Any

import pytest

from voicelive import ReconnectPolicy
from voicelive._core.reconnect.machine import Close, Open

from .scripted import DROPPED, REFUSED, WALL, Scripted, item, sound

UPDATE = {"voice": "x"}


def expiring(seconds: float = 3600, **options: Any) -> Scripted:
    """Return a session that ends in so many seconds, with a setting and an item, all received."""
    story = Scripted(**options)
    story.begin(1, "s1", expires_at=WALL + seconds)
    story.send("session.update", session=UPDATE)
    story.get(1, "session.updated", session=UPDATE)
    story.send("conversation.item.create", item=item("a"))
    story.get(1, "conversation.item.created", item=item("a"))
    story.told()
    return story


def ready(**options: Any) -> Scripted:
    """Return a session whose successor, link 2, is restored but not in use yet: somebody speaks."""
    story = expiring(**options)
    story.at(3479)
    story.get(1, "input_audio_buffer.speech_started")
    story.at(3480)
    assert story.actions() == [Open(2, 3480)]
    story.restore(2, expires_at=WALL + 7000)
    assert story.kinds() == ["input_audio_buffer.speech_started"]
    assert story.over(2) == []
    return story


@pytest.mark.parametrize(
    ("seconds", "policy", "when"),
    [
        (3600, ReconnectPolicy(), 3480),
        (3600, ReconnectPolicy(rollover_before=600), 3000),
        # A short session is moved at half its life.
        (100, ReconnectPolicy(), 50),
        (3600, ReconnectPolicy(rollover_before=None), None),
        # The clocks do not agree.
        (-5, ReconnectPolicy(), None),
        (0.5, ReconnectPolicy(), 0.25),
    ],
)
def test_when_it_begins(seconds: float, policy: ReconnectPolicy, when: float | None) -> None:
    """The fresh session is opened some time before the old one's end; not at all without a policy or a sane clock."""
    story = expiring(seconds, policy=policy)
    assert story.line.due(0) == when
    if when is not None:
        story.at(when - 0.01)
        assert story.actions() == []
        story.at(when)
        assert story.actions() == [Open(2, when)]
        assert story.told() == []


def test_sessions_without_an_end_are_not_moved() -> None:
    """A service that does not say when a session ends gets no second connection."""
    story = Scripted()
    story.begin(1, "s1")
    story.at(100_000)
    assert story.actions() == []


def test_a_later_report_changes_the_time() -> None:
    """The end of the session is what the service said last."""
    story = expiring()
    story.get(1, "session.updated", session={"expires_at": WALL + 1000})
    assert story.line.due(0) == 880
    story.get(1, "session.updated", session={"expires_at": WALL - 1})
    assert story.line.due(0) is None


def test_one_move_at_a_time() -> None:
    """A new end of the session during a move begins no second one."""
    story = expiring()
    story.at(3480)
    assert story.actions() == [Open(2, 3480)]
    story.get(1, "session.updated", session={"expires_at": WALL + 3700})
    story.at(3600)
    assert story.actions() == []
    assert story.line.due(3600) is None


def test_a_move_between_turns() -> None:
    """In a quiet session the move takes place at once, and the application learns of it afterwards, in one event."""
    story = expiring()
    story.at(3480)
    story.actions()
    assert [event["type"] for event in story.restore(2)] == ["session.update", "conversation.item.create"]
    assert story.actions() == [Close(1)]
    (told,) = story.told()
    assert (told["type"], told["planned"], told["attempts"], told["downtime_ms"]) == ("voicelive.restored", True, 1, 0)
    assert (told["session_id"], told["previous_session_id"], told["replayed_items"]) == ("s2", "s1", 1)
    assert story.over(2) == []
    # What the old link still says, and its end, are nobody's concern.
    story.get(1, "late")
    story.end(1)
    assert story.told() == []
    assert story.actions() == []
    assert story.line.final is None
    story.send("response.create")


def test_the_next_move_follows_the_new_sessions_time() -> None:
    """A connection is moved as often as it takes."""
    story = expiring()
    for link in (2, 3, 4):
        story.at(3480 * (link - 1))
        assert story.actions() == [Open(link, story.now)]
        story.restore(link, f"s{link}", expires_at=WALL + story.now + 3600)
        story.over(link)
        assert story.actions() == [Close(link - 1)]
    assert story.kinds() == ["voicelive.restored"] * 3


BUSY: list[tuple[str, list[tuple[str, dict[str, Any]]], list[tuple[str, dict[str, Any]]]]] = [
    (
        "somebody speaks",
        [("input_audio_buffer.speech_started", {})],
        [
            ("input_audio_buffer.committed", {"item_id": "u"}),
            ("conversation.item.created", {"item": item("u")}),
            ("response.created", {"response": {"id": "r"}}),
            ("response.done", {"response": {"id": "r"}}),
        ],
    ),
    ("an answer", [("response.created", {"response": {"id": "r"}})], [("response.done", {"response": {"id": "r"}})]),
]


@pytest.mark.parametrize(("busy", "over"), [case[1:] for case in BUSY], ids=[case[0] for case in BUSY])
def test_a_move_waits_for_quiet(busy: list[Any], over: list[Any]) -> None:
    """While somebody speaks or is answered the old session stays; the fresh one learns what was said meanwhile."""
    story = expiring()
    story.at(3480)
    story.actions()
    for kind, fields in busy:
        story.get(1, kind, **fields)
    story.restore(2)
    story.at(3490)
    assert story.actions() == []
    for kind, fields in over:
        story.get(1, kind, **fields)
    story.told()
    story.at(3490.3)
    assert story.actions() == []
    story.at(3490.5)
    more = story.over(2)
    story.answer(2, more)
    assert story.actions() == [Close(1)]
    assert [event["item"]["id"] for event in more] == (["u"] if len(over) > 1 else [])
    assert story.kinds() == ["voicelive.restored"]


def test_a_move_waits_for_what_is_being_sent() -> None:
    """While an event is on its way over the old link, or unanswered there, the move waits."""
    story = expiring()
    story.at(3480)
    outgoing = story.put("conversation.item.create", item=item("b"))
    story.restore(2)
    story.get(1, "conversation.item.created", item=item("b"))
    story.at(3482)
    assert [type(action) for action in story.actions()] == [Open]
    assert story.over(2) == []
    story.line.sent(outgoing, story.now)
    more = story.over(2)
    assert [event["item"]["id"] for event in more] == ["b"]
    story.answer(2, more)
    assert story.actions() == [Close(1)]


def test_a_move_does_not_wait_for_ever() -> None:
    """A request that the service never answers is reported with the move, after some silent seconds."""
    story = expiring()
    story.at(3480)
    story.send("response.create")
    story.restore(2)
    story.at(3484.9)
    assert story.told() == []
    story.at(3485.5)
    (told,) = story.told()
    assert (told["planned"], told["unanswered_requests"]) == (True, 1)


def test_a_move_while_the_application_sleeps() -> None:
    """While the receive buffer is full no fresh session is opened, nor is one moved to; when it is read, it is."""
    story = ready(max_messages=1)
    story.get(1, "input_audio_buffer.cleared")
    story.get(1, "x")
    assert story.line.is_full
    story.at(3500)
    assert story.actions() == []
    story.told()
    story.at(3501)
    assert story.actions() == [Close(1)]
    story.told()
    story.over(2)
    story.get(2, "x")
    story.get(2, "x")
    story.at(6900)
    assert story.actions() == []
    story.told()
    story.at(6906)
    assert [type(action) for action in story.actions()] == [Open]


def appends(events: list[dict[str, Any]]) -> list[int]:
    """Return the marks in the audio that was sent."""
    return [event["mark"] for event in events if event["type"] == "input_audio_buffer.append"]


def hear(story: Scripted, *marks: int) -> None:
    for mark in marks:
        story.send("input_audio_buffer.append", mark=mark, audio=sound(100))


@pytest.mark.parametrize(
    ("overlap_ms", "marks", "heard_again"),
    [(1000, range(20), [*range(10, 20)]), (250, range(5), [3, 4]), (0, range(5), []), (50, range(5), [])],
)
def test_the_latest_audio_is_heard_again(overlap_ms: int, marks: range, heard_again: list[int]) -> None:
    """The fresh session hears the last moments again, so that no first syllable is lost; then it goes on in order."""
    story = expiring(policy=ReconnectPolicy(rollover_overlap_ms=overlap_ms))
    story.at(3480)
    hear(story, *marks)
    story.restore(2)
    assert story.actions()[-1] == Close(1)
    # What is said while that is sent comes after it.
    story.later("input_audio_buffer.append", mark=99, audio=sound(100))
    assert appends(story.over(2)) == [*heard_again, 99]
    story.told()
    story.end(2)
    story.restore(3)
    assert story.told()[-1]["lost_audio_bytes"] == 4800 * (len(heard_again) + 1)


@pytest.mark.parametrize("what", ["speech_stopped", "committed", "cleared"])
def test_audio_of_a_turn_that_is_over_is_not_heard_again(what: str) -> None:
    """What has been answered already is not said a second time."""
    story = expiring()
    hear(story, 1, 2)
    story.get(1, f"input_audio_buffer.{what}")
    hear(story, 3)
    story.at(3480)
    story.restore(2)
    assert appends(story.over(2)) == [3]


def test_audio_of_turns_with_an_id_is_not_heard_again() -> None:
    """A session that did not see a turn begin is not sent parts of it."""
    story = expiring()
    story.send("input_audio.turn.start", turn_id="t")
    story.send("input_audio.turn.append", turn_id="t", audio=sound(100))
    story.send("input_audio.turn.end", turn_id="t")
    story.at(3480)
    story.restore(2)
    assert story.over(2) == []


def test_without_moves_no_audio_is_remembered() -> None:
    """A rescue after an interruption sends no old audio."""
    story = expiring(policy=ReconnectPolicy(rollover_before=None))
    hear(story, 1)
    story.end(1)
    story.restore(2)
    assert appends(story.over(2)) == []


@pytest.mark.parametrize("restored", [False, True])
def test_the_old_link_dies_during_the_move(restored: bool) -> None:
    """The fresh session becomes the rescue: no new attempt, no stale audio."""
    if restored:
        story = ready()
    else:
        story = expiring()
        story.at(3480)
        story.actions()
        story.line.opened(2, 3480)
    hear(story, 1)
    story.send("conversation.item.create", item=item("b"))
    story.end(1)
    if not restored:
        story.begin(2, "s2")
    story.answer(2, story.over(2))
    story.answer(2, story.over(2))
    assert story.actions() == []
    first, last = story.told()
    assert (first["type"], first["attempt"], first["delay_ms"]) == ("voicelive.reconnecting", 1, 0)
    assert (last["type"], last["planned"], last["replayed_items"]) == ("voicelive.restored", False, 2)
    assert last["lost_audio_bytes"] == 4800
    assert story.over(2) == []


def test_the_rescue_fails_too() -> None:
    """If the fresh session dies as well, ordinary attempts follow."""
    story = expiring()
    story.at(3480)
    story.line.opened(2, 3480)
    story.actions()
    story.end(1)
    story.end(2)
    assert [type(action) for action in story.actions()] == [Open]
    assert [event["attempt"] for event in story.told()] == [1, 2]


@pytest.mark.parametrize("how", ["refused", "died", "died when ready", "too slow"])
def test_a_move_that_fails_is_tried_again(how: str) -> None:
    """The application is not troubled with a move that fails while the old session is there; later it is repeated."""
    story = ready() if how == "died when ready" else expiring()
    story.at(3480)
    story.actions()
    if how == "refused":
        story.fail(2, retry_after=10.0)
    elif how == "too slow":
        story.line.opened(2, story.now)
        story.at(3500)
        assert story.actions() == [Close(2)]
    else:
        story.line.opened(2, story.now)
        story.end(2)
    assert story.told() == []
    wait = 10 if how == "refused" else 5
    when = story.now + wait
    assert story.line.due(story.now) == when
    story.at(when)
    assert story.actions() == [Open(3, when)]


def test_a_move_that_fails_for_good_is_not_tried_again() -> None:
    """The old session is used to its end, and what happens then is an interruption like any other."""
    story = expiring()
    story.at(3480)
    story.fail(2, recoverable=False)
    story.actions()
    story.at(5000)
    assert story.actions() == []
    story.end(1)
    assert story.actions() == [Open(3, 5000.5)]
    # What was wrong with the move is not what is wrong now.
    story.at(6000)
    assert story.told()[-1]["reason"] == "no session within 120 s (deadline)"


def test_a_final_end_during_the_move() -> None:
    """If the old link ends for good, the one that was to follow is closed."""
    story = ready()
    story.end(1, REFUSED)
    assert story.actions() == [Close(2)]
    assert story.line.final == REFUSED


def test_a_fresh_link_may_open_late() -> None:
    """A link that was asked for before the old one died is the rescue, even if it opens only then."""
    story = expiring()
    story.at(3480)
    story.end(1, DROPPED)
    story.at(3481)
    story.restore(2)
    assert story.told()[-1]["downtime_ms"] == 1000
    assert len(story.actions()) == 1
