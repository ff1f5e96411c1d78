"""Which receiver gets which event: what ``wait_for`` looks for, and what it passes over but must not lose.

Holds values only; the clients do the waiting. Every event goes to exactly one receiver: to the oldest ``wait_for``
whose condition it meets, else to the next ``recv`` or step of an iteration, in order of arrival.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, cast

from .._base import Model
from ..errors import ConfigurationError, ReceiveTimeoutError
from .envelope import Incoming
from .events import AnyServerEvent
from .holding import MESSAGE_OVERHEAD, Holding

__all__ = ["Condition", "Inbox", "Received", "Waiter", "describe_condition"]

_MAX_TYPES = 100
_OTHERS = "other types"

Condition = str | type[Model] | Callable[[AnyServerEvent], object]
"""What ``wait_for`` takes: an event's type, an event class, or a function of the event."""
EventOf = Callable[[Incoming], AnyServerEvent]


class Received:
    """One message as it came, and the type and class of the event in it.

    The event itself is made anew for who receives it, so that what waits takes no more memory than its bytes do, and
    can still be handed out byte for byte.
    """

    __slots__ = ("kind", "message", "model", "number")

    def __init__(self, number: int, message: Incoming, kind: str, model: type[Model]) -> None:
        self.number = number
        self.message = message
        self.kind = kind
        self.model = model

    def __lt__(self, other: Received) -> bool:
        return self.number < other.number

    @property
    def cost(self) -> int:
        """What it takes in memory."""
        return len(self.message.data) + MESSAGE_OVERHEAD


class Waiter:
    """One ``wait_for`` under way."""

    def __init__(self, condition: Condition, *, keeps: bool = True) -> None:
        if not isinstance(keeps, bool):
            raise ConfigurationError(f"keep is {keeps!r}; it takes True or False")
        self.condition = condition
        self.keeps = keeps
        """Whether what it passes over is kept for other receivers."""
        self._matches = _matcher(condition)
        self.found: Received | None = None
        """The message that met the condition, until the receiver takes it."""
        self.event: AnyServerEvent | None = None
        """The event in it."""
        self.failure: Exception | None = None
        """What the condition raised."""
        self.passed: Counter[str] = Counter()
        """Types of the events that arrived meanwhile and did not meet the condition."""
        self.last_error: str | None = None
        self.hide: Callable[[str], str] = str
        """Takes the credential out of what the service said."""

    @property
    def settled(self) -> bool:
        """Whether there is something to tell the receiver."""
        return self.found is not None or self.failure is not None

    def offer(self, received: Received, event: AnyServerEvent) -> bool:
        """Take a new event if it meets the condition."""
        if self.settled:
            return False
        try:
            met = self.meets(received, event)
        except Exception as error:  # noqa: BLE001 - the application's function; raised in its own wait_for
            self.failure = error
            return False
        if not met:
            self._pass_over(event)
            return False
        self.event = event
        self.found = received
        return True

    def meets(self, received: Received, event: AnyServerEvent | EventOf) -> bool:
        """Return whether a message meets the condition; the event is made only where the condition needs it."""
        by_kind = self._matches(received)
        if by_kind is not None:
            return by_kind
        condition = cast("Callable[[AnyServerEvent], object]", self.condition)
        return bool(condition(event(received.message) if callable(event) else event))

    def _pass_over(self, event: AnyServerEvent) -> None:
        kind = str(event.type)
        # A service could make up types without end.
        self.passed[kind if kind in self.passed or len(self.passed) < _MAX_TYPES else _OTHERS] += 1
        if event.type == "error":
            self.last_error = self.hide(_error_text(event))

    def timeout_error(self, timeout: float) -> ReceiveTimeoutError:
        """Build the error that says what was waited for, and what came instead."""
        text = f"no {describe_condition(self.condition)} within {timeout:g} s"
        if self.passed:
            counts = ", ".join(f"{count} x {name}" for name, count in self.passed.most_common())
            text += f"; arrived meanwhile, {'kept for recv()' if self.keeps else 'not kept'}: {counts}"
        else:
            text += "; nothing arrived meanwhile"
        if self.last_error:
            text += f"; the last error event says: {self.last_error}"
        return ReceiveTimeoutError(text, timeout=timeout, arrived=self.passed)


class Inbox:
    """Messages that arrived but were not handed out yet, and the ``wait_for`` calls under way.

    An interruption such as Ctrl-C strikes where a function begins, so a message changes its place without a call.

    Args:
        event_of: returns the event of a message.
    """

    def __init__(self, event_of: EventOf) -> None:
        self._event_of = event_of
        self.kept: deque[Received] = deque()
        self.waiters: list[Waiter] = []
        self._receivers: list[object] = []
        self.hide: Callable[[str], str] = str
        """Takes the credential out of what the service said."""
        self.holding = Holding()
        """Counts what is kept, together with what else has arrived at the connection."""
        self._count = 0

    def count_with(self, holding: Holding) -> Holding:
        """Count what is kept by `holding` from now on."""
        holding.kept, holding.kept_cost = self.kept, self.holding.kept_cost
        self.holding = holding
        return holding

    def wait(self, condition: Condition, *, keep: bool = True) -> Waiter:
        """Register a condition; an event that is kept already and meets it is found at once.

        Args:
            condition: what to wait for.
            keep: whether what is passed over is kept for later receivers; ``error`` events always are.

        Raises:
            Exception: what the condition itself raises for a kept event.
        """
        waiter = Waiter(condition, keeps=keep)
        self.enter(waiter)
        return waiter

    def enter(self, waiter: Waiter) -> None:
        """Register a waiter, as :meth:`wait` does."""
        # Whoever receives beside this call is to get what passes by.
        waiter.keeps = waiter.keeps or bool(self._receivers)
        waiter.hide = self.hide
        passed = 0
        for received in self.kept:
            if waiter.meets(received, self._event_of):
                waiter.event = self._event_of(received.message)
                waiter.found = received
                del self.kept[passed]
                self.holding.kept_cost -= received.cost
                break
            passed += 1
        if not waiter.keeps:
            self._drop(passed)
        self.holding.tell_if_half_empty()
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
        self.holding.kept_cost += waiter.found.cost
        waiter.found = waiter.event = None
        return True

    def sort(self, message: Incoming, event: AnyServerEvent) -> Received | None:
        """Offer a new event to those who wait; return it if none of them takes it."""
        self._count += 1
        # A service may send anything as type.
        kind: object = event.type
        received = Received(self._count, message, str.__str__(kind) if isinstance(kind, str) else "", type(event))
        for waiter in self.waiters:
            if waiter.offer(received, event):
                return None
        return received

    def is_wanted(self, received: Received) -> bool:
        """Whether a message that was passed over is to be kept: not if all who wait want it dropped."""
        # What comes after a condition was met is for whoever receives next.
        return (
            received.kind == "error"
            or not self.waiters
            or any(waiter.keeps or waiter.settled for waiter in self.waiters)
        )

    def pass_over(self, received: Received) -> None:
        """Keep a message for a later receiver, if anybody wants it."""
        if self.is_wanted(received):
            received.message.event = None
            self.kept.append(received)
            self.holding.kept_cost += received.cost

    def begin_receiving(self, receiver: object) -> None:
        """Note that somebody waits for the next event, whatever it is."""
        self._receivers.append(receiver)
        # Also while it works on an event, and before it asks for the next.
        for waiter in self.waiters:
            waiter.keeps = True

    def end_receiving(self, receiver: object) -> None:
        """Note that it does no more."""
        if receiver in self._receivers:
            self._receivers.remove(receiver)

    def take(self) -> Incoming:
        """Hand out the oldest message that is kept."""
        received = self.kept.popleft()
        self.holding.kept_cost -= received.cost
        self.holding.tell_if_half_empty()
        return received.message

    def clear(self) -> None:
        """Drop what nobody will ask for any more."""
        self.kept.clear()
        self.holding.kept_cost = 0

    def _drop(self, count: int) -> None:
        """Drop the oldest messages that are kept, except error events."""
        at = 0
        for _ in range(count):
            received = self.kept[at]
            if received.kind == "error":
                at += 1
            else:
                del self.kept[at]
                self.holding.kept_cost -= received.cost


def describe_condition(condition: Condition) -> str:
    """Name a condition for an error message."""
    if isinstance(condition, str):
        return f"'{condition}' event"
    if isinstance(condition, type):
        return condition.__name__
    name = getattr(condition, "__qualname__", None) or type(condition).__name__
    return f"event for which {name} is true"


def _matcher(condition: Any) -> Callable[[Received], bool | None]:
    """Return what decides from a message's type whether it meets `condition`; None if only the event can."""
    if isinstance(condition, str):
        # A str enum member compares equal to its text, so both spellings work.
        return lambda received: received.kind == condition
    if isinstance(condition, type):
        if issubclass(condition, Model):
            return lambda received: issubclass(received.model, condition)
    elif callable(condition):
        return lambda received: None
    raise ConfigurationError(
        f"wait_for takes an event type such as 'session.updated', an event class of voicelive.models, "
        f"or a function of the event; not {condition!r}"
    )


def _error_text(event: AnyServerEvent) -> str:
    error = getattr(event, "error", None)
    code = getattr(error, "code", None) or getattr(error, "type", None)
    message = getattr(error, "message", None)
    return ": ".join(str(part) for part in (code, message) if part) or "(no message)"
