"""The blocking transport that outlasts its connections: carries out what the state machine decides."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from .._core.closing import CloseInfo
from .._core.handshake import OpeningRequest
from .._core.reconnect.machine import Close, Open, Outgoing, SendFull
from .halt import Halt
from .reconnect_setup import Lasting, failure_of, gone, queue_full
from .threads import ConnectionClosed, Transport, open_transport

__all__ = ["LastingTransport"]

_LONGEST_WAIT_S = 3600.0


class LastingTransport:
    """Like :class:`Transport`, over one connection after the other.

    A thread watches the time. Each link has a thread that opens it and sends what restores it, and one that reads.
    """

    def __init__(self, lasting: Lasting, request: Callable[[], OpeningRequest], halt: Halt) -> None:
        self._lasting = lasting
        self._request = request
        self._halt = halt
        self._lifeline = lasting.lifeline()
        # Guards the state machine and everything below.
        self._changed = threading.Condition()
        self._links: dict[int, Transport] = {}
        self._threads: set[threading.Thread] = set()
        self._closing: tuple[int, str] | None = None
        self._nudged = False

    def open(self) -> None:
        """Open the first link.

        Raises:
            ConnectionError: as :func:`open_transport` does; the first link is not tried again.
        """
        transport = open_transport(self._request(), self._lasting.options, self._halt)
        with self._changed:
            number = self._lifeline.start(time.monotonic())
            self._links[number] = transport
            self._start(self._read, number, transport)
            self._start(self._watch_time)

    def recv(self, timeout: float | None) -> bytes:
        """Return the next message; ``TimeoutError`` after so many seconds, with nothing lost."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while True:
                data = self.take()
                if data is not None:
                    return data
                if self._lifeline.final is not None:
                    raise gone()
                if self._nudged:
                    self._nudged = False
                    raise TimeoutError
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    raise TimeoutError
                self._changed.wait(left)

    def take(self) -> bytes | None:
        """Return the next message if it is there already, else None."""
        with self._changed:
            data = self._lifeline.take()
            if data is not None and not self._lifeline.is_full:
                self._changed.notify_all()
            return data

    def nudge(self) -> None:
        """End the wait of the thread that receives, or of the next that does, as if its time were up."""
        with self._changed:
            self._nudged = True
            self._changed.notify_all()

    def send(self, data: bytes) -> None:
        """Send one text message, or keep it while there is no connection.

        Raises:
            SendQueueFullError: if there is no room to keep it.
        """
        with self._changed:
            if self._lifeline.final is not None:
                raise gone()
            decision = self._lifeline.sending(data, time.monotonic())
            # A link that can still be sent over is among these: it leaves them after the state machine knows its end.
            transport = self._links[decision.link] if isinstance(decision, Outgoing) else None
            self._changed.notify_all()
        if isinstance(decision, SendFull):
            raise queue_full(self._lasting.policy, data)
        if isinstance(decision, Outgoing) and transport is not None:
            self._write(transport, decision)

    def end(self, requested: tuple[int, str] | None) -> CloseInfo | None:
        """Tell how the connection ended for good; None while it lives."""
        return self._lifeline.final

    def close(self, code: int, reason: str) -> None:
        """Say goodbye, and end every thread."""
        with self._changed:
            self._closing = (code, reason)
            self._lifeline.close(CloseInfo(code, reason, "local"))
            links = dict(self._links)
            self._changed.notify_all()
        self._halt.stop()
        for transport in links.values():
            transport.close(code, reason)
        deadline = time.monotonic() + self._lasting.options.close_timeout
        while True:
            with self._changed:
                threads = self._threads - {threading.current_thread()}
            if not threads or time.monotonic() >= deadline:
                return
            # One may have begun another just before it saw that all is over.
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))

    # The threads.

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        def run() -> None:
            try:
                work(*arguments)
            finally:
                with self._changed:
                    self._threads.discard(thread)

        thread = threading.Thread(target=run, name=f"voicelive-{work.__name__.strip('_')}", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _watch_time(self) -> None:
        with self._changed:
            while self._lifeline.final is None:
                now = time.monotonic()
                self._lifeline.tick(now)
                self._act()
                due = self._lifeline.due(now)
                self._changed.wait(min(_LONGEST_WAIT_S, max(0.0, due - now)) if due is not None else None)
            self._act()

    def _act(self) -> None:
        """Carry out what the state machine asks for; with the lock held."""
        while self._lifeline.actions:
            action = self._lifeline.actions.popleft()
            if isinstance(action, Open):
                self._start(self._make, action.link, action.at)
            elif action.link in self._links:
                transport = self._links[action.link]
                if isinstance(action, Close):
                    self._start(transport.close, 1000, "")
                else:
                    transport.give_up(action.cause)
        self._changed.notify_all()

    def _make(self, number: int, at: float) -> None:
        """Open a link when its time has come, and send what restores it."""
        with self._changed:
            while self._lifeline.final is None and (left := at - time.monotonic()) > 0:
                self._changed.wait(left)
            if self._lifeline.final is not None:
                return
        try:
            transport = open_transport(self._request(), self._lasting.options, self._halt)
        except Exception as error:  # noqa: BLE001 - a credential is foreign code; the attempt has failed, whatever it was
            failure = failure_of(error)
            with self._changed:
                now = time.monotonic()
                self._lifeline.failed(number, failure.reason, failure.recoverable, failure.retry_after, now)
                self._act()
            return
        with self._changed:
            self._links[number] = transport
            wanted = self._lifeline.opened(number, time.monotonic())
            if wanted:
                self._start(self._read, number, transport)
            self._act()
        if wanted:
            self._restore(number, transport)
        else:
            self._forget(number)
            transport.close(*(self._closing or (1000, "")))

    def _restore(self, number: int, transport: Transport) -> None:
        while True:
            with self._changed:
                outgoing = self._lifeline.next_to_send(number, time.monotonic())
                while outgoing is None and self._lifeline.final is None and self._lifeline.is_restoring(number):
                    self._changed.wait()
                    outgoing = self._lifeline.next_to_send(number, time.monotonic())
                if outgoing is None:
                    self._changed.notify_all()
                    return
            try:
                self._write(transport, outgoing)
            except ConnectionClosed:
                # Nothing that was to be sent then can be: the link's end says so to whoever receives.
                return

    def _write(self, transport: Transport, outgoing: Outgoing) -> None:
        try:
            transport.send(outgoing.data)
        except ConnectionClosed:
            info = transport.end(None)
            with self._changed:
                kept = self._lifeline.unsent(outgoing, time.monotonic())
                self._act()
                final = self._lifeline.final or (info if info is not None and not info.recoverable else None)
            if final is not None:
                raise self._lasting.closed_error(final, outgoing.data) from None
            if not kept:
                raise queue_full(self._lasting.policy, outgoing.data) from None
        else:
            with self._changed:
                self._lifeline.sent(outgoing, time.monotonic())
                if self._lifeline.actions:
                    self._act()

    def _read(self, number: int, transport: Transport) -> None:
        with suppress(ConnectionClosed):
            while True:
                data = transport.recv(None)
                with self._changed:
                    self._lifeline.received(number, data, time.monotonic())
                    self._act()
                    while self._lifeline.is_full and self._lifeline.final is None:
                        self._changed.wait()
        info = transport.end(None)
        with self._changed:
            if info is not None:
                self._lifeline.ended(number, info, time.monotonic())
            self._act()
        self._forget(number)
        transport.close(1000, "")

    def _forget(self, number: int) -> None:
        with self._changed:
            self._links.pop(number, None)
