"""A TLS socket that one thread may read from while another writes to it.

An OpenSSL connection must not be used by two threads at once, and a Python TLS socket that blocks does so inside of
OpenSSL. Here every step of OpenSSL is short, because the socket never blocks, and has the connection to itself; waiting
happens in between.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import ssl
import threading
import time
from typing import Any

__all__ = ["TlsSocket", "is_writable"]

_CHUNK = 64 * 1024

# Not epoll or kqueue: they forget a socket that another thread closes, and wait for ever; poll wakes up.
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)


class TlsSocket:
    """The part of a socket that the transport uses, over an established TLS connection."""

    def __init__(self, sock: ssl.SSLSocket) -> None:
        sock.setblocking(False)
        self.ssl_socket = sock
        self._step = threading.Lock()
        self._timeout: float | None = None
        self.refusal: ssl.SSLError | None = None
        """What the other side, or this one, ended TLS with. One thread reads it; another may only learn of the end."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ssl_socket, name)

    def settimeout(self, timeout: float | None) -> None:
        """Limit each later :meth:`sendall`, in seconds."""
        self._timeout = timeout

    def recv(self, size: int) -> bytes:
        """Return what has arrived, at most `size` bytes; waits for the first; nothing at the end."""
        while True:
            try:
                with self._step:
                    return self.ssl_socket.recv(size)
            except ssl.SSLWantReadError:
                self._wait(selectors.EVENT_READ, None)
            except ssl.SSLWantWriteError:
                self._wait(selectors.EVENT_WRITE, None)
            except ssl.SSLError as error:
                self._note(error)
                raise

    def sendall(self, data: bytes) -> None:
        """Send all of `data`, for one thread at a time.

        Raises:
            TimeoutError: if it takes longer than :meth:`settimeout` allows.
        """
        deadline = None if self._timeout is None else time.monotonic() + self._timeout
        with memoryview(data) as view:
            sent = 0
            while sent < len(view):
                try:
                    with self._step:
                        sent += self.ssl_socket.send(view[sent : sent + _CHUNK])
                except ssl.SSLWantWriteError:
                    self._wait(selectors.EVENT_WRITE, deadline)
                except ssl.SSLWantReadError:
                    self._wait(selectors.EVENT_READ, deadline)
                except ssl.SSLError as error:
                    self._note(error)
                    raise

    def shutdown(self, how: int) -> None:
        """Shut down the connection below TLS.

        ``SSLSocket.shutdown`` would drop TLS first, and a send under way would continue in clear text.
        """
        socket.socket.shutdown(self.ssl_socket, how)

    def _note(self, error: ssl.SSLError) -> None:
        if self.refusal is None and not isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            self.refusal = error

    def _wait(self, event: int, deadline: float | None) -> None:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        with _Selector() as selector:
            try:
                selector.register(self.ssl_socket, event)
            except ValueError:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF)) from None
            if not selector.select(left):
                raise TimeoutError("timed out while sending")


def is_writable(sock: Any) -> bool:
    """Tell whether a little could be sent without waiting; also where it would fail at once."""
    with _Selector() as selector:
        try:
            selector.register(sock, selectors.EVENT_WRITE)
        except ValueError:
            return True
        return bool(selector.select(0))
