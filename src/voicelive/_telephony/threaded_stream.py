"""The WebSocket of a line whose methods block: threads of the application's receive and send, the loop is told."""

from __future__ import annotations

import asyncio
import inspect
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .._loop import LoopThread
from .._threads import Waiter, call_in_thread
from ..errors import ConfigurationError, ConnectionStateError
from .streams import StreamEnded

__all__ = ["ThreadedStream"]

_MOST = 64
"""How many messages may wait for the loop before no more are received."""
_STEP_S = 0.25
"""How long a receive that can be limited waits before it looks whether anybody still wants it."""
_CLOSING_S = 3.0


class _Job:
    """A message to send; without one, the request to close."""

    def __init__(self, message: str | bytes | None, done: asyncio.Future[None]) -> None:
        self.message = message
        self.done = done


class ThreadedStream:
    """A :class:`~.streams.LineStream` of a WebSocket that blocks. Made and finished in the application's thread.

    The threads are the application's, and with gevent greenlets, as the WebSocket is.
    """

    def __init__(self, websocket: Any, engine: LoopThread) -> None:
        self._socket = websocket
        self._engine = engine
        self._take = _receiving(websocket)
        self._arrived: deque[str | bytes] = deque()
        # Counted by one thread each.
        self._received = self._taken = 0
        self._changed = asyncio.Event()
        self._end: str | None = None
        self._jobs: deque[_Job] = deque()
        self._room: Waiter | None = None
        self._work: Waiter | None = None
        self._is_over = False
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for work, name in ((self._read, "voicelive-line-read"), (self._write, "voicelive-line-write"))
        ]
        for thread in self._threads:
            thread.start()

    # On the loop.

    async def receive(self) -> str | bytes:
        """Return the next message."""
        while not self._arrived:
            if self._end is not None:
                raise StreamEnded(self._end)
            self._changed.clear()
            await self._changed.wait()
        message = self._arrived.popleft()
        self._taken += 1
        if self._room is not None:
            self._room.wake()
        return message

    async def send(self, message: str | bytes) -> None:
        """Send a message."""
        await self._do(message)

    async def close(self) -> None:
        """Close the WebSocket."""
        with suppress(StreamEnded):
            await self._do(None)

    async def _do(self, message: str | bytes | None) -> None:
        if self._is_over:
            raise StreamEnded("the line's WebSocket is closed")
        job = _Job(message, asyncio.get_running_loop().create_future())
        self._jobs.append(job)
        if self._work is not None:
            self._work.wake()
        await job.done

    def _take_in(self, message: str | bytes) -> None:
        self._arrived.append(message)
        self._changed.set()

    def _take_end(self, why: str) -> None:
        self._end = self._end or why
        self._changed.set()

    # In the threads.

    def finish(self) -> None:
        """End the threads, once nothing is wanted of the WebSocket any more; waits for them, but not forever."""
        self._is_over = True
        for waiter in (self._room, self._work):
            if waiter is not None:
                waiter.wake()
        self._join(2 * _STEP_S)
        if self._is_running:
            # A peer that does not read holds up the one that sends, and whoever closes the WebSocket after it.
            _break(self._socket)
            close = getattr(self._socket, "close", None)
            if close is not None:
                call_in_thread(close, "voicelive-line-close")
            self._join(_CLOSING_S)

    @property
    def _is_running(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def _join(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _read(self) -> None:
        self._room = Waiter()
        why = "the line closed its WebSocket"
        try:
            while not self._is_over:
                while self._received - self._taken >= _MOST and not self._is_over:
                    self._room.wait(_STEP_S)
                if (message := self._take()) is not None:
                    self._received += 1
                    self._tell(self._take_in, message)
        except _Closed:
            pass
        except Exception as error:  # noqa: BLE001 - whatever a framework raises is the end of its WebSocket
            why = f"the line's WebSocket ended: {type(error).__name__}"
        finally:
            self._tell(self._take_end, why)
            self._room.close()

    def _write(self) -> None:
        self._work = work = Waiter()
        try:
            while True:
                while self._jobs:
                    self._carry_out(self._jobs.popleft())
                if self._is_over:
                    return
                work.wait(_STEP_S)
        finally:
            work.close()

    def _carry_out(self, job: _Job) -> None:
        error: StreamEnded | None = None
        try:
            if job.message is not None:
                self._socket.send(job.message)
            elif (close := getattr(self._socket, "close", None)) is not None:
                close()
        except Exception as raised:  # noqa: BLE001 - the same
            error = StreamEnded(f"the line's WebSocket ended: {type(raised).__name__}")
        self._tell(_settle, job.done, error)

    def _tell(self, callback: Callable[..., None], *arguments: Any) -> None:
        with suppress(ConnectionStateError):
            self._engine.post(callback, *arguments)


class _Closed(Exception):  # noqa: N818 - not an error: it is how every call ends
    """The WebSocket says that nothing more will come."""


def _break(websocket: Any) -> None:
    """Break the connection below a WebSocket, where it can be reached."""
    found = getattr(websocket, "socket", None) or getattr(websocket, "sock", None)
    if isinstance(found, socket.socket):
        with suppress(OSError):
            found.shutdown(socket.SHUT_RDWR)


def _settle(done: asyncio.Future[None], error: StreamEnded | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)


def _receiving(websocket: Any) -> Callable[[], Any]:
    """Return what receives of a WebSocket: ``recv``, as of `websockets.sync`, or ``receive``, as of Flask-Sock.

    It returns None where nothing has come for now.

    Raises:
        ConfigurationError: if it cannot do what is needed.
    """
    name = type(websocket).__name__
    receive = getattr(websocket, "recv", None) or getattr(websocket, "receive", None)
    if not callable(receive) or not callable(getattr(websocket, "send", None)):
        raise ConfigurationError(f"{name} is not a WebSocket that blocks: it needs the methods `send` and `receive`")
    if inspect.iscoroutinefunction(receive) or inspect.iscoroutinefunction(websocket.send):
        raise ConfigurationError(
            f"{name} is a WebSocket for asyncio: use answer() or bridge() with it, which are coroutine functions"
        )
    try:
        is_limited = "timeout" in inspect.signature(receive).parameters
    except (TypeError, ValueError):
        is_limited = False
    if not is_limited:
        return lambda: _something(receive())

    def receive_for_a_while() -> Any:
        try:
            return receive(timeout=_STEP_S)
        except TimeoutError:
            return None

    return receive_for_a_while


def _something(message: Any) -> Any:
    # How gevent's WebSockets and others without a limit of time say that they are closed.
    if message is None:
        raise _Closed
    return message
