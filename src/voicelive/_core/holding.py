"""How much has arrived that the application has not been given: one count, wherever it waits."""

from __future__ import annotations

from collections.abc import Callable, Sized

__all__ = ["MESSAGE_OVERHEAD", "Holding"]

MESSAGE_OVERHEAD = 512
"""What a message takes in memory beside its bytes, at most."""

_NO_LIMIT = 1 << 62


class Holding:
    """Counts messages against one bound, from their arrival until they are handed out or dropped.

    The thread that reads the connection counts what arrived and what was taken from it; what is kept beside that is
    counted by whoever takes, under a lock of its own. Neither writes what the other one writes.

    Args:
        max_messages: how many messages are enough; None for no limit.
        max_bytes: how many bytes are enough, :data:`MESSAGE_OVERHEAD` for each message included; None for no limit.
    """

    __slots__ = (
        "_came",
        "_came_cost",
        "_max_bytes",
        "_max_messages",
        "_waiting",
        "_went",
        "_went_cost",
        "kept",
        "kept_cost",
        "post",
    )

    def __init__(self, max_messages: int | None = None, max_bytes: int | None = None) -> None:
        self._max_messages = _NO_LIMIT if max_messages is None else max_messages
        self._max_bytes = _NO_LIMIT if max_bytes is None else max_bytes
        self._waiting: list[Callable[[], None]] = []
        self._came = self._came_cost = self._went = self._went_cost = 0
        self.kept: Sized = ()
        """What was taken, but not handed out."""
        self.kept_cost = 0
        """What that takes in memory."""
        self.post: Callable[[Callable[[], None]], object] | None = None
        """Calls a function in the thread that reads, where that is another one than those that take."""

    def add(self, size: int) -> bool:
        """Count a message that arrived; return whether the bound is passed."""
        self._came += 1
        self._came_cost += size + MESSAGE_OVERHEAD
        # As is_full() says; written out, because this runs for every event.
        return (
            self._came - self._went + len(self.kept) > self._max_messages
            or self._came_cost - self._went_cost + self.kept_cost > self._max_bytes
        )

    def take(self, size: int) -> None:
        """Count a message that was taken."""
        self.release(1, size + MESSAGE_OVERHEAD)

    def release(self, messages: int, cost: int) -> None:
        """Count what was taken: this many messages, and what they cost in memory."""
        self._went += messages
        self._went_cost += cost
        if self._waiting:
            self._look()

    @property
    def messages(self) -> int:
        """How many messages are held."""
        return self._came - self._went + len(self.kept)

    @property
    def cost(self) -> int:
        """How much memory they take."""
        return self._came_cost - self._went_cost + self.kept_cost

    def is_full(self) -> bool:
        """Whether the bound is passed."""
        return self.messages > self._max_messages or self.cost > self._max_bytes

    def is_half_empty(self) -> bool:
        """Whether there is room again."""
        return self.messages <= self._max_messages // 2 and self.cost <= self._max_bytes // 2

    def gone(self) -> tuple[int, int]:
        """Return how many messages were handed out or dropped so far, and what they cost."""
        return self._went - len(self.kept), self._went_cost - self.kept_cost

    def is_half_gone(self, since: tuple[int, int]) -> bool:
        """Whether half as much as may be held is gone since then, as :meth:`gone` told it."""
        messages, cost = self.gone()
        return messages - since[0] >= self._max_messages / 2 or cost - since[1] >= self._max_bytes / 2

    def when_half_empty(self, tell: Callable[[], None]) -> None:
        """Call `tell` once, as soon as there is room again; for the thread that reads."""
        if tell not in self._waiting:
            self._waiting.append(tell)

    def forget(self, tell: Callable[[], None]) -> None:
        """Take :meth:`when_half_empty` back."""
        if tell in self._waiting:
            self._waiting.remove(tell)

    def tell_if_half_empty(self) -> None:
        """Tell those who wait for room, if there is some; for whoever takes what was kept."""
        if self._waiting and self.is_half_empty():
            if self.post is None:
                self._look()
            else:
                self.post(self._look)

    def _look(self) -> None:
        if self.is_half_empty():
            waiting, self._waiting = self._waiting, []
            for tell in waiting:
                tell()
