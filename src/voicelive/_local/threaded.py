"""The local service beside synchronous code."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Protocol, Self

from .._public import public_in
from .errors import LocalServiceError
from .faults.schedule import Faults
from .notifier import Notifier
from .records import SessionRecord

__all__ = ["ThreadedLocalService"]

_START_S = 30.0
_STOP_S = 30.0


class Runnable(Protocol):
    """What is needed of the service that runs in the thread: a :class:`LocalService`."""

    @property
    def endpoint(self) -> str: ...

    @property
    def port(self) -> int: ...

    @property
    def sessions(self) -> Sequence[SessionRecord]: ...

    @property
    def faults(self) -> Faults: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


@public_in("voicelive.local")
class ThreadedLocalService:
    """A :class:`LocalService` whose event loop runs in a thread of its own.

    A context manager; or call :meth:`start` and :meth:`stop`. Made by :meth:`LocalService.in_thread`.
    """

    def __init__(self, service: Runnable, changes: Notifier) -> None:
        self._service = service
        self._changes = changes
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._ahead_s = 0.0

    @property
    def endpoint(self) -> str:
        """The address to give to ``connect()``.

        Raises:
            LocalServiceError: if the service is not running.
        """
        return self._service.endpoint

    @property
    def port(self) -> int:
        """The port that the service listens on.

        Raises:
            LocalServiceError: if the service is not running.
        """
        return self._service.port

    @property
    def sessions(self) -> Sequence[SessionRecord]:
        """The sessions that there were and are, oldest first; safe to read while they run."""
        return self._service.sessions

    @property
    def faults(self) -> Faults:
        """What is to go wrong; safe to change while the service runs."""
        return self._service.faults

    def wait_until(self, predicate: Callable[[], bool], timeout: float) -> bool:
        """Block until `predicate` holds, and return False if it does not within `timeout` seconds.

        It is looked at again, in the calling thread, after every event of any session and at every session's end.
        """
        return self._changes.wait_until(predicate, timeout)

    def advance(self, seconds: float) -> None:
        """Let the service's clock jump ahead: what it waits for comes at once, such as the end of a session's life.

        Raises:
            ValueError: for less than 0 seconds.
            LocalServiceError: if the service is not running, or its event loop's clock cannot be set.
        """
        if seconds < 0:
            raise ValueError(f"a clock cannot be turned back ({seconds:g} seconds)")
        loop = self._loop
        if loop is None or loop.is_closed():
            raise LocalServiceError("the local service is not running: call start() first")
        if not isinstance(loop, asyncio.BaseEventLoop):
            raise LocalServiceError(f"{type(loop).__name__} keeps time in its own way: use asyncio's own event loop")
        done: Future[None] = Future()

        def jump() -> None:
            self._ahead_s += seconds
            loop.time = lambda: time.monotonic() + self._ahead_s  # type: ignore[method-assign]
            done.set_result(None)

        loop.call_soon_threadsafe(jump)
        done.result(_START_S)

    def start(self) -> Self:
        """Start the thread and wait until the service listens.

        Raises:
            PortInUseError: if the port is taken.
            LocalServiceError: if the service runs already, or cannot listen.
        """
        if self._thread is not None:
            raise LocalServiceError("the local service is running already")
        self._started.clear()
        self._failure = None
        self._ahead_s = 0.0
        self._thread = threading.Thread(target=self._run, name="voicelive-local-service", daemon=True)
        self._thread.start()
        if not self._started.wait(_START_S):
            raise LocalServiceError(f"the local service did not start within {_START_S:g} seconds")
        if self._failure is not None:
            self._thread.join()
            self._thread = None
            raise self._failure
        return self

    def stop(self) -> None:
        """Close every session with 1001, stop listening, and end the thread. Idempotent.

        Raises:
            LocalServiceError: if an engine keeps the thread busy for more than 30 seconds.
        """
        thread, loop, stopping = self._thread, self._loop, self._stopping
        if thread is None:
            return
        if loop is not None and stopping is not None and thread.is_alive():
            loop.call_soon_threadsafe(stopping.set)
        thread.join(_STOP_S)
        if thread.is_alive():
            raise LocalServiceError(f"the local service did not stop within {_STOP_S:g} seconds")
        self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001
            # Handed to the thread that called start(), which raises it.
            self._failure = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        async with self._service:
            self._started.set()
            await self._stopping.wait()
