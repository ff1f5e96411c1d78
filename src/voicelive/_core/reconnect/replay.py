"""The messages that make a session again on a new connection, and the confirmations that say it took them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..json_values import mapping
from .history import History
from .items import LeftOut, recreated

__all__ = ["Replay", "not_carried_over"]

_CREATE, _DELETE = "conversation.item.create", "conversation.item.delete"
_CONFIRMED_BY = {
    "session.update": "session.updated",
    "transcription_session.update": "transcription_session.updated",
    "byom_credential.update": "byom_credential.updated",
}
_CONFIRMS = {confirmation: update for update, confirmation in _CONFIRMED_BY.items()}
_ADDED = {"conversation.item.created", "conversation.item.added"}
_CREATED = {"session.created", "transcription_session.created"}

_Subject = tuple[str, str | None]
"""What a message is about: its type, and the item's id where it is about one."""


@dataclass
class Replay:
    """Brings one new connection to where the history is. May be asked again, when the history has moved on.

    A conversation may be long, so each message is made when it is asked for.
    """

    history: History
    prefix: str
    """What the ids of its events begin with, so that refusals can be told apart."""
    session_id: str | None = None
    """The new session, once the service named it."""
    announced: set[str] = field(default_factory=set[str])
    """Items that the new connection confirmed; a service that says when each is done may say so later."""
    _refused_here: list[LeftOut] = field(default_factory=list[LeftOut])
    _refused_items: set[str] = field(default_factory=set[str])
    _settings: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    _given: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict[str, tuple[int, dict[str, Any]]])
    """The items that the new connection has: how each was created, and of which revision of its entry that was made."""
    _left_out: dict[str, tuple[int, LeftOut | None]] = field(default_factory=dict[str, tuple[int, LeftOut | None]])
    _messages: Iterator[dict[str, Any]] | None = None
    _ahead: dict[str, Any] | None = None
    _waiting: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """What was sent and is not answered, by the id of the event."""
    _asked: dict[_Subject, deque[str]] = field(default_factory=dict[_Subject, deque[str]])
    _count: int = 0
    _revision: int = -1
    """How far the conversation was when it was last looked at."""

    # What is sent.

    def catch_up(self) -> bool:
        """Begin to send what the new connection lacks; False if it is where the history is."""
        revision = self.history.conversation.kept.revision
        if revision == self._revision and self.history.settings.updates() == self._settings:
            # Seldom has anything changed, and looking at every item takes its time.
            return False
        self._revision = revision
        self._messages = self._make_messages()
        self._ahead = next(self._messages, None)
        return self._ahead is not None

    def next_message(self) -> dict[str, Any] | None:
        """Return what is to be sent next, or None."""
        message = self._ahead
        if message is None or self._messages is None:
            return None
        self._count += 1
        event_id = message["event_id"] = f"{self.prefix}{self._count}"
        self._waiting[event_id] = message
        self._asked.setdefault(_subject_of(message), deque()).append(event_id)
        self._ahead = next(self._messages, None)
        return message

    def _make_messages(self) -> Iterator[dict[str, Any]]:
        updates = self.history.settings.updates()
        new = [update for update in updates if update not in self._settings]
        self._settings = updates
        yield from (dict(update) for update in new)
        yield from self._deletions()
        yield from self._creations()

    def _deletions(self) -> Iterator[dict[str, Any]]:
        conversation = self.history.conversation
        for item_id, (revision, item) in list(self._given.items()):
            entry = conversation.find(item_id)
            if entry is not None and entry.revision != revision:
                if recreated(entry, nested=conversation.nested) == item:
                    self._given[item_id] = (entry.revision, item)
                else:
                    entry = None
            if entry is None:
                del self._given[item_id]
                yield {"type": _DELETE, "item_id": item_id}

    def _creations(self) -> Iterator[dict[str, Any]]:
        conversation = self.history.conversation
        following, previous = len(self._given), "root"
        for entry in list(conversation.kept):
            item_id = entry.id
            if item_id in self._given:
                following -= 1
                previous = item_id
                continue
            known = self._left_out.get(item_id)
            if item_id in self._refused_items or (known is not None and known[0] == entry.revision):
                continue
            if conversation.find(item_id) is not entry:
                # It was deleted since the list was made.
                continue
            made = recreated(entry, nested=conversation.nested)
            if not isinstance(made, dict):
                self._left_out[item_id] = (entry.revision, made)
                continue
            self._left_out.pop(item_id, None)
            self._given[item_id] = (entry.revision, made)
            message: dict[str, Any] = {"type": _CREATE, "item": made}
            if following:
                message["previous_item_id"] = previous
            previous = item_id
            yield message

    # What comes back.

    @property
    def is_confirmed(self) -> bool:
        """Whether the service named the session, and answered all that was sent, and nothing is left to send."""
        return self.session_id is not None and not self._waiting and self._ahead is None

    @property
    def replayed(self) -> int:
        """How many items the new connection has been given."""
        return len(self._given)

    @property
    def left_out(self) -> list[LeftOut]:
        """What the new connection could not be told."""
        find = self.history.conversation.find
        known = (found for item_id, (_, found) in self._left_out.items() if find(item_id) is not None)
        return [*self._refused_here, *(found for found in known if found is not None)]

    def received(self, event: Mapping[str, Any]) -> bool:
        """Look at an event of the new connection; True if it belongs to the restoration alone."""
        kind = str(event.get("type"))
        if kind in _CREATED:
            self.session_id = str(mapping(event.get("session")).get("id") or "")
            return True
        if kind in _ADDED:
            return self._created(event.get("item"))
        if kind == "conversation.item.done":
            return self.is_done(event)
        if kind == "conversation.item.deleted":
            return self._answered((_DELETE, str(event.get("item_id"))))
        if kind == "error":
            return self._refused(mapping(event.get("error")))
        return kind in _CONFIRMS and self._answered((_CONFIRMS[kind], None))

    def is_done(self, event: Mapping[str, Any]) -> bool:
        """Whether this says that a replayed item is done; True once for each."""
        if event.get("type") != "conversation.item.done":
            return False
        item = event.get("item")
        item_id = str(item.get("id")) if isinstance(item, Mapping) else ""
        is_replayed = item_id in self.announced
        self.announced.discard(item_id)
        return is_replayed

    def adopt(self) -> None:
        """Note in the history that this connection is the one from now on."""
        self.history.conversation.adopt(self._given)
        self.history.settings.settle()
        self._given.clear()
        self._left_out.clear()
        self._messages = None

    def _created(self, item: object) -> bool:
        if not isinstance(item, Mapping):
            return False
        item_id = str(item.get("id"))
        if self._answered((_CREATE, item_id)):
            self.announced.add(item_id)
            return True
        return item_id in self.announced

    def _answered(self, subject: _Subject) -> bool:
        asked = self._asked.get(subject)
        if asked is None:
            return False
        del self._waiting[asked.popleft()]
        if not asked:
            del self._asked[subject]
        return True

    def _refused(self, error: Mapping[str, Any]) -> bool:
        if not self._waiting:
            return False
        caused_by = error.get("event_id")
        # A service that names no event answers in order, so it means the oldest.
        event_id = caused_by if isinstance(caused_by, str) else next(iter(self._waiting))
        message = self._waiting.pop(event_id, None)
        if message is None:
            return False
        subject = _subject_of(message)
        self._asked[subject].remove(event_id)
        if not self._asked[subject]:
            del self._asked[subject]
        kind, item_id = subject
        if kind == _CREATE:
            self._given.pop(str(item_id), None)
        elif kind in _CONFIRMED_BY:
            self.history.settings.drop_unsure({name: value for name, value in message.items() if name != "event_id"})
        text = str(error.get("message") or error.get("code") or "no reason given")
        self._refused_here.append(LeftOut(item_id, kind, f"refused by the service: {text}"))
        if item_id is not None:
            self._refused_items.add(item_id)
        return True


def _subject_of(message: Mapping[str, Any]) -> _Subject:
    if message["type"] == _CREATE:
        return _CREATE, str(message["item"]["id"])
    item_id = message.get("item_id")
    return str(message["type"]), str(item_id) if item_id is not None else None


def not_carried_over(replay: Replay) -> list[dict[str, Any]]:
    """Return what the new connection is not told, and forget what belonged to the old one alone."""
    history = replay.history
    told = [{"type": found.type, "item_id": found.item_id, "reason": found.reason} for found in replay.left_out]
    again = "it belongs to one connection: set it up again"
    told.extend({"type": kind, "item_id": None, "reason": again} for kind in sorted(history.only_here))
    history.only_here.clear()
    for event in history.unconfirmed.take():
        before = f", nor {event.earlier} more before it" if event.earlier else ""
        reason = f"the service had not confirmed it{before} when the connection ended"
        told.append({"type": event.type, "item_id": None, "event_id": event.event_id, "reason": reason})
    return told
