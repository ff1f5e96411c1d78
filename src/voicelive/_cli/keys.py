"""Single keys of the terminal, while a command runs."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

__all__ = ["keys_pressed"]

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O?.)?")
"""What an arrow key, a function key and the like, or a key with Alt, sends elsewhere."""
_PREFIXES = ("\0", "\xe0")
"""What comes on Windows before the code of an arrow key, a function key and the like."""


@contextmanager
def keys_pressed(pressed: Callable[[str], None], *, also_piped: bool = False) -> Generator[None, None, None]:
    """Have each key handed to `pressed`, on the running loop; the terminal is as it was afterwards.

    Args:
        pressed: takes one character.
        also_piped: whether to read standard input too if it is not a terminal.
    """
    if sys.stdin is None or not (sys.stdin.isatty() or also_piped):
        yield
    elif sys.platform == "win32":
        with _on_windows(pressed):
            yield
    else:
        with _on_unix(pressed):
            yield


@contextmanager
def _on_unix(pressed: Callable[[str], None]) -> Generator[None, None, None]:
    import termios
    import tty

    loop, descriptor = asyncio.get_running_loop(), sys.stdin.fileno()
    before = None
    if sys.stdin.isatty():
        before = termios.tcgetattr(descriptor)
        # Keys come at once and are not shown; Ctrl-C stays a signal.
        tty.setcbreak(descriptor)

    def read() -> None:
        data = os.read(descriptor, 64)
        if not data:
            loop.remove_reader(descriptor)
        for key in _SEQUENCE.sub("", data.decode("utf-8", "ignore")):
            pressed(key)

    try:
        # A file, or /dev/null, cannot be waited for.
        with suppress(PermissionError):
            loop.add_reader(descriptor, read)
        yield
    finally:
        loop.remove_reader(descriptor)
        if before is not None:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextmanager
def _on_windows(pressed: Callable[[str], None]) -> Generator[None, None, None]:
    # Typed by name, as type checkers of other systems do not know it.
    from importlib import import_module

    console = import_module("msvcrt")
    loop, stopped = asyncio.get_running_loop(), threading.Event()

    def watch() -> None:
        while not stopped.wait(0.02):
            while console.kbhit():
                if (key := console.getwch()) in _PREFIXES:
                    console.getwch()
                else:
                    loop.call_soon_threadsafe(pressed, key)

    watcher = threading.Thread(target=watch, name="voicelive-keys", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stopped.set()
        watcher.join()
