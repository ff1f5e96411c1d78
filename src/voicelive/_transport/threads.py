"""The blocking transport, over `websockets.sync`."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import websockets.sync.client as client
from websockets.exceptions import ConnectionClosed

from .._core.closing import Cause, CloseInfo
from .._core.handshake import OpeningRequest
from .duplex import DuplexConnection, drop
from .failures import OPENING_FAILURES, opening_error, presentable, read_end
from .inflow import Inflow
from .logs import transport_logger
from .options import TransportOptions
from .routes import uses_proxy

__all__ = ["ConnectionClosed", "Transport", "open_transport"]


class Transport:
    """One open WebSocket. Methods raise the transport's own :exc:`ConnectionClosed`; :meth:`end` explains it."""

    def __init__(self, websocket: DuplexConnection, options: TransportOptions) -> None:
        self._websocket = websocket
        self._close_timeout = options.close_timeout
        # Bound once and without a layer in between: these run for every event.
        self.recv = cast("Callable[[float | None], bytes]", partial(websocket.recv, decode=False))
        """Return the next message; ``TimeoutError`` after so many seconds, with nothing lost."""
        self.send = websocket.send_message
        """Send one text message, given as UTF-8; blocks while the service reads more slowly than this side sends."""

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

    def close(self, code: int, reason: str) -> None:
        """Say goodbye, and drop the connection if the service does not answer in time."""
        # A send that blocks, because the service reads nothing, holds the transport's lock and would hold up close()
        # for ever. Only dropping the connection frees it.
        self._websocket.arrivals.discard()
        guard = threading.Timer(self._close_timeout, self._abort)
        guard.daemon = True
        guard.start()
        try:
            self._websocket.close(code, reason)
        except BaseException:
            self._abort()
            raise
        finally:
            guard.cancel()
            guard.join()
        keepalive = getattr(self._websocket, "keepalive_thread", None)
        for thread in (self._websocket.recv_events_thread, keepalive):
            if thread is not None and thread is not threading.current_thread():
                thread.join(self._close_timeout)

    def _abort(self) -> None:
        drop(self._websocket.socket)


def open_transport(request: OpeningRequest, options: TransportOptions) -> Transport:
    """Open a connection: TCP, TLS and the upgrade within ``open_timeout``.

    Raises:
        ConnectionError: saying which step failed and what to check.
    """
    deadline = None if options.open_timeout is None else time.monotonic() + options.open_timeout
    made: list[DuplexConnection] = []

    def create_connection(*args: Any, **kwargs: Any) -> DuplexConnection:
        made.append(DuplexConnection(*args, inflow=Inflow(options), **kwargs))
        return made[0]

    sock: socket.socket | None = None
    failure: Exception | None = None
    try:
        sock = _connect_directly(request, options, deadline)
        _connect(
            request.url,
            sock=sock,
            ssl=options.ssl,
            additional_headers=list(request.headers),
            user_agent_header=None,
            compression=options.compression,
            proxy=options.proxy if sock is None else None,
            open_timeout=_remaining(deadline),
            close_timeout=options.close_timeout,
            ping_interval=options.ping_interval,
            ping_timeout=options.ping_timeout,
            max_size=options.max_size,
            max_queue=None,
            logger=transport_logger(),
            create_connection=create_connection,
            **options.vendor_options,
        )
        return Transport(made[0], options)
    except OPENING_FAILURES as error:
        failure = error
        _clean_up(made, sock, options)
    except BaseException:
        # The transport cleans up after errors, but not when Ctrl-C interrupts it.
        _clean_up(made, sock, options)
        raise
    # Built outside of the handler: azure-core's errors copy the text of the error being handled.
    proxied = uses_proxy(request.url, options)
    raise opening_error(failure, request, options, proxied=proxied) from presentable(failure)


def _clean_up(made: list[DuplexConnection], sock: socket.socket | None, options: TransportOptions) -> None:
    for websocket in made:
        websocket.close_socket()
        websocket.recv_events_thread.join(options.close_timeout)
    if sock is not None:
        sock.close()


def _connect(url: str, **arguments: Any) -> None:
    """Open a WebSocket without following redirects, whatever the version does by default."""
    reconnect: Any = getattr(client, "reconnect", None)
    if reconnect is None:
        # Before 17.1 the blocking client follows no redirects.
        client.connect(url, **arguments)
        return

    class Connector(reconnect):  # type: ignore[misc]
        def process_redirect(self, exc: Exception) -> Exception:
            return exc

    Connector(url, **arguments).__enter__()


def _connect_directly(
    request: OpeningRequest, options: TransportOptions, deadline: float | None
) -> socket.socket | None:
    """Open the TCP connection, unless a proxy or the application's own arguments are in play.

    ``socket.create_connection`` gives every address of a host the whole timeout; here all share one.
    """
    if options.vendor_options or uses_proxy(request.url, options):
        return None
    endpoint = request.endpoint
    addresses = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    failure: OSError | None = None
    for tried, (family, kind, protocol, _, address) in enumerate(addresses):
        sock = socket.socket(family, kind, protocol)
        try:
            left = _remaining(deadline)
            sock.settimeout(None if left is None else left / (len(addresses) - tried))
            sock.connect(address)
            sock.settimeout(None)
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failure or OSError("the host has no address")


def _remaining(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out while opening the connection")
    return left
