"""A transport on which the conversation is kept: what a decision needs is looked at as it arrives, before it is queued.

Runs on the connection's event loop, under both clients. What the conversation decides is carried out here; callbacks
and tools of the application are handed to whoever was given for them, never run from here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, Protocol

from .._core.closing import CloseInfo
from .._core.conversation.actions import Action, AskApproval, CancelTools, End, Flush, RunTool, Send, Tell
from .._core.conversation.approvals import Approval
from .._core.conversation.conversation import PIECES, Conversation
from .._core.conversation.conversation_events import ApprovalOutcome
from .._core.conversation.ledger import Heard, Interruption
from .._core.conversation.responses import ResponseOutcome, Ticket
from .._core.conversation.tool_calls import Call
from .._core.envelope import BOTH_FORMS, Incoming, Outgoing
from ..errors import InvalidEventError, VoiceLiveError
from .layered import LayeredTransport
from .logs import transport_logger
from .transport import DeliveringTransport
from .websocket import ConnectionClosed

__all__ = ["ConversationTransport", "Listener"]


class Listener(Protocol):
    """Who carries out what is the application's: its player, its tools and its observers. Called on the loop."""

    @property
    def is_told_all(self) -> bool:
        """Whether :meth:`received` and :meth:`is_shown` are to be called: for every event that arrives."""
        ...

    @property
    def is_recorded(self) -> bool:
        """Whether :meth:`arrived` is to be called."""
        ...

    def flush(self) -> None:
        """Have the player drop what it holds."""

    def settle(self) -> None:
        """Count what was played up to now."""

    def is_shown(self, event: Any) -> bool:
        """Hand an event to the players; return whether the application is to see it."""
        ...

    def told(self, message: Incoming, event: Any) -> None:
        """Take an event that the connection hands the application itself, for the observers."""

    def run_tool(self, call: Call) -> None:
        """Begin to run a tool; its end comes back by :meth:`ConversationTransport.tool_finished`."""

    def ask_approval(self, approval: Approval) -> None:
        """Have the call of an MCP tool decided; that comes back by :meth:`ConversationTransport.approval_decided`."""

    def cancel_tools(self) -> None:
        """Cancel the tools that are to stop when the user interrupts."""

    def arrived(self, message: Incoming, now: float) -> None:
        """Take a message that arrived, for who records the call."""

    def received(self, event: Any, now: float) -> None:
        """Take an event that arrived, for the observers."""

    def sent(self, event: Outgoing, now: float) -> None:
        """Take an event that was sent, for the observers."""

    def heard(self, heard: list[Heard]) -> None:
        """Take how far items have been played, for the observers."""

    def ended(self, info: CloseInfo | None) -> None:
        """Take the end of the connection."""


class ConversationTransport(LayeredTransport):
    """A :class:`Transport` over another, with what a conversation decides carried out in between."""

    def __init__(
        self,
        inner: DeliveringTransport,
        conversation: Conversation,
        listener: Listener,
        *,
        event_of: Callable[[Incoming], Any],
        encode: Callable[[Any], Outgoing],
    ) -> None:
        super().__init__(inner)
        self.conversation = conversation
        self._needed = conversation.needed
        self._listener = listener
        self._event_of = event_of
        self._encode = encode
        self._loop = asyncio.get_running_loop()
        self._has_ended = False
        self._tickets: dict[Ticket, list[asyncio.Future[ResponseOutcome]]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._due: float | None = None
        self._sending: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Take what has arrived already, and what arrives from now on."""
        self._inner.deliver_to(self._arrive, self._end)

    # As a transport.

    def begin(self, event: Outgoing) -> Coroutine[Any, Any, None] | None:
        """Send an event, and return what is left to be awaited, if anything."""
        now = time.monotonic()
        item = event.payload.get("item") if event.type == "conversation.item.create" else None
        self.conversation.sent(
            event.type,
            now,
            audio_size=event.audio_size or 0,
            event_id=event.event_id,
            item=item if isinstance(item, Mapping) else None,
        )
        self._listener.sent(event, now)
        if self.conversation.actions:
            self._act()
        return self._inner.begin(event)

    async def close(self, code: int, reason: str) -> None:
        """Send a close frame, and drop the connection if the service does not answer in time."""
        try:
            await self._inner.close(code, reason)
        finally:
            self._end()

    # For the application's side of the conversation; on the loop.

    def is_late(self, event: Any) -> bool:
        """Whether an event is audio of something that was interrupted meanwhile."""
        return self.conversation.is_late(event)

    def played(self, size: int, item_id: str | None = None) -> None:
        """Take how many bytes were played."""
        heard = self.conversation.played(size, time.monotonic(), item_id=item_id)
        if heard:
            self._listener.heard(heard)
        self._act()

    def interrupt(self) -> Interruption | None:
        """Interrupt the answer; see :meth:`Conversation.interrupt`."""
        self._listener.settle()
        interruption = self.conversation.interrupt(time.monotonic())
        self._act()
        return interruption

    def request(self, parameters: Mapping[str, Any] | None) -> Ticket:
        """Ask for a response as soon as none is in progress.

        Raises:
            VoiceLiveError: if the parameters cannot be sent.
        """
        if parameters is not None:
            # Now, while there is someone to be told, not when its turn has come.
            self._encode({"type": "response.create", "response": dict(parameters)})
        ticket = self.conversation.request(parameters, time.monotonic())
        self._tickets[ticket] = []
        self._act()
        return ticket

    async def outcome(self, ticket: Ticket) -> ResponseOutcome:
        """Wait until a response that was asked for has ended."""
        if ticket.outcome is not None:
            return ticket.outcome
        waiting: asyncio.Future[ResponseOutcome] = self._loop.create_future()
        self._tickets.setdefault(ticket, []).append(waiting)
        return await waiting

    def tool_finished(
        self, call_id: str, output: str, end: Any, *, duration_ms: int = 0, wants_response: bool = True
    ) -> None:
        """Take the end of a tool; see :meth:`Conversation.tool_finished`."""
        self.conversation.tool_finished(
            call_id, output, end, time.monotonic(), duration_ms=duration_ms, wants_response=wants_response
        )
        self._act()

    def approval_decided(self, request_id: str, outcome: ApprovalOutcome) -> None:
        """Take what was decided; see :meth:`Conversation.approval_decided`."""
        self.conversation.approval_decided(request_id, outcome)
        self._act()

    def tell(self, event: Any, written: bytes | None = None) -> None:
        """Hand the application an event of the connection's own, of which the JSON text may be known already."""
        message = Incoming(event.to_json() if written is None else written)
        self._listener.told(message, event)
        message.event = event
        self._queue.put(message)

    def ask(self, event: Any) -> None:
        """Send an event that an observer asked for."""
        self._send(event)

    # Carrying out.

    def _arrive(self, message: Incoming) -> bool:
        """Take a message when it arrives; return whether no more is to be read for now."""
        listener, kind = self._listener, message.kind
        if listener.is_recorded:
            listener.arrived(message, time.monotonic())
        if not listener.is_told_all:
            if self.conversation.goes_on(message):
                return self._queue.put(message)
            if (take := PIECES.get(kind)) is not None:
                # Its event is made when it is taken: made here, those of a burst would cost more than one by one.
                is_full = take(self.conversation, message, time.monotonic()) and self._queue.put(message)
                if self.conversation.actions:
                    self._act()
                return is_full
            if kind not in self._needed:
                return self._queue.put(message)
        is_full = self._is_shown(message, time.monotonic()) and self._queue.put(message)
        if message.event is not None and len(self._queue) > BOTH_FORMS:
            # Nobody takes it soon: one form is enough to hold.
            message.event = None
        if self.conversation.actions or kind not in PIECES:
            self._act()
        return is_full

    def _is_shown(self, message: Incoming, now: float) -> bool:
        """Have the event of a message looked at; return whether the application is to see it."""
        listener = self._listener
        try:
            event = message.event = self._event_of(message)
        except InvalidEventError:
            # A strict connection: whoever receives it is told.
            return True
        # What was played before this arrived is counted before anything is decided by it.
        listener.settle()
        if listener.is_told_all:
            listener.received(event, now)
        try:
            is_shown = self.conversation.received(event, now)
        except Exception:  # noqa: BLE001 - see below
            # A fault of this package's must cost the call nothing but what it would have decided.
            transport_logger().exception("the conversation could not take an event of type %s", event.type)
            is_shown = True
        return is_shown and (not listener.is_told_all or listener.is_shown(event))

    def _act(self) -> None:
        """Carry out what the conversation asks for."""
        actions = self.conversation.actions
        while actions:
            self._carry_out(actions.popleft())
        if self._tickets:
            self._settle_tickets()
        self._set_timer()

    def _carry_out(self, action: Action) -> None:
        match action:
            case Tell(event, written):
                self.tell(event, written)
            case Send(event):
                self._send(event)
            case Flush():
                self._queue.remove_if(self.conversation.is_late_message)
                self._listener.flush()
            case RunTool(call):
                self._listener.run_tool(call)
            case AskApproval(approval):
                self._listener.ask_approval(approval)
            case CancelTools():
                self._listener.cancel_tools()
            case End(cause):
                self._inner.give_up(cause)

    def _send(self, event: Any) -> None:
        try:
            outgoing = self._encode(event)
        except VoiceLiveError as error:
            transport_logger().warning("an event of the conversation could not be sent: %s", error)
            return
        self._listener.sent(outgoing, time.monotonic())
        rest = self._inner.begin(outgoing)
        if rest is not None:
            task = self._loop.create_task(_quietly(rest))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    def _settle_tickets(self) -> None:
        for ticket in [ticket for ticket in self._tickets if ticket.outcome is not None]:
            for waiting in self._tickets.pop(ticket):
                if not waiting.done() and ticket.outcome is not None:
                    waiting.set_result(ticket.outcome)

    def _set_timer(self) -> None:
        due = None if self._has_ended else self.conversation.due()
        if due == self._due:
            return
        self._due = due
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if due is None else self._loop.call_later(max(0.0, due - time.monotonic()), self._tick)

    def _tick(self) -> None:
        self._due = self._timer = None
        self._listener.settle()
        self.conversation.tick(time.monotonic())
        self._act()

    def _end(self, _: object = None) -> None:
        if self._has_ended:
            return
        self._has_ended = True
        self.conversation.ended()
        self._act()
        self._listener.ended(self._inner.end(None))
        self._queue.end()


async def _quietly(rest: Coroutine[Any, Any, None]) -> None:
    # The end of the connection tells whoever receives.
    with suppress(ConnectionClosed, VoiceLiveError):
        await rest
