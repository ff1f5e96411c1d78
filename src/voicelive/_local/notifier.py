"""Waiting for what happens in the service's thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["Notifier"]


class Notifier:
    """Tells waiting threads that something has happened."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0

    def notify(self) -> None:
        """Let every waiting thread look again; never waits for one of them."""
        with self._condition:
            self._count += 1
            self._condition.notify_all()

    def wait_until(self, predicate: Callable[[], bool], timeout: float) -> bool:
        """Block until `predicate` holds, looking again at every change; return False after `timeout` seconds.

        The predicate runs in the calling thread and holds nothing up.
        """
        deadline = time.monotonic() + timeout
        while True:
            with self._condition:
                seen = self._count
            if predicate():
                return True
            if not self._changed_since(seen, deadline):
                return predicate()

    def _changed_since(self, seen: int, deadline: float) -> bool:
        with self._condition:
            return self._condition.wait_for(lambda: self._count != seen, max(0, deadline - time.monotonic()))
