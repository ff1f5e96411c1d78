"""The asyncio WebSocket of `websockets`, with a bound on what it holds for the application: see `inflow`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.messages import Assembler, SimpleQueue
from websockets.frames import Frame
from websockets.protocol import State

from .._core.closing import GIVEN_UP, Cause
from .inflow import Inflow

__all__ = ["StreamConnection"]


class _Queue(SimpleQueue[Frame]):
    """Frames that arrived and were not taken yet."""

    def __init__(self, inflow: Inflow) -> None:
        super().__init__()
        self._inflow = inflow

    def put(self, item: Frame) -> None:
        self._inflow.add(item.data)
        super().put(item)

    async def get(self, block: bool = True) -> Frame:
        frame = await super().get(block)
        self._inflow.take(frame.data, frame.fin)
        return frame

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
        self.frames = _Queue(inflow)
        self._discards = False

    def discard(self) -> None:
        """Drop what arrives from now on: the goodbye must be read, and nobody will ask for what comes before it."""
        self._discards = True
        if self.paused:
            self.paused = False
            self.resume()

    def put(self, frame: Frame) -> None:
        if not self._discards:
            super().put(frame)

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
        self._overflow: asyncio.TimerHandle | None = None
        self.recv_messages = self.arrivals = _Assembler(self.inflow, pause=self._pause, resume=self._resume)

    def connection_lost(self, exc: Exception | None) -> None:
        if not hasattr(self, "arrivals"):
            # TLS inside of a proxy's TLS failed: the connection was never made.
            return
        self._cancel_overflow()
        super().connection_lost(exc)

    def give_up(self, cause: Cause) -> None:
        """Say goodbye and drop the connection at once. What arrived can still be received."""
        if self.protocol.state is State.CLOSED or self.inflow.given_up is not None:
            return
        if self.protocol.state is State.OPEN:
            self.inflow.given_up = cause
            self.protocol.fail(*GIVEN_UP[cause])
            self.send_data()
        self.transport.abort()

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
