"""What has arrived at a blocking connection and was not received yet: whole messages, and frames of others."""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from websockets.exceptions import ConcurrencyError
from websockets.frames import Frame
from websockets.sync.messages import Assembler

from .receive_limit import Inflow

if TYPE_CHECKING:
    _SimpleQueue = queue.SimpleQueue[Any]
else:
    _SimpleQueue = queue.SimpleQueue

__all__ = ["Arrivals"]

_NUDGE: Any = object()
"""In the queue: nothing has arrived, but whoever waits is to look elsewhere."""


class _Queue(_SimpleQueue):
    """Frames that arrived and were not taken yet; None wakes up who waits when nothing more comes.

    Whole messages are in it as ``bytes``. Only one thread takes from it at a time.
    """

    def __init__(self, inflow: Inflow) -> None:
        self._inflow = inflow
        self._seen: Frame | None = None

    def put(self, item: Frame | None, block: bool = True, timeout: float | None = None) -> None:
        if item is not None:
            self._inflow.add(item.data)
        super().put(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Frame | None:
        frame: Frame | None
        if self._seen is not None:
            frame, self._seen = self._seen, None
        else:
            frame = super().get(block, timeout)
            while frame is _NUDGE:
                # Amid a message there is nothing else to look at.
                frame = super().get(block, timeout)
        if frame is not None:
            self._inflow.take(frame.data, frame.fin)
        return frame

    def take(self, timeout: float | None = 0) -> bytes | None:
        """Return the next item if it is a whole message; None if it is something else, which then stays the next.

        Raises:
            Empty: if nothing comes within `timeout` seconds.
            TimeoutError: if the wait was ended by a nudge.
        """
        if self._seen is not None:
            return None
        item = super().get(timeout != 0, timeout or None)
        if item is _NUDGE:
            raise TimeoutError("nudged")
        if type(item) is bytes:
            self._inflow.take(item, True)
            return item
        if item is not None:
            self._seen = item
        return None


class Arrivals(Assembler):
    """Puts messages together, and says when there are too many."""

    def __init__(self, inflow: Inflow, **callbacks: Any) -> None:
        super().__init__(None, None, **callbacks)
        self._inflow = inflow
        self._queue = self.frames = _Queue(inflow)
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

    def put_message(self, data: bytes) -> None:
        """Add a whole message."""
        with self.mutex:
            if not self._discards and not self.closed:
                is_full = self._inflow.add(data)
                _SimpleQueue.put(self._queue, data)
                if is_full:
                    self.maybe_pause()

    def take(self) -> bytes | None:
        """Return the next message if it is there, whole, in one frame; only one thread receives at a time."""
        if self._queue.empty():
            return None
        try:
            data = self._queue.take()
        except TimeoutError:
            return None
        if self.paused:
            self._resume_in_turn()
        return data

    def get(self, timeout: float | None = None, decode: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the next message, as ``bytes``.

        Raises:
            EOFError: if the connection has ended.
            TimeoutError: if none comes within `timeout` seconds.
        """
        # Not yet seen by whoever took the last message.
        self._resume_in_turn()
        with self.mutex:
            if self.get_in_progress:
                raise ConcurrencyError("get() is already running")
            self.get_in_progress = True
            limit = 0 if self.closed or (timeout is not None and timeout <= 0) else timeout
        started = time.monotonic()
        try:
            data = self._queue.take(limit)
        except queue.Empty:
            if self.closed:
                raise EOFError("stream of frames ended") from None
            raise TimeoutError("no message in time") from None
        finally:
            self.get_in_progress = False
        if data is not None:
            self._resume_in_turn()
            return data
        left = None if timeout is None else max(0.0, timeout - (time.monotonic() - started))
        return super().get(left, False)

    def nudge(self) -> None:
        """End the wait of :meth:`get`, or the next one, with ``TimeoutError``."""
        _SimpleQueue.put(self._queue, _NUDGE)

    def _resume_in_turn(self) -> None:
        if self.paused:
            with self.mutex:
                self.maybe_resume()

    def reset_queue(self, frames: Iterable[Frame]) -> None:
        """Put the frames of an unfinished message back to where they were."""
        with self.mutex:
            items: list[Any] = []
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
