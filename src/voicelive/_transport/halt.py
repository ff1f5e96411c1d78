"""Ending, from another thread, what blocks while a connection opens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

__all__ = ["Halt", "HaltedError"]


class HaltedError(Exception):
    """The opening was ended by :meth:`Halt.stop`."""


class Halt:
    """A switch: what opens the connection hangs in how to be woken up, and who closes it turns it once."""

    def __init__(self) -> None:
        # A signal's handler may turn it while its own thread is in here.
        self._lock = threading.RLock()
        self._wakers: list[Callable[[], object]] = []
        self.stopped = False
        """Whether it was turned."""

    def stop(self) -> None:
        """End the opening. Returns at once; whoever opens the connection cleans up."""
        with self._lock:
            self.stopped = True
            # Called with the lock held, so that none is called after its block has ended.
            for wake in tuple(self._wakers):
                wake()

    def check(self) -> None:
        """Raise :class:`HaltedError` if the opening was ended."""
        if self.stopped:
            raise HaltedError

    @contextmanager
    def waking(self, wake: Callable[[], object]) -> Generator[None]:
        """Have `wake` called, which must not block, if the opening is ended while the block runs.

        Raises:
            HaltedError: if it was ended before.
        """
        with self._lock:
            self.check()
            self._wakers.append(wake)
        try:
            yield
        finally:
            with self._lock:
                self._wakers.remove(wake)
