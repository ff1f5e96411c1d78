"""A blocking WebSocket that receives while it sends.

The one of `websockets` holds a lock while it writes to the socket, and the thread that receives needs that lock: while
the network is slow to take what is sent, nothing is received, and two sides that both wait for the other to read stand
still for ever. Here messages of the application are written without that lock.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import ssl
import threading
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from websockets.frames import Frame
from websockets.protocol import State
from websockets.sync.client import ClientConnection
from websockets.sync.messages import Assembler
from websockets.sync.utils import Deadline

from .._core.closing import GIVEN_UP, Cause
from .inflow import Inflow
from .tls import TlsSocket

if TYPE_CHECKING:
    _SimpleQueue = queue.SimpleQueue[Frame | None]
else:
    _SimpleQueue = queue.SimpleQueue

_GOODBYE_SECONDS = 1.0
"""How long a goodbye may take where nobody waits for its answer."""

__all__ = ["DuplexConnection", "drop"]


class DuplexConnection(ClientConnection):
    """A client connection whose sends do not hold up receiving, and that holds no more than `inflow` allows."""

    def __init__(self, sock: socket.socket, *args: Any, inflow: Inflow, **kwargs: Any) -> None:
        # Frames in the order they go out; filled under the protocol's mutex, emptied by who holds `_writing`.
        self._outgoing: deque[bytes] = deque()
        self._writing = threading.Lock()
        if isinstance(sock, ssl.SSLSocket):
            sock = cast("socket.socket", TlsSocket(sock))
        super().__init__(sock, *args, **kwargs)
        self.inflow = inflow
        gate = _Gate(self)
        self.recv_flow_control = cast("threading.Lock", gate)
        self.recv_messages = self.arrivals = _Assembler(inflow, pause=gate.shut, resume=gate.open)

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
        # Whoever found `_writing` taken left its frames here. If they cannot go out, the next receive says so.
        with contextlib.suppress(OSError):
            self._flush()
        if not is_open:
            # Waits for the end and raises it.
            self.send(data, text=True)

    def send_data(self) -> None:
        """Write what the protocol wants written: pings, pongs, goodbyes. Called with the protocol's mutex held."""
        self._outgoing.extend(self.protocol.data_to_send())
        self._flush()

    def close_socket(self) -> None:
        """Close the socket; a send that blocks on it ends."""
        drop(self.socket)
        super().close_socket()

    def _flush(self) -> None:
        while self._outgoing and self._writing.acquire(blocking=False):
            try:
                self._write_outgoing()
            finally:
                self._writing.release()

    def _write_outgoing(self) -> None:
        while self._outgoing:
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


class _Queue(_SimpleQueue):
    """Frames that arrived and were not taken yet; None wakes up who waits when nothing more comes."""

    def __init__(self, inflow: Inflow) -> None:
        self._inflow = inflow

    def put(self, item: Frame | None, block: bool = True, timeout: float | None = None) -> None:
        if item is not None:
            self._inflow.add(item.data)
        super().put(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Frame | None:
        frame = super().get(block, timeout)
        if frame is not None:
            self._inflow.take(frame.data, frame.fin)
        return frame


class _Assembler(Assembler):
    """Puts messages together, and says when there are too many."""

    def __init__(self, inflow: Inflow, **callbacks: Any) -> None:
        super().__init__(None, None, **callbacks)
        self._inflow = inflow
        self.frames = _Queue(inflow)
        self._discards = False

    def discard(self) -> None:
        """Drop what arrives from now on: the goodbye must be read, and nobody will ask for what comes before it."""
        with self.mutex:
            self._discards = True
            if self.paused:
                self.paused = False
                self.resume()

    def put(self, frame: Frame) -> None:
        if not self._discards:
            super().put(frame)

    def reset_queue(self, frames: Iterable[Frame]) -> None:
        """Put the frames of an unfinished message back to where they were."""
        with self.mutex:
            items: list[Frame | None] = []
            with contextlib.suppress(queue.Empty):
                while True:
                    items.append(_SimpleQueue.get(self.frames, False))
            for frame in frames:
                self._inflow.put_back(frame.data)
                _SimpleQueue.put(self.frames, frame)
            for item in items:
                _SimpleQueue.put(self.frames, item)

    def maybe_pause(self) -> None:
        if not self.paused and self._inflow.is_full():
            self.paused = True
            self.pause()

    def maybe_resume(self) -> None:
        if self.paused and self._inflow.is_half_empty():
            self.paused = False
            self.resume()

    def close(self) -> None:
        self._inflow.end()
        super().close()


def drop(sock: Any) -> None:
    """Shut a socket down both ways, so that whoever blocks on it wakes up."""
    # Over TLS there is a wrapper, see TlsSocket; SSLSocket.shutdown() is no use, see there too.
    sock = getattr(sock, "ssl_socket", sock)
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
