"""Real threads, and waiting in one: also where gevent has made greenlets of what Python calls threads."""

from __future__ import annotations

import _thread
import asyncio
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from .errors import BlockingInAsyncWarning, ConfigurationError

__all__ = [
    "Waiter",
    "Workers",
    "allocate_lock",
    "call_in_thread",
    "check_patches",
    "get_ident",
    "start_thread",
    "warn_inside_a_loop",
]

T = TypeVar("T")

_has_warned = False


def _original(name: str) -> Any:
    """Return a function of `_thread`, not what gevent may have put in its place."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey.get_original("_thread", name) if monkey is not None else getattr(_thread, name)


def _has_greenlets() -> bool:
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))


def start_thread(work: Callable[[], None], name: str) -> None:
    """Start a thread that the end of the process does not wait for."""
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


class Workers(ThreadPoolExecutor):
    """Threads for what blocks, such as a look-up of a name: the end of the process does not wait for them."""

    def submit(self, work: Callable[..., T], /, *arguments: Any, **named: Any) -> Future[T]:
        future: Future[T] = Future()
        start_thread(partial(_settle, future, partial(work, *arguments, **named)), "voicelive-work")
        return future


def call_in_thread(work: Callable[[], T], name: str) -> Future[T]:
    """Begin what may never return, such as closing the stream of a dead sound server; the program's end does not wait.

    Unlike :class:`Workers`, for callers that are greenlets as threads are.
    """
    future: Future[T] = Future()
    threading.Thread(target=_settle, args=(future, work), name=name, daemon=True).start()
    return future


def _settle(future: Future[T], work: Callable[[], T]) -> None:
    if future.set_running_or_notify_cancel():
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            future.set_exception(error)


def allocate_lock() -> Any:
    """Return a lock that blocks the thread, never a greenlet alone."""
    return _original("allocate_lock")()


def get_ident() -> int:
    """Return the number of this thread, the same one for all its greenlets."""
    ident: int = _original("get_ident")()
    return ident


def check_patches() -> None:
    """Refuse a process in which there can be no real thread.

    Raises:
        ConfigurationError: if eventlet has patched it.
    """
    patcher = sys.modules.get("eventlet.patcher")
    if patcher is not None and patcher.is_monkey_patched("thread"):
        raise ConfigurationError(
            "eventlet has patched the threads of this process, and the synchronous client needs real ones: leave "
            "threads unpatched, as in eventlet.monkey_patch(thread=False), or use gevent"
        )


def warn_inside_a_loop() -> None:
    """Warn, once per process, about a call that holds up somebody's event loop."""
    global _has_warned
    if not _has_warned and not _has_greenlets() and asyncio._get_running_loop() is not None:
        _has_warned = True
        warnings.warn(
            "a blocking method of voicelive is called inside a running event loop, which stands still meanwhile: "
            "use voicelive.aio there",
            BlockingInAsyncWarning,
            stacklevel=5,
        )
