"""Python programs that tests run as processes of their own, and what these say."""

from __future__ import annotations

import subprocess
import sys
import textwrap

__all__ = ["run_program"]


def run_program(source: str, *arguments: str, timeout: float = 60, options: tuple[str, ...] = ()) -> list[str]:
    """Run a program to its end; return the lines it printed. It must exit with 0 and say nothing on stderr."""
    done = subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(source), *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout.split("\n")[:-1]
