"""The blocking way to the service: addresses, TCP, the proxy, TLS. Every step ends in time, or when it is halted."""

from __future__ import annotations

import errno
import os
import queue
import selectors
import socket
import ssl
import threading
import time
from collections import deque
from contextlib import ExitStack
from functools import partial
from typing import Any, cast

from .._core.handshake import USER_AGENT, OpeningRequest
from .._core.tunnel import TunnelRefusedError, check_answer, tunnel_request
from .addresses import HEAD_START, Address, arranged, fitting, literal, prepared_socket
from .contexts import client_context
from .duplex import drop
from .halt import Halt
from .nested_tls import NestedTlsSocket
from .options import TransportOptions
from .routes import Proxy, ProxyTlsError
from .tls import TlsSocket

__all__ = ["Deadline", "dial"]

_STARTED = {0, errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", errno.EWOULDBLOCK)}


class Deadline:
    """The moment until which a connection must be open."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    def left(self) -> float | None:
        """Return the seconds that are left; None without limit; raises :exc:`TimeoutError` if none are."""
        if self._end is None:
            return None
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out while opening the connection")
        return left


def dial(
    request: OpeningRequest, options: TransportOptions, proxy: Proxy | None, deadline: Deadline, halt: Halt
) -> Any:
    """Connect to the service, directly or through an HTTP proxy, and speak TLS with it if its scheme asks for that.

    Returns:
        A socket, or something that behaves like one.
    """
    endpoint = request.endpoint
    host, port = (endpoint.host, endpoint.port) if proxy is None else (proxy.host, proxy.port)
    addresses = literal(host, port) or _resolve(host, port, deadline, halt)
    sock: Any = _connect_first(addresses, options.source_address, deadline, halt)
    try:
        # A second handle, because TLS takes the first one away.
        with ExitStack() as stack:
            handle = stack.enter_context(sock.dup())
            stack.enter_context(halt.waking(partial(drop, handle)))
            sock.settimeout(deadline.left())
            if proxy is not None:
                if proxy.scheme == "https":
                    sock = _encrypted_to_proxy(sock, proxy, options)
                _open_tunnel(sock, request, proxy, deadline)
            if endpoint.secure:
                context = options.ssl or client_context()
                name = options.vendor_options.get("server_hostname") or endpoint.host
                if isinstance(sock, ssl.SSLSocket):
                    sock = NestedTlsSocket.over(sock, context, name, deadline.left)
                else:
                    sock.settimeout(deadline.left())
                    sock = TlsSocket(context.wrap_socket(sock, server_hostname=name))
            elif isinstance(sock, ssl.SSLSocket):
                sock = TlsSocket(sock)
            sock.settimeout(None)
    except BaseException:
        sock.close()
        raise
    return sock


def _resolve(host: str, port: int, deadline: Deadline, halt: Halt) -> list[Address]:
    """Ask for a host's addresses, in a thread: the system's own call can neither be limited nor ended."""
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, name="voicelive-dns", daemon=True).start()
    with halt.waking(partial(answers.put, None)):
        try:
            answer = answers.get(timeout=deadline.left())
        except queue.Empty:
            raise TimeoutError(f"no answer for {host}") from None
    halt.check()
    if isinstance(answer, UnicodeError):
        raise socket.gaierror(socket.EAI_NONAME, "no valid name")
    if isinstance(answer, OSError):
        raise answer
    return arranged(answer)


def _connect_first(
    addresses: list[Address], source: tuple[str, int] | None, deadline: Deadline, halt: Halt
) -> socket.socket:
    """Connect to whichever address answers first; each has a head start before the next one is tried beside it."""
    waiting = deque(fitting(addresses, source))
    trying: set[socket.socket] = set()
    failure: OSError = OSError("the host has no address")
    next_start = time.monotonic()
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        woken, waker = socket.socketpair()
        stack.enter_context(woken)
        stack.enter_context(waker)
        selector.register(woken, selectors.EVENT_READ)
        stack.callback(_close_all, trying)
        stack.enter_context(halt.waking(partial(waker.send, b"!")))
        while waiting or trying:
            now = time.monotonic()
            if waiting and (now >= next_start or not trying):
                next_start = now + HEAD_START
                try:
                    sock = _start(waiting.popleft(), source)
                except OSError as error:
                    failure, next_start = error, now
                    continue
                trying.add(sock)
                selector.register(sock, selectors.EVENT_WRITE)
            left = deadline.left()
            if waiting:
                left = min(next_start - now, left if left is not None else HEAD_START)
            for key, _ in selector.select(left):
                halt.check()
                sock = cast("socket.socket", key.fileobj)
                selector.unregister(sock)
                trying.discard(sock)
                number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if number == 0:
                    return sock
                sock.close()
                # Made by number, it is a ConnectionRefusedError and the like.
                failure, next_start = OSError(number, os.strerror(number)), 0.0
    raise failure


def _start(address: Address, source: tuple[str, int] | None) -> socket.socket:
    sock = prepared_socket(address.family, source)
    try:
        number = sock.connect_ex(address.address)
        if number not in _STARTED:
            raise OSError(number, os.strerror(number))
    except BaseException:
        sock.close()
        raise
    return sock


def _close_all(sockets: set[socket.socket]) -> None:
    for sock in sockets:
        sock.close()


def _encrypted_to_proxy(sock: socket.socket, proxy: Proxy, options: TransportOptions) -> ssl.SSLSocket:
    context = options.proxy_ssl or client_context()
    try:
        return context.wrap_socket(sock, server_hostname=proxy.host)
    except ssl.SSLError as error:
        raise ProxyTlsError(error) from error


def _open_tunnel(sock: Any, request: OpeningRequest, proxy: Proxy, deadline: Deadline) -> None:
    endpoint = request.endpoint
    sock.settimeout(deadline.left())
    sock.sendall(tunnel_request(endpoint.host, endpoint.port, proxy.user, USER_AGENT))
    head = b""
    # Byte by byte: what follows the head is the service's.
    while not check_answer(head):
        sock.settimeout(deadline.left())
        byte = sock.recv(1)
        if not byte:
            raise TunnelRefusedError
        head += byte
