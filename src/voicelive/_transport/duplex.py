"""A blocking WebSocket that receives while it sends.

The one of `websockets` holds a lock while it writes to the socket, and the thread that receives needs that lock: while
the network is slow to take what is sent, nothing is received, and two sides that both wait for the other to read stand
still for ever. Here nothing waits for the network with that lock held: messages of the application are written without
it, and what the protocol itself sends (pings, pongs, goodbyes) goes out at once or is left to a thread of its own.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections import deque
from typing import Any, cast

from websockets.protocol import State
from websockets.sync.client import ClientConnection
from websockets.sync.utils import Deadline

from .._core.closing import GIVEN_UP, Cause
from .arrivals import Arrivals
from .frames import cut_out_messages
from .receive_limit import Inflow
from .tls import TlsSocket, is_writable

_PONG = b"\x8a"
"""How the frame of a pong begins."""

_GOODBYE_SECONDS = 1.0
"""How long a goodbye may take where nobody waits for its answer."""

__all__ = ["DuplexConnection", "drop"]


class DuplexConnection(ClientConnection):
    """A client connection whose sends do not hold up receiving, and that holds no more than `inflow` allows."""

    def __init__(self, sock: socket.socket, *args: Any, inflow: Inflow, **kwargs: Any) -> None:
        # Frames in the order they go out; filled under the protocol's mutex, emptied by who holds `_writing`.
        self._outgoing: deque[bytes] = deque()
        self._writing = threading.Lock()
        self.late_writer: threading.Thread | None = None
        """Writes what the network did not take at once."""
        if isinstance(sock, ssl.SSLSocket):
            sock = cast("socket.socket", TlsSocket(sock))
        super().__init__(sock, *args, **kwargs)
        self.inflow = inflow
        gate = _Gate(self)
        self.recv_flow_control = cast("threading.Lock", gate)
        self.recv_messages = self.arrivals = Arrivals(inflow, pause=gate.shut, resume=gate.open)

        cut_out_messages(self, inflow.max_size)

    def process_event(self, event: Any) -> None:
        if type(event) is bytes:
            self.arrivals.put_message(event)
        else:
            super().process_event(event)

    def give_up(self, cause: Cause) -> None:
        """Say goodbye and drop the connection at once. What arrived can still be received."""
        with self.protocol_mutex:
            if self.protocol.state is not State.OPEN or self.inflow.given_up is not None:
                return
            self.inflow.given_up = cause
            self.protocol.fail(*GIVEN_UP[cause])
            self.close_deadline = Deadline(_GOODBYE_SECONDS)
            with contextlib.suppress(OSError):
                self.send_data()
        self.close_socket()

    def send_message(self, data: bytes) -> None:
        """Send one text message, given as UTF-8; blocks while the service reads more slowly than this side sends.

        Raises:
            ConnectionClosed: if the connection is closed, also if that happens meanwhile.
        """
        with self._writing:
            # Lock order: whoever holds the mutex never waits for `_writing`.
            with self.protocol_mutex:
                is_open = self.protocol.state is State.OPEN
                if is_open:
                    self.protocol.send_text(data)
                    self._outgoing.extend(self.protocol.data_to_send())
            try:
                self._write_outgoing()
            except OSError as error:
                self.close_socket()
                self.recv_events_thread.join()
                raise self.protocol.close_exc from error
        if self._outgoing:
            # Whoever found `_writing` taken left its frames here. If they cannot go out, the next receive says so.
            with contextlib.suppress(OSError):
                self._flush()
        if not is_open:
            # Waits for the end and raises it.
            self.send(data, text=True)

    def send_data(self) -> None:
        """Write what the protocol wants written: pings, pongs, goodbyes. Called with the protocol's mutex held."""
        for data in self.protocol.data_to_send():
            if data[:1] == _PONG:
                self._forget_pongs()
            self._outgoing.append(data)
        self._flush()

    def close_socket(self) -> None:
        """Close the socket; a send that blocks on it ends."""
        drop(self.socket)
        super().close_socket()

    def _forget_pongs(self) -> None:
        # The last pong answers all pings before it, and a flood of them must not fill the memory. Who writes may take
        # one away meanwhile.
        with contextlib.suppress(IndexError):
            while self._outgoing[-1][:1] == _PONG:
                self._outgoing.pop()

    def _flush(self) -> None:
        """Write what is left to write, unless another thread does; never waits for the network."""
        while self._outgoing and self._writing.acquire(blocking=False):
            must_wait = False
            try:
                while self._outgoing and not must_wait:
                    if is_writable(self.socket):
                        self._write_one()
                    else:
                        must_wait = True
            finally:
                if not must_wait:
                    self._writing.release()
            if must_wait:
                # Takes `_writing` over, and releases it.
                self.late_writer = threading.Thread(target=self._write_late, daemon=True)
                self.late_writer.start()
                return

    def _write_late(self) -> None:
        try:
            self._write_outgoing()
        except OSError:
            # The thread that receives notices.
            drop(self.socket)
        finally:
            self._writing.release()
        with contextlib.suppress(OSError):
            self._flush()

    def _write_outgoing(self) -> None:
        while self._outgoing:
            self._write_one()

    def _write_one(self) -> None:
        data = self._outgoing.popleft()
        if data:
            if self.close_deadline is not None:
                self.socket.settimeout(self.close_deadline.timeout())
            self.socket.sendall(data)
        else:
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)


class _Gate:
    """Where the thread that reads waits while too much has arrived; stands in for the lock of `websockets`."""

    def __init__(self, connection: DuplexConnection) -> None:
        self._connection = connection
        self._is_open = threading.Event()
        self._is_open.set()

    def shut(self) -> None:
        """Hold up reading."""
        self._is_open.clear()

    def open(self) -> None:
        """Let reading go on."""
        self._is_open.set()

    def __enter__(self) -> None:
        if not self._is_open.is_set() and not self._is_open.wait(self._connection.inflow.patience):
            self._connection.give_up("overflow")

    def __exit__(self, *error: object) -> None:
        pass


def drop(sock: Any) -> None:
    """Shut a socket down both ways, so that whoever blocks on it wakes up."""
    # Over TLS there is a wrapper, see TlsSocket; SSLSocket.shutdown() is no use, see there too.
    sock = getattr(sock, "ssl_socket", sock)
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
