"""The event loop that all synchronous connections of the process run on, in a thread of its own.

It starts with the first lease and stops some seconds after the last one was given back. What waits for it is a thread,
or a greenlet where gevent has patched the process: then this thread is a real one of the system all the same.
"""

from __future__ import annotations

import _thread
import asyncio
import atexit
import os
import sys
import threading
import warnings
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context, copy_context
from typing import Any, Generic, TypeVar

from ._fork import OPENED_BEFORE_FORK
from .errors import BlockingInAsyncWarning, ConfigurationError, ConnectionStateError

__all__ = ["Call", "LoopThread", "Waiter", "lease"]

T = TypeVar("T")

IDLE_S = 5.0
"""How long the thread outlives its last lease."""
GRACE_S = 1.0
"""How long is waited for what was cancelled, and for the thread at the end of the process."""


def _original(name: str) -> Any:
    """Return a function of `_thread`, not what gevent may have put in its place."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey.get_original("_thread", name) if monkey is not None else getattr(_thread, name)


def _has_greenlets() -> bool:
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))


def _start_thread(work: Callable[[], None], name: str) -> None:
    if _has_greenlets():
        # threading.Thread would be a greenlet, which stands still when any other one blocks.
        _original("start_new_thread")(work, ())
    else:
        threading.Thread(target=work, name=name, daemon=True).start()


class Waiter:
    """One caller who waits; any thread may wake it, also before it waits."""

    def __init__(self) -> None:
        self._event: Any = None
        if _has_greenlets():
            import gevent
            import gevent.event

            self._event = gevent.event.Event()
            self._watcher: Any = gevent.get_hub().loop.async_()
            self._watcher.start(self._event.set)
        else:
            self._lock = _thread.allocate_lock()
            self._lock.acquire()

    def wake(self) -> None:
        """End the wait, or the next one."""
        if self._event is not None:
            watcher = self._watcher
            if watcher is not None:
                watcher.send()
        else:
            # It is awake already.
            with suppress(RuntimeError):
                self._lock.release()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait to be woken; return whether that was within `timeout` seconds."""
        if self._event is None:
            return self._lock.acquire(True, -1 if timeout is None else min(timeout, threading.TIMEOUT_MAX))
        woken = bool(self._event.wait(timeout))
        self._event.clear()
        return woken

    def close(self) -> None:
        """Give back what it holds of gevent."""
        if self._event is not None and self._watcher is not None:
            watcher, self._watcher = self._watcher, None
            watcher.close()


class Call(Generic[T]):
    """A coroutine on the loop's thread, and the one caller who wants its result."""

    def __init__(self, thread: LoopThread, work: Callable[[], Coroutine[Any, Any, T]], context: Context | None) -> None:
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
        return self._outcome()

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
        """Tell who waits that nothing more will come."""
        self._is_done = True
        self._thread.calls.discard(self)
        self._waiter.wake()


class LoopThread:
    """The thread and its loop. Made by :func:`lease`."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop
        self.calls: set[Call[Any]] = set()
        self.leases = 0
        self.forked = self.has_ended = False
        self.death: BaseException | None = None
        """What ended the thread, if it was not told to stop."""
        self._ident = 0
        self._ready, self._over = _original("allocate_lock")(), _original("allocate_lock")()
        self._ready.acquire()
        self._over.acquire()
        _start_thread(self._run, "voicelive-loop")
        self._ready.acquire()
        if self.death is not None:
            raise self.ended_error()

    def call(
        self,
        work: Callable[[], Coroutine[Any, Any, T]],
        timeout: float | None = None,
        *,
        context: Context | None = None,
    ) -> T:
        """Run a coroutine on the loop and return its result; see :meth:`Call.result`."""
        return self.start(work, context=context).result(timeout)

    def start(self, work: Callable[[], Coroutine[Any, Any, T]], *, context: Context | None = None) -> Call[T]:
        """Have a coroutine run on the loop, in a copy of the caller's context unless another one is given."""
        self.check_caller()
        return Call(self, work, context)

    def post(self, callback: Callable[..., object], *arguments: Any, context: Context | None = None) -> None:
        """Have `callback` called on the loop, soon; returns at once.

        Raises:
            ConnectionStateError: if the thread has ended, or belongs to the parent process.
        """
        if self.forked:
            raise ConnectionStateError(OPENED_BEFORE_FORK)
        try:
            self.loop.call_soon_threadsafe(callback, *arguments, context=context)
        except RuntimeError:
            raise self.ended_error() from self.death

    def check_caller(self) -> None:
        """Refuse a call that would wait for ever, and warn of one that holds up somebody's event loop.

        Raises:
            ConnectionStateError: in a forked child, or on the loop's own thread.
        """
        if self.forked:
            raise ConnectionStateError(OPENED_BEFORE_FORK)
        # Not by asking for a running loop: with gevent one may run in another greenlet of this thread.
        if _original("get_ident")() == self._ident:
            raise ConnectionStateError(
                "a blocking method was called on the thread of voicelive's own event loop, for example by an object "
                "that garbage collection ended there; call it from a thread of the application"
            )
        _warn_inside_a_loop()

    def ended_error(self) -> ConnectionStateError:
        """Build the error for a call that nothing can carry out any more."""
        why = "the program is ending" if self.death is None else f"it died of {type(self.death).__name__}"
        error = ConnectionStateError(f"the thread of voicelive's event loop has ended ({why}); call connect() again")
        error.__cause__ = self.death
        return error

    def stop(self, limit: float) -> None:
        """Cancel what runs and end the thread; wait for that for at most `limit` seconds."""
        if not self.forked and not self.has_ended:
            with suppress(ConnectionStateError):
                self.post(self.loop.stop)
            # A loop that still runs is left alone then: its thread ends with the process.
            self._over.acquire(True, limit)

    def release(self) -> None:
        """Give a lease back."""
        with suppress(ConnectionStateError):
            self.post(self._give_back)

    def _give_back(self) -> None:
        self.leases -= 1
        if not self.leases:
            self.loop.call_later(IDLE_S, self._stop_if_idle)

    def _stop_if_idle(self) -> None:
        global _current
        with _lock:
            if not self.leases and not self.calls:
                if _current is self:
                    _current = None
                self.loop.stop()

    def _run(self) -> None:
        self._ident = _original("get_ident")()
        try:
            # On its own thread: with gevent, a selector belongs to the thread that made it.
            self.loop = loop = asyncio.new_event_loop()
            loop.set_default_executor(_Workers())
            loop.call_soon(self._ready.release)
            try:
                loop.run_forever()
            finally:
                if tasks := asyncio.all_tasks(loop):
                    for task in tasks:
                        task.cancel()
                    loop.run_until_complete(asyncio.wait(tasks, timeout=GRACE_S))
        except BaseException as error:  # noqa: BLE001 - the thread ends of it, and whoever waits must learn that
            self.death = error
        finally:
            self._end()

    def _end(self) -> None:
        global _current
        self.has_ended = True
        if _current is self:
            _current = None
        for call in tuple(self.calls):
            call.settle()
        with suppress(Exception):
            self.loop.close()
        with suppress(RuntimeError):
            self._ready.release()
        self._over.release()


class _Workers(ThreadPoolExecutor):
    """Threads for what blocks, such as a look-up of a name: the end of the process does not wait for them."""

    def submit(self, work: Callable[..., T], /, *arguments: Any, **named: Any) -> Future[T]:
        future: Future[T] = Future()

        def run() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work(*arguments, **named))
                except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                    future.set_exception(error)

        _start_thread(run, "voicelive-work")
        return future


def lease() -> LoopThread:
    """Return the process's loop thread, started if need be; it runs at least until :meth:`LoopThread.release`.

    Raises:
        ConfigurationError: if eventlet has patched the process.
        ConnectionStateError: while the process ends.
    """
    global _current
    patcher = sys.modules.get("eventlet.patcher")
    if patcher is not None and patcher.is_monkey_patched("thread"):
        raise ConfigurationError(
            "eventlet has patched the threads of this process, and the synchronous client needs real ones: leave "
            "threads unpatched, as in eventlet.monkey_patch(thread=False), or use gevent"
        )
    with _lock:
        if _is_exiting:
            raise ConnectionStateError("the program is ending: no connection can be opened any more")
        if _current is None or _current.has_ended:
            _current = LoopThread()
        _current.leases += 1
        return _current


def _warn_inside_a_loop() -> None:
    global _has_warned
    if not _has_warned and not _has_greenlets() and asyncio._get_running_loop() is not None:
        _has_warned = True
        warnings.warn(
            "a blocking method of voicelive is called inside a running event loop, which stands still meanwhile: "
            "use voicelive.aio there",
            BlockingInAsyncWarning,
            stacklevel=5,
        )


_lock = _original("allocate_lock")()
_current: LoopThread | None = None
_left_to_the_parent: list[LoopThread] = []
_is_exiting = _has_warned = False


def _after_fork() -> None:
    global _lock, _current
    _lock = _original("allocate_lock")()
    if _current is not None:
        _current.forked = True
        # Kept: collecting its loop and sockets here could reach the parent's.
        _left_to_the_parent.append(_current)
        _current = None


@atexit.register
def _at_exit() -> None:
    global _is_exiting
    _is_exiting = True
    if _current is not None:
        _current.stop(GRACE_S)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
