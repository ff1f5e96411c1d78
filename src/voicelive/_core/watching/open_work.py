"""What is under way in a call: responses and tools that have begun and not ended, never more than a bound."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["OpenResponse", "OpenTool", "Pending"]

WorkT = TypeVar("WorkT")


@dataclass(slots=True)
class OpenResponse:
    """A response that has begun."""

    id: str | None
    began: float
    first_text: float | None = None
    first_audio: float | None = None


@dataclass(slots=True)
class OpenTool:
    """A tool that the model called."""

    call_id: str
    name: str
    began: float
    response_id: str | None
    is_remote: bool = False
    is_run_here: bool = False
    """Whether the connection runs it, and tells how it ended."""
    arguments: str | None = None


class Pending(Generic[WorkT]):
    """Work by id, oldest first. One more than `most` pushes the oldest out, which is returned."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._by_id: OrderedDict[str, WorkT] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, key: str, work: WorkT) -> WorkT | None:
        """Add work; returns what it pushes out: the oldest, or what had its id."""
        pushed_out = self._by_id.pop(key, None)
        self._by_id[key] = work
        if pushed_out is None and len(self._by_id) > self._most:
            _, pushed_out = self._by_id.popitem(last=False)
        return pushed_out

    def get(self, key: str) -> WorkT | None:
        """Return the work with this id, or None."""
        return self._by_id.get(key)

    def take(self, key: str) -> WorkT | None:
        """Take out the work with this id; None if it is not known."""
        return self._by_id.pop(key, None)

    def latest(self) -> WorkT | None:
        """Return what was added last."""
        return next(reversed(self._by_id.values()), None)

    def take_all(self) -> Iterator[WorkT]:
        """Take out all of it, oldest first."""
        while self._by_id:
            yield self._by_id.popitem(last=False)[1]
