"""Who gets which event, without any connection."""

from __future__ import annotations

import json
from typing import Any

import pytest

from voicelive._core.codec import decode_server_event
from voicelive._core.contract import WireContract
from voicelive._core.envelope import Incoming
from voicelive._core.holding import Holding
from voicelive._core.inbox import Inbox, Received
from voicelive.errors import ConfigurationError
from voicelive.models import ServerEventResponseDone

event_of = WireContract("2026-07-15").event_of


def arrive(inbox: Inbox, kind: str) -> Received | None:
    data = b'{"type": "%s"}' % kind.encode()
    return inbox.sort(Incoming(data), decode_server_event(data))


def arrive_and_keep(inbox: Inbox, *kinds: str) -> None:
    for kind in kinds:
        received = arrive(inbox, kind)
        assert received is not None
        inbox.pass_over(received)


def kept(inbox: Inbox) -> list[str]:
    return [received.kind for received in inbox.kept]


def test_the_oldest_waiter_comes_first() -> None:
    """An event goes to the oldest condition it meets; the next one like it to the next."""
    inbox = Inbox(event_of)
    first, second = inbox.wait("response.done"), inbox.wait(ServerEventResponseDone)
    assert arrive(inbox, "response.done") is None
    assert (first.found is not None, second.found is not None) == (True, False)
    assert arrive(inbox, "response.done") is None
    assert second.settled
    assert arrive(inbox, "response.done") is not None


def test_kept_events_are_searched_first_and_stay_in_order() -> None:
    """A condition met by a kept event takes the oldest such one, and leaves the others as they were."""
    inbox = Inbox(event_of)
    arrive_and_keep(inbox, "session.created", "response.done", "session.updated", "response.done")
    waiter = inbox.wait("response.done")
    assert waiter.found is not None
    assert waiter.found.number == 2
    assert kept(inbox) == ["session.created", "session.updated", "response.done"]


def test_an_event_not_taken_goes_back_to_its_place() -> None:
    """A waiter that leaves without its event puts it where it was."""
    inbox = Inbox(event_of)
    waiter = inbox.wait("session.updated")
    arrive_and_keep(inbox, "session.created")
    assert arrive(inbox, "session.updated") is None
    arrive_and_keep(inbox, "response.done")
    inbox.leave(waiter)
    assert kept(inbox) == ["session.created", "session.updated", "response.done"]
    assert inbox.waiters == []


def test_a_failing_condition_settles_its_waiter_only() -> None:
    """What a condition raises is kept for its own caller; the event goes on to the others."""

    def broken(event: object) -> bool:
        raise LookupError

    inbox = Inbox(event_of)
    first, second = inbox.wait(broken), inbox.wait("error")
    assert arrive(inbox, "error") is None
    assert isinstance(first.failure, LookupError)
    assert second.settled
    assert arrive(inbox, "error") is not None


def test_the_timeout_names_what_was_waited_for() -> None:
    """Every kind of condition has a name in the error."""

    def is_long(event: object) -> bool:
        return False

    inbox = Inbox(event_of)
    for condition, name in (
        ("response.done", "'response.done' event"),
        (ServerEventResponseDone, "ServerEventResponseDone"),
        (is_long, "is_long is true"),
    ):
        waiter = inbox.wait(condition)
        assert name in str(waiter.timeout_error(1.5))
        assert "within 1.5 s" in str(waiter.timeout_error(1.5))


@pytest.mark.parametrize("count", [3000])
def test_keeping_many_events_stays_fast(count: int) -> None:
    """Thousands of kept events are handed out in order."""
    inbox = Inbox(event_of)
    kinds = [f"number.{number}" for number in range(count)]
    arrive_and_keep(inbox, *kinds)
    assert [json.loads(inbox.take().data)["type"] for _ in range(count)] == kinds


def test_the_timeout_tells_what_came_instead() -> None:
    """The error counts what was passed over, and repeats the last error event."""
    inbox = Inbox(event_of)
    waiter = inbox.wait("response.done")
    for data in (b'{"type": "session.updated"}', b'{"type": "error", "error": {"code": "c", "message": "m"}}'):
        received = inbox.sort(Incoming(data), decode_server_event(data))
        assert received is not None
        inbox.pass_over(received)
    text = str(waiter.timeout_error(2))
    assert "1 x session.updated" in text
    assert "the last error event says: c: m" in text
    assert waiter.timeout_error(2).arrived == {"session.updated": 1, "error": 1}
    inbox.clear()
    assert kept(inbox) == []


def test_an_error_event_without_words() -> None:
    """An error event that holds nothing is named as such."""
    inbox = Inbox(event_of)
    waiter = inbox.wait("response.done")
    arrive(inbox, "error")
    assert "(no message)" in str(waiter.timeout_error(2))


@pytest.mark.parametrize("condition", [5, None, dict, ["response.done"]])
def test_conditions_that_are_none(condition: Any) -> None:
    """What is no type, class or function is refused with the three ways."""
    with pytest.raises(ConfigurationError, match="wait_for takes an event type"):
        Inbox(event_of).wait(condition)


def test_what_is_kept_is_counted_until_it_is_handed_out() -> None:
    """Kept messages count against the bound with their bytes, and no longer once they are handed out or found."""
    inbox = Inbox(event_of)
    holding = inbox.count_with(Holding(max_messages=2))
    for kind in ("a", "b", "c"):
        received = arrive(inbox, kind)
        assert received is not None
        holding.add(len(received.message.data))
        holding.take(len(received.message.data))
        inbox.pass_over(received)
    assert holding.is_full()
    assert holding.cost == 3 * (len(b'{"type": "a"}') + 512)
    room: list[bool] = []
    holding.when_half_empty(lambda: room.append(True))
    assert inbox.wait("b").settled
    assert (holding.is_full(), room) == (False, [])
    inbox.take()
    assert room == [True]
    inbox.clear()
    assert (holding.messages, holding.cost) == (0, 0)


def test_what_is_passed_over_is_dropped_where_nobody_wants_it() -> None:
    """With keep=False what is passed over is gone, also what was kept before, except error events."""
    inbox = Inbox(event_of)
    arrive_and_keep(inbox, "before", "error", "before", "response.done", "after")
    assert inbox.wait("response.done", keep=False).settled
    assert kept(inbox) == ["error", "after"]
    inbox = Inbox(event_of)
    arrive_and_keep(inbox, "before", "error")
    waiter = inbox.wait("response.done", keep=False)
    arrive_and_keep(inbox, "dropped", "error")
    assert arrive(inbox, "response.done") is None
    arrive_and_keep(inbox, "after")
    assert kept(inbox) == ["error", "error", "after"]
    assert waiter.passed == {"dropped": 1, "error": 1}
    assert inbox.holding.cost == sum(received.cost for received in inbox.kept)


@pytest.mark.parametrize("other", ["a wait_for that keeps", "a recv before", "a recv meanwhile"])
def test_what_others_want_is_kept(other: str) -> None:
    """What one call drops is kept nevertheless where another one keeps or receives at the same time."""
    inbox = Inbox(event_of)
    if other == "a recv before":
        inbox.begin_receiving(other)
    inbox.wait("response.done", keep=False)
    if other == "a recv meanwhile":
        inbox.begin_receiving(other)
        inbox.end_receiving(other)
    if other == "a wait_for that keeps":
        inbox.wait("session.updated")
    arrive_and_keep(inbox, "response.created")
    assert kept(inbox) == ["response.created"]


def test_types_without_end_are_not_counted_one_by_one() -> None:
    """A service that makes up types fills no memory by it: past the hundredth they are counted together."""
    inbox = Inbox(event_of)
    waiter = inbox.wait("response.done", keep=False)
    for number in range(1000):
        arrive(inbox, f"type.{number}")
    assert len(waiter.passed) == 101
    assert waiter.passed["other types"] == 900


def test_only_whole_answers_to_keep() -> None:
    """What is neither True nor False is refused."""
    with pytest.raises(ConfigurationError, match="keep is 'no'; it takes True or False"):
        Inbox(event_of).wait("error", keep="no")  # type: ignore[arg-type]
