"""Calls on Dask, with a real scheduler and workers as processes, of which one is killed in the midst of the work."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from voicelive.evaluation import BatchProgress, CallJob, CallResult, read_results, run_batch

from .runs import result
from .test_batches import jobs

pytestmark = pytest.mark.timeout(120)


def noting(folder: Path, job: CallJob) -> CallResult:
    """Hold no call: note that it was asked for, and take a moment."""
    with (folder / f"held-{os.getpid()}").open("a") as file:
        file.write(f"{job.id}\n")
    time.sleep(0.01)
    return result(job.id, worker=str(os.getpid()))


@contextmanager
def cluster(folder: Path, workers: int) -> Generator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Start a scheduler and workers, and end them."""
    scheduler_file = folder / "scheduler.json"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONWARNINGS": "ignore"}

    def start(*command: str) -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        process = subprocess.Popen([sys.executable, "-m", *command], env=environment, stdout=quiet, stderr=quiet)
        stack.callback(end, process)
        return process

    with ExitStack() as stack:
        local = ("--host", "127.0.0.1")
        start(
            "distributed.cli.dask_scheduler",
            *(*local, "--port", "0", "--no-dashboard", "--scheduler-file", str(scheduler_file)),
        )
        deadline = time.monotonic() + 60
        while not (scheduler_file.exists() and scheduler_file.read_text().endswith("}")):
            assert time.monotonic() < deadline, "the scheduler did not start"
            time.sleep(0.05)
        address = json.loads(scheduler_file.read_text())["address"]
        options = (*local, "--nthreads", "4", "--no-nanny", "--no-dashboard", "--local-directory", str(folder))
        yield address, [start("distributed.cli.dask_worker", address, *options) for _ in range(workers)]


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process, and wait for it."""
    process.kill()
    process.wait(30)


def test_a_worker_is_killed(tmp_path: Path) -> None:
    """Every call has one row; of those that had been held, no more than the window were held again."""
    from distributed import Client

    count, window = 300, 16
    file = tmp_path / "results.jsonl"
    with cluster(tmp_path, 2) as (address, workers):
        client: Any = Client(address, timeout=60)  # type: ignore[no-untyped-call]
        with client:
            client.wait_for_workers(2, timeout=60)

            def kill_one(progress: BatchProgress) -> None:
                if progress.done == count // 3:
                    os.kill(workers[0].pid, signal.SIGKILL)

            found = run_batch(
                jobs(count),
                executor=client.get_executor(pure=False),
                results=file,
                window=window,
                call=partial(noting, tmp_path),
                progress=kill_one,
            )
    held = Counter(name for one in tmp_path.glob("held-*") for name in one.read_text().split())
    assert Counter(one.id for one in found) == Counter(str(number) for number in range(count))
    assert [one.id for one in read_results(file)] == [one.id for one in found]
    assert {one.outcome for one in found} == {"passed"}
    assert len({one.worker for one in found}) == 2
    assert sum(held.values()) <= count + window
