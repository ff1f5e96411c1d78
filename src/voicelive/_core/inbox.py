"""Which receiver gets which event: what ``wait_for`` looks for, and what it passes over but must not lose.

Holds values only; the clients do the waiting. Every event goes to exactly one receiver: to the oldest ``wait_for``
whose condition it meets, else to the next ``recv`` or step of an iteration, in order of arrival.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .._base import Model
from ..errors import ConfigurationError, ReceiveTimeoutError
from .events import AnyServerEvent

__all__ = ["Condition", "Inbox", "Received", "Waiter", "describe_condition"]

Condition = str | type[Model] | Callable[[AnyServerEvent], object]
"""What ``wait_for`` takes: an event's type, an event class, or a function of the event."""


@dataclass(order=True)
class Received:
    """One message as it came, and the event it holds."""

    number: int
    data: bytes = field(compare=False)
    event: AnyServerEvent = field(compare=False)


class Waiter:
    """One ``wait_for`` under way."""

    def __init__(self, condition: Condition) -> None:
        self.condition = condition
        self.matches = _matcher(condition)
        self.found: Received | None = None
        """The event that met the condition, until the receiver takes it."""
        self.failure: Exception | None = None
        """What the condition raised."""
        self.passed: Counter[str] = Counter()
        """Types of the events that arrived meanwhile and did not meet the condition."""
        self.last_error: str | None = None

    @property
    def settled(self) -> bool:
        """Whether there is something to tell the receiver."""
        return self.found is not None or self.failure is not None

    def offer(self, received: Received) -> bool:
        """Take `received` if it meets the condition."""
        if self.settled:
            return False
        try:
            met = self.matches(received.event)
        except Exception as error:  # noqa: BLE001 - the application's function; raised in its own wait_for
            self.failure = error
            return False
        if met:
            self.found = received
            return True
        event = received.event
        self.passed[str(event.type)] += 1
        if event.type == "error":
            self.last_error = _error_text(event)
        return False

    def timeout_error(self, timeout: float) -> ReceiveTimeoutError:
        """Build the error that says what was waited for, and what came instead."""
        text = f"no {describe_condition(self.condition)} within {timeout:g} s"
        if self.passed:
            counts = ", ".join(f"{count} x {name}" for name, count in self.passed.most_common())
            text += f"; arrived meanwhile, kept for recv(): {counts}"
        else:
            text += "; nothing arrived meanwhile"
        if self.last_error:
            text += f"; the last error event says: {self.last_error}"
        return ReceiveTimeoutError(text, timeout=timeout, arrived=self.passed)


class Inbox:
    """Events that arrived but were not handed out yet, and the ``wait_for`` calls under way."""

    def __init__(self) -> None:
        self.kept: deque[Received] = deque()
        self.waiters: list[Waiter] = []
        self._count = 0

    def wait(self, condition: Condition) -> Waiter:
        """Register a condition; an event that is kept already and meets it is found at once.

        Raises:
            Exception: what the condition itself raises for a kept event.
        """
        waiter = Waiter(condition)
        self.enter(waiter)
        return waiter

    def enter(self, waiter: Waiter) -> None:
        """Register a waiter, as :meth:`wait` does."""
        for index, received in enumerate(self.kept):
            if waiter.matches(received.event):
                waiter.found = received
                del self.kept[index]
                break
        self.waiters.append(waiter)

    def withdraw(self, waiter: Waiter) -> None:
        """Offer nothing more to a waiter; what was found for it stays with it."""
        if waiter in self.waiters:
            self.waiters.remove(waiter)

    def leave(self, waiter: Waiter) -> bool:
        """Forget a waiter; an event found for it that it did not take goes back to its place.

        Returns:
            Whether one went back.
        """
        self.withdraw(waiter)
        if waiter.found is None:
            return False
        insort(self.kept, waiter.found)
        waiter.found = None
        return True

    def sort(self, data: bytes, event: AnyServerEvent) -> Received | None:
        """Offer a new event to those who wait; return it if none of them takes it."""
        self._count += 1
        received = Received(self._count, data, event)
        for waiter in self.waiters:
            if waiter.offer(received):
                return None
        return received

    def keep(self, received: Received) -> None:
        """Keep an event for a later receiver."""
        self.kept.append(received)

    def take(self) -> Received:
        """Hand out the oldest event that is kept."""
        return self.kept.popleft()

    def clear(self) -> None:
        """Drop what nobody will ask for any more."""
        self.kept.clear()


def describe_condition(condition: Condition) -> str:
    """Name a condition for an error message."""
    if isinstance(condition, str):
        return f"'{condition}' event"
    if isinstance(condition, type):
        return condition.__name__
    name = getattr(condition, "__qualname__", None) or type(condition).__name__
    return f"event for which {name} is true"


def _matcher(condition: Any) -> Callable[[AnyServerEvent], object]:
    if isinstance(condition, str):
        # A str enum member compares equal to its text, so both spellings work.
        return lambda event: event.type == condition
    if isinstance(condition, type):
        if issubclass(condition, Model):
            return lambda event: isinstance(event, condition)
    elif callable(condition):
        return condition  # type: ignore[no-any-return]
    raise ConfigurationError(
        f"wait_for takes an event type such as 'session.updated', an event class of voicelive.models, "
        f"or a function of the event; not {condition!r}"
    )


def _error_text(event: AnyServerEvent) -> str:
    error = getattr(event, "error", None)
    code = getattr(error, "code", None) or getattr(error, "type", None)
    message = getattr(error, "message", None)
    return ": ".join(str(part) for part in (code, message) if part) or "(no message)"
