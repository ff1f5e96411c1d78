"""The messages that make a session again on a new connection, and the confirmations that say it took them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .history import Ledger
from .items import LeftOut

__all__ = ["Replay"]

_CONFIRMED_BY = {
    "session.update": "session.updated",
    "transcription_session.update": "transcription_session.updated",
    "byom_credential.update": "byom_credential.updated",
}
_ADDED = {"conversation.item.created", "conversation.item.added"}
_CREATED = {"session.created", "transcription_session.created"}


@dataclass
class Replay:
    """Brings one new connection to where the ledger is. May be asked again, when the ledger has moved on."""

    ledger: Ledger
    prefix: str
    """What the ids of its events begin with, so that refusals can be told apart."""
    session_id: str | None = None
    """The new session, once the service named it."""
    expires_at: float | None = None
    left_out: list[LeftOut] = field(default_factory=list)
    _settings: list[dict[str, Any]] = field(default_factory=list)
    _items: list[dict[str, Any]] = field(default_factory=list)
    _waiting: list[dict[str, Any]] = field(default_factory=list)
    announced: set[str] = field(default_factory=set)
    """Items that the new connection confirmed; a service that says when each is done may say so later."""
    _count: int = 0

    def next_messages(self) -> list[dict[str, Any]]:
        """Return what is to be sent now, in order; nothing if the new connection is where the ledger is."""
        items, left_out = self.ledger.conversation()
        self.left_out = [*(found for found in self.left_out if found.reason.startswith("refused")), *left_out]
        refused = {found.item_id for found in self.left_out}
        items = [item for item in items if item["id"] not in refused]
        messages = [*self._settings_messages(), *self._item_messages(items)]
        for message in messages:
            self._count += 1
            message["event_id"] = f"{self.prefix}{self._count}"
        self._items = items
        # A copy, so that what is sent is not the list that confirmations shorten.
        self._waiting.extend(messages)
        return list(messages)

    @property
    def is_confirmed(self) -> bool:
        """Whether the service named the session, and answered all that was sent."""
        return self.session_id is not None and not self._waiting

    @property
    def replayed(self) -> int:
        """How many items the new connection has been given."""
        return len(self._items)

    def received(self, event: Mapping[str, Any]) -> bool:
        """Look at an event of the new connection; True if it belongs to the restoration alone."""
        kind = str(event.get("type"))
        if kind in _CREATED:
            session = event.get("session")
            session = session if isinstance(session, Mapping) else {}
            self.session_id = str(session.get("id") or "")
            return True
        if kind in _ADDED:
            return self._created(event.get("item"))
        if kind == "conversation.item.done":
            return self.is_done(event)
        if kind == "conversation.item.deleted":
            return self._answered("conversation.item.delete", event.get("item_id"))
        if kind == "error":
            return self._refused(event.get("error"))
        return any(self._answered(update) for update, confirmed in _CONFIRMED_BY.items() if kind == confirmed)

    def is_done(self, event: Mapping[str, Any]) -> bool:
        """Whether this says that a replayed item is done; True once for each."""
        item = event.get("item")
        item_id = str(item.get("id")) if isinstance(item, Mapping) else ""
        is_replayed = item_id in self.announced
        self.announced.discard(item_id)
        return is_replayed

    def adopt(self) -> None:
        """Note in the ledger that this connection is the one from now on."""
        self.ledger.keep_only(self._items)
        self.ledger.settings.settle()

    def _settings_messages(self) -> list[dict[str, Any]]:
        updates = self.ledger.settings.updates()
        new = [update for update in updates if update not in self._settings]
        self._settings = updates
        return [dict(update) for update in new]

    def _item_messages(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        wanted = {item["id"]: item for item in items}
        there: list[str] = []
        messages: list[dict[str, Any]] = []
        for item in self._items:
            if wanted.get(item["id"]) == item:
                there.append(item["id"])
            else:
                messages.append({"type": "conversation.item.delete", "item_id": item["id"]})
        previous = "root"
        for index, item in enumerate(items):
            if item["id"] not in there:
                message: dict[str, Any] = {"type": "conversation.item.create", "item": item}
                if index < len(there):
                    message["previous_item_id"] = previous
                there.insert(index, item["id"])
                messages.append(message)
            previous = item["id"]
        return messages

    def _created(self, item: object) -> bool:
        if not isinstance(item, Mapping):
            return False
        item_id = str(item.get("id"))
        if self._answered("conversation.item.create", item_id):
            self.announced.add(item_id)
            return True
        return item_id in self.announced

    def _answered(self, kind: str, item_id: object = None) -> bool:
        for message in self._waiting:
            if message["type"] == kind and item_id in (None, _item_of(message)):
                self._waiting.remove(message)
                return True
        return False

    def _refused(self, error: object) -> bool:
        error = error if isinstance(error, Mapping) else {}
        if not self._waiting:
            return False
        caused_by = error.get("event_id")
        # A service that names no event answers in order, so it means the oldest.
        message = self._waiting[0]
        if isinstance(caused_by, str):
            named = [waiting for waiting in self._waiting if waiting["event_id"] == caused_by]
            if not named:
                return False
            message = named[0]
        self._waiting.remove(message)
        text = str(error.get("message") or error.get("code") or "no reason given")
        if message["type"] == "conversation.item.create":
            self._items = [item for item in self._items if item["id"] != message["item"]["id"]]
        elif message["type"] in _CONFIRMED_BY:
            self.ledger.settings.drop_unsure({name: value for name, value in message.items() if name != "event_id"})
        self.left_out.append(LeftOut(_item_of(message), str(message["type"]), f"refused by the service: {text}"))
        return True


def _item_of(message: Mapping[str, Any]) -> str | None:
    if message["type"] == "conversation.item.create":
        return str(message["item"]["id"])
    item_id = message.get("item_id")
    return str(item_id) if item_id is not None else None
