"""The asyncio WebSocket of `websockets`, with a bound on what it holds for the application: see `receive_limit`."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, cast

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.frames import CloseCode, Frame
from websockets.protocol import State

from .._core.closing import GIVEN_UP, Cause
from .._core.end_evidence import TELLING
from .._core.envelope import Incoming, Outgoing
from .._core.holding import Holding
from .answers import Answer
from .frames import cut_out_messages
from .receive_limit import ReceiveLimit
from .receive_queue import ReceiveQueue, Sink

_PONG = b"\x8a"
"""How the frame of a pong begins."""
_BODY_PATIENCE = 1.0
"""How long the body of a refusal may take, in seconds."""
_IDLE_STEPS = 3
"""After this many steps of the loop without anything to read, nothing is there."""
_LATE = 1.0
"""A timer that is this many seconds late was held up by a loop that stood still."""

_FORGOTTEN = Answer()
"""The answer to an upgrade that was made: nobody asks for it."""

__all__ = ["StreamConnection"]


class _Arrivals:
    """Makes whole messages of what arrives, and hands each on at once; reads no more while too many wait."""

    def __init__(self, inflow: ReceiveLimit, *, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self._inflow = inflow
        self._pause, self._resume = pause, resume
        self.queue = ReceiveQueue(inflow.holding)
        self._deliver: Sink = self.queue.put
        self._parts: bytearray | None = None
        self._discards = self._is_closed = False
        self.paused = False

    def deliver_to(self, sink: Sink, holding: Holding) -> None:
        """Hand messages on to `sink`, those that wait first; `holding` says when there is room again."""
        is_full = self.queue.drain_into(sink)
        self._deliver, self._inflow.holding = sink, holding
        if is_full:
            self.hold()

    def discard(self) -> None:
        """Drop what arrives from now on: the close frame must be read, and nobody will ask for what comes before it."""
        self._discards = True
        self.go_on()

    def put(self, frame: Frame) -> None:
        """Add a frame that `websockets` has read: a message, or a part of one."""
        self._inflow.last_arrival = time.monotonic()
        if self._discards:
            return
        if self._parts is None:
            self._parts = bytearray()
        self._parts += frame.data
        if frame.fin:
            whole, self._parts = bytes(self._parts), None
            self.put_message(whole)

    def put_message(self, data: bytes) -> None:
        """Add a whole message."""
        if self._discards or self._is_closed:
            return
        message = Incoming(data)
        inflow = self._inflow
        inflow.last_arrival = time.monotonic()
        if message.kind in TELLING:
            inflow.words.see(message)
        if self._deliver(message):
            self.hold()

    def hold(self) -> None:
        """Read no more until half of what may wait has been handed out, wherever it waits."""
        if not self.paused and not self._is_closed:
            self.paused = True
            self._inflow.holding.when_half_empty(self.go_on)
            self._pause()

    def go_on(self) -> None:
        """Read again."""
        if self.paused:
            self._inflow.holding.forget(self.go_on)
            self.paused = False
            self._resume()

    def close(self) -> None:
        """Note that nothing more arrives."""
        if not self._is_closed:
            self._is_closed = True
            self._inflow.end()
            self.queue.end()
            # So that the end of TCP is noticed.
            self.go_on()


class StreamConnection(ClientConnection):
    """A client connection that ends as soon as it is known how, and when the application does not receive."""

    # Beside the attributes of `websockets`, which are so many that with some more Python would give each connection a
    # dictionary of its own, of one and a half KiB.
    __slots__ = (
        "_bytes_read",
        "_dropping",
        "_late_pong",
        "_overflow",
        "answer",
        "arrivals",
        "ended",
        "inflow",
    )

    inflow: ReceiveLimit
    arrivals: _Arrivals

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        cut_out_messages(self, self.inflow.max_size)
        self.ended: asyncio.Future[None] = self.loop.create_future()
        """Done when nothing more can be received, and it is known why; the TCP connection may be open still."""
        self._dropping: asyncio.TimerHandle | None = None
        self._overflow: asyncio.TimerHandle | None = None
        self._late_pong: bytes | None = None
        self._bytes_read = 0
        self.answer = Answer()
        self.arrivals = _Arrivals(self.inflow, pause=self._pause, resume=self._resume)
        # Of the assembler that `websockets` has there, it calls only these two methods.
        self.recv_messages = cast("Any", self.arrivals)

    def process_event(self, event: Any) -> None:
        if type(event) is bytes:
            self.arrivals.put_message(event)
        else:
            super().process_event(event)

    def data_received(self, data: bytes) -> None:
        self._bytes_read += len(data)
        if self.protocol.state is State.CONNECTING:
            self._read_answer(data)
        super().data_received(data)
        if self.protocol.state is State.CLOSING:
            self.finish()

    def forget_opening(self) -> None:
        """Drop what is of use only until the connection is open: the headers, with the credential, and the answer."""
        for message in (self.request, self.response):
            if message is not None:
                message.headers.clear()
        self.answer = _FORGOTTEN

    def _read_answer(self, data: bytes) -> None:
        was_known = self.answer.is_refusal
        self.answer.add(data)
        if self.answer.is_refusal and not was_known:
            # The status says nearly everything; a body that does not end must not hold it up.
            self._dropping = self.loop.call_later(_BODY_PATIENCE, self.transport.abort)

    def eof_received(self) -> None:
        is_open = self.protocol.state is not State.CONNECTING
        super().eof_received()
        if is_open:
            self.finish()

    def connection_lost(self, exc: Exception | None) -> None:
        if not hasattr(self, "arrivals"):
            # TLS inside of a proxy's TLS failed: the connection was never made.
            return
        super().connection_lost(exc)
        self.finish()
        if self._dropping is not None:
            self._dropping.cancel()

    def finish(self) -> None:
        """Note that the connection ends: what arrived can be received, nothing more is, and TCP has little time left.

        A close frame, or one that breaks the protocol, decides how; a peer that leaves TCP open after it must not hold
        up whoever receives.
        """
        if self.ended.done():
            return
        self.ended.set_result(None)
        self.arrivals.close()
        # Also where the service has ended its half: what waits to be sent would keep TCP open.
        if not self.connection_lost_waiter.done():
            self._dropping = self.loop.call_later(self.close_timeout or 0, self.transport.abort)

    def shut_down(self) -> None:
        """End the connection without a word."""
        self.finish()
        self.transport.abort()

    def fail(self, code: int, reason: str) -> None:
        """Send a close frame for a reason of this side's own, and end."""
        if not self.ended.done():
            self.protocol.fail(code, reason)
            self.send_data()
            self.finish()

    def give_up(self, cause: Cause) -> None:
        """Send a close frame and drop the connection at once. What arrived can still be received."""
        if not self.ended.done():
            self.inflow.given_up = cause
            self.fail(*GIVEN_UP[cause])
            self.transport.abort()

    def send_close(self, code: int, reason: str) -> None:
        """Send a close frame because the application wants to end; what arrives from now on is read, but dropped."""
        self.arrivals.discard()
        if self.protocol.state is State.OPEN:
            self.protocol.send_close(code, reason)
            self.send_data()
        self.finish()

    def begin_message(self, event: Outgoing) -> Coroutine[Any, Any, None] | None:
        """Send an event, and return what there is to wait for, if anything; it must be awaited.

        That waits while the service reads more slowly than this side sends, and raises :exc:`ConnectionClosed` if the
        connection has ended, also if that happens meanwhile.
        """
        # What `send` of `websockets` does for it, without its checks and contexts.
        if self.protocol.state is not State.OPEN:
            return self._fail_to_send()
        self.protocol.send_text(event.data)
        try:
            self.send_data()
        except Exception:  # noqa: BLE001 - whatever a broken connection raises; its end says which
            self.transport.abort()
            return self._fail_to_send()
        if self.paused or self.transport.is_closing():
            return self._drain_message()
        return None

    async def _drain_message(self) -> None:
        try:
            await self.drain()
        except Exception:  # noqa: BLE001 - as above
            self.transport.abort()
            await self._fail_to_send()
        # Whether it went out before the connection broke, nobody knows.
        if self.connection_lost_waiter.done():
            await self._fail_to_send()

    async def _fail_to_send(self) -> None:
        if self.protocol.state is State.OPEN:
            await asyncio.shield(self.connection_lost_waiter)
        raise ConnectionClosedError(None, None)

    def start_keepalive(self) -> None:
        """Run :meth:`keepalive`, unless the connection was lost with its handshake: no later end would cancel it."""
        if not self.connection_lost_waiter.done():
            super().start_keepalive()

    async def keepalive(self) -> None:
        """Ping at intervals, and end the connection if a pong does not come in time."""
        latency = 0.0
        with suppress(ConnectionClosed):
            while self.ping_interval is not None:
                await asyncio.sleep(self.ping_interval - latency)
                pong: asyncio.Future[float] = cast("asyncio.Future[float]", await self.ping())
                if self.ping_timeout is None:
                    continue
                if not await self._is_answered(pong, self.ping_timeout):
                    self.fail(CloseCode.INTERNAL_ERROR, "keepalive ping timeout")
                    self.transport.abort()
                    return
                latency = pong.result()

    async def _is_answered(self, pong: asyncio.Future[float], timeout: float) -> bool:
        """Wait for a pong. If the loop stood still all the time, it may have arrived, but was not read."""
        # Not wait_for(), which gives up in the very step in which the pong is read.
        waiting: set[asyncio.Future[Any]] = {pong, self.ended}
        due = self.loop.time() + timeout
        await asyncio.wait({pong}, timeout=timeout)
        stood_still = self.loop.time() - due > _LATE
        while self.arrivals.paused and not pong.done() and not self.ended.done():
            # Nothing is read while the application does not receive; there is another limit for that.
            await asyncio.wait(waiting, timeout=self.inflow.patience, return_when=asyncio.FIRST_COMPLETED)
        # No more than the system may have held when the time was up.
        most = self._bytes_read + _buffered_at_most(self.transport)
        read, idle_steps = self._bytes_read, 0
        while not pong.done() and idle_steps < _IDLE_STEPS and read < most:
            await asyncio.sleep(0)
            idle_steps = idle_steps + 1 if self._bytes_read == read else 0
            read = self._bytes_read
        if stood_still and not pong.done():
            # The service could send no more than the system took; the rest may come now.
            await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        return pong.done()

    def send_data(self) -> None:
        """Write what the protocol wants written; of the pongs that the network does not take, only the last."""
        if self.paused:
            # The last pong answers all pings before it, and a flood of them must not fill the memory.
            waiting = self.protocol.writes
            pongs = [data for data in waiting if data[:1] == _PONG]
            if pongs:
                self._late_pong = pongs[-1]
                self.protocol.writes = [data for data in waiting if data[:1] != _PONG]
        super().send_data()

    def resume_writing(self) -> None:
        super().resume_writing()
        pong, self._late_pong = self._late_pong, None
        if pong is not None and self.protocol.state is State.OPEN:
            self.transport.write(pong)

    async def drain(self) -> None:
        """Wait until the network takes more; but a keepalive must run out just when it takes no more."""
        if asyncio.current_task() is not self.keepalive_task:
            await super().drain()

    def _pause(self) -> None:
        self.transport.pause_reading()
        self._await_room()

    def _await_room(self) -> None:
        due = self.loop.time() + self.inflow.patience
        self._overflow = self.loop.call_at(due, self._no_room, due, self.inflow.holding.gone())

    def _no_room(self, due: float, gone: tuple[int, int]) -> None:
        if self.loop.time() - due > _LATE or self.inflow.holding.is_half_gone(gone):
            # The loop stood still, so the application could not receive; or it does, and just has more before it.
            self._await_room()
        else:
            self.give_up("overflow")

    def _resume(self) -> None:
        if self._overflow is not None:
            self._overflow.cancel()
            self._overflow = None
        self.transport.resume_reading()


def _buffered_at_most(transport: asyncio.Transport) -> int:
    """Return how much the system holds at most of what has arrived and was not read."""
    sock = transport.get_extra_info("socket")
    try:
        return int(sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF))
    except (AttributeError, OSError):
        return 0
