"""What a connection offers of the conversation: interrupting, responding, figures. The asynchronous client."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from .._conversation.playback import Playback
from .._core.conversation.ledger import Interruption
from .._core.conversation.metrics import CallMetrics, TurnMetrics
from .._core.conversation.responses import ResponseOutcome, Ticket
from .._core.timeouts import check_timeout
from .._public import public_in
from ..errors import ConfigurationError, ConnectionClosed, ConnectionStateError, ReceiveTimeoutError

if TYPE_CHECKING:
    from .._conversation.layer import ConversationLayer
    from .._transport.conversing import ConversationTransport

__all__ = ["ConversationFace", "ResponseHandle"]


@public_in("voicelive.aio")
class ResponseHandle:
    """A response that was asked for by ``connection.respond()``; wait for its end, or leave it alone."""

    def __init__(self, face: ConversationFace, ticket: Ticket) -> None:
        self._face = face
        self._ticket = ticket

    @property
    def response_id(self) -> str | None:
        """The response's id, once it was created."""
        return self._ticket.response_id

    @property
    def outcome(self) -> ResponseOutcome | None:
        """How it ended; None while it has not."""
        return self._ticket.outcome

    async def wait(self, timeout: float | None = None) -> ResponseOutcome:
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
        return await self._face._outcome(self._ticket, timeout)


class ConversationFace:
    """The conversation on a connection, if it was opened with ``barge_in``, ``tools``, ``observers`` or ``metrics``."""

    _layer: Any

    @property
    def playback(self) -> Playback:
        """Where a player reports what it played; see :class:`Playback`."""
        return Playback(self._kept())

    @property
    def metrics(self) -> CallMetrics:
        """The figures of the call so far."""
        return self._kept().conversation.meter.call

    @property
    def turns(self) -> list[TurnMetrics]:
        """The figures of the turns so far, the one under way last."""
        return self._kept().conversation.meter.turns

    @property
    def observers_dropped(self) -> int:
        """How many calls of observers were dropped because they were too slow."""
        return 0 if self._layer is None else self._layer.observers_dropped

    async def interrupt(self) -> Interruption | None:
        """Interrupt the answer, as a stop button or push to talk does.

        The player is flushed, a response in progress is cancelled, and the service is told what was heard.

        Returns:
            What was heard and what was not, in ms and in words; None if nothing was cut off.

        Raises:
            ConnectionClosed: if the connection is closed.
        """
        self._kept()
        return await self._interrupt()

    async def respond(self, text: str | None = None, **response: Any) -> ResponseHandle:
        """Ask for a response as soon as none is in progress.

        Requests without arguments that wait at the same time share one response.

        Args:
            text: what the user says, as text; it is added to the conversation first.
            response: fields of ``response.create``'s ``response``, such as ``instructions``.

        Raises:
            InvalidEventError: if the fields do not fit the contract.
            ConnectionClosed: if the connection is closed.
        """
        self._kept()
        if text is not None:
            if not isinstance(text, str) or not text.strip():
                raise ConfigurationError(f"respond() takes text that is not blank, not {text!r}")
            content = [{"type": "input_text", "text": text}]
            item = {"type": "message", "role": "user", "content": content}
            await self._send_call("conversation.item.create", {"item": item})
        return ResponseHandle(self, await self._ask(response or None))

    async def say(self, text: str) -> ResponseHandle:
        """Speak a text as it stands, without the model: a greeting, or an announcement. It becomes part of the history.

        Args:
            text: what to say.

        Raises:
            ConfigurationError: if there is nothing to say.
            ConnectionClosed: if the connection is closed.
        """
        if not isinstance(text, str) or not text.strip():
            raise ConfigurationError(f"say() takes text that is not blank, not {text!r}")
        message = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": text}]}
        return await self.respond(pre_generated_assistant_message=message)

    def _kept(self) -> ConversationLayer:
        if self._layer is None:
            raise ConfigurationError(
                "this connection does not keep a conversation: open it with connect(barge_in=True), tools=[…], "
                "observers=[…] or metrics=True"
            )
        layer: ConversationLayer = self._layer
        if layer.transport is None:
            raise ConnectionStateError("this connection is not open: use `with connect(...)`, or call open() first")
        return layer

    async def _interrupt(self) -> Interruption | None:
        return self._reachable().interrupt()

    async def _ask(self, parameters: dict[str, Any] | None) -> Ticket:
        transport = self._reachable()
        return transport.request(parameters)

    async def _outcome(self, ticket: Ticket, timeout: float | None) -> ResponseOutcome:
        try:
            async with asyncio.timeout(timeout):
                return await self._started().outcome(ticket)
        except TimeoutError:
            raise ReceiveTimeoutError(
                f"the response has not ended within {timeout:g} s", timeout=timeout or 0
            ) from None

    def _reachable(self) -> ConversationTransport:
        transport = self._started()
        if transport.end(None) is not None:
            raise self._closed_error()
        return transport

    def _started(self) -> ConversationTransport:
        transport = self._kept().transport
        assert transport is not None
        return transport

    if TYPE_CHECKING:

        def _closed_error(self, unsent: bytes | None = None) -> ConnectionClosed: ...

        def _send_call(self, event_type: str, fields: dict[str, Any]) -> Coroutine[Any, Any, None]: ...
