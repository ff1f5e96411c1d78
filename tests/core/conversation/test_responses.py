"""One response at a time: what waits, what goes out, and how each request ends."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from voicelive._core.conversation.responses import Request, ResponseEnd, ResponseQueue, Ticket


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
    assert not queue.failed("no")
    queue.done("r", "completed")
    assert queue.is_idle


def test_a_request_that_cannot_be_is_failed() -> None:
    """An error for a parameter ends the request; the next goes out."""
    queue = ResponseQueue()
    first = queue.request({"temperature": 9})
    sent(queue)
    queue.request()
    assert queue.failed("temperature is out of range")
    assert ended(first) == ("failed", None)
    assert sent(queue) == [None]


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
            queue.failed("no")
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
