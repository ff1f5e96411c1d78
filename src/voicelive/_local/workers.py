"""Running blocking engines beside the event loop."""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from typing_extensions import ParamSpec

__all__ = ["Workers"]

logger = logging.getLogger("voicelive.local")

_STEPS_AHEAD = 8
"""Values that a thread may take from a blocking iterator before somebody has asked for them."""

P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """The threads that engines run in: one for listening, one for reading long messages, a few for the heavy work.

    Listening (decoding and voice activity) has its own thread, so that a slow transcription of one session never
    holds up the turns of another.
    """

    def __init__(self, threads: int | None = None) -> None:
        """Start no thread yet; at most `threads` of them will do the heavy work (default: one per core, 2 to 8)."""
        count = threads if threads is not None else min(8, max(2, os.cpu_count() or 2))
        self._listening = ThreadPoolExecutor(1, thread_name_prefix="voicelive-listen")
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="voicelive-read")
        self._heavy = ThreadPoolExecutor(count, thread_name_prefix="voicelive-speech")
        self._under_way: set[Future[Any]] = set()

    async def listen(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a short blocking call in the listening thread."""
        return await asyncio.wrap_future(self._listening.submit(function, *args, **kwargs))

    async def read(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the reading of a long message in the thread for that."""
        return await asyncio.wrap_future(self._reading.submit(function, *args, **kwargs))

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a long blocking call in one of the heavy threads."""
        return await asyncio.wrap_future(self._begin(function, *args, **kwargs))

    async def unfinished(self) -> bool:
        """Wait for the heavy work that is under way by now, whether anybody wants it or not; return whether any was."""
        under_way = [asyncio.wrap_future(future) for future in tuple(self._under_way)]
        if under_way:
            await asyncio.wait(under_way)
        return bool(under_way)

    def _begin(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future = self._heavy.submit(function, *args, **kwargs)
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        return future

    async def iterate(
        self, make: Callable[P, Iterator[T] | AsyncIterator[T]], *args: P.args, **kwargs: P.kwargs
    ) -> AsyncGenerator[T, None]:
        """Step through what `make` returns: a blocking iterator in a heavy thread, another right here.

        A thread runs a few steps ahead, handing over each value as it comes: with many sessions the changes of thread
        would cost more than the values. When the caller stops early, a blocking iterator is closed as soon as the step
        that it may be in has ended, an asynchronous one at once.
        """
        # A generator's function does nothing yet, so there is no need to wait for a thread to be free.
        direct = inspect.isasyncgenfunction(make) or inspect.isgeneratorfunction(make)
        made = make(*args, **kwargs) if direct else await self.run(make, *args, **kwargs)
        if isinstance(made, AsyncIterator):
            async with _closed_after(made) as stream:
                async for value in stream:
                    yield value
            return
        iterator = iter(made)
        values = _HandedOver[T | Future[bool]]()
        stopped = False

        def run_ahead() -> bool:
            """Take some steps; return whether there may be more."""
            for _ in range(_STEPS_AHEAD):
                if stopped:
                    return False
                try:
                    value = next(iterator)
                except StopIteration:
                    return False
                values.put(value)
            return True

        step: Future[bool] | None = None
        try:
            while True:
                step = self._begin(run_ahead)
                step.add_done_callback(values.put)
                while not isinstance(came := await values.get(), Future):
                    yield came
                if came.cancelled() or not came.result():
                    return
        finally:
            stopped = True
            if step is None or step.done():
                _close(iterator)
            else:
                # A thread cannot be interrupted: the close follows the step, in the same thread.
                step.add_done_callback(lambda _: _close(iterator))

    def close(self) -> None:
        """Drop what is waiting and wait for what is running; blocks."""
        for pool in (self._listening, self._reading, self._heavy):
            pool.shutdown(wait=True, cancel_futures=True)


class _HandedOver(Generic[T]):
    """Values from a thread for the event loop, which is woken once for all that have come before it looks."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._values: deque[T] = deque()
        self._filled = asyncio.Event()
        self._waking = False

    def put(self, value: T) -> None:
        """Hand over a value; from any thread."""
        self._values.append(value)
        # Looked at after the value is there: whoever takes the flag back finds it.
        if not self._waking:
            self._waking = True
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._waking = False
        self._filled.set()

    async def get(self) -> T:
        """Return the next value, when it has come."""
        while not self._values:
            # What comes from now on wakes this again.
            self._filled.clear()
            await self._filled.wait()
        return self._values.popleft()


@asynccontextmanager
async def _closed_after(values: AsyncIterator[T]) -> AsyncGenerator[AsyncIterator[T], None]:
    try:
        yield values
    finally:
        # Only generators have this, as with blocking iterators.
        if isinstance(values, AsyncGenerator):
            await values.aclose()


def _close(iterator: Iterator[object]) -> None:
    close = getattr(iterator, "close", None)
    if close is None:
        return
    try:
        close()
    except Exception:
        # Nobody waits for this result any more, and an engine's clean-up must not end the session.
        logger.exception("an engine failed while it was being stopped")
