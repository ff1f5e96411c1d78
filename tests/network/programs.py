"""Programs that run while a test needs them, and the ports they listen on."""

from __future__ import annotations

import queue
import random
import socket
import subprocess
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

__all__ = ["free_ports", "running"]

_START_SECONDS = 20
_STOP_SECONDS = 10


def free_ports(count: int) -> list[int]:
    """Find ports of 127.0.0.1 that nobody listens on."""
    # Below those that systems give to connections that go out: such a one could take it again before it is used.
    ports: list[int] = []
    for port in random.sample(range(20_000, 30_000), 1000):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            ports.append(port)
        if len(ports) == count:
            break
    return ports


@contextmanager
def running(command: Sequence[str], *, ready: str, folder: Path) -> Generator[list[str]]:
    """Run a server; the block begins when it has written a line that holds `ready`. Gives the lines as they come."""
    lines: list[str] = []
    is_ready: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def read(stream: IO[str]) -> None:
        for line in stream:
            lines.append(line)
            if ready in line:
                is_ready.put(True)
        is_ready.put(False)

    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        reader = threading.Thread(target=read, args=(process.stdout,), name=f"log of {command[0]}", daemon=True)
        reader.start()
        try:
            try:
                started = is_ready.get(timeout=_START_SECONDS)
            except queue.Empty:
                started = False
            assert started, f"{command[0]} did not start:\n{''.join(lines)}"
            yield lines
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            reader.join(_STOP_SECONDS)
