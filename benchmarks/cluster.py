"""A Dask cluster on this machine: a scheduler and workers, each a process that can be killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Cluster", "end"]

_ROOT = Path(__file__).parents[1]
_START_S = 60
_LOCAL = ("--host", "127.0.0.1", "--no-dashboard")


class Cluster:
    """A context manager: everything ends with it.

    Args:
        folder: for the cluster's own files.
        workers: how many processes hold calls.
        threads: how many calls a worker holds at once.
    """

    def __init__(self, folder: Path, workers: int, threads: int = 4) -> None:
        self._folder = folder
        self._count = workers
        self._threads = threads
        self._ends = ExitStack()
        self.workers: list[subprocess.Popen[bytes]] = []
        self.address = ""

    def __enter__(self) -> Self:
        file = self._folder / "scheduler.json"
        file.unlink(missing_ok=True)
        self._start("dask_scheduler", "--port", "0", "--scheduler-file", str(file))
        deadline = time.monotonic() + _START_S
        while not (file.exists() and file.read_text().endswith("}")):
            if time.monotonic() > deadline:
                self._ends.close()
                raise TimeoutError(f"the scheduler of Dask did not start within {_START_S} s")
            # The file is all that the scheduler shows of itself.
            time.sleep(0.05)
        self.address = json.loads(file.read_text())["address"]
        for _ in range(self._count):
            self.start_worker()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.close()

    def start_worker(self) -> None:
        """Start a worker; it takes calls as soon as it is ready."""
        # No process that would start it anew: what is killed is gone.
        options = ("--nthreads", str(self._threads), "--no-nanny", "--local-directory", str(self._folder))
        self.workers.append(self._start("dask_worker", self.address, *options))

    def _start(self, name: str, *options: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{name}", *options, *_LOCAL],
            env={**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONWARNINGS": "ignore"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._ends.callback(end, process)
        return process


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, and wait for it."""
    process.kill()
    process.wait(30)
