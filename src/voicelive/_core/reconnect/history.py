"""What a new connection needs to be told of the old one: read from the events that went over it, in both directions.

Nothing here sends or waits. The events are plain JSON objects, so that one ledger serves every API version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .items import Entry, LeftOut, finished_by_service, recreated
from .settings import Settings

__all__ = ["Ledger", "Mark", "Unanswered"]

_CREATE, _DELETE, _TRUNCATE = (f"conversation.item.{what}" for what in ("create", "delete", "truncate"))
_ADDED = {"conversation.item.created", "conversation.item.added"}
_ONLY_HERE = {"session.avatar.connect": "avatar", "rtc.call.sdp.create": "WebRTC call"}


@dataclass(eq=False)
class Mark:
    """One client event as the ledger noted it; lets :meth:`Ledger.retract` take it back."""

    event: dict[str, Any]
    voided: bool = False
    """It counts as said, although the sender does not know yet whether it went out; it is dealt with."""
    overdue: bool = False
    """Nobody waits for the answer any more."""


@dataclass(frozen=True)
class Unanswered:
    """What was under way when a connection ended."""

    responses: tuple[str, ...]
    """Ids of the responses that had begun and not ended."""
    requests: int
    """How many ``response.create`` were sent to which no response had begun."""
    input_audio_bytes: int
    """Bytes of input audio sent since the service last confirmed a turn."""


@dataclass
class Ledger:
    """The session's settings and the conversation, as far as they are known."""

    nested: bool = False
    """Whether the connection speaks a version with nested sessions."""
    session_id: str | None = None
    expires_at: float | None = None
    settings: Settings = field(default_factory=Settings)
    entries: list[Entry] = field(default_factory=list)
    responses: set[str] = field(default_factory=set)
    only_here: set[str] = field(default_factory=set)
    _changes: list[Mark] = field(default_factory=list)
    """What was sent to change the conversation and is not confirmed, in order."""
    _asked: list[Mark] = field(default_factory=list)
    _heard: dict[str, str] = field(default_factory=dict)
    _deleted: set[str] = field(default_factory=set)
    _speaks: bool = False
    _turns_open: set[str] = field(default_factory=set)
    _uncommitted: int = 0
    _awaited_item: str | None = None

    # What the application sends.

    def sent(self, event: dict[str, Any]) -> Mark:
        """Note a client event that is on its way."""
        mark = Mark(event)
        kind = event.get("type")
        if kind == _CREATE:
            item = event.get("item")
            if isinstance(item, dict) and isinstance(item.get("id"), str):
                self._changes.append(mark)
        elif kind in (_DELETE, _TRUNCATE):
            self._changes.append(mark)
        elif kind == "response.create":
            self._asked.append(mark)
        elif kind == "input_audio.turn.start":
            self._turns_open.add(str(event.get("turn_id")))
        elif kind in ("input_audio.turn.end", "input_audio.turn.cancel"):
            self._turns_open.discard(str(event.get("turn_id")))
        elif kind in _ONLY_HERE:
            self.only_here.add(_ONLY_HERE[kind])
        else:
            self.settings.sent(event)
        return mark

    def sent_audio(self, size: int) -> None:
        """Note `size` bytes of input audio that are on their way."""
        self._uncommitted += size

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
        return self.settings.retract(mark.event)

    # What the service sends.

    def received(self, event: Mapping[str, Any]) -> None:
        """Learn from an event of the service."""
        kind = str(event.get("type"))
        if kind.startswith("response."):
            self._response_event(kind, event)
        elif kind.startswith("conversation.item."):
            self._item_event(kind, event)
        elif kind.startswith("input_audio"):
            self._input_event(kind, event)
        elif kind == "error":
            self._error(event.get("error"))
        elif kind.endswith((".created", ".updated")):
            self._session_event(kind, event)

    def received_audio(self, item_id: str, size: int) -> None:
        """Note `size` bytes of an answer's audio."""
        entry = self.find(item_id)
        if entry is not None:
            entry.audio_ms += size / self.settings.output_bytes_per_ms

    def _session_event(self, kind: str, event: Mapping[str, Any]) -> None:
        session = event.get("session")
        if kind == "session.created" and isinstance(session, Mapping):
            session_id = session.get("id")
            self.session_id = session_id if isinstance(session_id, str) else None
        if kind.startswith("session.") and isinstance(session, Mapping):
            expires = session.get("expires_at")
            if isinstance(expires, (int, float)) and not isinstance(expires, bool) and expires > 0:
                self.expires_at = float(expires)
        self.settings.received(kind, session if isinstance(session, Mapping) else {})

    def _response_event(self, kind: str, event: Mapping[str, Any]) -> None:
        if kind in ("response.created", "response.done"):
            response = event.get("response")
            response_id = str(response.get("id")) if isinstance(response, Mapping) else ""
            if kind == "response.done":
                self.responses.discard(response_id)
            else:
                self.responses.add(response_id)
                self._awaited_item = None
                if self._asked:
                    self._asked.pop(0)
        elif kind in ("response.output_item.added", "response.output_item.done"):
            item = event.get("item")
            if isinstance(item, dict):
                self._hold(item, finished=kind.endswith(".done"))

    def _item_event(self, kind: str, event: Mapping[str, Any]) -> None:
        item, item_id = event.get("item"), event.get("item_id")
        if kind in _ADDED and isinstance(item, dict):
            self._confirm(item)
        elif kind == "conversation.item.done" and isinstance(item, dict):
            self._hold(item, finished=True)
        elif kind == "conversation.item.input_audio_transcription.completed":
            text = event.get("transcript")
            # A second, empty transcript of the same item is a quirk of the service.
            if isinstance(text, str) and text.strip():
                self._heard[str(item_id)] = text
        elif kind == "conversation.item.deleted":
            self._settle(_DELETE, item_id)
            self._delete(str(item_id))
        elif kind == "conversation.item.truncated":
            self._settle(_TRUNCATE, item_id)
            self.truncate(event)

    def _input_event(self, kind: str, event: Mapping[str, Any]) -> None:
        if kind == "input_audio_buffer.speech_started":
            self._speaks = True
        elif kind == "input_audio_buffer.speech_stopped":
            self._speaks = False
        elif kind == "input_audio_buffer.committed":
            self._speaks = False
            self._uncommitted = 0
            item_id = event.get("item_id")
            if isinstance(item_id, str):
                self._awaited_item = item_id
                # The item follows when it has been transcribed; until then it is known that something was said.
                said = {"id": item_id, "type": "message", "role": "user", "content": [{"type": "input_audio"}]}
                self._hold(said, finished=False)
        elif kind == "input_audio_buffer.cleared":
            self._speaks = False
            self._uncommitted = 0

    def _error(self, error: object) -> None:
        if not isinstance(error, Mapping):
            return
        caused_by = error.get("event_id")
        if isinstance(caused_by, str):
            for marks in (self._changes, self._asked):
                marks[:] = [mark for mark in marks if mark.event.get("event_id") != caused_by]
            self.settings.refused(caused_by)
            return
        # The service names no event; it answers in order, so it means the oldest of the kind.
        code, subject = str(error.get("code")), str(error.get("param")).partition(".")[0]
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

    def find(self, item_id: str) -> Entry | None:
        """Return the entry of an item, or None."""
        # From the end: what changes is new.
        return next((entry for entry in reversed(self.entries) if entry.id == item_id), None)

    def truncate(self, event: Mapping[str, Any]) -> bool:
        """Cut an answer to what was heard of it; False if there is no such answer."""
        entry = self.find(str(event.get("item_id")))
        end = event.get("audio_end_ms")
        if entry is None or not entry.is_spoken_answer or not isinstance(end, (int, float)):
            return False
        entry.heard_ms = float(end)
        return True

    def _confirm(self, item: dict[str, Any]) -> None:
        mark = self._settle(_CREATE, item.get("id"))
        if mark is not None:
            self._place_sent(mark)
            return
        self._hold(item, finished=finished_by_service(item))
        self._speech_became_item(item)

    def _speech_became_item(self, item: Mapping[str, Any]) -> None:
        if self._awaited_item == str(item.get("id")) and not self.settings.answers_by_itself:
            self._awaited_item = None

    def _hold(self, item: dict[str, Any], *, finished: bool) -> None:
        item_id = item.get("id")
        if not isinstance(item_id, str):
            return
        entry = self.find(item_id)
        if entry is None:
            # The service may repeat an item long after it made it.
            if item_id not in self._deleted:
                self.entries.append(Entry(item, finished=finished))
        elif finished and not entry.finished:
            entry.item, entry.finished = item, True

    def _place_sent(self, mark: Mark) -> None:
        # What was sent is richer than the service's echo, which leaves audio out.
        entry = Entry(dict(mark.event["item"]), finished=True)
        if self.find(entry.id) is not None:
            return
        after = mark.event.get("previous_item_id")
        index = 0 if after == "root" else len(self.entries)
        if after:
            index = next((place + 1 for place, other in enumerate(self.entries) if other.id == after), index)
        self.entries.insert(index, entry)
        self._deleted.discard(entry.id)

    def _delete(self, item_id: str) -> None:
        self.entries = [entry for entry in self.entries if entry.id != item_id]
        self._deleted.add(item_id)

    def _settle(self, kind: str, item_id: object = None) -> Mark | None:
        """Take out the oldest change of a kind, to one item or to any: the service answered it."""
        for mark in self._changes:
            if mark.event["type"] == kind and item_id in (None, _item_of(mark.event)):
                self._changes.remove(mark)
                return mark
        return None

    # What a new connection is told.

    @property
    def is_quiet(self) -> bool:
        """Whether nobody speaks, nothing is being answered, and nothing waits for its confirmation."""
        waits = self.responses or self._changes or self.settings.unconfirmed
        waits = waits or any(not mark.overdue for mark in self._asked)
        speaks = self._speaks or self._turns_open or self._awaited_item is not None
        return not waits and not speaks and not (self.settings.manual_turns and self._uncommitted)

    def forget_turn(self) -> None:
        """Stop waiting for what the service may never say: an answer, or the confirmation of what was sent long ago."""
        self._awaited_item = None
        for mark in self._asked:
            mark.overdue = True
        self._presume()

    def end(self) -> Unanswered:
        """Note that the connection ended: what was not confirmed counts as said, what was under way is lost.

        Returns:
            What was under way.
        """
        lost = Unanswered(tuple(sorted(self.responses)), len(self._asked), self._uncommitted)
        self._presume()
        for mark in self._asked:
            mark.voided = True
        self._asked.clear()
        self.responses.clear()
        self._turns_open.clear()
        self._speaks = False
        self._awaited_item = None
        self._uncommitted = 0
        return lost

    def _presume(self) -> None:
        """Count what was not confirmed as said."""
        self.settings.end()
        for mark in self._changes:
            mark.voided = True
            if mark.event["type"] == _CREATE:
                self._place_sent(mark)
            elif mark.event["type"] == _DELETE:
                self._delete(str(mark.event.get("item_id")))
            else:
                self.truncate(mark.event)
        self._changes.clear()

    def conversation(self) -> tuple[list[dict[str, Any]], list[LeftOut]]:
        """Return the items to create on a new connection, oldest first, and what cannot be created there."""
        items: list[dict[str, Any]] = []
        left_out: list[LeftOut] = []
        for entry in self.entries:
            made = recreated(entry, self._heard.get(entry.id), nested=self.nested)
            if isinstance(made, LeftOut):
                left_out.append(made)
            elif made is not None:
                items.append(made)
        return items, left_out

    def keep_only(self, items: list[dict[str, Any]]) -> None:
        """Note which items the new connection has; the others are forgotten."""
        self.entries = [Entry(item, finished=True) for item in items]


def _item_of(change: Mapping[str, Any]) -> object:
    return change["item"]["id"] if change["type"] == _CREATE else change.get("item_id")
