"""What a connection offers of the conversation: interrupting, responding, figures. The synchronous client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any

from .._core.annotations import resolved_when_read
from .._core.conversation.user_message import user_message
from .._core.timeouts import check_timeout
from .._public import public_in
from ..errors import ReceiveTimeoutError
from .conversation_base import BaseConversationFace, BaseResponseHandle, announcement

if TYPE_CHECKING:
    from typing import TypeVar

    from .._core.conversation.ledger import Interruption
    from .._core.conversation.responses import ResponseOutcome, Ticket

    T = TypeVar("T")

__all__ = ["ConversationFace", "ResponseHandle"]


@public_in("voicelive")
class ResponseHandle(BaseResponseHandle):
    """A response that was asked for by ``connection.respond()``; wait for its end, or leave it alone."""

    @resolved_when_read(ResponseOutcome=".._core.conversation.responses", Ticket=".._core.conversation.responses")
    def __init__(self, ticket: Ticket, outcome_of: Callable[[Ticket, float | None], ResponseOutcome]) -> None:
        self._ticket = ticket
        self._outcome_of = outcome_of

    @resolved_when_read(ResponseOutcome=".._core.conversation.responses")
    def wait(self, timeout: float | None = None) -> ResponseOutcome:
        """Wait until the response has ended.

        Args:
            timeout: how long to wait, in seconds.

        Returns:
            How it ended: completed, cancelled, failed, incomplete; or superseded, where the user's next turn, another
            session or the end of the connection took its place.

        Raises:
            ReceiveTimeoutError: if it has not ended in time.
        """
        check_timeout(timeout)
        return self._outcome_of(self._ticket, timeout)


class ConversationFace(BaseConversationFace):
    """The conversation on a connection, if it was opened with ``barge_in``, ``tools``, ``observers`` or ``metrics``."""

    @resolved_when_read(Interruption=".._core.conversation.ledger")
    def interrupt(self) -> Interruption | None:
        """Interrupt the answer, as a stop button or push to talk does.

        The player is flushed, a response in progress is cancelled, and the service is told what was heard.

        Returns:
            What was heard and what was not, in ms and in words; None if nothing was cut off.

        Raises:
            ConnectionClosed: if the connection is closed.
        """
        self._kept()
        return self._interrupt()

    def respond(
        self, text: str | None = None, *, images: Iterable[bytes | str] = (), **response: Any
    ) -> ResponseHandle:
        """Ask for a response as soon as none is in progress.

        Requests without arguments that wait at the same time share one response.

        Args:
            text: what the user says, as text; it is added to the conversation first.
            images: what the user shows, in the same message: addresses, ``data:`` URLs, or the bytes of PNG, JPEG, GIF
                or WebP files.
            response: fields of ``response.create``'s ``response``, such as ``instructions``.

        Raises:
            ConfigurationError: if the text is blank, or an image is not one.
            InvalidEventError: if the fields do not fit the contract.
            ConnectionClosed: if the connection is closed.
        """
        self._kept()
        item = user_message(text, images)
        if item is not None:
            self._send_call("conversation.item.create", {"item": item})
        return ResponseHandle(self._ask(response or None), self._outcome)

    def say(self, text: str) -> ResponseHandle:
        """Speak a text as it stands, without the model: a greeting, or an announcement. It becomes part of the history.

        Args:
            text: what to say.

        Raises:
            ConfigurationError: if there is nothing to say.
            ConnectionClosed: if the connection is closed.
        """
        return self.respond(**announcement(text))

    def _interrupt(self) -> Interruption | None:
        transport = self._reachable()

        async def interrupt() -> Interruption | None:
            return transport.interrupt()

        return self._run(interrupt)

    def _ask(self, parameters: dict[str, Any] | None) -> Ticket:
        transport = self._reachable()

        async def request() -> Ticket:
            return transport.request(parameters)

        return self._run(request)

    def _outcome(self, ticket: Ticket, timeout: float | None) -> ResponseOutcome:
        if ticket.outcome is not None:
            return ticket.outcome
        transport = self._started()

        async def outcome() -> ResponseOutcome:
            async with asyncio.timeout(timeout):
                return await transport.outcome(ticket)

        try:
            return self._run(outcome)
        except TimeoutError:
            raise ReceiveTimeoutError(
                f"the response has not ended within {timeout:g} s", timeout=timeout or 0
            ) from None

    if TYPE_CHECKING:

        def _run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T: ...

        def _send_call(self, event_type: str, fields: dict[str, Any]) -> None: ...
