"""What both clients' connections offer of the conversation without waiting for anything."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .._core.annotations import resolved_when_read
from ..errors import ConfigurationError, ConnectionStateError, ReceiveTimeoutError
from .connection_base import BaseConnection

if TYPE_CHECKING:
    from .._conversation.layer import ConversationLayer
    from .._conversation.playback import Playback
    from .._core.conversation.ledger import Interruption
    from .._core.conversation.metrics import CallMetrics, TurnMetrics
    from .._core.conversation.responses import ResponseOutcome, Ticket
    from .._transport.conversing import ConversationTransport

__all__ = ["BaseConversationFace", "BaseResponseHandle", "announcement", "ask", "interrupt", "outcome_of"]


class BaseResponseHandle:
    """A response that was asked for."""

    if TYPE_CHECKING:
        _ticket: Ticket

    @property
    def response_id(self) -> str | None:
        """The response's id, once it was created."""
        return self._ticket.response_id

    @property
    @resolved_when_read(ResponseOutcome=".._core.conversation.responses")
    def outcome(self) -> ResponseOutcome | None:
        """How it ended; None while it has not."""
        return self._ticket.outcome


class BaseConversationFace(BaseConnection):
    """The conversation on a connection, if it was opened with ``barge_in``, ``tools``, ``observers`` or ``metrics``."""

    @property
    @resolved_when_read(Playback=".._conversation.playback")
    def playback(self) -> Playback:
        """Where a player reports what it played; see :class:`Playback`."""
        from .._conversation.playback import ConnectionPlayback

        return ConnectionPlayback(self._kept(), self._handshake)

    @property
    @resolved_when_read(CallMetrics=".._core.conversation.metrics")
    def metrics(self) -> CallMetrics:
        """The figures of the call so far."""
        return self._kept().conversation.meter.call

    @property
    @resolved_when_read(TurnMetrics=".._core.conversation.metrics")
    def turns(self) -> list[TurnMetrics]:
        """The figures of the turns so far, the one under way last; of a long call those of the latest 256."""
        return self._kept().conversation.meter.turns

    @property
    def observers_dropped(self) -> int:
        """How many calls of observers were dropped because they were too slow."""
        return 0 if self._layer is None else self._layer.observers_dropped

    def _kept(self) -> ConversationLayer:
        if self._layer is None:
            raise ConfigurationError(
                "this connection does not keep a conversation: open it with connect(barge_in=True), tools=[…], "
                "observers=[…], recorder=… or metrics=True"
            )
        if self._layer.transport is None:
            raise ConnectionStateError("this connection is not open: use `with connect(...)`, or call open() first")
        return self._layer

    def _reachable(self) -> ConversationTransport:
        transport = self._started()
        if transport.end(None) is not None:
            raise self._closed_error()
        return transport

    def _started(self) -> ConversationTransport:
        transport = self._kept().transport
        assert transport is not None
        return transport


# What runs on the connection's loop.


async def interrupt(transport: ConversationTransport) -> Interruption | None:
    """Interrupt the answer."""
    return transport.interrupt()


async def ask(transport: ConversationTransport, parameters: dict[str, Any] | None) -> Ticket:
    """Ask for a response."""
    return transport.request(parameters)


async def outcome_of(transport: ConversationTransport, ticket: Ticket, timeout: float | None) -> ResponseOutcome:
    """Wait until a response that was asked for has ended.

    Raises:
        ReceiveTimeoutError: if it has not ended in time.
    """
    try:
        async with asyncio.timeout(timeout):
            return await transport.outcome(ticket)
    except TimeoutError:
        raise ReceiveTimeoutError(f"the response has not ended within {timeout:g} s", timeout=timeout or 0) from None


def announcement(text: str) -> dict[str, Any]:
    """Return the fields of a response that speaks a text as it stands."""
    _check_text(text, "say")
    message = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": text}]}
    return {"pre_generated_assistant_message": message}


def _check_text(text: object, method: str) -> None:
    if not isinstance(text, str) or not text.strip():
        raise ConfigurationError(f"{method}() takes text that is not blank, not {text!r}")
