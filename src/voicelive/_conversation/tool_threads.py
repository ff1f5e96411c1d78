"""How functions of the application's are called: with a limit of time, and in threads where they would block."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

__all__ = ["ToolThreads", "in_time"]

T = TypeVar("T")

_MOST = 64
"""How many threads may be taken by tools, those that were given up and never returned among them."""


async def in_time(call: Awaitable[T], seconds: float | None, name: str) -> T:
    """Return what a call of a function of the application's, `name`, returns within `seconds`; None for no limit.

    Raises:
        TimeoutError: if it took longer, also if it was told to stop and went on.
        RuntimeError: if it raised a TimeoutError of its own, such as that of a request.
    """
    async with asyncio.timeout(seconds) as limit:
        try:
            result = await call
            if limit.expired():
                raise TimeoutError
            return result
        except TimeoutError as error:
            if limit.expired():
                raise
            raise RuntimeError(f"{name} raised TimeoutError") from error


class ToolThreads:
    """Runs tools beside the connection's loop.

    A thread is never used twice, so one that never returns holds up neither the other tools nor the program's end.
    """

    def __init__(self) -> None:
        self._running: set[threading.Thread] = set()

    async def call(self, bound: Callable[[], Any], name: str) -> Any:
        """Run a tool and return its result. A coroutine is cancelled when this is; a function can only be left alone.

        Raises:
            RuntimeError: if too many are running already.
        """
        if len(self._running) >= _MOST:
            raise RuntimeError(f"{_MOST} tools are still running, though the time of most of them is up")
        call = _ThreadedCall(bound, self._running.discard)
        thread = threading.Thread(target=call.run, name=f"voicelive-tool-{name}", daemon=True)
        self._running.add(thread)
        thread.start()
        try:
            return await call.result
        finally:
            call.give_up()


class _ThreadedCall:
    """One call of a tool, in a thread."""

    def __init__(self, bound: Callable[[], Any], ended: Callable[[threading.Thread], None]) -> None:
        self._bound = bound
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self.result: asyncio.Future[Any] = self._loop.create_future()
        self._is_given_up = False
        self._own: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any] | None] | None = None

    def give_up(self) -> None:
        """Cancel the tool if it is a coroutine; nothing if it has ended."""
        self._is_given_up = True
        if self._own is not None and self._own[1] is not None:
            # Its loop may be over by now.
            with suppress(RuntimeError):
                self._own[0].call_soon_threadsafe(self._own[1].cancel)

    def run(self) -> None:
        """Run the tool; in its thread."""
        try:
            value = self._bound()
            if inspect.isawaitable(value):
                value = asyncio.run(self._follow(value))
            ending = partial(self._settle, value, None)
        except Exception as error:  # noqa: BLE001 - handed to the task that waits for it
            ending = partial(self._settle, None, error)
        except BaseException as error:  # noqa: BLE001 - such as sys.exit(), which would end the connection's loop
            ending = partial(self._settle, None, RuntimeError(f"the tool raised {type(error).__name__}"))
        finally:
            self._ended(threading.current_thread())
        # The connection's loop may be over by now.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(ending)

    async def _follow(self, result: Any) -> Any:
        self._own = (asyncio.get_running_loop(), asyncio.current_task())
        if self._is_given_up:
            if inspect.iscoroutine(result):
                result.close()
            raise asyncio.CancelledError
        return await result

    def _settle(self, value: Any, error: Exception | None) -> None:
        if self.result.done():
            return
        if error is not None:
            self.result.set_exception(error)
        else:
            self.result.set_result(value)
