"""What the state machine and the transports say to each other about links and about what goes over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ..closing import Cause
from ..envelope import Outgoing
from ..receive_buffer import ReceiveBuffer
from ..watchdog import Watch
from .history import Mark
from .replay import Replay

__all__ = ["Action", "Close", "Condense", "GiveUp", "Link", "Open", "SendFull", "SendLater", "SendNow"]


@dataclass(frozen=True)
class Open:
    """Ask for a token and open link `link`, not before the time `at`."""

    link: int
    at: float


@dataclass(frozen=True)
class Close:
    """Close link `link`; nobody waits for it."""

    link: int


@dataclass(frozen=True)
class GiveUp:
    """Drop link `link`, which counts as dead."""

    link: int
    cause: Cause


@dataclass(frozen=True)
class Condense:
    """Ask the application to condense the oldest items of the conversation."""

    items: list[dict[str, Any]]


Action = Open | Close | GiveUp | Condense


@dataclass(slots=True)
class SendNow:
    """An event to send over a link now."""

    link: int
    event: Outgoing
    mark: Mark | None = None
    waited: bool = False
    """Whether it was kept during an interruption."""
    own: bool = False
    """Whether it belongs to the restoration, rather than to the application."""


class SendLater:
    """The event is kept, or was audio and is dropped: nothing to send now."""


class SendFull:
    """There is no room to keep the event."""


@dataclass(slots=True)
class Link:
    """One WebSocket, as the state machine knows it."""

    number: int
    watch: Watch
    state: Literal["opening", "restoring", "ready", "flushing", "up"] = "opening"
    """It is being opened; gets what it lacks; lacks nothing, and waits for its turn; is current, and gets what waited;
    is current."""
    progress_at: float = 0.0
    """When the new session last took something of what restores it."""
    has_progressed: bool = False
    held: ReceiveBuffer | None = None
    """What else arrived before it was current."""
    current_since: float = 0.0
    last_arrival: float = 0.0
    replay: Replay | None = None
    outgoing: list[SendNow] | None = None
    """What is to be sent first of all, the last of it first."""
    restored_by: dict[str, dict[str, Any]] | None = None
    """The service's latest answer of each type to what set the session up."""
    is_given_up: bool = False

    def dead_at(self) -> tuple[float, Cause] | None:
        """When this link counts as dead if nothing more arrives, and why."""
        if self.is_given_up or not self.watch.is_needed:
            return None
        return self.watch.due(self.last_arrival)
