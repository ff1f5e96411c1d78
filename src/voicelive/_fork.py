"""How often this process was made by fork(): what was opened before belongs to the parent."""

from __future__ import annotations

import os

__all__ = ["FORKS", "OPENED_BEFORE_FORK"]

OPENED_BEFORE_FORK = (
    "this connection was opened before fork() and belongs to the parent process: call connect() in this process"
)


class _Forks:
    """Counts the forks that led to this process."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0
        """Another number in a forked child than in its parent; an attribute, because every event asks for it."""
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forked)

    def _forked(self) -> None:
        self.count += 1


FORKS = _Forks()
