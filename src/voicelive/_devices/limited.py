"""Calls that may never return, such as closing the stream of a sound server that died, made with a limit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Limited", "within"]

T = TypeVar("T")


class Limited(Generic[T]):
    """A call on a thread of its own, which a program's end does not wait for."""

    def __init__(self, function: Callable[[], T], name: str) -> None:
        self._function = function
        self._ended = threading.Event()
        self._result: list[T] = []
        self._error: Exception | None = None
        threading.Thread(target=self._run, name=f"voicelive-{name}", daemon=True).start()

    @property
    def has_ended(self) -> bool:
        """Whether the call has returned or raised."""
        return self._ended.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end; returns whether it came."""
        return self._ended.wait(seconds)

    def result(self) -> T:
        """Return what the call returned, or raise what it raised; once it has ended."""
        if self._error is not None:
            raise self._error
        return self._result[0]

    def _run(self) -> None:
        try:
            self._result.append(self._function())
        except Exception as error:  # noqa: BLE001 - raised where the result is asked for
            self._error = error
        finally:
            self._ended.set()


def within(seconds: float, function: Callable[[], object], name: str) -> bool:
    """Call a function; returns whether it ended in time. What it raises does not matter."""
    return Limited(function, name).wait(seconds)
