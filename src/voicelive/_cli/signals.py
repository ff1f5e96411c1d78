"""Signals that end a command in good order."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Generator, Iterable
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

__all__ = ["Signalled", "handled", "until_signalled"]

_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Ctrl-C is not among them: asyncio does the same for it."""


class Signalled(Exception):  # noqa: N818 - it is how the command ended, not a bug
    """A signal ended the command."""

    def __init__(self, number: int) -> None:
        self.number = signal.Signals(number)
        super().__init__(f"ended by {self.number.name}")

    @property
    def exit_code(self) -> int:
        """What a shell reports for a process that the signal has ended."""
        return 128 + self.number


async def until_signalled(work: Coroutine[Any, Any, None]) -> None:
    """Do `work`; SIGTERM and SIGHUP cancel it, so that it closes what it has opened.

    A signal that is ignored stays ignored, as nohup wants it. Further signals change nothing, because a terminal that
    closes sends two at times; the way out at once is Ctrl-C.

    Raises:
        Signalled: if a signal came, once `work` has ended, however it ended.
    """
    task = asyncio.current_task()
    received: list[int] = []

    def end(number: int) -> None:
        if not received and task is not None:
            received.append(number)
            task.cancel()

    with handled([number for number in _ENDING if signal.getsignal(number) is not signal.SIG_IGN], end):
        try:
            await work
        finally:
            if received:
                # Also in place of another error: a terminal that is gone cannot be written to either.
                raise Signalled(received[0]) from None


@contextmanager
def handled(numbers: Iterable[signal.Signals], call: Callable[[int], None]) -> Generator[None, None, None]:
    """Have these signals call `call` in the running loop instead of ending the process where it stands."""
    loop = asyncio.get_running_loop()
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may handle signals; whoever runs this elsewhere stops it otherwise
        return

    def pass_on(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(call, number)

    # signal.signal works on every system; loop.add_signal_handler does not on Windows.
    previous = {number: signal.signal(number, pass_on) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            with suppress(TypeError):  # a handler that was not set from Python cannot be put back
                signal.signal(number, handler)
