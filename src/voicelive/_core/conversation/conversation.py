"""The conversation on one connection: every event in, what follows from it out.

Binds the playback ledger, barge-in, the response queue, tool calls and the turn meter together. The clock is passed
in; what is to be done is in :attr:`Conversation.actions`, in order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from ..._base import Model
from ..envelope import AUDIO_DELTAS, Incoming
from .actions import AskApproval, RunTool
from .approvals import Approval
from .barge_in import Reaction
from .conversation_events import ToolStarted
from .fields import base64_size, index_of, reason_of, text_of, texts_of
from .piece_run import TRANSCRIPT_DELTAS, PieceRun
from .requests import Requests
from .responses import ALREADY_ACTIVE
from .session_view import SessionView
from .tokens import TokenCounts
from .tool_calls import Call

__all__ = ["PIECES", "Conversation"]

_TOO_SHORT = re.compile(r"Audio content of (\d+)\s*ms is already shorter than (\d+)\s*ms")
_ALREADY_ACTIVE = re.compile(r"\balready has an active response\b")
"""Older services give that error no code."""
_NOT_ACTIVE = "response_cancel_not_active"

_AUDIO = frozenset(kind.decode() for kind in AUDIO_DELTAS)
_TRANSCRIPT = frozenset(kind.decode() for kind in TRANSCRIPT_DELTAS)
_TEXT = ("response.text.delta", "response.output_text.delta")
_ITEMS = ("conversation.item.created", "conversation.item.added")


class Conversation(Requests):
    """Decides for one connection. Not safe for threads by itself."""

    # What arrives.

    def received(self, event: Model, now: float) -> bool:
        """Take an event of the service.

        Returns:
            Whether the application is to see it: False for a refusal that is not an error to it, and for audio of
            something that was interrupted.
        """
        self._run = None
        handler = self.handlers.get(getattr(event, "type", ""))
        return True if handler is None else handler(self, event, now) is not False

    @property
    def needed(self) -> frozenset[bytes]:
        """The types that :meth:`received` is to be called for; what does not show its type may be of any."""
        idle: set[str] = set()
        if not self._interrupts:
            idle.add("conversation.item.input_audio_transcription.delta")
        if not self._follows_remote:
            idle.add("response.output_item.added")
        if not self._decides_approvals and self.silence is None:
            idle.update(_ITEMS)
        return frozenset(kind.encode() for kind in self.handlers if kind not in idle) | {b""}

    def goes_on(self, message: Incoming) -> bool:
        """Count a message if it is another piece of what is coming in, and that is all there is to do for it."""
        return self._run is not None and self._run.add(message)

    def audio_piece(self, message: Incoming, now: float) -> bool:
        """Take a piece of an answer's audio, as :meth:`received` does, without making an event of it."""
        pieces = self._pieces
        size = pieces.size(message)
        if not (size or pieces.item_id):
            # Not a piece of audio after all: whoever receives it learns what is wrong with it.
            return True
        is_shown = self._received_audio(pieces.item_id, pieces.content_index, size, pieces.response_id, now)
        if (run := self._begin_run()) is not None:
            # Where a silence is watched, each piece moves the time at which it begins.
            run.has_sound = is_shown and self.silence is None
        return is_shown

    def transcript_piece(self, message: Incoming, now: float) -> bool:
        """Take a piece of an answer's transcript, in the same way."""
        pieces = self._pieces
        text = pieces.text(message)
        self._received_text(pieces.item_id, pieces.content_index, text, pieces.response_id, now)
        if (run := self._begin_run()) is not None:
            run.has_text = True
        return True

    def _begin_run(self) -> PieceRun | None:
        """Return the run of the part that the last piece was of; None if there is none."""
        pieces, run = self._pieces, self._run
        part, turn = self.ledger.part(pieces.item_id, pieces.content_index), self.meter.under_way
        if part is None or turn is None:
            self._run = None
        elif run is None or run.part is not part:
            output = self.policy.session.output
            self._run = PieceRun(pieces, part, turn, output.rate * output.width)
        return self._run

    def text_piece(self, message: Incoming, now: float) -> bool:
        """Take a piece of an answer's text, in the same way: only when it came counts."""
        self.meter.text(now)
        return True

    def is_late_message(self, message: Incoming) -> bool:
        """Whether a message that waits is audio of something interrupted."""
        if message.kind not in AUDIO_DELTAS:
            return False
        self._pieces.size(message)
        return self.ledger.is_dropped(self._pieces.item_id, self._pieces.response_id)

    def is_late(self, event: Model) -> bool:
        """Whether an event is audio of something interrupted: not to be handed to a player."""
        return getattr(event, "type", "") in _AUDIO and self.ledger.is_dropped(
            text_of(event, "item_id"), text_of(event, "response_id")
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
        if self.budget is not None:
            self.budget.begin(now)
        self._rest(now)

    def _audio(self, event: Model, now: float) -> bool:
        size, item_id = base64_size(getattr(event, "delta", None)), text_of(event, "item_id") or ""
        return self._received_audio(item_id, index_of(event), size, text_of(event, "response_id"), now)

    def _received_audio(self, item_id: str, index: int, size: int, response_id: str | None, now: float) -> bool:
        if not self.ledger.received(item_id, index, size, response_id):
            return False
        ms = self.policy.session.output.ms(size)
        self.meter.audio(ms, now)
        if self._reports_playback:
            return True
        if self.silence is not None:
            self._sound_ends = max(self._sound_ends, now) + ms / 1000
            self._show("speaking")
        elif self._state != "speaking":
            self._show("speaking")
        return True

    def _audio_done(self, event: Model, now: float) -> None:
        self.ledger.finished(text_of(event, "item_id") or "", index_of(event))

    def _transcript(self, event: Model, now: float) -> None:
        delta, item_id = text_of(event, "delta") or "", text_of(event, "item_id") or ""
        self._received_text(item_id, index_of(event), delta, text_of(event, "response_id"), now)

    def _received_text(self, item_id: str, index: int, text: str, response_id: str | None, now: float) -> None:
        self.meter.text(now)
        if text and item_id:
            self.ledger.transcript(item_id, index, text, response_id)

    def _answer_text(self, event: Model, now: float) -> None:
        self.meter.text(now)

    def _word(self, event: Model, now: float) -> None:
        offset, length = getattr(event, "audio_offset_ms", None), getattr(event, "audio_duration_ms", None)
        if isinstance(offset, int) and isinstance(length, int):
            item_id, text = text_of(event, "item_id") or "", text_of(event, "text") or ""
            self.ledger.word(item_id, index_of(event), text, offset + length)

    def _speech_started(self, event: Model, now: float) -> None:
        session = self.policy.session
        if session.detection is not None and session.create_response:
            self.calls.user_turn()
            for ticket in self._after_tools:
                self.queue.supersede(ticket, "the service answers the user's new turn by itself, and sees the outputs")
        if self.silence is not None:
            self.silence.user_began()
        self._has_outputs = False
        self._settle_held()
        reaction = self.policy.speech_started(text_of(event, "item_id") or "", now)
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
        self._tell_turn(self.meter.speech_stopped(text_of(event, "item_id") or "", ended, now))
        self._show("thinking")
        if self.silence is not None:
            self.silence.user_ended()
        if not self.policy.session.create_response:
            # Nothing need come of it: the application asks for an answer, or does not.
            self._rest_of_user(now)

    def _heard_user(self, event: Model, now: float) -> None:
        item_id, text = text_of(event, "item_id") or "", text_of(event, "transcript") or ""
        self.meter.transcribed(item_id, now)
        if text.strip():
            self._heard_item = item_id
        elif item_id != self._heard_item:
            # A noise, which is not answered; not the empty transcript that may follow one with words.
            self._rest(now)
        if not self._interrupts:
            return
        self._react(self.policy.transcript(item_id, text))
        if self.policy.is_false(item_id, text):
            self.meter.false_interruption()
            self._resume()
        else:
            self._settle_held()

    def _unheard_user(self, event: Model, now: float) -> None:
        self._rest_of_user(now)

    def _heard_part(self, event: Model, now: float) -> None:
        if self._interrupts:
            self._react(self.policy.transcript(text_of(event, "item_id") or "", text_of(event, "delta") or ""))

    def _created(self, event: Model, now: float) -> None:
        response = getattr(event, "response", None)
        response_id = text_of(response, "id")
        self.queue.created(response_id)
        self._tell_turn(self.meter.created(response_id, now))
        self._show("thinking")

    def _done(self, event: Model, now: float) -> None:
        response = getattr(event, "response", None)
        response_id = text_of(response, "id")
        status, tokens = text_of(response, "status"), TokenCounts.of(getattr(response, "usage", None))
        self.queue.done(response_id, status, reason_of(getattr(response, "status_details", None)))
        self.meter.done(status, tokens)
        self.calls.response_done(response_id, is_whole=status == "completed")
        cuts, session = self.ledger.take_late(response_id), self.policy.session
        if not (session.auto_truncate or session.service_plays):
            self._truncate(cuts)
        self._follow_up(now)
        self._rest(now)
        if self.budget is not None:
            self.budget.spend(tokens)
            self._check_budget(now)

    def _item(self, event: Model, now: float) -> None:
        item = getattr(event, "item", None)
        kind = text_of(item, "type")
        if kind == "mcp_approval_request" and self._decides_approvals:
            approval = Approval(
                request_id=text_of(item, "id") or "",
                server_label=text_of(item, "server_label") or "",
                name=text_of(item, "name") or "",
                arguments=text_of(item, "arguments") or "",
            )
            if self.approvals.requested(approval):
                self.actions.append(AskApproval(approval))
        elif kind == "message" and text_of(item, "role") == "user" and self.silence is not None:
            self.silence.user_wrote(now)

    def _item_begun(self, event: Model, now: float) -> None:
        item = getattr(event, "item", None)
        if self._follows_remote and text_of(item, "type") == "mcp_call":
            self.calls.remote_began(text_of(item, "id") or "", text_of(event, "response_id"))

    def _remote_runs(self, event: Model, now: float) -> None:
        if self.calls.is_busy:
            self._show("tool")

    def _remote_done(self, event: Model, now: float) -> None:
        self._has_outputs = True
        self.calls.remote_ended(text_of(event, "item_id") or "")
        self._follow_up(now)
        self._rest(now)

    def _called(self, event: Model, now: float) -> None:
        call = Call(
            call_id=text_of(event, "call_id") or "",
            name=text_of(event, "name") or "",
            arguments=text_of(event, "arguments") or "",
            response_id=text_of(event, "response_id"),
            item_id=text_of(event, "item_id"),
        )
        if not self._runs_tools:
            self.meter.tool_started(call.call_id, now)
        elif self.calls.called(call):
            self.meter.tool_started(call.call_id, now)
            self._tell(ToolStarted(call_id=call.call_id, name=call.name, arguments=call.arguments))
            self.actions.append(RunTool(call))
            self._show("tool")

    def _error(self, event: Model, now: float) -> bool:
        error = getattr(event, "error", None)
        code, message = text_of(error, "code"), text_of(error, "message") or ""
        if code == ALREADY_ACTIVE or _ALREADY_ACTIVE.search(message):
            was_own = self.queue.refused()
            return not was_own
        if code == _NOT_ACTIVE:
            was_own, self._cancels = self._cancels > 0, max(0, self._cancels - 1)
            return not (was_own or self._interrupts)
        if (found := _TOO_SHORT.search(message)) and self.ledger.too_long(int(found[2]), int(found[1])):
            return False
        if self.queue.error(message, now, event_id=text_of(error, "event_id"), param=text_of(error, "param")):
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
            lost_responses=texts_of(event, "interrupted_responses"), kept_items=texts_of(event, "completed_items")
        )
        self.queue.session_restored()
        self.calls.session_moved()
        self.approvals.clear()
        self._follow_up(now)
        self._rest(now)

    def _was_interrupted(self, event: Model, now: float) -> None:
        # Among the events of a call that is over: it was told when it happened.
        self._react(Reaction(flush=True))

    handlers: ClassVar[Mapping[str, Callable[[Any, Model, float], bool | None]]] = {
        "session.created": _session,
        "session.updated": _session,
        **dict.fromkeys(_AUDIO, _audio),
        **dict.fromkeys(("response.audio.done", "response.output_audio.done"), _audio_done),
        **dict.fromkeys(_TRANSCRIPT, _transcript),
        **dict.fromkeys(_TEXT, _answer_text),
        "response.audio_timestamp.delta": _word,
        "input_audio_buffer.speech_started": _speech_started,
        "input_audio_buffer.speech_stopped": _speech_stopped,
        "conversation.item.input_audio_transcription.completed": _heard_user,
        "conversation.item.input_audio_transcription.delta": _heard_part,
        "conversation.item.input_audio_transcription.failed": _unheard_user,
        "response.created": _created,
        "response.done": _done,
        "response.function_call_arguments.done": _called,
        "response.output_item.added": _item_begun,
        "response.mcp_call.in_progress": _remote_runs,
        "response.mcp_call.completed": _remote_done,
        "response.mcp_call.failed": _remote_done,
        **dict.fromkeys(_ITEMS, _item),
        "error": _error,
        "voicelive.reconnecting": _broken,
        "voicelive.restored": _restored,
        "voicelive.interrupted": _was_interrupted,
    }


PIECES: Mapping[bytes, Callable[[Conversation, Incoming, float], bool]] = {
    kind.encode(): take
    for kinds, take in (
        (_AUDIO, Conversation.audio_piece),
        (_TRANSCRIPT, Conversation.transcript_piece),
        (_TEXT, Conversation.text_piece),
    )
    for kind in kinds
}
"""How a message of each type of the pieces of an answer is taken without making an event of it.

They are most of what arrives, and nothing waits for the clock because of one.
"""
