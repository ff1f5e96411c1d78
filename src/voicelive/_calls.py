"""A coroutine on the loop's thread, and the caller in another one who waits for its result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context, copy_context
from typing import Any, Generic, Protocol, TypeVar

from ._threads import Waiter
from .errors import ConnectionStateError

__all__ = ["GRACE_S", "Call"]

T = TypeVar("T")

GRACE_S = 1.0
"""How long is waited for what was cancelled, and for the thread at the end of the process."""


class CallThread(Protocol):
    """What a call needs of the thread that it runs on."""

    calls: set[Call[Any]]
    death: BaseException | None

    @property
    def loop(self) -> asyncio.AbstractEventLoop: ...

    def post(self, callback: Callable[..., object], *arguments: Any, context: Context | None = None) -> None: ...

    def ended_error(self) -> ConnectionStateError: ...


class Call(Generic[T]):
    """A coroutine on the loop's thread, and the one caller who wants its result."""

    def __init__(self, thread: CallThread, work: Callable[[], Coroutine[Any, Any, T]], context: Context | None) -> None:
        self._thread = thread
        self._work = work
        self._waiter = Waiter()
        self._task: asyncio.Task[T] | None = None
        self._is_cancelled = self._is_done = False
        thread.calls.add(self)
        thread.post(self._start, context=context or copy_context())

    def cancel(self) -> None:
        """Cancel the coroutine; returns at once."""
        self._is_cancelled = True
        with suppress(ConnectionStateError):
            self._thread.post(self._cancel)

    def result(self, timeout: float | None = None) -> T:
        """Wait for the result.

        Whatever interrupts the wait, such as Ctrl-C, cancels the coroutine and waits a moment for it to end.

        Raises:
            TimeoutError: if it takes longer than `timeout` seconds.
            asyncio.CancelledError: if the coroutine was cancelled.
        """
        try:
            if not self._waiter.wait(timeout):
                self.cancel()
                self._waiter.wait(GRACE_S)
                if not self._is_done or self._task is None or self._task.cancelled():
                    raise TimeoutError(f"not done within {timeout:g} s")
        except BaseException:
            if not self._is_done:
                self.cancel()
                self._waiter.wait(GRACE_S)
            raise
        finally:
            self._waiter.close()
        try:
            return self._outcome()
        except BaseException as error:
            # Where the coroutine raised it is what helps; the way from there to here is not.
            trace = error.__traceback__
            while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
                trace = trace.tb_next
            error.__traceback__ = trace
            raise

    def _outcome(self) -> T:
        task = self._task
        if task is None or not task.done():
            raise self._thread.ended_error()
        if task.cancelled():
            if self._thread.death is not None:
                raise self._thread.ended_error()
            raise asyncio.CancelledError
        error = task.exception()
        if error is None:
            return task.result()
        self._task = task = None
        try:
            raise error
        finally:
            # A frame that holds the error it raised is a cycle.
            del error

    def _start(self) -> None:
        self._task = task = self._thread.loop.create_task(self._work())
        if self._is_cancelled:
            task.cancel()
        task.add_done_callback(self._finish)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _finish(self, task: asyncio.Task[T]) -> None:
        if not task.cancelled():
            # Nobody may be left to ask, and asyncio would complain.
            task.exception()
        self.settle()

    def settle(self) -> None:
        """Tell whoever waits that nothing more will come."""
        self._is_done = True
        self._thread.calls.discard(self)
        self._waiter.wake()
