"""Single keys of the terminal, on both kinds of system."""

from __future__ import annotations

import io
import os
import pty
import sys
import threading
from collections import deque
from types import ModuleType

import pytest

from tests.clients.conversing import eventually
from voicelive._cli.keys import keys_pressed


class Terminal(io.StringIO):
    """Standard input that is a terminal."""

    def isatty(self) -> bool:
        return True


async def taken(pressed: list[str], count: int) -> list[str]:
    """Wait until so many keys were taken; returns them."""
    await eventually(lambda: len(pressed) >= count)
    return pressed


async def test_keys_of_a_windows_console(monkeypatch: pytest.MonkeyPatch) -> None:
    """Characters come one by one; of an arrow or function key, which comes as two, neither is taken for a key."""
    waiting = deque(" \xe0Mm\0mM")
    console = ModuleType("msvcrt")
    console.kbhit = lambda: bool(waiting)  # type: ignore[attr-defined]
    console.getwch = waiting.popleft  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "msvcrt", console)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "stdin", Terminal())
    pressed: list[str] = []
    with keys_pressed(pressed.append):
        assert await taken(pressed, 3) == [" ", "m", "M"]
    assert "voicelive-keys" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
async def test_keys_of_a_unix_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """They come without Enter, those that send several characters are passed over, and the terminal is as before."""
    import termios

    ours, theirs = pty.openpty()
    with os.fdopen(ours, "wb", buffering=0) as keyboard, os.fdopen(theirs, encoding="utf-8") as stdin:
        before = termios.tcgetattr(stdin)
        monkeypatch.setattr(sys, "stdin", stdin)
        pressed: list[str] = []
        with keys_pressed(pressed.append):
            keyboard.write(b" \x1bOm\x1b[A\x1b[15~\x1bmm")
            assert await taken(pressed, 2) == [" ", "m"]
        assert termios.tcgetattr(stdin) == before
