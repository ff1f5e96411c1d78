"""The asyncio WebSocket of `websockets`, with a bound on what it holds for the application: see `inflow`."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.messages import Assembler, SimpleQueue
from websockets.exceptions import ConcurrencyError
from websockets.frames import Frame
from websockets.protocol import State

from .._core.closing import GIVEN_UP, Cause
from .frames import cut_out_messages
from .receive_limit import Inflow

_PONG = b"\x8a"
"""How the frame of a pong begins."""

__all__ = ["StreamConnection"]


class _Queue(SimpleQueue[Any]):
    """Whole messages, as ``bytes``, and frames of others, that arrived and were not taken yet."""

    def __init__(self, inflow: Inflow) -> None:
        super().__init__()
        self._inflow = inflow

    def put(self, item: Frame) -> None:
        self._inflow.add(item.data)
        super().put(item)

    async def get(self, block: bool = True) -> Frame:
        frame: Frame = await super().get(block)
        self._inflow.take(frame.data, frame.fin)
        return frame

    async def wait(self) -> None:
        """Wait until something is there, or the connection ends.

        Raises:
            EOFError: if it ends.
            asyncio.TimeoutError: if it was ended by :meth:`nudge`.
        """
        waiter = self.get_waiter = self.loop.create_future()
        try:
            await waiter
        finally:
            waiter.cancel()
            self.get_waiter = None

    def nudge(self) -> None:
        """End the wait of who waits."""
        if self.get_waiter is not None and not self.get_waiter.done():
            self.get_waiter.set_exception(TimeoutError("nudged"))

    def put_back(self, items: Iterable[Frame]) -> None:
        """Put the frames of an unfinished message back to where they were."""
        frames = list(items)
        for frame in frames:
            self._inflow.put_back(frame.data)
        self.queue.extendleft(reversed(frames))

    # Its name before 17.2, which also expects that nothing arrived meanwhile.
    reset = put_back


class _Assembler(Assembler):
    """Puts messages together, and says when there are too many."""

    def __init__(self, inflow: Inflow, **callbacks: Any) -> None:
        super().__init__(None, None, **callbacks)
        self._inflow = inflow
        self._queue = self.frames = _Queue(inflow)
        self._discards = False
        self._waits = False

    def discard(self) -> None:
        """Drop what arrives from now on: the goodbye must be read, and nobody will ask for what comes before it."""
        self._discards = True
        if self.paused:
            self.paused = False
            self.resume()

    def put(self, frame: Frame) -> None:
        if not self._discards:
            super().put(frame)

    def put_message(self, data: bytes) -> None:
        """Add a whole message."""
        if self._discards or self.closed:
            return
        is_full = self._inflow.add(data)
        frames = self._queue
        frames.queue.append(data)
        waiter = frames.get_waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
        if is_full:
            self.maybe_pause()

    def take(self) -> bytes | None:
        """Return the next message if it is there, whole, in one frame, and nobody else waits for it."""
        queue = self._queue.queue
        if not queue or type(queue[0]) is not bytes or self.get_in_progress:
            return None
        data: bytes = queue.popleft()
        self._inflow.take(data, True)
        if self.paused:
            self.maybe_resume()
        return data

    async def get(self, decode: bool | None = None) -> Any:
        """Return the next message, as ``bytes``; a call that is cancelled loses nothing."""
        if self.get_in_progress:
            raise ConcurrencyError("get() is already running")
        frames = self._queue
        if not frames.queue:
            if self.closed:
                raise EOFError("stream of frames ended")
            self.get_in_progress = self._waits = True
            try:
                await frames.wait()
            finally:
                self.get_in_progress = self._waits = False
        data = self.take()
        return await super().get(False) if data is None else data

    def nudge(self) -> None:
        """End the wait of :meth:`get`, if it waits for a message to begin, with ``asyncio.TimeoutError``."""
        # Amid a message of several frames the parent waits, and there is nothing else to look at.
        if self.get_in_progress and not self._queue.queue and self._waits:
            self._queue.nudge()

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


class StreamConnection(ClientConnection):
    """A client connection that gives itself up when the application does not receive."""

    inflow: Inflow
    arrivals: _Assembler

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        cut_out_messages(self, self.inflow.max_size)
        self._overflow: asyncio.TimerHandle | None = None
        self._late_pong: bytes | None = None
        self.recv_messages = self.arrivals = _Assembler(self.inflow, pause=self._pause, resume=self._resume)

    def process_event(self, event: Any) -> None:
        if type(event) is bytes:
            self.arrivals.put_message(event)
        else:
            super().process_event(event)

    def connection_lost(self, exc: Exception | None) -> None:
        if not hasattr(self, "arrivals"):
            # TLS inside of a proxy's TLS failed: the connection was never made.
            return
        self._cancel_overflow()
        super().connection_lost(exc)

    async def send_message(self, data: bytes) -> None:
        """Send one text message, given as UTF-8; waits while the service reads more slowly than this side sends.

        Raises:
            ConnectionClosed: if the connection is closed, also if that happens meanwhile.
        """
        if (rest := self.begin_message(data)) is not None:
            await rest

    def begin_message(self, data: bytes) -> Coroutine[Any, Any, None] | None:
        """Like :meth:`send_message`, but return what there is to wait for, if anything; it must be awaited."""
        # What `send` of `websockets` does for it, without its checks and contexts; the rest is left to that.
        if self.protocol.state is not State.OPEN:
            return self.send(data, text=True)
        self.protocol.send_text(data)
        try:
            self.send_data()
        except Exception:  # noqa: BLE001 - whatever a broken connection raises; `send` tells which
            return self._fail_to_send(data)
        if self.paused or self.transport.is_closing():
            return self._drain_message(data)
        return None

    async def _drain_message(self, data: bytes) -> None:
        try:
            await self.drain()
        except Exception:  # noqa: BLE001 - as above
            await self._fail_to_send(data)

    async def _fail_to_send(self, data: bytes) -> None:
        self.transport.abort()
        await asyncio.shield(self.connection_lost_waiter)
        await self.send(data, text=True)

    def give_up(self, cause: Cause) -> None:
        """Say goodbye and drop the connection at once. What arrived can still be received."""
        if self.protocol.state is State.CLOSED or self.inflow.given_up is not None:
            return
        if self.protocol.state is State.OPEN:
            self.inflow.given_up = cause
            self.protocol.fail(*GIVEN_UP[cause])
            self.send_data()
        self.transport.abort()

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
        self._overflow = self.loop.call_later(self.inflow.patience, self.give_up, "overflow")

    def _resume(self) -> None:
        self._cancel_overflow()
        self.transport.resume_reading()

    def _cancel_overflow(self) -> None:
        if self._overflow is not None:
            self._overflow.cancel()
            self._overflow = None
