"""What an application does to a conversation: what it sends, plays and asks for, and that time passes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from .approvals import approval_response
from .consequences import Consequences
from .conversation_events import ApprovalAnswered, ApprovalOutcome, ToolFinished, UserAway
from .ledger import Heard, Interruption
from .responses import Ticket

__all__ = ["Requests", "ToolEnd"]

ToolEnd = Literal["completed", "failed", "timed_out", "refused", "cancelled", "discarded"]


class Requests(Consequences):
    """The part of a conversation that is called, rather than told of events."""

    def sent(
        self,
        event_type: str,
        now: float,
        *,
        audio_size: int = 0,
        event_id: str | None = None,
        item: Mapping[str, Any] | None = None,
    ) -> None:
        """Take what the application sent.

        Args:
            event_type: the event's type.
            now: when.
            audio_size: the bytes of audio in it.
            event_id: its id, of a ``response.create``.
            item: the item of a ``conversation.item.create``.
        """
        if event_type == "input_audio_buffer.append":
            self.timeline.sent(audio_size, now)
            return
        self._run = None
        if event_type == "input_audio_buffer.commit":
            self._has_outputs = False
        elif event_type == "response.create":
            self.queue.sent(event_id)
            self._requested(now, follows_tools=self._has_outputs)
        elif item is not None and item.get("type") == "function_call_output":
            self.meter.tool_done(str(item.get("call_id")), now)
            self._has_outputs = True
        elif item is not None and item.get("role") == "user":
            self._has_outputs = False

    def played(self, size: int, now: float, *, item_id: str | None = None) -> list[Heard]:
        """Take how many bytes were played; see :meth:`PlaybackLedger.played`."""
        self._run = None
        self._reports_playback = True
        advanced = self.ledger.played(size, item_id=item_id)
        for heard in advanced:
            self.meter.played(heard.item_id, heard.ms, now, self.latency_ms)
        if advanced:
            self._show("speaking")
        self._rest(now)
        return advanced

    def interrupt(self, now: float) -> Interruption | None:
        """Interrupt the answer, as the application asks: returns what was heard of it; None if nothing is cut off."""
        self._run = None
        self._settle_held()
        return self._react(self.policy.interrupt(active=self.queue.is_active), now_held=True)

    def request(self, parameters: Mapping[str, Any] | None, now: float) -> Ticket:
        """Ask for a response as soon as none is in progress."""
        self._run = None
        ticket = self.queue.request(parameters)
        self._pump(now)
        return ticket

    def tool_finished(
        self, call_id: str, output: str, end: ToolEnd, now: float, *, duration_ms: int = 0, wants_response: bool = True
    ) -> None:
        """Take the end of a tool: its output goes to the model at once, and a response follows when all are there."""
        self._run = None
        self.meter.tool_done(call_id, now)
        call = self.calls.finished(call_id, wants_response=wants_response)
        name = call.name if call else ""
        if call is None:
            end = "discarded"
        else:
            self._has_outputs = True
            item = {"type": "function_call_output", "call_id": call_id, "output": output}
            self._send({"type": "conversation.item.create", "item": item})
        self._tell(ToolFinished(call_id=call_id, name=name, outcome=end, duration_ms=duration_ms, output=output))
        self._follow_up(now)
        self._rest(now)

    def approval_decided(self, request_id: str, outcome: ApprovalOutcome) -> None:
        """Take what was decided about the call of an MCP tool: the service is told once, whatever it is."""
        self._run = None
        approval = self.approvals.answered(request_id)
        if approval is None:
            return
        is_approved = outcome == "approved"
        self._send({"type": "conversation.item.create", "item": approval_response(request_id, is_approved)})
        self._tell(
            ApprovalAnswered(
                approval_request_id=request_id,
                server_label=approval.server_label,
                name=approval.name,
                arguments=approval.arguments,
                approved=is_approved,
                outcome=outcome,
            )
        )

    def due(self) -> float | None:
        """Return when :meth:`tick` is to be called; None while nothing waits for the clock."""
        soonest = None
        for watch in self._watches:
            due = watch.due()
            if due is not None and (soonest is None or due < soonest):
                soonest = due
        return soonest

    def tick(self, now: float) -> None:
        """Take that time has passed."""
        self._run = None
        if self._interrupts:
            self._react(self.policy.tick(now))
        if self.queue.tick(now):
            self._pump(now)
        if self.silence is not None and (count := self.silence.tick(now)):
            self._tell(UserAway(silent_ms=round(self.silence.seconds * 1000), count=count))
        if self.budget is not None:
            self._check_budget(now)

    def ended(self) -> None:
        """Note the end of the call: nothing that was asked for is coming, and no output is wanted any more."""
        self._run = None
        self.queue.clear("the connection ended")
        self.calls.clear()
        self.approvals.clear()
        self.silence, self.budget = None, None
        self._tell_turn(self.meter.end())
