"""Many calls on any executor: a window in flight, one row a call, resumed where it was killed."""

import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, replace
from pathlib import Path

from .._public import public_in
from ..errors import ConfigurationError
from .call import CallJob, run_call
from .results import CallResult

__all__ = ["BatchProgress", "read_results", "run_batch"]


@public_in("voicelive.evaluation")
@dataclass(frozen=True)
class BatchProgress:
    """How far a batch is."""

    done: int
    """Calls whose results are written, those of an earlier run included."""
    total: int | None
    """All calls; None where the jobs are an iterator."""
    running: int
    elapsed_s: float
    remaining_s: float | None
    """How long the rest takes at the pace so far; None while that is not known."""
    result: CallResult | None = None
    """The call that has just ended."""


@public_in("voicelive.evaluation")
def run_batch(
    jobs: Iterable[CallJob],
    *,
    executor: Executor | Callable[[], Executor],
    results: str | Path,
    window: int = 32,
    retries: int = 2,
    calls_per_second: float | None = None,
    call: Callable[[CallJob], CallResult] = run_call,
    progress: Callable[[BatchProgress], None] | None = None,
) -> list[CallResult]:
    """Hold many calls, each once, and write a line of JSON for each that has ended.

    Killed at any point and called again with the same file, it goes on with the calls that are missing. Memory does not
    grow with the number of jobs, beyond the results, if they are an iterator.

    Args:
        jobs: the calls; each with an id of its own.
        executor: what runs them: of threads, processes, or ``dask.distributed``'s ``client.get_executor(pure=False)``;
            or a function that makes one, which is called again if its processes die.
        results: the file with the results.
        window: how many calls are in flight at most. What a dead worker had finished and not handed over is made
            again, so this bounds what may be paid twice.
        retries: how often a call is made again that failed for a reason that may pass, such as a busy service.
        calls_per_second: how many calls are begun in a second at most, over all workers together. A service that is
            busy holds all of them up for as long as it asks.
        call: what holds a call; it can be pickled.
        progress: is told after each call.

    Returns:
        Every result in the file, in the order in which they came.

    Raises:
        ConfigurationError: for a number that is not valid, two jobs with one id, or a file that holds something else.
    """
    if window < 1 or retries < 0 or (calls_per_second is not None and calls_per_second <= 0):
        raise ConfigurationError(
            f"window is {window}, retries is {retries}, calls_per_second is {calls_per_second}: they take numbers "
            "above 0, retries may also be 0"
        )
    path = Path(results)
    batch = _Batch(
        _Executors(executor), window, retries, _Pace(calls_per_second), call, progress, jobs, read_results(path)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    _cut_half_line(path)
    with path.open("a", encoding="utf-8") as file:
        for result in batch.run():
            file.write(json.dumps(result.to_dict(), ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
            batch.written(result)
    return batch.found


@public_in("voicelive.evaluation")
def read_results(path: str | Path) -> list[CallResult]:
    """Return the results in a file of JSON lines; one that is being written, or was cut off by a kill, is left out.

    Raises:
        ConfigurationError: if a line is not a result; says which.
    """
    file = Path(path)
    if not file.exists():
        return []
    data = file.read_bytes()
    whole = data.rfind(b"\n") + 1
    found: dict[str, CallResult] = {}
    for number, line in enumerate(data[:whole].splitlines(), 1):
        try:
            result = CallResult.from_dict(json.loads(line))
        except ValueError as error:
            raise ConfigurationError(f"{file}, line {number}: {error}") from None
        found.setdefault(result.id, result)
    return list(found.values())


def _cut_half_line(file: Path) -> None:
    """Take out of a file the line that a kill cut off, so that the next one begins anew."""
    with file.open("a+b") as opened:
        opened.seek(0)
        opened.truncate(opened.read().rfind(b"\n") + 1)


class _Pace:
    """When the next call may begin: one clock for all workers, since one process hands out all calls."""

    def __init__(self, calls_per_second: float | None) -> None:
        self._step = 0.0 if calls_per_second is None else 1 / calls_per_second
        self._next = 0.0

    def delay(self) -> float:
        return max(0.0, self._next - time.monotonic())

    def begin(self) -> None:
        self._next = max(self._next, time.monotonic()) + self._step

    def hold_up(self, seconds: float) -> None:
        self._next = max(self._next, time.monotonic() + seconds)


@dataclass(frozen=True)
class _Try:
    """One attempt at a call."""

    job: CallJob
    number: int = 1
    is_alone: bool = False
    """Whether nothing runs beside it, since it may be what kills the workers."""


class _Executors:
    """The executor, and how to get another one when its processes have died."""

    def __init__(self, given: Executor | Callable[[], Executor]) -> None:
        self._make = None if isinstance(given, Executor) else given
        self._executor: Executor | None = given if isinstance(given, Executor) else None
        self.generation = 0
        """How many have been given up."""

    def submit(self, call: Callable[[CallJob], CallResult], job: CallJob) -> Future[CallResult]:
        if self._executor is None:
            assert self._make is not None
            self._executor = self._make()
        return self._executor.submit(call, job)

    def give_up(self, generation: int) -> None:
        """Have another executor made, unless that was done since."""
        if generation != self.generation:
            return
        if self._make is None:
            raise ConfigurationError(
                "the executor's processes have died: give run_batch() a function that makes an executor, so that it "
                "can make another one, and call it again with the same file"
            )
        self.generation += 1
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None

    def close(self) -> None:
        if self._make is not None and self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)


class _Batch:
    """A batch under way."""

    def __init__(
        self,
        executors: _Executors,
        window: int,
        retries: int,
        pace: _Pace,
        call: Callable[[CallJob], CallResult],
        progress: Callable[[BatchProgress], None] | None,
        jobs: Iterable[CallJob],
        found: list[CallResult],
    ) -> None:
        self._executors = executors
        self._window = window
        self._retries = retries
        self._pace = pace
        self._call = call
        self._progress = progress
        self._total = len(jobs) if isinstance(jobs, Sized) else None
        self._jobs = iter(jobs)
        self._again: deque[_Try] = deque()
        self._suspects: deque[_Try] = deque()
        self._running: dict[Future[CallResult], tuple[_Try, int]] = {}
        self._seen: set[str] = set()
        self._done = {result.id for result in found}
        self._before = len(found)
        self._started = time.monotonic()
        self.found = found

    def run(self) -> Iterator[CallResult]:
        """Yield each result as it comes."""
        try:
            while self._fill() or self._running:
                yield from self._finished()
        finally:
            for future in self._running:
                future.cancel()
            self._executors.close()

    def written(self, result: CallResult) -> None:
        """Take that a result is in the file."""
        self.found.append(result)
        self._done.add(result.id)
        if self._progress is None:
            return
        elapsed = time.monotonic() - self._started
        here = len(self.found) - self._before
        rest = None if self._total is None else (self._total - len(self.found)) * elapsed / here
        self._progress(BatchProgress(len(self.found), self._total, len(self._running), elapsed, rest, result))

    def _fill(self) -> bool:
        """Begin calls until the window is full; returns whether any wait to be begun."""
        while len(self._running) < self._window:
            if self._pace.delay() > 0 or any(one.is_alone for one, _ in self._running.values()):
                return True
            one = self._next()
            if one is None:
                return bool(self._suspects)
            self._pace.begin()
            generation = self._executors.generation
            try:
                future = self._executors.submit(self._call, one.job)
            except BrokenExecutor:
                self._again.appendleft(one)
                self._executors.give_up(generation)
            else:
                self._running[future] = one, generation
        return True

    def _next(self) -> _Try | None:
        if self._again:
            return self._again.popleft()
        for job in self._jobs:
            if job.id in self._seen:
                raise ConfigurationError(f"two jobs have the id {job.id!r}: give each its own")
            self._seen.add(job.id)
            if job.id not in self._done:
                return _Try(job)
        return self._suspects.popleft() if self._suspects and not self._running else None

    def _finished(self) -> Iterator[CallResult]:
        delay = self._pace.delay() or None
        if not self._running:
            time.sleep(delay or 0)
            return
        done, _ = wait(self._running, timeout=delay, return_when=FIRST_COMPLETED)
        for future in done:
            one, generation = self._running.pop(future)
            result = self._result(future, one, generation)
            if result is not None:
                yield result

    def _result(self, future: Future[CallResult], one: _Try, generation: int) -> CallResult | None:
        """Return a call's result; None if it is made again."""
        error = future.exception()
        if isinstance(error, BrokenExecutor):
            self._executors.give_up(generation)
            return self._worker_died(one, error)
        if error is not None:
            # Dask's own executor goes on with other workers.
            return self._worker_died(one, error) if type(error).__name__ == "KilledWorker" else _lost(one, error)
        result = replace(future.result(), attempts=one.number)
        if result.is_retryable and one.number <= self._retries:
            self._pace.hold_up(result.retry_after_s or 0.0)
            self._again.append(replace(one, number=one.number + 1))
            return None
        return result

    def _worker_died(self, one: _Try, error: BaseException) -> CallResult | None:
        """Hold the call again: all that ran there are lost, and which one was the cause shows when it runs alone."""
        if one.number > 2 * self._retries + 1:
            return _lost(one, error)
        again = replace(one, number=one.number + 1, is_alone=one.number > self._retries)
        (self._suspects if again.is_alone else self._again).append(again)
        return None


def _lost(one: _Try, error: BaseException) -> CallResult:
    return CallResult(
        id=one.job.id,
        scenario=one.job.scenario.name,
        tags=tuple(one.job.scenario.tags),
        outcome="error",
        error=f"{type(error).__name__}: {error}",
        attempts=one.number,
    )
