"""Many calls on any executor: each held once, resumed after a kill, retried where it is worth it, at one pace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest

from voicelive.errors import ConfigurationError
from voicelive.evaluation import BatchProgress, CallJob, CallResult, Scenario, read_results, run_batch

from .runs import result

SCENARIO = Scenario.model_validate({"name": "s", "caller": [{"say": "hello"}]})


def jobs(count: int) -> list[CallJob]:
    """Return so many jobs."""
    return [CallJob(id=str(number), scenario=SCENARIO) for number in range(count)]


def at_once(job: CallJob) -> CallResult:
    """Hold no call; return a result."""
    return result(job.id)


def deadly(folder: Path, job: CallJob) -> CallResult:
    """Kill this process: for the job 'poison' always, for 'once' the first time."""
    with (folder / "held").open("a") as file:
        file.write(f"{job.id}\n")
    if job.id == "poison" or (job.id == "once" and (folder / "held").read_text().splitlines().count("once") == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.01)
    return result(job.id)


def processes() -> Executor:
    """Return a process."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def test_each_call_once(tmp_path: Path) -> None:
    """Every job has its line in the file, in the order in which the calls ended, and progress tells of each."""
    told: list[BatchProgress] = []
    file = tmp_path / "results.jsonl"
    with ThreadPoolExecutor(4) as executor:
        found = run_batch(jobs(100), executor=executor, results=file, call=at_once, progress=told.append)
    lines = [json.loads(line)["id"] for line in file.read_text().splitlines()]
    assert Counter(lines) == Counter(str(number) for number in range(100))
    assert [one.id for one in found] == lines
    assert [one.done for one in told] == list(range(1, 101))
    assert told[-1].remaining_s == 0


def test_only_a_window_is_in_flight(tmp_path: Path) -> None:
    """Of a million jobs no more are made than are wanted, so memory does not grow with their number."""
    made = 0
    release = threading.Semaphore(0)

    def many() -> Iterator[CallJob]:
        nonlocal made
        for job in jobs(40):
            made += 1
            yield job

    def waiting(job: CallJob) -> CallResult:
        assert release.acquire(timeout=30)
        return result(job.id)

    seen: list[int] = []
    with ThreadPoolExecutor(20) as executor:
        for _ in range(40):
            release.release()
        run_batch(
            many(),
            executor=executor,
            results=tmp_path / "r",
            window=8,
            call=waiting,
            progress=lambda one: seen.append(made - one.done),
        )
    assert max(seen) <= 8


def test_it_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    """Killed in the middle of a line and called again, it holds the calls that are missing, and those alone."""
    file = tmp_path / "results.jsonl"
    with ThreadPoolExecutor(2) as executor:
        run_batch(jobs(10), executor=executor, results=file, call=at_once)
        kept = file.read_bytes()
        for cut in (len(kept) - 1, len(kept) // 2, 5, 0):
            file.write_bytes(kept[:cut])
            before = kept[:cut].count(b"\n")
            told: list[BatchProgress] = []
            found = run_batch(jobs(10), executor=executor, results=file, call=at_once, progress=told.append)
            assert len(told) == 10 - before
            assert sorted(one.id for one in found) == sorted(str(number) for number in range(10))
            assert len(read_results(file)) == 10


PROGRAM = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from tests.evaluation.test_batches import jobs
from tests.evaluation.runs import result
from voicelive.evaluation import run_batch

def slow(job):
    time.sleep(0.005)
    return result(job.id)

with ThreadPoolExecutor(4) as executor:
    run_batch(
        jobs(400),
        executor=executor,
        results=sys.argv[1],
        call=slow,
        progress=lambda one: print(one.done, flush=True),
    )
"""


def test_killed_at_any_moment(tmp_path: Path) -> None:
    """A process that is killed twice in its work leaves a file with which the next one completes the batch."""
    file = tmp_path / "results.jsonl"
    for number in (1, 2, 3):
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(file)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        with process, process.stdout as output:
            for line in output:
                if number < 3 and int(line) >= number * 130:
                    process.kill()
                    break
            else:
                assert process.wait(30) == 0
    found = [one.id for one in read_results(file)]
    assert Counter(found) == Counter(str(number) for number in range(400))
    assert file.read_bytes().count(b"\n") == 400


def test_a_worker_that_dies_loses_nothing(tmp_path: Path) -> None:
    """The calls that ran there are held again; one that kills every worker is told, and takes no other along."""
    given = [CallJob(id=name, scenario=SCENARIO) for name in ("once", "0", "poison", "1")]
    found = run_batch(
        given,
        executor=processes,
        results=tmp_path / "results.jsonl",
        window=2,
        retries=1,
        call=partial(deadly, tmp_path),
    )
    outcomes = {one.id: one.outcome for one in found}
    assert len(outcomes) == len(found) == 4
    assert [name for name, outcome in outcomes.items() if outcome != "passed"] == ["poison"]
    (poison,) = [one for one in found if one.id == "poison"]
    assert "BrokenProcessPool" in (poison.error or "")


def test_an_executor_that_cannot_be_replaced(tmp_path: Path) -> None:
    """If its processes die, the error says what to give instead, and what was finished is in the file."""
    given = [*jobs(3), CallJob(id="poison", scenario=SCENARIO), *jobs(6)[3:]]
    with processes() as executor, pytest.raises(ConfigurationError, match="a function that makes an executor"):
        run_batch(
            given, executor=executor, results=tmp_path / "results.jsonl", window=1, call=partial(deadly, tmp_path)
        )
    assert [one.id for one in read_results(tmp_path / "results.jsonl")] == ["0", "1", "2"]


def test_a_busy_service(tmp_path: Path) -> None:
    """A call that was refused for now is held again after as long as the service asked; others are held up too."""
    begun: list[tuple[str, float]] = []

    def busy(job: CallJob) -> CallResult:
        begun.append((job.id, time.monotonic()))
        if len(begun) == 1:
            return result(job.id, outcome="error", error="ThrottledError", is_retryable=True, retry_after_s=0.5)
        return result(job.id)

    with ThreadPoolExecutor(1) as executor:
        found = run_batch(jobs(3), executor=executor, results=tmp_path / "r", window=1, call=busy)
    assert {one.id: (one.outcome, one.attempts) for one in found} == {
        "0": ("passed", 2),
        "1": ("passed", 1),
        "2": ("passed", 1),
    }
    assert begun[1][1] - begun[0][1] >= 0.5


def test_what_never_goes_well(tmp_path: Path) -> None:
    """After the retries the last result stands; a call whose function raises is an error, and the rest goes on."""

    def failing(job: CallJob) -> CallResult:
        if job.id == "1":
            raise ValueError("no such thing")
        return result(job.id, outcome="error", error="busy", is_retryable=job.id == "0")

    with ThreadPoolExecutor(1) as executor:
        found = run_batch(jobs(3), executor=executor, results=tmp_path / "r", retries=2, call=failing)
    assert {one.id: (one.error, one.attempts) for one in found} == {
        "0": ("busy", 3),
        "1": ("ValueError: no such thing", 1),
        "2": ("busy", 1),
    }


def test_the_pace(tmp_path: Path) -> None:
    """No more calls are begun in a second than allowed, however many workers there are."""
    begun: list[float] = []

    def noting(job: CallJob) -> CallResult:
        begun.append(time.monotonic())
        return result(job.id)

    with ThreadPoolExecutor(8) as executor:
        run_batch(jobs(6), executor=executor, results=tmp_path / "r", calls_per_second=20, call=noting)
    assert begun[-1] - begun[0] >= 0.2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 0}, "window is 0"),
        ({"retries": -1}, "retries is -1"),
        ({"calls_per_second": 0}, "calls_per_second is 0"),
        ({"jobs": [*jobs(1), *jobs(1)]}, "two jobs have the id '0'"),
    ],
)
def test_bad_input(tmp_path: Path, options: dict[str, object], message: str) -> None:
    """What cannot be is refused, and named."""
    given = {"jobs": jobs(1), **options}
    with ThreadPoolExecutor(1) as executor, pytest.raises(ConfigurationError, match=message):
        run_batch(executor=executor, results=tmp_path / "r", call=at_once, **given)  # type: ignore[arg-type]


def test_a_file_that_holds_something_else(tmp_path: Path) -> None:
    """It is not written to, and the line is named."""
    file = tmp_path / "notes.txt"
    file.write_text("{}\nhello\n")
    with ThreadPoolExecutor(1) as executor, pytest.raises(ConfigurationError, match="line 1: this is not the result"):
        run_batch(jobs(1), executor=executor, results=file, call=at_once)
    assert file.read_text() == "{}\nhello\n"
