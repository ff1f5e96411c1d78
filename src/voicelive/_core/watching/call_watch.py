"""Follows one call by its events and makes facts of them: for each response, tool and turn one, when it has ended.

Of the pieces of audio and text it needs only the first of each response: :attr:`CallWatch.wanted` says which kinds of
message it is to be shown at the moment, so that the others cost no more than a look into a set.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from ..._base import Model
from ..close_info import CloseInfo
from ..conversation.conversation import Conversation
from ..conversation.conversation_events import TurnFinished
from ..conversation.fields import base64_size, field_of, text_of, texts_of
from ..conversation.metrics import TurnMetrics
from ..conversation.tokens import TokenCounts
from ..envelope import AUDIO_DELTAS, Outgoing
from ..json_values import mapping, number
from ..recent_ids import RecentIds
from .content import answer_messages, finish_reason, item_text, user_message
from .facts import CallEnded, Fact, Interrupted, ResponseEnded, SessionBegan, ToolEnded, TurnEnded
from .open_work import OpenResponse, OpenTool, Pending
from .own_turns import OwnTurns
from .values import as_int, as_text, as_wire, int_of, reason_code

__all__ = ["CallWatch"]

_MOST = 64
"""How many responses, tools and names are followed at a time, and how much of what the user said is kept."""

_FIRST_TEXTS = frozenset(
    {
        b"response.text.delta",
        b"response.output_text.delta",
        b"response.audio_transcript.delta",
        b"response.output_audio_transcript.delta",
    }
)
_ALWAYS = frozenset(
    {
        # Its type does not stand where it can be read without parsing.
        b"",
        b"session.created",
        b"session.updated",
        b"input_audio_buffer.speech_started",
        b"input_audio_buffer.speech_stopped",
        b"conversation.item.input_audio_transcription.completed",
        b"response.created",
        b"response.done",
        b"response.output_item.added",
        b"response.function_call_arguments.done",
        b"response.mcp_call.in_progress",
        b"response.mcp_call.completed",
        b"response.mcp_call.failed",
        b"voicelive.reconnecting",
        b"voicelive.restored",
    }
)
_SENT = frozenset({"response.create", "conversation.item.create", "input_audio_buffer.commit"})
_AFTER_SPEECH = "turn_detected"


class CallWatch:
    """Follows one call. Everything is called on the connection's loop; what is known is in :attr:`facts`, in order."""

    def __init__(self, *, content: bool = False, counts_audio: bool = False) -> None:
        """Prepare.

        Args:
            content: whether to keep what was said, and put it into the facts.
            counts_audio: whether to count the answers' audio, for which each piece of it has to be looked at.
        """
        self.facts: deque[Fact] = deque()
        self.session_id: str | None = None
        self._has_begun = False
        self._content = content
        self._counts_audio = counts_audio
        self._own: OwnTurns | None = OwnTurns()
        self._conversation: Conversation = self._own
        self._responses: Pending[OpenResponse] = Pending(_MOST)
        self._tools: Pending[OpenTool] = Pending(_MOST)
        self._names: Pending[str] = Pending(_MOST)
        self._spoken_over = RecentIds(_MOST)
        self._asked: float | None = None
        """When what the next response answers was complete."""
        self._asked_for: dict[str, Any] = {}
        """What the session's settings say of each response."""
        self._user: deque[dict[str, Any]] = deque(maxlen=_MOST)
        self._last_turn = 0
        self._interruptions = self._reconnects = 0
        self._audio_sent, self._audio_received = 0, 0
        self._first_token_ms: float | None = None
        self._tokens = TokenCounts()
        self._has_ended = False
        self.wanted: frozenset[bytes] = _ALWAYS
        """The kinds of message to be shown at the moment."""
        self._look_for(text=False, audio=False)

    def follow(self, conversation: Conversation) -> None:
        """Take the turns from a conversation that is kept anyway, which also knows what was played."""
        self._conversation, self._own = conversation, None

    # What arrives.

    def received(self, event: Model, now: float) -> None:
        """Take an event that arrived at `now`, in seconds."""
        handler = self._handlers.get(text_of(event, "type") or "")
        if handler is not None:
            handler(self, event, now)
        if self._own is not None:
            self._own.received(event, now)
            self._take_turns(self._own, now)

    def _session_is(self, event: Model, now: float) -> None:
        session = getattr(event, "session", None)
        given = mapping(session.to_dict() if isinstance(session, Model) else None)
        modalities = given.get("modalities", given.get("output_modalities"))
        self._asked_for = {
            "model": as_text(given.get("model")),
            "temperature": number(given.get("temperature")),
            "max_tokens": as_int(given.get("max_response_output_tokens", given.get("max_output_tokens"))),
            "speaks": "audio" in modalities if isinstance(modalities, list) else None,
            "instructions": as_text(given.get("instructions")) if self._content else None,
        }
        if self.session_id is None:
            self.session_id = text_of(session, "id")
        if not self._has_begun:
            # Once, also where the service gives no id.
            self._has_begun = True
            self.facts.append(SessionBegan(at=now, session_id=self.session_id))

    def _speech_started(self, event: Model, now: float) -> None:
        self._asked = None

    def _speech_stopped(self, event: Model, now: float) -> None:
        self._asked = now

    def _transcribed(self, event: Model, now: float) -> None:
        self._said(text_of(event, "transcript"))

    def _created(self, event: Model, now: float) -> None:
        response_id = text_of(getattr(event, "response", None), "id")
        began = now if self._asked is None else min(self._asked, now)
        self._asked = None
        self._lost(self._responses.add(response_id or "", OpenResponse(response_id, began)), now)
        self._look_for(text=True, audio=True)

    def _text(self, event: Model, now: float) -> None:
        if (response := self._of(event)) is not None and response.first_text is None:
            response.first_text = now
        self._look_for(text=False, audio=self._waits_for_audio)

    def _audio(self, event: Model, now: float) -> None:
        if (response := self._of(event)) is not None and response.first_audio is None:
            response.first_audio = now
        if self._counts_audio:
            self._audio_received += base64_size(getattr(event, "delta", None))
        self._look_for(text=self._waits_for_text, audio=False)

    def _done(self, event: Model, now: float) -> None:
        response = getattr(event, "response", None)
        response_id = text_of(response, "id")
        begun = self._responses.take(response_id or "") or OpenResponse(response_id, now)
        status = text_of(response, "status") or "completed"
        reason = reason_code(field_of(response, "status_details"))
        if status == "cancelled" and reason == _AFTER_SPEECH:
            self._interrupted(response_id, now)
        kinds = {text_of(item, "type") for item in getattr(response, "output", None) or ()}
        finish = finish_reason(status, reason, calls_tools="function_call" in kinds)
        tokens = TokenCounts.of(field_of(response, "usage"))
        if self._counts_audio:
            self._tokens += tokens
        if self._first_token_ms is None:
            self._first_token_ms = _first_token_ms(begun)
        ended = self._ended(begun, now, status)
        ended.reason, ended.tokens, ended.finish = reason, tokens, finish
        ended.conversation_id = text_of(response, "conversation_id") or None
        if self._content:
            ended.output = answer_messages(as_wire(getattr(response, "output", None)), finish)
        self.facts.append(ended)
        self._user.clear()

    def _item_begun(self, event: Model, now: float) -> None:
        item = getattr(event, "item", None)
        name = text_of(item, "name")
        if name is not None:
            for key in (text_of(item, "id"), text_of(item, "call_id")):
                if key is not None:
                    self._names.add(key, name)

    def _called(self, event: Model, now: float) -> None:
        call_id = text_of(event, "call_id") or ""
        self._begin_tool(
            OpenTool(
                call_id,
                text_of(event, "name") or self._names.get(call_id) or "",
                now,
                text_of(event, "response_id"),
                arguments=text_of(event, "arguments") if self._content else None,
            ),
            now,
        )

    def _remote_runs(self, event: Model, now: float) -> None:
        item_id = text_of(event, "item_id") or ""
        self._begin_tool(
            OpenTool(item_id, self._names.get(item_id) or "", now, text_of(event, "response_id"), is_remote=True),
            now,
        )

    def _remote_done(self, event: Model, now: float) -> None:
        self._end_tool(text_of(event, "item_id") or "", "completed", now)

    def _remote_failed(self, event: Model, now: float) -> None:
        self._end_tool(text_of(event, "item_id") or "", "failed", now)

    def _breaks(self, event: Model, now: float) -> None:
        self._lose_all(now)

    def _restored(self, event: Model, now: float) -> None:
        gone = set(texts_of(event, "interrupted_responses"))
        for response_id in gone:
            self._lost(self._responses.take(response_id), now)
        if not getattr(event, "planned", False):
            self._lose_all(now)
        self._reconnects += 1
        previous, self.session_id = self.session_id, text_of(event, "session_id")
        self._asked = None
        self.facts.append(
            SessionBegan(
                at=now,
                session_id=self.session_id,
                previous_id=text_of(event, "previous_session_id") or previous,
                is_first=False,
                is_planned=bool(getattr(event, "planned", False)),
                attempts=int_of(event, "attempts", 1),
                downtime_ms=int_of(event, "downtime_ms", 0),
            )
        )

    # What is sent, and what the conversation tells.

    def sent(self, event: Outgoing, now: float) -> None:
        """Take an event that is sent."""
        kind = event.type
        if kind == "input_audio_buffer.append":
            # Nearly all that is sent.
            size = event.audio_size or 0
            self._audio_sent += size
            if self._own is not None:
                self._own.timeline.sent(size, now)
            return
        if kind not in _SENT:
            return
        item: Mapping[str, Any] = {}
        if kind == "response.create":
            self._asked = now
        elif kind == "conversation.item.create":
            item = mapping(event.payload.get("item"))
            self._item_sent(item, now)
        if self._own is not None:
            self._own.sent(kind, now, event_id=event.event_id, item=item or None)
            self._take_turns(self._own, now)

    def _item_sent(self, item: Mapping[str, Any], now: float) -> None:
        if item.get("type") == "function_call_output":
            call_id = str(item.get("call_id"))
            tool = self._tools.get(call_id)
            # Of one that the connection runs, its end says more.
            if tool is not None and not tool.is_run_here:
                output = item.get("output")
                self._end_tool(call_id, "completed", now, output if isinstance(output, str) else None)
        elif item.get("role") == "user":
            self._said(item_text(item) if self._content else None)

    def told(self, event: Model, now: float) -> None:
        """Take what the conversation tells the application."""
        kind = text_of(event, "type")
        if kind == "voicelive.interrupted":
            self._interrupted(text_of(event, "response_id"), now)
        elif kind == "voicelive.tool_started":
            tool = self._tools.get(text_of(event, "call_id") or "")
            if tool is not None:
                tool.is_run_here = True
        elif kind == "voicelive.tool_done":
            output = text_of(event, "output")
            self._end_tool(text_of(event, "call_id") or "", text_of(event, "outcome") or "completed", now, output)
        elif isinstance(event, TurnFinished):
            self._turn_ended(event.number, now)

    def ended(self, info: CloseInfo, now: float) -> None:
        """Take the end of the connection; only the first counts."""
        if self._has_ended:
            return
        self._has_ended = True
        self.wanted = frozenset()
        self._lose_all(now)
        turns = self._conversation.meter.turns
        if turns and turns[-1].number > self._last_turn:
            self._turn_is(turns[-1], now)
        self.facts.append(
            CallEnded(
                at=now,
                session_id=self.session_id,
                info=info,
                turns=self._last_turn,
                interruptions=self._interruptions,
                reconnects=self._reconnects,
                audio_sent=self._audio_sent,
                audio_received=self._audio_received if self._counts_audio else None,
                first_token_ms=self._first_token_ms,
                tokens=self._tokens,
                input=tuple(self._user),
            )
        )

    # What follows.

    def _look_for(self, *, text: bool, audio: bool) -> None:
        self._waits_for_text, self._waits_for_audio = text, audio
        self.wanted = _WANTED[text, audio or self._counts_audio]

    def _of(self, event: Model) -> OpenResponse | None:
        return self._responses.get(text_of(event, "response_id") or "") or self._responses.latest()

    def _said(self, text: str | None) -> None:
        if self._content and text:
            self._user.append(user_message(text))

    def _ended(self, begun: OpenResponse, now: float, status: str) -> ResponseEnded:
        return ResponseEnded(
            session_id=self.session_id,
            response_id=begun.id,
            began=begun.began,
            ended=now,
            first_text=begun.first_text,
            first_audio=begun.first_audio,
            status=status,
            input=tuple(self._user),
            **self._asked_for,
        )

    def _lost(self, response: OpenResponse | None, now: float) -> None:
        if response is not None:
            self.facts.append(self._ended(response, now, "lost"))

    def _begin_tool(self, tool: OpenTool, now: float) -> None:
        pushed_out = self._tools.add(tool.call_id, tool)
        if pushed_out is not None:
            self._tool_is(pushed_out, "lost", now)

    def _end_tool(self, call_id: str, outcome: str, now: float, output: str | None = None) -> None:
        tool = self._tools.take(call_id)
        if tool is not None:
            self._tool_is(tool, outcome, now, output)

    def _tool_is(self, tool: OpenTool, outcome: str, now: float, output: str | None = None) -> None:
        self.facts.append(
            ToolEnded(
                session_id=self.session_id,
                response_id=tool.response_id,
                call_id=tool.call_id,
                name=tool.name,
                is_remote=tool.is_remote,
                began=tool.began,
                ended=now,
                outcome=outcome,
                arguments=tool.arguments,
                output=output if self._content else None,
            )
        )

    def _lose_all(self, now: float) -> None:
        for response in self._responses.take_all():
            self._lost(response, now)
        for tool in self._tools.take_all():
            self._tool_is(tool, "lost", now)

    def _interrupted(self, response_id: str | None, now: float) -> None:
        if response_id is not None and response_id in self._spoken_over:
            return
        if response_id is not None:
            self._spoken_over.add(response_id)
        self._interruptions += 1
        if self._own is not None:
            self._own.meter.interrupted()
        self.facts.append(Interrupted(at=now, session_id=self.session_id, response_id=response_id))

    def _take_turns(self, own: OwnTurns, now: float) -> None:
        own.actions.clear()
        if own.ended_turns:
            for turn in own.ended_turns:
                self._turn_is(turn, now)
            own.ended_turns.clear()

    def _turn_ended(self, number: int, now: float) -> None:
        for turn in reversed(self._conversation.meter.turns):
            if turn.number == number:
                self._turn_is(turn, now)
                return

    def _turn_is(self, turn: TurnMetrics, now: float) -> None:
        if turn.number <= self._last_turn:
            return
        self._last_turn = turn.number
        self.facts.append(TurnEnded(at=now, session_id=self.session_id, turn=turn))

    _handlers: ClassVar[Mapping[str, Callable[[Any, Model, float], None]]] = {
        "session.created": _session_is,
        "session.updated": _session_is,
        "input_audio_buffer.speech_started": _speech_started,
        "input_audio_buffer.speech_stopped": _speech_stopped,
        "conversation.item.input_audio_transcription.completed": _transcribed,
        "response.created": _created,
        **dict.fromkeys(map(bytes.decode, _FIRST_TEXTS), _text),
        **dict.fromkeys(map(bytes.decode, AUDIO_DELTAS), _audio),
        "response.done": _done,
        "response.output_item.added": _item_begun,
        "response.function_call_arguments.done": _called,
        "response.mcp_call.in_progress": _remote_runs,
        "response.mcp_call.completed": _remote_done,
        "response.mcp_call.failed": _remote_failed,
        "voicelive.reconnecting": _breaks,
        "voicelive.restored": _restored,
    }


_WANTED = {
    (text, audio): _ALWAYS | (_FIRST_TEXTS if text else frozenset()) | (AUDIO_DELTAS if audio else frozenset())
    for text in (False, True)
    for audio in (False, True)
}


def _first_token_ms(response: OpenResponse) -> float | None:
    times = [time for time in (response.first_text, response.first_audio) if time is not None]
    return (min(times) - response.began) * 1000 if times else None
