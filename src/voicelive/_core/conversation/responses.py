"""One response at a time: what asks for a response waits while another is in progress, and none is lost.

The service refuses a ``response.create`` while a response is active, and nothing more comes of the refused one. The
error may name no event, so it is matched by its code.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..._public import public_in

__all__ = ["ALREADY_ACTIVE", "DOUBT_S", "Request", "ResponseOutcome", "ResponseQueue", "ResponseEnd", "Ticket"]

ALREADY_ACTIVE = "conversation_already_has_active_response"
"""The code of the error for a ``response.create`` that came while another response was in progress."""

DOUBT_S = 5.0
"""How long a request may go unanswered after an error that named no event, in seconds: the service begins a response
at once, so that the error was for the request."""


_MOST_UNANSWERED = 1000
"""How many requests of the application are waited for: a service that answers nothing must not fill the memory."""


@public_in("voicelive.conversation")
class ResponseEnd(StrEnum):
    """How a response that was asked for ended."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INCOMPLETE = "incomplete"
    SUPERSEDED = "superseded"
    """It was never made: the user's next turn, a new session or the end of the connection took its place."""


_ENDS = {end.value: end for end in ResponseEnd}


@public_in("voicelive.conversation")
@dataclass(frozen=True, kw_only=True)
class ResponseOutcome:
    """How a response that was asked for ended."""

    status: ResponseEnd
    response_id: str | None = None
    """The response, if there was one."""
    reason: str | None = None
    """Why it did not complete, as far as the service said."""


@public_in("voicelive.conversation")
@dataclass(eq=False)
class Ticket:
    """Somebody's request for a response."""

    response_id: str | None = None
    """The response, once there is one."""
    outcome: ResponseOutcome | None = None
    """How it ended, once it has."""


@public_in("voicelive.conversation")
@dataclass(eq=False)
class Request:
    """One ``response.create``, for one ticket or for several that ask for the same."""

    parameters: Mapping[str, Any] | None
    """The fields of its ``response``; None for none."""
    tickets: list[Ticket] = field(default_factory=list[Ticket])
    is_own: bool = True
    """Whether the queue sent it; what the application sends by itself is watched, not sent again."""
    event_id: str | None = None
    """The id of the event that it was sent in, if it has one; an error may name it."""


@public_in("voicelive.conversation")
class ResponseQueue:
    """Says when a ``response.create`` may be sent. Not safe for threads by itself.

    Example::

        queue = ResponseQueue()
        ticket = queue.request()
        while request := queue.next():
            connection.response.create()
    """

    def __init__(self) -> None:
        self._waiting: deque[Request] = deque()
        # Sent, in this order, and not seen to be a response yet.
        self._asked: deque[Request] = deque()
        self._active: str | None = None
        self._answers: Request | None = None
        """The request that the active response is taken to answer, until its end or a refusal says otherwise."""
        self._is_active = False
        self._is_held = False
        self._doubt: tuple[str, float] | None = None

    @property
    def active(self) -> str | None:
        """The id of the response in progress; None between responses, or where the service gave it no id."""
        return self._active

    @property
    def is_active(self) -> bool:
        """Whether a response is in progress."""
        return self._is_active

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in progress, on its way or waiting."""
        return not self._is_active and not self._asked and not self._waiting

    def request(self, parameters: Mapping[str, Any] | None = None) -> Ticket:
        """Ask for a response. A request without parameters joins one like it that waits already."""
        ticket = Ticket()
        if parameters is None:
            for waiting in self._waiting:
                if waiting.parameters is None:
                    waiting.tickets.append(ticket)
                    return ticket
        self._waiting.append(Request(parameters, [ticket]))
        return ticket

    def next(self) -> Request | None:
        """Return the request to send now; None while one is in progress or on its way, or nothing waits."""
        if self._is_active or self._is_held or self._asked or not self._waiting:
            return None
        request = self._waiting.popleft()
        self._asked.append(request)
        return request

    def sent(self, event_id: str | None = None) -> None:
        """Note that the application sent a ``response.create`` of its own."""
        self._asked.append(Request(None, is_own=False, event_id=event_id))
        if len(self._asked) > _MOST_UNANSWERED:
            # The queue's own is the first at most: none is sent while others are on their way.
            self._settle(
                self._asked.popleft(), ResponseOutcome(status=ResponseEnd.FAILED, reason="the service did not answer")
            )

    def created(self, response_id: str | None) -> None:
        """Note ``response.created``: it answers the oldest request on its way, unless that is refused later."""
        self._is_active = True
        self._active = response_id
        self._doubt = None
        self._answers = self._asked.popleft() if self._asked else None
        for ticket in self._answers.tickets if self._answers else ():
            ticket.response_id = response_id

    def refused(self) -> bool:
        """Note the error :data:`ALREADY_ACTIVE`: the request that it is for goes back to the head of the queue.

        Returns:
            Whether that was a request of the queue's own, which it will send again.
        """
        self._doubt = None
        if self._asked:
            request = self._asked.popleft()
        elif self._answers is not None:
            # The service began a response by itself just before it met the request.
            request, self._answers = self._answers, None
        else:
            return False
        for ticket in request.tickets:
            ticket.response_id = None
        # One is in progress, whether or not it was seen to begin.
        self._is_active = True
        if request.is_own:
            self._waiting.appendleft(request)
        return request.is_own

    def error(self, reason: str, now: float, *, event_id: str | None = None, param: str | None = None) -> bool:
        """Take any other error: it may be for a request on its way, such as for a parameter of it.

        Where it does not say what it is for, the request on its way is given :data:`DOUBT_S` to be answered.

        Args:
            reason: what the service said.
            now: when, in seconds.
            event_id: the event that the error names, if any.
            param: the field that the error names, if any.

        Returns:
            Whether a request ended by it.
        """
        for request in self._asked:
            if event_id is not None and request.event_id == event_id:
                self._fail(request, reason)
                return True
        if not self._asked or event_id is not None:
            return False
        if param is not None and param.partition(".")[0] == "response":
            self._fail(self._asked[0], reason)
            return True
        self._doubt = self._doubt or (reason, now + DOUBT_S)
        return False

    def due(self) -> float | None:
        """Return when :meth:`tick` is to be called; None while nothing waits for the clock."""
        return None if self._doubt is None else self._doubt[1]

    def tick(self, now: float) -> bool:
        """Take that time has passed; returns whether a request ended, because an error must have been for it."""
        if self._doubt is None or now < self._doubt[1]:
            return False
        # Only while one is on its way there is a doubt.
        self._fail(self._asked[0], self._doubt[0])
        return True

    def _fail(self, request: Request, reason: str) -> None:
        self._doubt = None
        self._asked.remove(request)
        self._settle(request, ResponseOutcome(status=ResponseEnd.FAILED, reason=reason))

    def done(self, response_id: str | None, status: str | None, reason: str | None = None) -> None:
        """Note ``response.done``, with the response's status and what its details say."""
        if self._active is not None and response_id is not None and response_id != self._active:
            return
        answers, self._answers = self._answers, None
        self._is_active, self._active = False, None
        if answers is not None:
            known = _ENDS.get(status or "", ResponseEnd.COMPLETED)
            self._settle(answers, ResponseOutcome(status=known, response_id=response_id, reason=reason))

    def supersede(self, ticket: Ticket, reason: str) -> None:
        """Withdraw a request that waits; one that has been sent stays."""
        for request in self._waiting:
            if ticket in request.tickets:
                request.tickets.remove(ticket)
                ticket.outcome = ResponseOutcome(status=ResponseEnd.SUPERSEDED, reason=reason)
                if not request.tickets:
                    self._waiting.remove(request)
                return

    def session_lost(self, reason: str) -> None:
        """End what was sent or in progress: its session is over. What waits is held for the next one."""
        under_way = [*([self._answers] if self._answers else []), *self._asked]
        self._asked.clear()
        self._answers, self._active, self._doubt = None, None, None
        self._is_active, self._is_held = False, True
        for request in under_way:
            self._settle(request, ResponseOutcome(status=ResponseEnd.SUPERSEDED, reason=reason))

    def session_restored(self) -> None:
        """Note that another session has taken its place: what waits goes there."""
        self._is_held = False

    def clear(self, reason: str) -> None:
        """End everything that waits or is under way: the connection is over."""
        self.session_lost(reason)
        while self._waiting:
            self._settle(self._waiting.popleft(), ResponseOutcome(status=ResponseEnd.SUPERSEDED, reason=reason))

    def _settle(self, request: Request, outcome: ResponseOutcome) -> None:
        for ticket in request.tickets:
            ticket.outcome = outcome
