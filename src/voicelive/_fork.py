"""How often this process was made by fork(): what was opened before belongs to the parent."""

from __future__ import annotations

import os

__all__ = ["OPENED_BEFORE_FORK", "generation"]

OPENED_BEFORE_FORK = (
    "this connection was opened before fork() and belongs to the parent process: call connect() in this process"
)

_generation = 0


def generation() -> int:
    """Return a number that is another one in a forked child than in its parent."""
    return _generation


def _count() -> None:
    global _generation
    _generation += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count)
