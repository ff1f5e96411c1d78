"""The blocking transport, over `websockets.sync`."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import Any, cast

import websockets.sync.client as client
from websockets.exceptions import ConnectionClosed

from .._core.closing import Cause, CloseInfo
from .._core.handshake import OpeningRequest
from .dial_threads import Deadline, dial
from .duplex import DuplexConnection, drop
from .failures import OPENING_FAILURES, opening_error, read_end, telling
from .halt import Halt
from .logs import transport_logger
from .options import TransportOptions
from .receive_limit import Inflow
from .routes import Proxy, find_proxy

__all__ = ["ConnectionClosed", "Transport", "open_transport"]

_LAST_WORDS_SECONDS = 1.0


class Transport:
    """One open WebSocket. Methods raise the transport's own :exc:`ConnectionClosed`; :meth:`end` explains it."""

    def __init__(self, websocket: DuplexConnection, options: TransportOptions) -> None:
        self._websocket = websocket
        self._close_timeout = options.close_timeout
        # Bound once and without a layer in between: these run for every event.
        self.recv = cast("Callable[[float | None], bytes]", partial(websocket.recv, decode=False))
        """Return the next message; ``TimeoutError`` after so many seconds, with nothing lost."""
        self.take = websocket.arrivals.take
        """Return the next message if it is there already, else None; not while another thread receives."""
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

    def nudge(self) -> None:
        """End the wait of the thread that receives, or of the next that does, as if its time were up."""
        self._websocket.arrivals.nudge()

    def give_up(self, cause: Cause) -> None:
        """Drop the connection at once, for a reason of this side's own; what arrived can still be received."""
        self._websocket.give_up(cause)

    def close(self, code: int, reason: str) -> None:
        """Say goodbye, and drop the connection if the service does not answer in time."""
        # Whoever writes while the service reads nothing would hold up close() for ever. Only dropping the connection
        # frees it.
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
        for thread in (self._websocket.recv_events_thread, keepalive, self._websocket.late_writer):
            if thread is not None and thread is not threading.current_thread():
                thread.join(self._close_timeout)

    def _abort(self) -> None:
        drop(self._websocket.socket)


def open_transport(request: OpeningRequest, options: TransportOptions, halt: Halt | None = None) -> Transport:
    """Open a connection: TCP, TLS and the upgrade within ``open_timeout``.

    Args:
        request: the opening request.
        options: the options.
        halt: what another thread can end the opening with.

    Raises:
        ConnectionError: saying which step failed and what to check.
        HaltedError: if it was ended by `halt`.
    """
    halt = halt or Halt()
    deadline = Deadline(options.open_timeout)
    made: list[DuplexConnection] = []

    def create_connection(*args: Any, **kwargs: Any) -> DuplexConnection:
        made.append(DuplexConnection(*args, inflow=Inflow(options), **kwargs))
        return made[0]

    proxy: Proxy | None = None
    sock: Any = None
    try:
        proxy = find_proxy(request, options)
        halt.check()
        arguments: dict[str, Any] = {
            "ssl": options.ssl,
            "additional_headers": list(request.headers),
            "user_agent_header": None,
            "compression": options.compression,
            "close_timeout": options.close_timeout,
            "ping_interval": options.ping_interval,
            "ping_timeout": options.ping_timeout,
            "max_size": options.max_size,
            "max_queue": None,
            "logger": transport_logger(),
            "create_connection": create_connection,
            **options.vendor_options,
        }
        if _is_dialed(proxy, options):
            arguments["sock"] = sock = dial(request, options, proxy, deadline, halt)
            arguments["ssl"] = _Encrypted() if request.endpoint.secure else None
        else:
            arguments["proxy"] = proxy and proxy.url
            if options.source_address is not None:
                arguments.setdefault("source_address", options.source_address)
        with halt.waking(partial(_drop, sock, made)):
            _connect(request.url, open_timeout=deadline.left(), **arguments)
        return Transport(made[0], options)
    except OPENING_FAILURES as error:
        if isinstance(error, ssl.SSLError):
            # The other side may have said why it ended the connection, and the thread that reads have it in hand.
            for websocket in made:
                websocket.recv_events_thread.join(_LAST_WORDS_SECONDS)
        failure = telling(error, made)
        _clean_up(made, sock, options)
    except BaseException:
        # The transport cleans up after errors, but not when Ctrl-C interrupts it.
        _clean_up(made, sock, options)
        raise
    halt.check()
    # Built outside of the handler: azure-core's errors copy the text of the error being handled.
    told = opening_error(failure, request, options, proxy)
    del failure
    raise told


class _Encrypted:
    """Stands in for TLS settings where TLS is spoken already."""

    def wrap_socket(self, sock: Any, *, server_hostname: str | None = None) -> Any:
        """Leave the socket as it is."""
        return sock


def _is_dialed(proxy: Proxy | None, options: TransportOptions) -> bool:
    """Whether the way is this package's own: not for what only `websockets` can, and not where it is told how."""
    if proxy is not None and not proxy.is_http:
        return False
    # What `websockets` does not know by name goes to `socket.create_connection`.
    return not options.vendor_options or options.vendor_options.keys() <= signature(client.connect).parameters.keys()


def _drop(sock: Any, made: list[DuplexConnection]) -> None:
    for each in (sock, *(websocket.socket for websocket in made)):
        if each is not None:
            drop(each)


def _clean_up(made: list[DuplexConnection], sock: Any, options: TransportOptions) -> None:
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
