"""The items of a conversation, in order and by id, within a bound."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

from ..envelope import compact
from .items import Entry

__all__ = ["ItemList"]

ROOT = "root"
"""What stands for the place before the first item."""

_NO_ENTRIES: OrderedDict[str, Entry] = OrderedDict()
"""What lists that are empty share; never written to."""


class ItemList:
    """What was said, oldest first.

    Args:
        max_items: how many items it may hold.
        max_bytes: how many bytes of JSON they may be.
    """

    __slots__ = ("_entries", "_max_bytes", "_max_items", "_outputs", "bytes", "revision")

    def __init__(self, max_items: int, max_bytes: int) -> None:
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._entries = _NO_ENTRIES
        self._outputs: dict[str, str] = {}
        """Which item is the output of which call."""
        self.revision = 0
        """Grows with each change."""
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def find(self, item_id: str) -> Entry | None:
        """Return the entry of an item, or None."""
        return self._entries.get(item_id)

    def insert(self, entry: Entry, after: object = None) -> None:
        """Add an entry after the item of an id, before all for "root", else at the end."""
        if self._entries is _NO_ENTRIES:
            self._entries = OrderedDict()
        name = entry.id
        following: list[str] = []
        if isinstance(after, str) and after in self._entries:
            for other in reversed(self._entries):
                if other == after:
                    break
                following.append(other)
        self._entries[name] = entry
        if after == ROOT:
            self._entries.move_to_end(name, last=False)
        for other in reversed(following):
            self._entries.move_to_end(other)
        if entry.item.get("type") == "function_call_output":
            self._outputs[str(entry.item.get("call_id"))] = name
        entry.size = 0
        self.changed(entry)

    def changed(self, entry: Entry) -> None:
        """Note that an entry is not what it was."""
        self.revision += 1
        entry.revision = self.revision
        size = len(compact(entry.item)) + len(entry.transcript or "")
        self.bytes += size - entry.size
        entry.size = size

    def remove(self, item_id: str) -> bool:
        """Take out an item; False if it is not there."""
        entry = self._entries.pop(item_id, None)
        if entry is None:
            return False
        self.revision += 1
        self.bytes -= entry.size
        if entry.item.get("type") == "function_call_output":
            self._outputs.pop(str(entry.item.get("call_id")), None)
        return True

    def is_over(self, times: int = 1) -> bool:
        """Whether it holds more than this many times its bound."""
        return len(self._entries) > self._max_items * times or self.bytes > self._max_bytes * times

    def oldest(self) -> list[Entry]:
        """Return the oldest entry, and the output with it if it is a call: without its call the service refuses it."""
        entry = next(iter(self._entries.values()))
        return [entry, *self._output_of(entry)]

    def oldest_half(self) -> list[Entry]:
        """Return what is finished of the older half, by number or by size; a call only with its output."""
        half: dict[str, Entry] = {}
        size = 0
        for entry in self:
            if len(half) * 2 >= len(self) or size * 2 >= self.bytes:
                break
            output = self._output_of(entry)
            if not entry.finished or (entry.item.get("type") == "function_call" and not output):
                continue
            for each in (entry, *output):
                if each.id not in half:
                    half[each.id] = each
                    size += each.size
        return list(half.values())

    def _output_of(self, entry: Entry) -> list[Entry]:
        if entry.item.get("type") != "function_call":
            return []
        output = self._entries.get(self._outputs.get(str(entry.item.get("call_id")), ""))
        return [] if output is None else [output]

    def put_first(self, items: Iterable[dict[str, Any]]) -> None:
        """Add items before all others, in order."""
        for item in reversed(list(items)):
            self.insert(Entry(item, finished=True, final=True), ROOT)
