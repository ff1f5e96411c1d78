"""What a new connection needs to be told of the old one: read from the events that went over it, in both directions.

Nothing here sends or waits. The events are plain JSON objects, so that one history serves every API version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ..json_values import mapping, mappings, number
from ..recent_ids import RecentIds
from .audio_counter import AudioCounter
from .conversation_items import COMPLETES_PART, ConversationItems
from .items import finished_by_service
from .policy import ReconnectPolicy
from .settings import REPORTS_SETTINGS, Settings
from .unconfirmed import CONFIRMATIONS, Unconfirmed

__all__ = ["LEARNED_FROM", "History", "Mark", "Unanswered"]

_CREATE, _DELETE, _TRUNCATE = (f"conversation.item.{what}" for what in ("create", "delete", "truncate"))
_ADDED = {"conversation.item.created", "conversation.item.added"}
_ONLY_HERE = {"session.avatar.connect": "avatar", "rtc.call.sdp.create": "WebRTC call"}
_TURN_ENDS = {"input_audio.turn.end", "input_audio.turn.cancel"}

_MOST_UNANSWERED = 1000
"""How many of a kind are waited for: a service that answers nothing must not fill the memory."""


@dataclass(eq=False)
class Mark:
    """One client event as the history noted it; lets :meth:`History.retract` take it back."""

    event: dict[str, Any]
    number: int = 0
    """Its place in the order of all events."""
    voided: bool = False
    """It counts as said, although the sender does not know yet whether it went out; it is dealt with."""
    overdue: bool = False
    """Nobody waits for the answer any more."""

    @property
    def is_aside(self) -> bool:
        """Whether it asks for a response that is not to become part of the conversation."""
        return mapping(self.event.get("response")).get("conversation") == "none"


@dataclass(frozen=True)
class Unanswered:
    """What was under way when a connection ended."""

    responses: tuple[str, ...]
    """Ids of the responses that had begun and not ended."""
    requests: int
    """How many ``response.create`` were sent to which no response had begun."""
    input_audio_bytes: int
    """Bytes of input audio sent since the service last confirmed a turn."""
    complete: tuple[str, ...] = ()
    """Ids of the answers and calls of those responses that were complete."""


class History:
    """The session's settings and the conversation, as far as they are known.

    Args:
        policy: how much of the conversation is kept.
        nested: whether the connection speaks a version with nested sessions.
    """

    __slots__ = (
        "_aside",
        "_asked",
        "_awaited_item",
        "_changes",
        "_count",
        "_responses",
        "_speaks",
        "_texts_open",
        "_turns_open",
        "audio",
        "conversation",
        "expires_at",
        "only_here",
        "session_id",
        "settings",
        "uncommitted",
        "unconfirmed",
    )

    def __init__(self, policy: ReconnectPolicy | None = None, *, nested: bool = False) -> None:
        self.session_id: str | None = None
        self.expires_at: float | None = None
        self.settings = Settings()
        self.conversation = ConversationItems(policy or ReconnectPolicy(), nested=nested)
        self.unconfirmed = Unconfirmed()
        self.only_here: dict[str, None] = {}
        self._count = 0
        # What was sent to change the conversation and is not confirmed, in order.
        self._changes: list[Mark] = []
        self._asked: list[Mark] = []
        self._responses = RecentIds(_MOST_UNANSWERED)
        self._aside = RecentIds(_MOST_UNANSWERED)
        self._turns_open = RecentIds(_MOST_UNANSWERED)
        self._texts_open = RecentIds(_MOST_UNANSWERED)
        self._speaks = False
        self.uncommitted = 0
        """Bytes of input audio sent since the service last confirmed a turn."""
        self._awaited_item: str | None = None
        self.audio = AudioCounter()
        """Pieces of the answer that is being spoken: they count as the item's when :meth:`count_audio` is called."""

    # What the application sends.

    def sent(self, event: dict[str, Any]) -> Mark:
        """Note a client event that is on its way."""
        self._count += 1
        mark = Mark(event, self._count)
        kind = str(event.get("type"))
        if kind in (_CREATE, _DELETE, _TRUNCATE):
            if kind != _CREATE or isinstance(mapping(event.get("item")).get("id"), str):
                self._changes.append(mark)
                if len(self._changes) > _MOST_UNANSWERED:
                    self._presume(self._changes.pop(0))
        elif kind == "response.create":
            self._asked.append(mark)
            del self._asked[:-_MOST_UNANSWERED]
        elif kind in _ONLY_HERE:
            self.only_here[_ONLY_HERE[kind]] = None
        elif not self.settings.sent(event):
            self.unconfirmed.sent(mark.number, event)
            self._input_sent(kind, event)
        return mark

    def _input_sent(self, kind: str, event: Mapping[str, Any]) -> None:
        if kind == "input_audio.turn.start":
            self._turns_open.add(str(event.get("turn_id")))
        elif kind in _TURN_ENDS:
            self._turns_open.discard(str(event.get("turn_id")))
        elif kind == "input_text.delta":
            self._texts_open.add(str(event.get("id")))
        elif kind == "input_text.done":
            self._texts_open.discard(str(event.get("id")))

    def retract(self, mark: Mark) -> bool:
        """Take back an event that could not be sent.

        Returns:
            Whether it is still the sender's; False if the restoration took it over meanwhile.
        """
        if mark.voided:
            return False
        for marks in (self._changes, self._asked):
            if mark in marks:
                marks.remove(mark)
        self.unconfirmed.retract(mark.number)
        return self.settings.retract(mark.event)

    # What the service sends.

    def received(self, event: Mapping[str, Any]) -> None:
        """Learn from an event of the service; one whose type is not in :data:`LEARNED_FROM` says nothing."""
        self.count_audio()
        kind = str(event.get("type"))
        self.unconfirmed.received(kind)
        handler = self.handlers.get(kind)
        if handler is not None:
            handler(self, event)

    def count_audio(self) -> None:
        """Give the item that is being spoken the pieces that were noted: before anything else happens to it."""
        counted = self.audio.take()
        if counted is not None:
            self.received_audio(*counted)

    def received_audio(self, item_id: str, size: int) -> None:
        """Note `size` bytes of an answer's audio."""
        entry = self.conversation.find(item_id)
        if entry is not None:
            entry.audio_ms += size / self.settings.output_bytes_per_ms

    def _session_reported(self, event: Mapping[str, Any]) -> None:
        kind, session = str(event.get("type")), mapping(event.get("session"))
        if kind == "session.created":
            session_id = session.get("id")
            self.session_id = session_id if isinstance(session_id, str) else None
        if kind.startswith("session."):
            expires = number(session.get("expires_at"))
            if expires is not None and expires > 0:
                self.expires_at = expires
        self.settings.received(kind, session)

    def _output_item(self, event: Mapping[str, Any]) -> None:
        item = event.get("item")
        if not isinstance(item, dict):
            return
        if str(event.get("response_id")) in self._aside:
            self.conversation.delete(str(item.get("id")))
        else:
            self.conversation.hold(item, finished=event.get("type") == "response.output_item.done")

    def _part_done(self, event: Mapping[str, Any]) -> None:
        if str(event.get("response_id")) not in self._aside:
            self.conversation.answered(str(event.get("type")), event)

    def _response_began(self, event: Mapping[str, Any]) -> None:
        response = mapping(event.get("response"))
        response_id = str(response.get("id"))
        self._responses.add(response_id)
        self._awaited_item = None
        asked = self._asked_for(response)
        if "conversation_id" in response:
            is_aside = response["conversation_id"] is None
        else:
            is_aside = asked is not None and asked.is_aside
        if is_aside:
            self._aside.add(response_id)
        if asked is not None:
            self._asked.remove(asked)
            self.unconfirmed.taken(asked.number)

    def _asked_for(self, response: Mapping[str, Any]) -> Mark | None:
        """Return the request that a response answers: the oldest that fits it."""
        oldest = self._asked[0] if self._asked else None
        if "conversation_id" not in response:
            return oldest
        is_aside = response["conversation_id"] is None
        return next((mark for mark in self._asked if mark.is_aside is is_aside), oldest)

    def _response_ended(self, event: Mapping[str, Any]) -> None:
        response = mapping(event.get("response"))
        response_id = str(response.get("id"))
        self._responses.discard(response_id)
        if not self._responses:
            self.conversation.complete.clear()
        if "conversation_id" in response and response["conversation_id"] is None and response_id not in self._aside:
            # Its beginning did not say so.
            for item in mappings(response.get("output")):
                self.conversation.delete(str(item.get("id")))

    def _item_added(self, event: Mapping[str, Any]) -> None:
        if isinstance(item := event.get("item"), dict):
            self._confirm(item)

    def _item_done(self, event: Mapping[str, Any]) -> None:
        if isinstance(item := event.get("item"), dict):
            self.conversation.hold(item, finished=True)

    def _user_heard(self, event: Mapping[str, Any]) -> None:
        text = event.get("transcript")
        # A second, empty transcript of the same item is a quirk of the service.
        if isinstance(text, str) and text.strip():
            self.conversation.heard(str(event.get("item_id")), text)

    def _item_deleted(self, event: Mapping[str, Any]) -> None:
        self._settle(_DELETE, event.get("item_id"))
        self.conversation.delete(str(event.get("item_id")))

    def _item_truncated(self, event: Mapping[str, Any]) -> None:
        self._settle(_TRUNCATE, event.get("item_id"))
        self.conversation.truncate(event)

    def _speech_began(self, event: Mapping[str, Any]) -> None:
        self._speaks = True

    def _speech_ended(self, event: Mapping[str, Any]) -> None:
        self._speaks = False

    def _input_cleared(self, event: Mapping[str, Any]) -> None:
        self._speaks = False
        self.uncommitted = 0

    def _input_committed(self, event: Mapping[str, Any]) -> None:
        self._input_cleared(event)
        item_id = event.get("item_id")
        if isinstance(item_id, str):
            self._awaited_item = item_id
            # The item follows when it has been transcribed; until then it is known that something was said.
            said = {"id": item_id, "type": "message", "role": "user", "content": [{"type": "input_audio"}]}
            self.conversation.hold(said, finished=False)

    def _error(self, event: Mapping[str, Any]) -> None:
        error = mapping(event.get("error"))
        caused_by, code = error.get("event_id"), str(error.get("code"))
        self.unconfirmed.refused(caused_by if isinstance(caused_by, str) else None, code)
        if isinstance(caused_by, str):
            for marks in (self._changes, self._asked):
                marks[:] = [mark for mark in marks if mark.event.get("event_id") != caused_by]
            self.settings.refused(caused_by)
            return
        # The service names no event; it answers in order, so it means the oldest of the kind.
        subject = str(error.get("param")).partition(".")[0]
        if code == "conversation_already_has_active_response" or subject == "response":
            del self._asked[:1]
        elif subject == "session":
            self.settings.refused()
        elif code.startswith("item_delete_"):
            self._settle(_DELETE)
        elif code.startswith("item_truncate_"):
            self._settle(_TRUNCATE)
        elif code.startswith("item_create_") or subject in ("item", "previous_item_id"):
            self._settle(_CREATE)

    # The conversation.

    def truncate(self, event: Mapping[str, Any]) -> bool:
        """Cut an answer to what was heard of it; False if there is no such answer."""
        self.count_audio()
        return self.conversation.truncate(event)

    def _confirm(self, item: dict[str, Any]) -> None:
        mark = self._settle(_CREATE, item.get("id"))
        if mark is not None:
            self.conversation.place(mark.event)
            return
        self.conversation.hold(item, finished=finished_by_service(item))
        if self._awaited_item == str(item.get("id")) and not self.settings.answers_by_itself:
            self._awaited_item = None

    def _settle(self, kind: str, item_id: object = None) -> Mark | None:
        """Take out the oldest change of a kind, to one item or to any: the service answered it."""
        for mark in self._changes:
            if mark.event["type"] == kind and item_id in (None, _item_of(mark.event)):
                self._changes.remove(mark)
                self.unconfirmed.taken(mark.number)
                return mark
        return None

    # What a new connection is told.

    @property
    def is_quiet(self) -> bool:
        """Whether nobody speaks, nothing is being answered, and nothing waits for its confirmation."""
        waits = self._responses or self._changes or self.settings.unconfirmed or self.unconfirmed.is_waiting
        waits = waits or any(not mark.overdue for mark in self._asked)
        speaks = self._speaks or self._turns_open or self._texts_open or self._awaited_item is not None
        return not waits and not speaks and not (self.settings.manual_turns and self.uncommitted)

    def forget_turn(self) -> None:
        """Stop waiting for what the service may never say: an answer, or the confirmation of what was sent long ago."""
        self.count_audio()
        self._awaited_item = None
        self._texts_open.clear()
        for mark in self._asked:
            mark.overdue = True
        self.unconfirmed.forget()
        self._presume_all()

    def end(self) -> Unanswered:
        """Note that the connection ended: what was not confirmed counts as said, what was under way is lost.

        Returns:
            What was under way.
        """
        self.count_audio()
        complete = tuple(self.conversation.complete)
        lost = Unanswered(tuple(sorted(self._responses)), len(self._asked), self.uncommitted, complete)
        self.conversation.complete.clear()
        self._presume_all()
        for mark in self._asked:
            mark.voided = True
        self._asked.clear()
        self._responses.clear()
        self._turns_open.clear()
        self._texts_open.clear()
        self._speaks = False
        self._awaited_item = None
        self.uncommitted = 0
        return lost

    def _presume_all(self) -> None:
        """Count what was not confirmed as said."""
        self.settings.end()
        for mark in self._changes:
            self._presume(mark)
        self._changes.clear()

    def _presume(self, mark: Mark) -> None:
        mark.voided = True
        if mark.event["type"] == _CREATE:
            self.conversation.place(mark.event)
        elif mark.event["type"] == _DELETE:
            self.conversation.delete(str(mark.event.get("item_id")))
        else:
            self.conversation.truncate(mark.event)

    handlers: ClassVar[Mapping[str, Callable[[Any, Mapping[str, Any]], None]]] = {
        **dict.fromkeys(REPORTS_SETTINGS, _session_reported),
        "response.created": _response_began,
        "response.done": _response_ended,
        **dict.fromkeys(("response.output_item.added", "response.output_item.done"), _output_item),
        **dict.fromkeys(COMPLETES_PART, _part_done),
        **dict.fromkeys(_ADDED, _item_added),
        "conversation.item.done": _item_done,
        "conversation.item.input_audio_transcription.completed": _user_heard,
        "conversation.item.deleted": _item_deleted,
        "conversation.item.truncated": _item_truncated,
        "input_audio_buffer.speech_started": _speech_began,
        "input_audio_buffer.speech_stopped": _speech_ended,
        "input_audio_buffer.committed": _input_committed,
        "input_audio_buffer.cleared": _input_cleared,
        "error": _error,
    }


LEARNED_FROM = {kind.encode() for kind in (*History.handlers, *CONFIRMATIONS)} | {b""}
"""The types of events that say something; what does not show its type may be of any."""


def _item_of(change: Mapping[str, Any]) -> object:
    return change["item"]["id"] if change["type"] == _CREATE else change.get("item_id")
