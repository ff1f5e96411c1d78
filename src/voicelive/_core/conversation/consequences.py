"""What follows from the decisions of a conversation: what is sent, what is told, what state is shown.

Holds the parts that decide. :class:`.conversation.Conversation` feeds them; what is to be done is in
:attr:`Consequences.actions`, in order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Literal

from ..answer_pieces import AnswerPieces
from .actions import Action, CancelTools, End, Flush, Send, Tell
from .approvals import Approvals
from .barge_in import BargeIn, BargeInPolicy, Reaction
from .budget import Budget, BudgetMeter
from .conversation_events import (
    BudgetUsed,
    ConversationInterrupted,
    ConversationState,
    InterruptionResumed,
    TurnFinished,
)
from .input_timeline import InputTimeline
from .ledger import Interruption, Truncation
from .metrics import MOST_TURNS, TurnMetrics
from .piece_run import OpenLedger, OpenMeter, PieceRun
from .responses import ResponseQueue, Ticket
from .silence import SilenceWatch
from .tool_calls import ToolCalls

__all__ = ["Consequences"]

State = Literal["listening", "thinking", "tool", "speaking"]


class Consequences:
    """The parts of one conversation, and what they lead to."""

    def __init__(
        self,
        *,
        barge_in: BargeIn | None = None,
        runs_tools: bool = False,
        decides_approvals: bool = False,
        user_away: float | None = None,
        budget: Budget | None = None,
        max_turns: int | None = MOST_TURNS,
        new_id: Callable[[], str],
    ) -> None:
        """Prepare a conversation.

        Args:
            barge_in: what counts as an interruption; None leaves interrupting to the application.
            runs_tools: whether function calls are run, and answered, here.
            decides_approvals: whether calls of MCP tools that need approval are decided here.
            user_away: how long a silence of the user's is told after, in seconds; None for never.
            budget: what the call may use; None for anything.
            max_turns: how many turns are kept; None for all.
            new_id: makes the ids of the events that are sent, unique in the call.
        """
        self.ledger = OpenLedger()
        self.policy = BargeInPolicy(barge_in)
        self.queue = ResponseQueue()
        self.calls = ToolCalls()
        self.approvals = Approvals()
        self.silence = None if user_away is None else SilenceWatch(user_away)
        self.budget = None if budget is None else BudgetMeter(budget)
        watches = (self.queue, None if barge_in is None else self.policy, self.silence, self.budget)
        self._watches = tuple(watch for watch in watches if watch is not None)
        self._pieces = AnswerPieces()
        self._run: PieceRun | None = None
        """What pieces of an answer are counted in without a closer look; None after anything else has happened."""
        self.meter = OpenMeter(max_turns=max_turns)
        self.timeline = InputTimeline()
        self.actions: deque[Action] = deque()
        self.latency_ms = 0
        """How long a sample takes from the player to the ear, as the player says."""
        self._interrupts = barge_in is not None
        self._runs_tools = runs_tools
        self._decides_approvals = decides_approvals
        self._follows_remote = runs_tools or decides_approvals
        self._new_id = new_id
        self._cancels = 0
        self._held: Interruption | None = None
        self._after_tools: list[Ticket] = []
        self._has_outputs = False
        """Whether outputs of tools went out that no response was asked for after: the next one is of the same turn."""
        self._state: State = "listening"
        self._heard_item: str | None = None
        """The last item of the user's that held words."""
        self._reports_playback = False
        self._sound_ends = 0.0
        """When what has arrived will have been played, where no player says."""

    def _react(self, reaction: Reaction, *, now_held: bool = False) -> Interruption | None:
        if not reaction:
            return None
        interruption = None
        if reaction.clear_output:
            self._send({"type": "output_audio_buffer.clear"})
            self.actions.append(CancelTools())
        if reaction.flush:
            is_over = not self.queue.is_active
            interruption = self.ledger.interrupt(response_id=self.queue.active, latency_ms=self.latency_ms)
            self._sound_ends = 0.0
            self.actions.append(Flush())
            self.actions.append(CancelTools())
            if interruption is not None:
                self._interrupted(interruption)
            waits = self.policy.options.resume_false and is_over and not now_held
            if reaction.truncate and interruption is not None and waits:
                self._held = interruption
            elif reaction.truncate and interruption is not None:
                self._truncate(interruption.truncations)
        if reaction.cancel and self.queue.is_active:
            self._cancels += 1
            self._send({"type": "response.cancel"})
        return interruption

    def _interrupted(self, interruption: Interruption) -> None:
        self.meter.interrupted()
        self._tell(
            ConversationInterrupted(
                item_id=interruption.item_id,
                response_id=interruption.response_id,
                heard_ms=interruption.heard_ms,
                unheard_ms=interruption.unheard_ms,
                heard_text=interruption.heard_text,
                unheard_text=interruption.unheard_text,
            )
        )

    def _settle_held(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._truncate(held.truncations)

    def _resume(self) -> None:
        held, self._held = self._held, None
        if held is not None and self.ledger.resume():
            self._tell(InterruptionResumed(item_id=held.item_id, from_ms=held.heard_ms))

    def _truncate(self, cuts: Iterable[Truncation]) -> None:
        for cut in cuts:
            if cut.words is None:
                fields = {"item_id": cut.item_id, "content_index": cut.content_index, "audio_end_ms": cut.audio_end_ms}
                self._send({"type": "conversation.item.truncate", **fields})
                continue
            if cut.words:
                # In the same place, as the user's next item may follow it already.
                content = [{"type": "text", "text": cut.words}]
                item = {"type": "message", "role": "assistant", "content": content}
                self._send({"type": "conversation.item.create", "previous_item_id": cut.item_id, "item": item})
            self._send({"type": "conversation.item.delete", "item_id": cut.item_id})

    def _follow_up(self, now: float) -> None:
        if self.calls.take_follow_up():
            self._after_tools.append(self.queue.request())
        self._pump(now)

    def _pump(self, now: float) -> None:
        while request := self.queue.next():
            more = {} if request.parameters is None else {"response": dict(request.parameters)}
            request.event_id = self._send({"type": "response.create", **more})
            self._requested(now, follows_tools=any(ticket in request.tickets for ticket in self._after_tools))
        self._after_tools = [ticket for ticket in self._after_tools if ticket.outcome is None]

    def _requested(self, now: float, *, follows_tools: bool) -> None:
        self._has_outputs = self._has_outputs and not follows_tools
        self._tell_turn(self.meter.requested(now, follows_tools=follows_tools))

    def _send(self, event: dict[str, Any]) -> str:
        event_id = self._new_id()
        self.actions.append(Send({**event, "event_id": event_id}))
        return event_id

    def _tell(self, event: Any, written: bytes | None = None) -> None:
        self.actions.append(Tell(event, written))

    def _tell_turn(self, turn: TurnMetrics | None) -> None:
        if turn is not None:
            # Written here: that of an event takes longer than making it.
            written = b'{"type":"voicelive.turn_done","number":%d}' % turn.number
            self._tell(TurnFinished(number=turn.number), written)

    def _check_budget(self, now: float) -> None:
        for use in self.budget.check(now) if self.budget is not None else ():
            self._tell(BudgetUsed(limit=use.limit, used=use.used, allowed=use.allowed, exceeded=use.is_exceeded))
            if use.is_exceeded:
                self.actions.append(End("budget"))

    def _show(self, state: State) -> None:
        if self.silence is not None and state != "listening":
            self.silence.busy()
        if state != self._state:
            self._state = state
            self._tell(ConversationState(state=state), _state_written(state))

    def _rest(self, now: float) -> None:
        """Show that the user has the word again, once nothing is made, run or played."""
        is_played = not self._reports_playback or self.ledger.unheard_ms == 0
        if self.queue.is_idle and not self.calls.is_busy and is_played:
            self._show("listening")
            self._rest_of_user(now)

    def _rest_of_user(self, now: float) -> None:
        if self.silence is not None:
            self.silence.rest(now if self._reports_playback else max(now, self._sound_ends))


@cache
def _state_written(state: State) -> bytes:
    # Several of these are told in each turn.
    return ConversationState(state=state).to_json()
