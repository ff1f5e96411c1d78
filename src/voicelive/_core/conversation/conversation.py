"""The conversation on one connection: every event in, what follows from it out.

Binds the playback ledger, barge-in, the response queue, tool calls and the turn meter together. The clock is passed
in; what is to be done is in :attr:`Conversation.actions`, in order.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Literal

from ..._base import Model
from .actions import Action, CancelTools, Flush, RunTool, Send, Tell
from .barge_in import BargeIn, BargeInPolicy, Reaction
from .input_timeline import InputTimeline
from .ledger import Heard, Interruption, PlaybackLedger, Truncation
from .local_events import (
    ConversationInterrupted,
    ConversationState,
    InterruptionResumed,
    ToolFinished,
    ToolStarted,
    TurnFinished,
)
from .metrics import TokenCounts, TurnMeter, TurnMetrics
from .responses import ALREADY_ACTIVE, ResponseQueue, Ticket
from .session_view import SessionView
from .tool_calls import Call, ToolCalls

__all__ = ["Conversation", "ToolEnd", "audio_size"]

_TOO_SHORT = re.compile(r"Audio content of (\d+)\s*ms is already shorter than (\d+)\s*ms")
_ALREADY_ACTIVE = re.compile(r"\balready has an active response\b")
"""Older services give that error no code."""
_NOT_ACTIVE = "response_cancel_not_active"

ToolEnd = Literal["completed", "failed", "timed_out", "refused", "cancelled", "discarded"]
State = Literal["listening", "thinking", "tool", "speaking"]


class Conversation:
    """Decides for one connection. Not safe for threads by itself."""

    def __init__(
        self,
        *,
        barge_in: BargeIn | None = None,
        runs_tools: bool = False,
        new_id: Callable[[], str],
    ) -> None:
        """Prepare a conversation.

        Args:
            barge_in: what counts as an interruption; None leaves interrupting to the application.
            runs_tools: whether function calls are run, and answered, here.
            new_id: makes the ids of the events that are sent, unique in the call.
        """
        self.ledger = PlaybackLedger()
        self.policy = BargeInPolicy(barge_in)
        self.queue = ResponseQueue()
        self.calls = ToolCalls()
        self.meter = TurnMeter()
        self.timeline = InputTimeline()
        self.actions: deque[Action] = deque()
        self.latency_ms = 0
        """How long a sample takes from the player to the ear, as the player says."""
        self._interrupts = barge_in is not None
        self._runs_tools = runs_tools
        self._new_id = new_id
        self._cancels = 0
        self._held: Interruption | None = None
        self._after_tools: list[Ticket] = []
        self._state: State = "listening"
        self._reports_playback = False

    # What arrives.

    def received(self, event: Model, now: float) -> bool:
        """Take an event of the service.

        Returns:
            Whether the application is to see it: False for a refusal that is not an error to it.
        """
        handler = self._handlers.get(getattr(event, "canonical_type", None) or str(getattr(event, "type", "")))
        return True if handler is None else handler(self, event, now) is not False

    def is_late(self, event: Model) -> bool:
        """Whether an event is audio of something interrupted: not to be handed to a player."""
        return (getattr(event, "canonical_type", "") == "response.audio.delta") and self.ledger.is_dropped(
            _text(event, "item_id"), _text(event, "response_id")
        )

    def _session(self, event: Model, now: float) -> None:
        session = getattr(event, "session", None)
        view = SessionView.of(session.to_dict() if isinstance(session, Model) else {})
        self.policy.session = view
        self.ledger.use_format(view.output)
        if getattr(event, "type", "") == "session.created":
            self.timeline.restart(view.input)
        else:
            self.timeline.use_format(view.input)

    def _audio(self, event: Model, now: float) -> None:
        item_id, response_id = _text(event, "item_id") or "", _text(event, "response_id")
        size = _base64_size(getattr(event, "delta", None))
        if self.ledger.received(item_id, _index(event), size, response_id):
            self.meter.audio(self.policy.session.output.ms(size), now)
            if not self._reports_playback:
                self._show("speaking")

    def _audio_done(self, event: Model, now: float) -> None:
        self.ledger.finished(_text(event, "item_id") or "", _index(event))

    def _transcript(self, event: Model, now: float) -> None:
        self.meter.text(now)
        delta, item_id = _text(event, "delta"), _text(event, "item_id")
        if delta and item_id:
            self.ledger.transcript(item_id, _index(event), delta, _text(event, "response_id"))

    def _answer_text(self, event: Model, now: float) -> None:
        self.meter.text(now)

    def _word(self, event: Model, now: float) -> None:
        offset, length = getattr(event, "audio_offset_ms", None), getattr(event, "audio_duration_ms", None)
        if isinstance(offset, int) and isinstance(length, int):
            self.ledger.word(_text(event, "item_id") or "", _index(event), _text(event, "text") or "", offset + length)

    def _speech_started(self, event: Model, now: float) -> None:
        session = self.policy.session
        if session.detection is not None and session.create_response:
            self.calls.user_turn()
            for ticket in self._after_tools:
                self.queue.supersede(ticket, "the service answers the user's new turn by itself, and sees the outputs")
        self._settle_held()
        reaction = self.policy.speech_started(_text(event, "item_id") or "", now)
        if self._interrupts:
            self._react(reaction)
        self._show("listening")

    def _speech_stopped(self, event: Model, now: float) -> None:
        if self._interrupts:
            self._react(self.policy.speech_stopped(now))
        end_ms = getattr(event, "audio_end_ms", None)
        ended = None
        if isinstance(end_ms, int) and self.policy.session.silence_ms is not None:
            ended = self.timeline.time_of(end_ms - self.policy.session.silence_ms)
        self._tell_turn(self.meter.speech_stopped(_text(event, "item_id") or "", ended, now))
        self._show("thinking")

    def _heard_user(self, event: Model, now: float) -> None:
        item_id, text = _text(event, "item_id") or "", _text(event, "transcript") or ""
        self.meter.transcribed(item_id, now)
        if not self._interrupts:
            return
        self._react(self.policy.transcript(item_id, text))
        if self.policy.is_false(item_id, text):
            self.meter.false_interruption()
            self._resume()
        else:
            self._settle_held()

    def _heard_part(self, event: Model, now: float) -> None:
        if self._interrupts:
            self._react(self.policy.transcript(_text(event, "item_id") or "", _text(event, "delta") or ""))

    def _created(self, event: Model, now: float) -> None:
        response = getattr(event, "response", None)
        response_id = _text(response, "id")
        self.queue.created(response_id)
        self._tell_turn(self.meter.created(response_id, now))
        self._show("thinking")

    def _done(self, event: Model, now: float) -> None:
        response = getattr(event, "response", None)
        response_id = _text(response, "id")
        wire = response.to_dict() if isinstance(response, Model) else {}
        details = wire.get("status_details")
        self.queue.done(response_id, _text(response, "status"), _reason(details))
        self.meter.done(_text(response, "status"), TokenCounts.of(wire.get("usage")))
        self.calls.response_done(response_id)
        cuts, session = self.ledger.take_late(response_id), self.policy.session
        if not (session.auto_truncate or session.service_plays):
            self._truncate(cuts)
        self._follow_up(now)
        self._rest()

    def _called(self, event: Model, now: float) -> None:
        if not self._runs_tools:
            return
        call = Call(
            call_id=_text(event, "call_id") or "",
            name=_text(event, "name") or "",
            arguments=_text(event, "arguments") or "",
            response_id=_text(event, "response_id"),
            item_id=_text(event, "item_id"),
        )
        if self.calls.called(call):
            self.meter.tool_started(call.call_id, now)
            self._tell(ToolStarted(call_id=call.call_id, name=call.name, arguments=call.arguments))
            self.actions.append(RunTool(call))
            self._show("tool")

    def _error(self, event: Model, now: float) -> bool:
        error = getattr(event, "error", None)
        code, message = _text(error, "code"), _text(error, "message") or ""
        if code == ALREADY_ACTIVE or _ALREADY_ACTIVE.search(message):
            was_own = self.queue.refused()
            return not was_own
        if code == _NOT_ACTIVE:
            was_own, self._cancels = self._cancels > 0, max(0, self._cancels - 1)
            return not (was_own or self._interrupts)
        if (found := _TOO_SHORT.search(message)) and self.ledger.too_long(int(found[2]), int(found[1])):
            return False
        if self.queue.error(message, now, event_id=_text(error, "event_id"), param=_text(error, "param")):
            self._pump(now)
        return True

    def _broken(self, event: Model, now: float) -> None:
        # Applied to what the next session is told.
        self._settle_held()
        self.queue.session_lost("the session moved to another connection before it answered")
        self._cancels = 0

    def _restored(self, event: Model, now: float) -> None:
        self.meter.reconnected()
        self.timeline.restart(self.policy.session.input)
        if not getattr(event, "planned", False):
            self._broken(event, now)
        self.ledger.session_moved(
            lost_responses=_texts(event, "interrupted_responses"), kept_items=_texts(event, "completed_items")
        )
        self.queue.session_restored()
        self.calls.session_moved()
        self._follow_up(now)

    # What goes out, is played, or is asked for.

    def sent(self, event_type: str, now: float, *, audio_size: int = 0, event_id: str | None = None) -> None:
        """Take what the application sent: the type of the event, the bytes of audio in it, and its id."""
        if event_type == "input_audio_buffer.append":
            self.timeline.sent(audio_size, now)
        elif event_type == "response.create":
            self.queue.sent(event_id)
            self._tell_turn(self.meter.requested(now))

    def played(self, size: int, now: float, *, item_id: str | None = None) -> list[Heard]:
        """Take how many bytes were played; see :meth:`PlaybackLedger.played`."""
        self._reports_playback = True
        advanced = self.ledger.played(size, item_id=item_id)
        for heard in advanced:
            self.meter.played(heard.item_id, heard.ms, now, self.latency_ms)
        if advanced:
            self._show("speaking")
        self._rest()
        return advanced

    def interrupt(self, now: float) -> Interruption | None:
        """Interrupt the answer, as the application asks: returns what was heard of it; None if nothing is cut off."""
        self._settle_held()
        return self._react(self.policy.interrupt(active=self.queue.is_active), now_held=True)

    def request(self, parameters: Mapping[str, Any] | None, now: float) -> Ticket:
        """Ask for a response as soon as none is in progress."""
        ticket = self.queue.request(parameters)
        self._pump(now)
        return ticket

    def tool_finished(
        self, call_id: str, output: str, end: ToolEnd, now: float, *, duration_ms: int = 0, wants_response: bool = True
    ) -> None:
        """Take the end of a tool: its output goes to the model at once, and a response follows when all are there."""
        self.meter.tool_done(call_id, now)
        call = self.calls.finished(call_id, wants_response=wants_response)
        name = call.name if call else ""
        if call is None:
            end = "discarded"
        else:
            item = {"type": "function_call_output", "call_id": call_id, "output": output}
            self._send({"type": "conversation.item.create", "item": item})
        self._tell(ToolFinished(call_id=call_id, name=name, outcome=end, duration_ms=duration_ms, output=output))
        self._follow_up(now)

    def due(self) -> float | None:
        """Return when :meth:`tick` is to be called; None while nothing waits for the clock."""
        speech, answer = self.policy.due() if self._interrupts else None, self.queue.due()
        return speech if answer is None else answer if speech is None else min(speech, answer)

    def tick(self, now: float) -> None:
        """Take that time has passed."""
        if self._interrupts:
            self._react(self.policy.tick(now))
        if self.queue.tick(now):
            self._pump(now)

    def ended(self) -> None:
        """Note the end of the call: nothing that was asked for is coming, and no output is wanted any more."""
        self.queue.clear("the connection ended")
        self.calls.clear()
        self._tell_turn(self.meter.end())

    # What follows.

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
            follows_tools = any(ticket in request.tickets for ticket in self._after_tools)
            self._tell_turn(self.meter.requested(now, follows_tools=follows_tools))
        self._after_tools = [ticket for ticket in self._after_tools if ticket.outcome is None]

    def _send(self, event: dict[str, Any]) -> str:
        event_id = self._new_id()
        self.actions.append(Send({**event, "event_id": event_id}))
        return event_id

    def _tell(self, event: Any) -> None:
        self.actions.append(Tell(event))

    def _tell_turn(self, turn: TurnMetrics | None) -> None:
        if turn is not None:
            self._tell(TurnFinished(number=turn.number))

    def _show(self, state: State) -> None:
        if state != self._state:
            self._state = state
            self._tell(ConversationState(state=state))

    def _rest(self) -> None:
        """Show that the user has the word again, once nothing is made, run or played."""
        is_played = not self._reports_playback or self.ledger.unheard_ms == 0
        if self.queue.is_idle and not self.calls.running and is_played:
            self._show("listening")

    _handlers: ClassVar[Mapping[str, Callable[[Any, Model, float], bool | None]]] = {
        "session.created": _session,
        "session.updated": _session,
        "response.audio.delta": _audio,
        "response.audio.done": _audio_done,
        "response.audio_transcript.delta": _transcript,
        "response.text.delta": _answer_text,
        "response.audio_timestamp.delta": _word,
        "input_audio_buffer.speech_started": _speech_started,
        "input_audio_buffer.speech_stopped": _speech_stopped,
        "conversation.item.input_audio_transcription.completed": _heard_user,
        "conversation.item.input_audio_transcription.delta": _heard_part,
        "response.created": _created,
        "response.done": _done,
        "response.function_call_arguments.done": _called,
        "error": _error,
        "voicelive.reconnecting": _broken,
        "voicelive.restored": _restored,
    }


def _text(holder: object, name: str) -> str | None:
    value = getattr(holder, name, None)
    # Members of the open enums are texts too.
    return str.__str__(value) if isinstance(value, str) else None


def _texts(holder: object, name: str) -> list[str]:
    value = getattr(holder, name, None)
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _index(event: object) -> int:
    value = getattr(event, "content_index", None)
    return value if isinstance(value, int) else 0


def audio_size(event: object) -> int:
    """Return how many bytes of audio an ``input_audio_buffer.append`` carries; 0 for any other event."""
    return _base64_size(getattr(event, "audio", None))


def _base64_size(text: object) -> int:
    if not isinstance(text, str):
        return 0
    return len(text) * 3 // 4 - (2 if text.endswith("==") else 1 if text.endswith("=") else 0)


def _reason(details: object) -> str | None:
    if not isinstance(details, Mapping):
        return None
    error = details.get("error")
    reason = error.get("message") if isinstance(error, Mapping) else details.get("reason")
    return reason if isinstance(reason, str) else None
