"""Python programs that tests run as processes of their own, and what these say."""

from __future__ import annotations

import subprocess
import sys
import textwrap

__all__ = ["STRIKES", "run_program"]

STRIKES = """
import signal

def strikes_within(function):
    "Have Ctrl-C interrupt what `function` calls, and nothing else: between its calls no test expects it."
    def strike(number, frame):
        while (frame := frame.f_back) is not None:
            if frame.f_code is function.__code__:
                raise KeyboardInterrupt
    signal.signal(signal.SIGINT, strike)
"""
"""The beginning of programs that are interrupted again and again."""


def run_program(source: str, *arguments: str, timeout: float = 200, options: tuple[str, ...] = ()) -> list[str]:
    """Run a program to its end; return the lines it printed. It must exit with 0 and say nothing on stderr."""
    done = subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(source), *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout.split("\n")[:-1]
