"""Ids that were seen lately, within a bound."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["RecentIds"]

_NO_IDS: dict[str, None] = {}
"""What those that are empty share; never written to."""


class RecentIds:
    """Ids that were seen lately; the oldest are forgotten."""

    __slots__ = ("_ids", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._ids = _NO_IDS

    def __contains__(self, name: object) -> bool:
        return name in self._ids

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def add(self, name: str) -> None:
        """Note an id."""
        if self._ids is _NO_IDS:
            # One of its own is made with the first: most stay empty.
            self._ids = {}
        self._ids[name] = None
        if len(self._ids) > self._most:
            del self._ids[next(iter(self._ids))]

    def discard(self, name: str) -> None:
        """Forget an id."""
        self._ids.pop(name, None)

    def clear(self) -> None:
        """Forget every id."""
        self._ids = _NO_IDS
