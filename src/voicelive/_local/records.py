"""What the local service remembers of its sessions, for tests and tools to look at."""

import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from .._core.codec import decode_server_event
from .._core.events import AnyClientEvent, AnyServerEvent
from .._generated.models import ClientEvent, ResponseItem, ServerEvent
from .._public import public_in
from .control.timeline import Timeline
from .limits import read_client_event
from .notifier import Notifier

__all__ = [
    "MAX_FINISHED_BYTES",
    "MAX_KEPT_ITEM_BYTES",
    "MAX_RECORD_BYTES",
    "MAX_RECORD_EVENTS",
    "MAX_RUNNING_BYTES",
    "EventLog",
    "SessionJournal",
    "SessionRecord",
    "TimedEvent",
    "share_memory",
]

MAX_RECORD_EVENTS = 50_000
"""Events that are remembered of one session, in each direction; the oldest are forgotten first."""

MAX_RECORD_BYTES = 128 * 1024 * 1024
"""Bytes that the remembered events of one session may take, in each direction."""

MAX_RUNNING_BYTES = 512 * 1024 * 1024
"""Bytes that those of all running sessions may take: with many, each has less than the most it may have."""

MAX_FINISHED_BYTES = 64 * 1024 * 1024
"""Bytes that those of all finished sessions may take."""

MAX_KEPT_ITEM_BYTES = 64 * 1024
"""Bytes that the items which a finished session leaves may take; so may its settings."""

E = TypeVar("E")


@dataclass(frozen=True)
class _Read(Generic[E]):
    """What a message was read as."""

    event: E


class EventLog(Generic[E]):
    """The latest events of one direction, within limits of number and size; read from any thread.

    They are kept as they went over the wire, and made events when somebody asks for them: with many sessions the
    garbage collector would stop everything for a tenth of a second and more to walk through events that nobody reads.
    """

    def __init__(
        self,
        changes: Notifier,
        read: Callable[[bytes | str], E],
        *,
        max_events: int = MAX_RECORD_EVENTS,
        max_bytes: int = MAX_RECORD_BYTES,
    ) -> None:
        """Begin; `changes` is notified of every event, and `read` makes one of its message."""
        self._entries: deque[tuple[bytes | str | _Read[E], int, float]] = deque()
        self._lock = threading.Lock()
        self._bytes = 0
        self._max_events = max_events
        self._max_bytes = max_bytes
        self.total = 0
        """How many events there were, forgotten ones included."""
        self._changes = changes
        self._read = read

    def add(self, message: bytes | str, size: int) -> None:
        """Remember the event that a valid message is, which takes `size` bytes."""
        with self._lock:
            self._entries.append((message, size, time.monotonic()))
            self._bytes += size
            self.total += 1
            self._forget()
        self._changes.notify()

    def limit(self, max_bytes: int) -> None:
        """Keep to `max_bytes` bytes from now on."""
        with self._lock:
            self._max_bytes = max_bytes
            self._forget()

    def _forget(self) -> None:
        while len(self._entries) > self._max_events or self._bytes > self._max_bytes:
            self._bytes -= self._entries.popleft()[1]

    def events(self) -> list[E]:
        """Return the remembered events, oldest first."""
        return [event for _, event in self.timed()]

    def timed(self) -> list[tuple[float, E]]:
        """Return the remembered events, each with when it came or went by ``time.monotonic()``."""
        with self._lock:
            entries = self._entries.copy()
            first = self.total - len(entries)
        return [(when, self._event(first + index, kept)) for index, (kept, _, when) in enumerate(entries)]

    def _event(self, number: int, kept: bytes | str | _Read[E]) -> E:
        if isinstance(kept, _Read):
            return kept.event
        made = _Read(self._read(kept))
        with self._lock:
            index = number - (self.total - len(self._entries))
            if index < 0:
                return made.event  # forgotten meanwhile
            there, size, when = self._entries[index]
            if isinstance(there, _Read):
                return there.event  # another thread was faster, and whoever asks twice gets the same
            # In the place of the message, so that it takes no more than it was said to.
            self._entries[index] = made, size, when
        return made.event


@dataclass(frozen=True)
class TimedEvent:
    """An event of a session, and when the service received or sent it."""

    when: float
    """Seconds by ``time.monotonic()``."""
    sender: Literal["client", "server"]
    event: ClientEvent | ServerEvent


@public_in("voicelive.local")
@dataclass
class SessionRecord(ABC):
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
    api_version: str = ""
    """The API version that the session speaks: the query's, or `v1@voice-agents` for one of Foundry's voice agents."""
    opened_at: float = field(default_factory=time.time)
    """When it was opened, in seconds since 1970."""
    closed: bool = False
    """Whether the session has ended."""
    close_code: int | None = None
    """The WebSocket close code, once closed."""
    close_reason: str = ""
    """The reason that came with it."""

    @property
    @abstractmethod
    def received(self) -> list[AnyClientEvent]:
        """The valid client events, oldest first. Refused ones are not here; see the ``error`` events sent."""

    @property
    @abstractmethod
    def sent(self) -> list[AnyServerEvent]:
        """The server events, oldest first."""

    @property
    @abstractmethod
    def items(self) -> list[ResponseItem]:
        """The items of the conversation, oldest first; of a finished session the latest 64 KiB."""

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """The settings in force, in the flat form of the dated versions whatever the connection speaks."""

    @property
    @abstractmethod
    def heard(self) -> list[str]:
        """What was understood of the user's spoken turns, oldest first; empty texts where nothing was."""

    @abstractmethod
    def timeline(self) -> list[TimedEvent]:
        """Return the events of both directions in the order of their times."""

    def received_types(self) -> list[str]:
        """Return the types of :attr:`received`."""
        return [str(event.type) for event in self.received]

    def sent_types(self) -> list[str]:
        """Return the types of :attr:`sent`."""
        return [str(event.type) for event in self.sent]


@dataclass
class SessionJournal(SessionRecord):
    """A session's record as the service writes it."""

    changes: Notifier = field(default_factory=Notifier, repr=False)
    """Notified of every event, and of the end."""
    shown: Timeline | None = field(default=None, repr=False)
    """What viewers are shown of the session; None where the service has none."""
    received_events: EventLog[AnyClientEvent] = field(init=False, repr=False)
    sent_events: EventLog[AnyServerEvent] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.received_events = EventLog(self.changes, read_client_event)
        self.sent_events = EventLog(self.changes, decode_server_event)
        self.read_from(items=list, settings=dict, heard=list)
        if self.shown is not None:
            self.shown.settings = lambda: self.settings

    def read_from(
        self,
        *,
        items: Callable[[], list[ResponseItem]],
        settings: Callable[[], Mapping[str, Any]],
        heard: Callable[[], list[str]],
    ) -> None:
        """Have a session's state read from these, in whatever thread asks for it."""
        self._items, self._settings, self._heard = items, settings, heard

    def limit(self, max_bytes: int) -> None:
        """Keep to `max_bytes` bytes of events in each direction from now on."""
        self.received_events.limit(max_bytes)
        self.sent_events.limit(max_bytes)
        if self.closed and self.shown is not None:
            self.shown.limit(max_bytes)

    def close(self, code: int | None, reason: str) -> None:
        """Note how the session ended."""
        self.close_code, self.close_reason, self.closed = code, reason, True
        self.changes.notify()

    @property
    def received(self) -> list[AnyClientEvent]:
        return self.received_events.events()

    @property
    def sent(self) -> list[AnyServerEvent]:
        return self.sent_events.events()

    @property
    def items(self) -> list[ResponseItem]:
        return self._items()

    @property
    def settings(self) -> Mapping[str, Any]:
        return self._settings()

    @property
    def heard(self) -> list[str]:
        return self._heard()

    def timeline(self) -> list[TimedEvent]:
        entries = [TimedEvent(when, "client", event) for when, event in self.received_events.timed()]
        entries += [TimedEvent(when, "server", event) for when, event in self.sent_events.timed()]
        return sorted(entries, key=lambda entry: entry.when)


def share_memory(journals: Collection[SessionJournal]) -> None:
    """Give each of the running sessions an equal part of what they may take together, and each of the finished ones."""
    running = [journal for journal in journals if not journal.closed]
    finished = [journal for journal in journals if journal.closed]
    for group, together in ((running, MAX_RUNNING_BYTES), (finished, MAX_FINISHED_BYTES)):
        part = min(MAX_RECORD_BYTES, together // (2 * max(1, len(group))))
        for journal in group:
            journal.limit(part)
