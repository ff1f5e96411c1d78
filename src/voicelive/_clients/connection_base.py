"""What both clients' connections are made of, apart from how they wait."""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from .._core.closing import NORMAL, CloseInfo, closed_error
from .._core.envelope import Incoming, Outgoing
from .._core.events import AnyServerEvent
from .._core.handshake import Handshake
from .._core.inbox import Inbox
from .._core.watchdog import UNWATCHED, Watch
from .._fork import FORKS, OPENED_BEFORE_FORK
from ..errors import ConnectionClosed, ConnectionStateError
from .connection_parts import ConnectionParts
from .opening_requests import OpeningRequests

if TYPE_CHECKING:
    from .._conversation.layer import ConversationLayer, ConversationOptions

__all__ = ["CLOSED_WHILE_OPENING", "BaseConnection"]

CLOSED_WHILE_OPENING = "close() was called while the connection was opening"


class BaseConnection(ABC):
    """The state of a connection, and what it says of itself."""

    _is_own_loop: ClassVar[bool]
    """Whether the connection runs on the application's own event loop."""

    def __init__(self, parts: ConnectionParts) -> None:
        options = parts.options
        self._credential = parts.credential
        self._requests = OpeningRequests(parts.handshake, parts.credential)
        self._options = options
        self._contract = parts.contract
        self._event_of: Callable[[Incoming], AnyServerEvent] = parts.contract.event_of
        self._layer = None if parts.conversation is None else self._make_layer(parts.conversation)
        self._telemetry = parts.telemetry
        self._state = "new"
        self._generation = FORKS.count
        self._inbox = Inbox(self._event_of)
        self._reconnect = parts.reconnect
        # A transport that outlasts its connections watches each of them itself.
        self._watch = (
            Watch(ready_timeout=options.ready_timeout, stall_timeout=options.stall_timeout)
            if parts.reconnect is None
            else UNWATCHED
        )
        self._requested: tuple[int, str] | None = None
        self._end: CloseInfo | None = None

    def __repr__(self) -> str:
        model = f" model={self._handshake.model!r}" if self._handshake.model else ""
        state = "closed" if self.close_info else self._state
        return f"<VoiceLiveConnection host={self._handshake.endpoint.authority!r}{model} state={state!r}>"

    @property
    def request_id(self) -> str:
        """The id this connection gave the service, for support requests; one that reconnects gives a new one."""
        return self._handshake.request_id

    @property
    def close_info(self) -> CloseInfo | None:
        """How the connection ended; None while it is open, and before it was."""
        if self._end is None:
            self._end = self._transport_end(self._requested)
        return self._end

    @property
    def _handshake(self) -> Handshake:
        return self._requests.handshake

    def _make_layer(self, options: ConversationOptions) -> ConversationLayer:
        from .._conversation.layer import ConversationLayer

        requests = self._requests
        # An engine of its own must not keep a connection that the application has dropped.
        connection: Callable[[], Any] = (lambda: self) if self._is_own_loop else weakref.ref(self)
        return ConversationLayer(
            options,
            event_of=self._contract.event_of,
            encode=self._contract.encode_event,
            connection=connection,
            opened_with=lambda: requests.handshake,
            is_own_loop=self._is_own_loop,
        )

    def _begin_opening(self) -> None:
        if self._state != "new":
            raise ConnectionStateError(
                f"this connection is {self._state}; it opens only once: call connect() for another"
            )
        self._state = "opening"

    def _begin_closing(self, code: int, reason: str) -> None:
        if self._requested is None:
            # If it has ended already, that is how it ended.
            self._end = self._end or self._transport_end(None)
            self._requested = (code, reason)
            self._state = "closed"
            self._inbox.clear()

    @abstractmethod
    def _transport_end(self, requested: tuple[int, str] | None) -> CloseInfo | None:
        """Return how the transport ended; None before that, and where there is no transport."""

    def _check_process(self) -> None:
        if self._generation != FORKS.count:
            raise ConnectionStateError(OPENED_BEFORE_FORK)

    def _not_open(self, usage: str, unsent: Outgoing | None) -> Exception:
        """Build the error for a connection that is not open yet, or not any more; `usage` shows how to open one."""
        if self._requested is not None:
            return self._closed_error(unsent)
        return ConnectionStateError(f"this connection is not open: use `{usage}`, or call open() first")

    def _closed_error(self, unsent: Outgoing | None = None) -> ConnectionClosed:
        info = self.close_info or CloseInfo(*(self._requested or (NORMAL, "")), "local")
        return closed_error(info, self._handshake.endpoint.authority, unsent.unsent if unsent else None)
