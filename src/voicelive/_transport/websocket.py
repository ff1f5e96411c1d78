"""The asyncio transport, over `websockets.asyncio`."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any, cast

import websockets.asyncio.client as client
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State
from websockets.version import version

from .._core.closing import Cause, CloseInfo
from .._core.envelope import Incoming, Outgoing
from .._core.handshake import OpeningRequest
from .._core.holding import Holding
from .._core.refusals import redactor_of
from ..errors import ConfigurationError
from .buffered_connection import StreamConnection
from .contexts import client_context
from .dialing import dial
from .failures import OPENING_FAILURES, decisive_error, opening_error, read_end
from .logs import transport_logger
from .options import TransportOptions
from .receive_limit import ReceiveLimit
from .receive_queue import Sink
from .routes import Proxy, find_proxy
from .transport import Transport

__all__ = ["ConnectionClosed", "WebSocketTransport", "open_transport", "outcome"]

_OWN_WAY = {"host", "port", "family", "proto", "flags", "local_addr", "happy_eyeballs_delay", "interleave"}
"""Arguments for asyncio's own ``create_connection``."""
_NESTING_WEBSOCKETS = 16


class WebSocketTransport:
    """A :class:`Transport` over one open WebSocket."""

    def __init__(self, websocket: StreamConnection, options: TransportOptions) -> None:
        self._websocket = websocket
        self._close_timeout = options.close_timeout
        # Bound once and without a layer in between: these run for every event.
        self.recv: Callable[[], Coroutine[Any, Any, Incoming]] = websocket.arrivals.queue.recv
        """Return the next message; a call that is cancelled loses nothing."""
        self.take: Callable[[], Incoming | None] = websocket.arrivals.queue.take
        """Return the next message if it is there already, else None."""
        self.begin: Callable[[Outgoing], Coroutine[Any, Any, None] | None] = websocket.begin_message
        """Send an event, and return what is left to be awaited, if anything."""

    def end(self, requested: tuple[int, str] | None) -> CloseInfo | None:
        """Return how the connection ended; None while more can be received."""
        if not self._websocket.ended.done():
            return None
        return read_end(self._websocket.protocol, requested, self._websocket.inflow)

    @property
    def is_ready(self) -> bool:
        """Whether what is sent now can go out."""
        return self._websocket.protocol.state is State.OPEN

    @property
    def last_arrival(self) -> float:
        """When the last message arrived, by the monotonic clock."""
        return self._websocket.inflow.last_arrival

    @property
    def holding(self) -> Holding:
        """Counts what arrived and was not handed out, also what waits elsewhere than here."""
        return self._websocket.inflow.holding

    def hide(self, text: str, /) -> str:
        """Take the credential out of what the service said."""
        return self._websocket.inflow.hide(text)

    def deliver_to(self, sink: Sink, ended: Callable[[object], None], holding: Holding | None = None) -> None:
        """Hand each message to `sink` when it arrives, instead of keeping it for :meth:`recv`.

        Args:
            sink: takes it; where it says so, no more is read until there is room again.
            ended: called when nothing more comes; what it is given says nothing.
            holding: says when there is room, if it is not :attr:`holding`.
        """
        self._websocket.arrivals.deliver_to(sink, holding or self.holding)
        self.when_ended(ended)

    def go_on(self) -> None:
        """Read again, if there was no room."""
        self._websocket.arrivals.go_on()

    def when_ended(self, tell: Callable[[object], None]) -> None:
        """Call `tell` when the connection has ended, soon if it has already; what it is given says nothing."""
        self._websocket.ended.add_done_callback(tell)

    def nudge(self) -> None:
        """End the wait of the task that receives, if one does, as if its time were up."""
        self._websocket.arrivals.queue.nudge()

    def give_up(self, cause: Cause) -> None:
        """Drop the connection at once, for a reason of this side's own; what arrived can still be received."""
        self._websocket.give_up(cause)

    def abort(self) -> None:
        """Drop the connection at once."""
        self._websocket.shut_down()

    async def close(self, code: int, reason: str) -> None:
        """Send a close frame, and drop the connection if the service does not answer in time."""
        websocket = self._websocket
        try:
            websocket.send_close(code, reason)
            await asyncio.wait({websocket.connection_lost_waiter}, timeout=self._close_timeout)
        finally:
            if not websocket.connection_lost_waiter.done():
                websocket.transport.abort()
        await websocket.wait_closed()


async def open_transport(request: OpeningRequest, options: TransportOptions) -> WebSocketTransport:
    """Open a connection: TCP, TLS and the upgrade within ``open_timeout``.

    Raises:
        ConnectionError: saying which step failed and what to check.
    """
    made: list[StreamConnection] = []
    hide = redactor_of(request)

    def create_connection(*args: Any, **kwargs: Any) -> StreamConnection:
        connection = StreamConnection(*args, **kwargs)
        connection.inflow = ReceiveLimit(options)
        connection.inflow.hide = hide
        made.append(connection)
        return connection

    arguments: dict[str, Any] = {
        "create_connection": create_connection,
        "additional_headers": list(request.headers),
        "user_agent_header": None,
        "compression": options.compression,
        "open_timeout": None,
        "close_timeout": options.close_timeout,
        "ping_interval": options.ping_interval,
        "ping_timeout": options.ping_timeout,
        "max_size": options.max_size,
        "max_queue": None,
        "logger": transport_logger(),
        **options.vendor_options,
    }
    proxy: Proxy | None = None
    sock: socket.socket | None = None
    try:
        proxy = find_proxy(request, options)
        async with asyncio.timeout(options.open_timeout):
            if request.endpoint.secure:
                # Reading the system's authorities takes too long for the event loop.
                arguments["ssl"] = options.ssl or await asyncio.to_thread(client_context)
            if _is_dialed(proxy, options):
                arguments["sock"] = sock = await dial(request, options, proxy)
            else:
                arguments["proxy"] = proxy and proxy.url
                if options.source_address is not None:
                    arguments.setdefault("local_addr", options.source_address)
                if proxy is not None and proxy.scheme == "https":
                    _check_nesting()
                    arguments.setdefault("proxy_ssl", options.proxy_ssl or await asyncio.to_thread(client_context))
            websocket = cast("StreamConnection", await _Connector(request.url, **arguments))
        websocket.forget_opening()
        return WebSocketTransport(websocket, options)
    except OPENING_FAILURES as error:
        failure = decisive_error(error, made)
        _clean_up(made, sock)
    except BaseException:
        _clean_up(made, sock)
        raise
    # Built outside of the handler: azure-core's errors copy the text of the error being handled.
    told = opening_error(failure, request, options, proxy)
    del failure
    raise told


async def outcome(opening: asyncio.Task[Transport]) -> Transport | None:
    """Wait for the task that opens a connection; None if somebody else cancelled it.

    If the one who waits is cancelled, the opening is too, and nothing of it is left.
    """
    try:
        await asyncio.wait({opening})
    except BaseException:
        opening.cancel()
        await asyncio.wait({opening})
        # It may have ended just before.
        if not opening.cancelled() and opening.exception() is None:
            opening.result().abort()
        raise
    return None if opening.cancelled() else opening.result()


def _is_dialed(proxy: Proxy | None, options: TransportOptions) -> bool:
    """Whether the way is this package's own: not for what only `websockets` can, and not where its options say how."""
    return (proxy is None or proxy.scheme == "http") and not options.vendor_options.keys() & _OWN_WAY


def _check_nesting() -> None:
    """Refuse a proxy that is reached by TLS where asyncio or `websockets` are known to break at it."""
    if int(version.partition(".")[0]) < _NESTING_WEBSOCKETS:
        raise ConfigurationError(
            "a connection can go through a proxy with an https:// URL only with websockets "
            f"{_NESTING_WEBSOCKETS} or later: update it, or use the proxy's http:// address"
        )


def _clean_up(made: list[StreamConnection], sock: socket.socket | None) -> None:
    for websocket in made:
        if (transport := getattr(websocket, "transport", None)) is not None:
            transport.abort()
            return
    if sock is not None:
        sock.close()


class _Connector(client.connect):
    """Opens a WebSocket without following redirects, which every version does by default."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Treat a redirect like any other refusal."""
        return exc
