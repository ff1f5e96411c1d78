"""Calls on Dask, with a real scheduler and workers as processes, of which one is killed in the midst of the work."""

from __future__ import annotations

import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from benchmarks.batches import differences, faults, hold_on_dask
from benchmarks.batches import jobs as spoken
from benchmarks.cluster import Cluster, end
from voicelive.evaluation import BatchProgress, CallJob, CallResult, read_results, run_batch
from voicelive.local import Engines, LocalService

from .runs import result
from .test_batches import jobs

pytestmark = pytest.mark.timeout(300)


def noting(folder: Path, job: CallJob) -> CallResult:
    """Hold no call: note that it was asked for, and take a moment."""
    with (folder / f"held-{os.getpid()}").open("a") as file:
        file.write(f"{job.id}\n")
    time.sleep(0.01)
    return result(job.id, worker=str(os.getpid()))


def test_a_worker_is_killed(tmp_path: Path) -> None:
    """Every call has one row; of those that had been held, no more than the window were held again."""
    from distributed import Client

    count, window = 300, 16
    file = tmp_path / "results.jsonl"
    with Cluster(tmp_path, 2) as cluster:
        client: Any = Client(cluster.address, timeout=60)  # type: ignore[no-untyped-call]
        with client:
            client.wait_for_workers(2, timeout=60)

            def kill_one(progress: BatchProgress) -> None:
                if progress.done == count // 3:
                    end(cluster.workers[0])

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


def test_spoken_calls(tmp_path: Path) -> None:
    """A worker and the client killed: each spoken call has one row, as from one process; few were held twice.

    `python -m benchmarks.batches` holds 2,000 of them.
    """
    count, at_once = 10, 4
    on_dask = hold_on_dask(tmp_path / "dask", count, at_once)
    assert faults("on Dask", on_dask, count, 2 * at_once) == []
    assert {one.outcome for one in on_dask.results} == {"passed"}
    for name in ("worker", "client"):
        assert (tmp_path / "dask" / f"killed-{name}").exists()
    with (
        LocalService.in_thread(engines=Engines.basic(), pacing="fast") as service,
        ThreadPoolExecutor(count) as threads,
    ):
        given = spoken(tmp_path, service.endpoint, count)
        alone = run_batch(given, executor=threads, results=tmp_path / "alone.jsonl")
    assert differences(on_dask.results, alone) == []
