"""What the local service remembers of its sessions, for tests and tools to look at."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from .._generated.models import ClientEvent, ResponseItem, ServerEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._core.events import AnyServerEvent
    from .._generated.registry import AnyClientEvent

__all__ = ["MAX_RECORD_BYTES", "MAX_RECORD_EVENTS", "EventLog", "SessionRecord"]

MAX_RECORD_EVENTS = 50_000
"""Events that are remembered of one session, in each direction; the oldest are forgotten first."""

MAX_RECORD_BYTES = 32 * 1024 * 1024
"""Bytes of JSON that are remembered of one session, in each direction."""

E = TypeVar("E")


class EventLog(Generic[E]):
    """The latest events of one direction, within limits of number and size."""

    def __init__(self, max_events: int = MAX_RECORD_EVENTS, max_bytes: int = MAX_RECORD_BYTES) -> None:
        self._events: deque[tuple[E, int]] = deque()
        self._bytes = 0
        self._max_events = max_events
        self._max_bytes = max_bytes
        self.total = 0
        """How many events there were, forgotten ones included."""

    def add(self, event: E, size: int) -> None:
        """Remember an event that is `size` bytes of JSON."""
        self._events.append((event, size))
        self._bytes += size
        self.total += 1
        while len(self._events) > self._max_events or self._bytes > self._max_bytes:
            self._bytes -= self._events.popleft()[1]

    def events(self) -> list[E]:
        """Return the remembered events, oldest first."""
        # A copy in one step: the service may be adding events in another thread.
        return [event for event, _ in self._events.copy()]


@dataclass
class SessionRecord:
    """One connection as the service saw it. Safe to read from any thread, live while the session runs."""

    id: str
    """The session's id."""
    model: str
    """The model asked for in the query; empty in agent mode."""
    query: Mapping[str, str]
    """The query of the handshake, credentials left out."""
    headers: Mapping[str, str]
    """The headers of the handshake, names in lower case, credentials left out."""
    credential: Literal["api-key", "bearer"] | None
    """Which kind of credential came with the handshake, if any; its value is not kept."""
    _received: EventLog[ClientEvent] = field(default_factory=EventLog[ClientEvent], repr=False)
    _sent: EventLog[ServerEvent] = field(default_factory=EventLog[ServerEvent], repr=False)
    _items: Callable[[], list[ResponseItem]] = field(default=list[ResponseItem], repr=False)
    closed: bool = False
    """Whether the session has ended."""
    close_code: int | None = None
    """The WebSocket close code, once closed."""
    close_reason: str = ""
    """The reason that came with it."""

    @property
    def received(self) -> list[AnyClientEvent]:
        """The valid client events, oldest first. Refused ones are not here; see the ``error`` events sent."""
        return self._received.events()  # type: ignore[return-value]

    @property
    def sent(self) -> list[AnyServerEvent]:
        """The server events, oldest first."""
        return self._sent.events()  # type: ignore[return-value]

    @property
    def items(self) -> list[ResponseItem]:
        """The items of the conversation, oldest first."""
        return self._items()

    def received_types(self) -> list[str]:
        """Return the types of :attr:`received`."""
        return [str(event.type) for event in self._received.events()]

    def sent_types(self) -> list[str]:
        """Return the types of :attr:`sent`."""
        return [str(event.type) for event in self._sent.events()]
