"""The asyncio transport, over `websockets.asyncio`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast

import websockets.asyncio.client as client
from websockets.exceptions import ConnectionClosed

from .._core.closing import Cause, CloseInfo
from .._core.handshake import OpeningRequest
from .failures import OPENING_FAILURES, opening_error, presentable, read_end
from .inflow import Inflow
from .logs import transport_logger
from .options import TransportOptions
from .routes import uses_proxy
from .streams import StreamConnection

__all__ = ["ConnectionClosed", "Transport", "open_transport"]


class Transport:
    """One open WebSocket. Methods raise the transport's own :exc:`ConnectionClosed`; :meth:`end` explains it."""

    def __init__(self, websocket: StreamConnection, options: TransportOptions) -> None:
        self._websocket = websocket
        self._close_timeout = options.close_timeout
        # Bound once and without a layer in between: these run for every event.
        self.recv = cast("Callable[[], Awaitable[bytes]]", partial(websocket.recv, decode=False))
        """Return the next message; a call that is cancelled loses nothing."""
        self.send: Callable[[bytes], Awaitable[None]] = partial(websocket.send, text=True)
        """Send one text message, given as UTF-8; waits while the service reads more slowly than this side sends."""

    def end(self, requested: tuple[int, str] | None) -> CloseInfo | None:
        """Tell how the connection ended; None while it is open."""
        protocol = self._websocket.protocol
        if protocol.state.name != "CLOSED":
            return None
        return read_end(protocol.close_exc, requested, self._websocket.inflow)

    @property
    def inflow(self) -> Inflow:
        """What arrived and was not received yet."""
        return self._websocket.inflow

    def give_up(self, cause: Cause) -> None:
        """Drop the connection at once, for a reason of this side's own; what arrived can still be received."""
        self._websocket.give_up(cause)

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye, and drop the connection if the service does not answer in time."""
        # The transport bounds the wait for the answer, but not the wait for a peer that reads nothing.
        self._websocket.arrivals.discard()
        goodbye = asyncio.ensure_future(self._websocket.close(code, reason))
        try:
            await asyncio.wait({goodbye}, timeout=self._close_timeout)
        finally:
            if not goodbye.done():
                self._websocket.transport.abort()
                goodbye.cancel()
        await asyncio.wait({goodbye})
        if not goodbye.cancelled() and (error := goodbye.exception()):
            transport_logger().debug("closing failed: %s", error)
        await self._websocket.wait_closed()
        # Closed already; but where the service ended a TLS connection, Python 3.10 warns of one nobody closed.
        self._websocket.transport.close()


async def open_transport(request: OpeningRequest, options: TransportOptions) -> Transport:
    """Open a connection: TCP, TLS and the upgrade within ``open_timeout``.

    Raises:
        ConnectionError: saying which step failed and what to check.
    """
    arguments: dict[str, Any] = {
        "additional_headers": list(request.headers),
        "user_agent_header": None,
        "compression": options.compression,
        "proxy": options.proxy,
        "open_timeout": options.open_timeout,
        "close_timeout": options.close_timeout,
        "ping_interval": options.ping_interval,
        "ping_timeout": options.ping_timeout,
        "max_size": options.max_size,
        "max_queue": None,
        "logger": transport_logger(),
        **options.vendor_options,
    }

    def create_connection(*args: Any, **kwargs: Any) -> StreamConnection:
        connection = StreamConnection(*args, **kwargs)
        connection.inflow = Inflow(options)
        return connection

    if request.endpoint.secure:
        # Reading the system's authorities takes tens of milliseconds, too long for the event loop.
        arguments["ssl"] = options.ssl or await asyncio.to_thread(ssl.create_default_context)
    try:
        websocket = await _Connector(request.url, create_connection=cast("Any", create_connection), **arguments)
        return Transport(cast("StreamConnection", websocket), options)
    except OPENING_FAILURES as error:
        failure = error
    # Built outside of the handler: azure-core's errors copy the text of the error being handled.
    proxied = uses_proxy(request.url, options)
    raise opening_error(failure, request, options, proxied=proxied) from presentable(failure)


class _Connector(client.connect):
    """Opens a WebSocket without following redirects, which every version does by default."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Treat a redirect like any other refusal."""
        return exc
