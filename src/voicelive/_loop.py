"""The event loop that all synchronous connections of the process run on, in a thread of its own.

It starts with the first lease and stops some seconds after the last one was given back. What waits for it is a thread,
or a greenlet where gevent has patched the process: then this thread is still a real one of the system.
"""

from __future__ import annotations

import asyncio
import atexit
import os
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context
from typing import Any, TypeVar

from ._calls import GRACE_S, Call
from ._fork import OPENED_BEFORE_FORK
from ._threads import Workers, allocate_lock, check_patches, get_ident, start_thread, warn_inside_a_loop
from .errors import ConnectionStateError

__all__ = ["LoopThread", "lease"]

T = TypeVar("T")

IDLE_S = 5.0
"""How long the thread outlives its last lease."""


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
        self._ready, self._over = allocate_lock(), allocate_lock()
        self._ready.acquire()
        self._over.acquire()
        start_thread(self._run, "voicelive-loop")
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
        """Refuse a call that would wait forever, and warn about one that holds up somebody's event loop.

        Raises:
            ConnectionStateError: in a forked child, or on the loop's own thread.
        """
        if self.forked:
            raise ConnectionStateError(OPENED_BEFORE_FORK)
        # Not by asking for a running loop: with gevent one may run in another greenlet of this thread.
        if get_ident() == self._ident:
            raise ConnectionStateError(
                "a blocking method was called on the thread of voicelive's own event loop, for example by an object "
                "that garbage collection ended there; call it from a thread of the application"
            )
        warn_inside_a_loop()

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
        with _lock:
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
        self._ident = get_ident()
        try:
            # On its own thread: with gevent, a selector belongs to the thread that made it.
            self.loop = loop = asyncio.new_event_loop()
            loop.set_default_executor(Workers())
            loop.call_soon(self._ready.release)
            try:
                loop.run_forever()
            except BaseException as error:
                # Known before those who wait are told that it is over.
                self.death = error
                raise
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


def lease() -> LoopThread:
    """Return the process's loop thread, started if need be; it runs at least until :meth:`LoopThread.release`.

    Raises:
        ConfigurationError: if eventlet has patched the process.
        ConnectionStateError: while the process ends.
    """
    global _current
    check_patches()
    with _lock:
        if _is_exiting:
            raise ConnectionStateError("the program is ending: no connection can be opened any more")
        if _current is None or _current.has_ended or _current.death is not None:
            _current = LoopThread()
        _current.leases += 1
        return _current


_lock = allocate_lock()
_current: LoopThread | None = None
_left_to_the_parent: list[LoopThread] = []
_is_exiting = False


def _after_fork() -> None:
    global _lock, _current
    _lock = allocate_lock()
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
