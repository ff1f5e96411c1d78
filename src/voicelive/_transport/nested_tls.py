"""TLS inside of TLS, for a proxy that is itself reached by TLS. Like :mod:`.tls`, for two threads at once."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from typing import Any, Self

from .tls import TlsSocket

__all__ = ["NestedTlsSocket"]

_CHUNK = 64 * 1024


class NestedTlsSocket:
    """The part of a socket that the transport uses, over a TLS connection inside of another one."""

    def __init__(
        self, outer: TlsSocket, inner: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO
    ) -> None:
        self._outer = outer
        self._inner = inner
        self._incoming = incoming
        self._outgoing = outgoing
        self._step = threading.Lock()
        self._sending = threading.Lock()
        self.ssl_socket = outer.ssl_socket

    @classmethod
    def over(
        cls, sock: ssl.SSLSocket, context: ssl.SSLContext, host: str, time_left: Callable[[], float | None]
    ) -> Self:
        """Shake hands with `host` through an established TLS connection.

        Raises:
            ssl.SSLError: if that fails.
            TimeoutError: if no time is left.
        """
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        inner = context.wrap_bio(incoming, outgoing, server_hostname=host)
        while True:
            sock.settimeout(time_left())
            try:
                inner.do_handshake()
            except ssl.SSLWantReadError:
                sock.sendall(outgoing.read())
                sock.settimeout(time_left())
                _feed(incoming, sock.recv(_CHUNK))
            except ssl.SSLError:
                # The alert that tells the other side why.
                sock.sendall(outgoing.read())
                raise
            else:
                sock.sendall(outgoing.read())
                return cls(TlsSocket(sock), inner, incoming, outgoing)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._outer, name)

    def recv(self, size: int) -> bytes:
        """Return what has arrived, at most `size` bytes; waits for the first; nothing at the end."""
        while True:
            # All that is there: who waits for the socket does not see what has been read from it already.
            arrived = bytearray()
            try:
                while len(arrived) < size:
                    with self._step:
                        data = self._inner.read(size - len(arrived))
                    if not data:
                        return bytes(arrived)
                    arrived += data
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLEOFError:
                return bytes(arrived)
            if arrived:
                return bytes(arrived)
            # Reading may have made something to send, such as new keys.
            self._flush(wait=False)
            data = self._outer.recv(_CHUNK)
            with self._step:
                _feed(self._incoming, data)

    def sendall(self, data: bytes) -> None:
        """Send all of `data`, for one thread at a time; see :meth:`.TlsSocket.sendall`."""
        with memoryview(data) as view:
            for start in range(0, len(view), _CHUNK):
                with self._step:
                    self._inner.write(view[start : start + _CHUNK])
                self._flush(wait=True)

    def _flush(self, *, wait: bool) -> None:
        # Whoever sends already sends this too; a thread that reads must not wait for it.
        while self._outgoing.pending and self._sending.acquire(blocking=wait):
            try:
                with self._step:
                    pending = self._outgoing.read()
                self._outer.sendall(pending)
            finally:
                self._sending.release()


def _feed(incoming: ssl.MemoryBIO, data: bytes) -> None:
    if data:
        incoming.write(data)
    else:
        incoming.write_eof()
