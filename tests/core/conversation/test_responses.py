"""One response at a time: what waits, what goes out, and how each request ends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelive._core.conversation.responses import DOUBT_S, Request, ResponseEnd, ResponseQueue, Ticket


def sent(queue: ResponseQueue) -> list[Any]:
    found: list[Request] = []
    while request := queue.next():
        found.append(request)
    return [request.parameters for request in found]


def ended(ticket: Ticket) -> tuple[str, str | None] | None:
    return (ticket.outcome.status.value, ticket.outcome.response_id) if ticket.outcome else None


def test_a_request_goes_out_at_once_and_the_next_waits() -> None:
    """The second goes out when the first response is done; each ticket knows its response and how it ended."""
    queue = ResponseQueue()
    first = queue.request({"instructions": "1"})
    assert sent(queue) == [{"instructions": "1"}]
    second = queue.request({"instructions": "2"})
    assert sent(queue) == []
    queue.created("r1")
    assert queue.active == "r1"
    assert queue.is_active
    assert first.response_id == "r1"
    assert sent(queue) == []
    queue.done("r1", "completed")
    assert ended(first) == ("completed", "r1")
    assert sent(queue) == [{"instructions": "2"}]
    queue.created("r2")
    queue.done("r2", "incomplete", "max_output_tokens")
    assert ended(second) == ("incomplete", "r2")
    assert second.outcome
    assert second.outcome.reason == "max_output_tokens"
    assert queue.is_idle


def test_requests_without_parameters_merge() -> None:
    """Several that ask for the same get one response; those with parameters each get their own."""
    queue = ResponseQueue()
    queue.created("r0")
    tickets = [queue.request(), queue.request({"a": 1}), queue.request()]
    queue.done("r0", "completed")
    assert sent(queue) == [None]
    queue.created("r1")
    queue.done("r1", "cancelled")
    assert [ended(ticket) for ticket in tickets] == [("cancelled", "r1"), None, ("cancelled", "r1")]
    assert sent(queue) == [{"a": 1}]


def test_a_refused_request_goes_out_again() -> None:
    """Refused while another response is in progress, it is at the head of the queue when that is done."""
    queue = ResponseQueue()
    ticket = queue.request({"a": 1})
    sent(queue)
    queue.request({"b": 2})
    assert queue.refused()
    queue.created("theirs")
    assert ticket.response_id is None, "the service's own response answers nobody's request"
    queue.done("theirs", "completed")
    assert ticket.outcome is None
    assert sent(queue) == [{"a": 1}]


def test_a_response_of_the_service_may_come_first() -> None:
    """It was taken to answer the request until the refusal says otherwise."""
    queue = ResponseQueue()
    ticket = queue.request()
    sent(queue)
    queue.created("theirs")
    assert ticket.response_id == "theirs"
    assert queue.refused()
    assert ticket.response_id is None
    queue.done("theirs", "completed")
    assert ticket.outcome is None
    assert sent(queue) == [None]


def test_what_the_application_sends_is_watched() -> None:
    """Its own `response.create` holds the queue back; refused, it is not sent again."""
    queue = ResponseQueue()
    queue.sent()
    ticket = queue.request()
    assert sent(queue) == []
    assert not queue.refused()
    assert sent(queue) == [], "another response is in progress"
    queue.done("theirs", "completed")
    assert sent(queue) == [None]
    queue.created("r")
    queue.done("r", "failed", "too many requests")
    assert ended(ticket) == ("failed", "r")


def test_a_refusal_of_nothing_changes_nothing() -> None:
    """An error for a request of another connection's, or that was answered, is not ours."""
    queue = ResponseQueue()
    assert not queue.refused()
    assert not queue.error("no", 1.0, param="response.temperature")
    assert queue.due() is None
    queue.done("r", "completed")
    assert queue.is_idle


ERRORS: list[tuple[str, dict[str, Any], str]] = [
    ("it names the event", {"event_id": "own"}, "ended"),
    ("it names no event, and a field of the response", {"param": "response.temperature"}, "ended"),
    ("it names nothing, as the service's errors often do", {}, "in doubt"),
    ("it names a field that may be of anything", {"param": "type"}, "in doubt"),
    ("it names another event", {"event_id": "another"}, "nothing"),
]


@pytest.mark.parametrize(("error", "follows"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS])
@pytest.mark.parametrize("is_own", [True, False], ids=["ours", "the application's"])
def test_a_request_that_the_service_refuses_for_good(error: dict[str, Any], follows: str, is_own: bool) -> None:
    """An error for it ends it, and the next goes out; where it does not say, the lack of a response shows it."""
    queue = ResponseQueue()
    first = queue.request({"temperature": 9}) if is_own else None
    if is_own:
        request = queue.next()
        assert request is not None
        request.event_id = "own"
    else:
        queue.sent("own")
    queue.request()
    assert queue.error("out of range", 10.0, **error) == (follows == "ended")
    assert (queue.due() is not None) == (follows == "in doubt")
    assert not queue.tick(10.0)
    assert queue.tick(10.0 + DOUBT_S) == (follows == "in doubt")
    assert queue.due() is None
    assert sent(queue) == ([] if follows == "nothing" else [None])
    if first is not None and follows != "nothing":
        assert first.outcome is not None
        assert (ended(first), first.outcome.reason) == (("failed", None), "out of range")


@pytest.mark.parametrize("then", ["created", "refused", "lost"])
def test_a_doubt_ends_when_the_service_answers(then: str) -> None:
    """The response, a refusal or a new session shows what the error was not for; then the clock ends nothing."""
    queue = ResponseQueue()
    ticket = queue.request({"a": 1})
    sent(queue)
    queue.error("of something else", 1.0)
    queue.error("and another", 2.0)
    assert queue.due() == 1.0 + DOUBT_S
    if then == "created":
        queue.created("r")
    elif then == "refused":
        queue.refused()
    else:
        queue.session_lost("gone")
    assert queue.due() is None
    assert not queue.tick(99.0)
    assert (ended(ticket) or ("", ""))[0] != "failed"


def test_nothing_goes_out_while_there_is_no_session() -> None:
    """What is asked for during a break waits for the next session; what was under way ended with the last."""
    queue = ResponseQueue()
    before = queue.request({"a": 1})
    sent(queue)
    queue.session_lost("the connection broke")
    queue.request({"b": 2})
    assert ended(before) == ("superseded", None)
    assert sent(queue) == []
    queue.session_restored()
    assert sent(queue) == [{"b": 2}]


def test_the_end_of_another_response_is_not_this_ones() -> None:
    """A late `response.done` of a response before does not free the queue; one without an id does."""
    queue = ResponseQueue()
    queue.created("r2")
    queue.done("r1", "cancelled")
    assert queue.is_active
    queue.done(None, "completed")
    assert not queue.is_active


def test_a_status_nobody_knows_counts_as_complete() -> None:
    """A newer service may have others; the response has ended all the same."""
    queue = ResponseQueue()
    ticket = queue.request()
    sent(queue)
    queue.created(None)
    queue.done(None, "brand_new")
    assert ended(ticket) == ("completed", None)


def test_what_waits_can_be_withdrawn() -> None:
    """Of merged requests only the one that is withdrawn ends; what was sent stays."""
    queue = ResponseQueue()
    queue.created("r0")
    first, second, third = queue.request(), queue.request(), queue.request({"a": 1})
    queue.supersede(first, "the user spoke")
    queue.supersede(third, "the user spoke")
    assert ended(first) == ended(third) == ("superseded", None)
    assert ended(second) is None
    queue.done("r0", "completed")
    assert sent(queue) == [None]
    queue.supersede(second, "too late")
    assert ended(second) is None


def test_a_session_that_is_over_ends_every_request() -> None:
    """Whatever waits, is on its way or in progress is superseded, so that nobody waits for ever."""
    queue = ResponseQueue()
    active = queue.request({"a": 1})
    sent(queue)
    queue.created("r")
    waiting = queue.request()
    queue.clear("the session is over")
    assert [ended(active), ended(waiting)] == [("superseded", None)] * 2
    assert queue.is_idle


STEPS = st.lists(
    st.sampled_from(["request", "with", "sent", "theirs", "created", "refused", "done", "failed"]), max_size=60
)


@given(STEPS)
def test_never_two_at_a_time_and_nobody_is_forgotten(steps: list[str]) -> None:
    """In any order of requests, answers and refusals at most one request is on its way, and every ticket ends."""
    queue = ResponseQueue()
    tickets: list[Ticket] = []
    on_its_way = 0
    active = False
    for count, step in enumerate(steps):
        if step in ("request", "with"):
            tickets.append(queue.request({"n": count} if step == "with" else None))
        elif step == "theirs" and not active:
            # The service begins one by itself; what was on its way is refused next, as the service does.
            queue.created(f"r{count}")
            active = True
            if on_its_way:
                on_its_way -= 1
                queue.refused()
        elif step == "created" and on_its_way and not active:
            queue.created(f"r{count}")
            on_its_way, active = on_its_way - 1, True
        elif step == "failed" and on_its_way and not active:
            assert queue.error("no", float(count), param="response.temperature")
            on_its_way -= 1
        elif step == "done" and active:
            queue.done(queue.active, "completed")
            active = False
        while queue.next():
            on_its_way += 1
            assert not active
        assert on_its_way <= 1
    for _ in range(len(tickets) + 2):
        if on_its_way:
            queue.created("last")
            on_its_way = 0
        queue.done(queue.active, "completed")
        on_its_way += len(sent(queue))
    assert all(
        (ticket.outcome and ticket.outcome.status is ResponseEnd.COMPLETED) or ticket.outcome for ticket in tickets
    )
