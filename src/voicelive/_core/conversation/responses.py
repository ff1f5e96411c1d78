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

__all__ = ["ALREADY_ACTIVE", "Request", "ResponseOutcome", "ResponseQueue", "ResponseEnd", "Ticket"]

ALREADY_ACTIVE = "conversation_already_has_active_response"
"""The code of the error for a ``response.create`` that came while another response was in progress."""


@public_in("voicelive.conversation")
class ResponseEnd(StrEnum):
    """How a response that was asked for ended."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INCOMPLETE = "incomplete"
    SUPERSEDED = "superseded"
    """It was never made: the user's next turn, a new session or the end of the connection took its place."""


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

    @property
    def active(self) -> str | None:
        """The id of the response in progress; None where there is none, or where the service gave it no id."""
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
        if self._is_active or self._asked or not self._waiting:
            return None
        request = self._waiting.popleft()
        self._asked.append(request)
        return request

    def sent(self) -> None:
        """Note that the application sent a ``response.create`` of its own."""
        self._asked.append(Request(None, is_own=False))

    def created(self, response_id: str | None) -> None:
        """Note ``response.created``: it answers the oldest request on its way, unless that is refused later."""
        self._is_active = True
        self._active = response_id
        self._answers = self._asked.popleft() if self._asked else None
        for ticket in self._answers.tickets if self._answers else ():
            ticket.response_id = response_id

    def refused(self) -> bool:
        """Note the error :data:`ALREADY_ACTIVE`: the request that it is for goes back to the head of the queue.

        Returns:
            Whether that was a request of the queue's own, which it will send again.
        """
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

    def failed(self, reason: str) -> bool:
        """Note that the service refused the request on its way for good, such as for a parameter.

        Returns:
            Whether one was on its way.
        """
        if not self._asked:
            return False
        self._settle(self._asked.popleft(), ResponseOutcome(status=ResponseEnd.FAILED, reason=reason))
        return True

    def done(self, response_id: str | None, status: str | None, reason: str | None = None) -> None:
        """Note ``response.done``, with the response's status and what its details say."""
        if self._active is not None and response_id is not None and response_id != self._active:
            return
        answers, self._answers = self._answers, None
        self._is_active, self._active = False, None
        if answers is not None:
            known = ResponseEnd(status) if status in set(ResponseEnd) else ResponseEnd.COMPLETED
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

    def session_moved(self, reason: str) -> None:
        """End what was sent or in progress: it was of a session that is over. What waits goes to the next one."""
        under_way = [*([self._answers] if self._answers else []), *self._asked]
        self._asked.clear()
        self._answers, self._active, self._is_active = None, None, False
        for request in under_way:
            self._settle(request, ResponseOutcome(status=ResponseEnd.SUPERSEDED, reason=reason))

    def clear(self, reason: str) -> None:
        """End everything that waits or is under way: the connection is over."""
        self.session_moved(reason)
        while self._waiting:
            self._settle(self._waiting.popleft(), ResponseOutcome(status=ResponseEnd.SUPERSEDED, reason=reason))

    def _settle(self, request: Request, outcome: ResponseOutcome) -> None:
        for ticket in request.tickets:
            ticket.outcome = outcome
