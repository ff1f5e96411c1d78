"""What was said in a session: its items as far as they are known, within what the policy keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..json_values import number
from ..recent_ids import RecentIds
from .item_list import ItemList
from .items import Entry, LeftOut, kept, recreated, words_of
from .policy import ReconnectPolicy

__all__ = ["COMPLETES_PART", "ConversationItems"]

_PART_DONE = {
    "response.audio_transcript.done": ("audio", "transcript"),
    "response.output_audio_transcript.done": ("audio", "transcript"),
    "response.text.done": ("text", "text"),
    "response.output_text.done": ("text", "text"),
}
"""What says that a part of an answer is complete: the part's type, and the field that holds its words."""

_CALL_DONE = "response.function_call_arguments.done"

COMPLETES_PART = (*_PART_DONE, _CALL_DONE)
"""The types that :meth:`ConversationItems.answered` learns from."""

_OF_CALL = ("call_id", "name", "arguments")

_MOST_GONE = 4096
_MOST_EARLY = 256
_MOST_PARTS = 64

_HARD_LIMIT = 2
"""How many times its bound the history may reach while the application condenses it."""


class ConversationItems:
    """Holds the items of a session that a new one is to be given.

    Args:
        policy: how much is kept, and who condenses the rest.
        nested: whether the connection speaks a version with nested sessions.
    """

    __slots__ = (
        "_can_condense",
        "_condensing",
        "_early",
        "_gone",
        "_parts",
        "complete",
        "dropped",
        "kept",
        "nested",
        "to_condense",
    )

    def __init__(self, policy: ReconnectPolicy, *, nested: bool) -> None:
        self.nested = nested
        self.kept = ItemList(policy.max_history_items, policy.max_history_bytes)
        self.dropped = 0
        """How many of the oldest items were given up, beside those that were condensed."""
        self.to_condense: list[dict[str, Any]] | None = None
        """What the application is to condense, until somebody takes it."""
        self._can_condense = policy.condense is not None
        self._condensing: list[str] = []
        self.complete = RecentIds(_MOST_EARLY)
        """Answers and calls that are complete, and which the service has not said to be done."""
        # The service may repeat an item long after it made it, or speak of one that is not the conversation's.
        self._gone = RecentIds(_MOST_GONE)
        self._early: dict[str, str] = {}
        self._parts: dict[str, dict[int, dict[str, Any]]] = {}

    # What becomes of an item.

    def find(self, item_id: object) -> Entry | None:
        """Return the entry of an item, or None."""
        return self.kept.find(item_id) if isinstance(item_id, str) else None

    def hold(self, item: Mapping[str, Any], *, finished: bool) -> None:
        """Note an item that the service reports."""
        item_id = item.get("id")
        if not isinstance(item_id, str) or item_id in self._gone:
            return
        entry = self.kept.find(item_id)
        if entry is None:
            entry = Entry(kept(item), finished, finished, transcript=self._early.pop(item_id, None))
            self._insert(entry)
        elif finished and not entry.final:
            slim = kept(item)
            if words_of(slim) or not words_of(entry.item):
                # Some services leave the words out here that they have said before.
                entry.item = slim
            entry.finished = entry.final = True
            self._parts.pop(item_id, None)
            self.complete.discard(item_id)
            self._changed(entry)

    def place(self, event: Mapping[str, Any]) -> None:
        """Add the item that a ``conversation.item.create`` asks for."""
        # What was sent is richer than the service's echo, which leaves audio out.
        entry = Entry(dict(event["item"]), finished=True, final=True)
        if self.kept.find(entry.id) is not None:
            return
        self._gone.discard(entry.id)
        self._insert(entry, event.get("previous_item_id"))

    def delete(self, item_id: str) -> None:
        """Take an item out."""
        self.kept.remove(item_id)
        self._gone.add(item_id)
        self.complete.discard(item_id)

    def heard(self, item_id: str, text: str) -> None:
        """Note what the user said."""
        entry = self.kept.find(item_id)
        if entry is not None:
            entry.transcript = text
            self._changed(entry)
        elif item_id not in self._gone:
            self._early[item_id] = text
            if len(self._early) > _MOST_EARLY:
                del self._early[next(iter(self._early))]

    def truncate(self, event: Mapping[str, Any]) -> bool:
        """Cut an answer to what was heard of it; False if there is no such answer."""
        entry, end = self.find(event.get("item_id")), number(event.get("audio_end_ms"))
        if entry is None or end is None or not entry.is_spoken_answer:
            return False
        entry.heard_ms = end
        self._changed(entry)
        return True

    # What becomes of an answer.

    def answered(self, kind: str, event: Mapping[str, Any]) -> None:
        """Learn from an event that says that something of an answer is complete, before its item is."""
        item_id = event.get("item_id")
        if not isinstance(item_id, str) or item_id in self._gone:
            return
        if kind == _CALL_DONE:
            self._called(item_id, event)
        elif kind in _PART_DONE:
            part, field = _PART_DONE[kind]
            self._said(item_id, event, {"type": part, field: event.get(field)})

    def _called(self, item_id: str, event: Mapping[str, Any]) -> None:
        entry = self.kept.find(item_id)
        known = {} if entry is None else entry.item
        item = {**known, "id": item_id, "type": "function_call"}
        item.update({name: event[name] for name in _OF_CALL if isinstance(event.get(name), str)})
        # Older versions do not repeat the name here; it came with the item.
        if all(isinstance(item.get(name), str) for name in _OF_CALL):
            self._complete(entry, item)

    def _said(self, item_id: str, event: Mapping[str, Any], part: dict[str, Any]) -> None:
        if not isinstance(part.get("text", part.get("transcript")), str):
            return
        entry = self.kept.find(item_id)
        if entry is not None and (entry.final or entry.item.get("role") != "assistant"):
            return
        parts = self._parts.setdefault(item_id, {})
        if len(self._parts) > _MOST_EARLY:
            del self._parts[next(iter(self._parts))]
        index = event.get("content_index")
        if len(parts) < _MOST_PARTS:
            parts[index if isinstance(index, int) else 0] = part
        content = [parts[place] for place in sorted(parts)]
        known = {"id": item_id, "type": "message", "role": "assistant"} if entry is None else entry.item
        self._complete(entry, {**known, "content": content})

    def _complete(self, entry: Entry | None, item: dict[str, Any]) -> None:
        if entry is not None and entry.final:
            return
        self.complete.add(str(item["id"]))
        if entry is None:
            self._insert(Entry(item, finished=True))
        else:
            entry.item, entry.finished = item, True
            self._changed(entry)

    # What is kept.

    def _insert(self, entry: Entry, after: object = None) -> None:
        self.kept.insert(entry, after)
        self._trim()

    def _changed(self, entry: Entry) -> None:
        self.kept.changed(entry)
        self._trim()

    def _trim(self) -> None:
        if not self.kept.is_over():
            return
        if self._can_condense and not self._condensing:
            half = self.kept.oldest_half()
            made = (recreated(entry, nested=self.nested) for entry in half)
            self.to_condense = [item for item in made if isinstance(item, dict)] or None
            self._condensing = [entry.id for entry in half] if self.to_condense else []
        self._drop(_HARD_LIMIT if self._condensing else 1)

    def _drop(self, times: int) -> None:
        while self.kept.is_over(times):
            for entry in self.kept.oldest():
                self.delete(entry.id)
                self.dropped += 1

    def condensed(self, items: object, new_id: Callable[[], str]) -> bool:
        """Put what the application made of the oldest items into their place; None: drop them.

        Returns:
            Whether it could be used.
        """
        made = _condensed_items(items, new_id)
        replaced, self._condensing = self._condensing, []
        there = [name for name in replaced if self.kept.find(name) is not None]
        for name in there:
            self.delete(name)
        if made is None:
            self.dropped += len(there)
        else:
            self.kept.put_first(item for item in made if self.kept.find(item["id"]) is None)
        # What is still too much is too much of a summary as well.
        self._drop(1)
        return made is not None

    # What a new connection is told.

    def items(self) -> tuple[list[dict[str, Any]], list[LeftOut]]:
        """Return the items to create on a new connection, oldest first, and what cannot be created there."""
        made = [recreated(entry, nested=self.nested) for entry in self.kept]
        return [item for item in made if isinstance(item, dict)], [item for item in made if isinstance(item, LeftOut)]

    def adopt(self, given: Mapping[str, tuple[int, dict[str, Any]]]) -> None:
        """Note which items the new connection has, by their ids, and how; the others are forgotten."""
        for entry in list(self.kept):
            if entry.id not in given:
                self.kept.remove(entry.id)
                continue
            _, item = given[entry.id]
            # Its size stays: measuring thousands of items at once would hold up everything else.
            entry.item, entry.finished, entry.final = item, True, True
            entry.audio_ms, entry.heard_ms, entry.transcript = 0.0, None, None
        self._early.clear()
        self._parts.clear()
        self.complete.clear()


def _condensed_items(items: object, new_id: Callable[[], str]) -> list[dict[str, Any]] | None:
    if not isinstance(items, Iterable) or isinstance(items, (str, bytes, Mapping)):
        return None
    made: list[dict[str, Any]] = []
    for item in items:
        if not isinstance(item, Mapping) or not isinstance(item.get("type"), str):
            return None
        item_id = item.get("id")
        made.append({**item, "id": item_id if isinstance(item_id, str) and item_id else new_id()})
    return made
