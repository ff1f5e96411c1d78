"""``python -m benchmarks.batches``: 2,000 spoken calls on a Dask cluster; a worker and the client are killed midway.

Then the same calls in one process, and both tables are compared. Each call is a session with the local service, held
in real time: a recorded question of about a second, in tones that the engines without dependencies understand, and a
spoken answer. The service answers without artificial delays. Interrupted, and begun again with the same folder, it goes
on with the calls that are missing.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicelive.audio import WavSink
from voicelive.evaluation import CallJob, CallResult, Scenario, read_results, run_batch
from voicelive.local import Engines, LocalService

from .__main__ import machine, raise_file_limit
from .cluster import Cluster, end

__all__ = ["Held", "differences", "faults", "hold_alone", "hold_on_dask", "jobs", "table"]

RESULTS = Path(__file__).parent / "results" / "batches.md"
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
SUMS = [(one, other) for one in range(1, 6) for other in range(2, 6)]
TIMELESS = ("success", "agent_word_errors", "unanswered", "talked_over_ms", "interruptions", "false_interruptions")
"""The figures of a call that do not depend on how fast the machine is."""
SPARE_S = 120.0


@dataclass
class Held:
    """A batch that was held."""

    results: list[CallResult]
    lines: int
    """In the file of results."""
    sessions: int
    """That the service counts."""
    calls: int
    """Held since the command was started."""
    seconds: float
    cpu_s: float
    """Of all processes."""
    service_cpu_s: float


def jobs(folder: Path, endpoint: str, count: int) -> list[CallJob]:
    """Return so many calls: sums, in turn, each with its recording."""
    made = [_scenario(folder, *numbers) for numbers in SUMS]
    return [
        CallJob(id=f"{number:06}", scenario=made[number % len(made)], engines="basic", connect={"endpoint": endpoint})
        for number in range(count)
    ]


def _scenario(folder: Path, one: int, other: int) -> Scenario:
    text = f"{NUMBERS[one]} plus {NUMBERS[other]}"
    file = folder / f"{one}+{other}.wav"
    if not file.exists():
        with WavSink(file) as sink:
            sink.write(b"".join(Engines.basic().synthesizer.synthesize(text)))
    return Scenario.model_validate(
        {
            "name": text,
            "pause_ms": 300,
            "caller": [{"play": str(file), "text": text}],
            "expect": [{"heard": text}, {"said": f"is {NUMBERS[one + other]}"}, {"no_tool": True}],
        }
    )


def hold_on_dask(folder: Path, count: int, at_once: int) -> Held:
    """Hold the calls on two workers; kill one at two fifths, and the client at three."""
    folder.mkdir(parents=True, exist_ok=True)
    with _Measured(folder, count) as measured, _service(folder), Cluster(folder, 2, at_once) as cluster:
        options = (folder, count, at_once, cluster.address)
        client = _start("hold", *options)
        try:
            while client.poll() is None:
                if measured.is_due("worker", 2 / 5):
                    end(cluster.workers[0])
                    cluster.start_worker()
                if measured.is_due("client", 3 / 5):
                    end(client)
                    client = _start("hold", *options)
                measured.watch()
        finally:
            end(client)
        _check(client)
    return measured.held()


def hold_alone(folder: Path, count: int, at_once: int) -> Held:
    """Hold the calls in one process."""
    folder.mkdir(parents=True, exist_ok=True)
    with _Measured(folder, count) as measured, _service(folder):
        client = _start("hold", folder, count, at_once, "")
        try:
            while client.poll() is None:
                measured.watch()
        finally:
            end(client)
        _check(client)
    return measured.held()


class _Measured:
    """Follows a batch by its files, and adds up what its processes take."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        self._count = count
        self._before = self._lines()
        self._told = time.monotonic()
        # A call takes four seconds; what takes far longer than all of them in a row of ten has got stuck.
        self._deadline = time.monotonic() + SPARE_S + count

    def __enter__(self) -> _Measured:
        self._began, self._cpu_s = time.monotonic(), _cpu_of_children_s()
        return self

    def __exit__(self, *_: object) -> None:
        self._seconds = time.monotonic() - self._began
        # All have been waited for.
        self._cpu_s = _cpu_of_children_s() - self._cpu_s

    def is_due(self, name: str, share: float) -> bool:
        """Return, once in a folder's life, whether this share of the calls is done."""
        mark = self._folder / f"killed-{name}"
        if mark.exists() or self._lines() < share * self._count:
            return False
        mark.touch()
        return True

    def watch(self) -> None:
        """Wait a moment, and tell from time to time how far it is."""
        # Progress is in files of the other processes; nothing tells of them.
        time.sleep(0.1)
        now = time.monotonic()
        if now > self._deadline:
            raise TimeoutError(f"{self._lines()} of {self._count} calls are done, and the time is up")
        if now - self._told > 15:
            self._told = now
            print(f"{self._folder.name}: {self._lines()} of {self._count}", file=sys.stderr, flush=True)

    def held(self) -> Held:
        """Return what came of it."""
        file = self._folder / "results.jsonl"
        return Held(
            results=read_results(file),
            lines=self._lines(),
            sessions=len((self._folder / "sessions").read_text().splitlines()),
            calls=self._lines() - self._before,
            seconds=self._seconds,
            cpu_s=self._cpu_s,
            service_cpu_s=float((self._folder / "service-cpu").read_text()),
        )

    def _lines(self) -> int:
        file = self._folder / "results.jsonl"
        return file.read_bytes().count(b"\n") if file.exists() else 0


def _cpu_of_children_s() -> float:
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _start(role: str, *arguments: object, pipe: bool = False) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "benchmarks.batches", "--as", role, *map(str, arguments)]
    return subprocess.Popen(command, cwd=Path(__file__).parents[1], stdin=subprocess.PIPE if pipe else None)


def _check(process: subprocess.Popen[bytes]) -> None:
    if process.returncode != 0:
        raise RuntimeError(f"the process that holds the batch ended with {process.returncode}")


@contextmanager
def _service(folder: Path) -> Generator[None]:
    """Start the service, which writes where it is and counts its sessions; it ends when nobody holds its input."""
    (folder / "endpoint").unlink(missing_ok=True)
    process = _start("serve", folder, pipe=True)
    try:
        deadline = time.monotonic() + SPARE_S
        while not (folder / "endpoint").exists():
            if time.monotonic() > deadline or process.poll() is not None:
                raise TimeoutError("the local service did not start")
            # The file is all that the other process shows of itself.
            time.sleep(0.05)
        yield
        process.communicate(timeout=30)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        end(process)


# What the processes do.


def serve(folder: str) -> None:
    """Be the service until nobody holds this process's input any more."""
    place, ended = Path(folder), threading.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    seen: set[str] = set()
    with (
        LocalService.in_thread(engines=Engines.basic(), pacing="fast") as service,
        (place / "sessions").open("a", encoding="utf-8") as file,
    ):
        written = place / "endpoint.new"
        written.write_text(service.endpoint, encoding="utf-8")
        written.rename(place / "endpoint")
        is_over = False
        while not is_over:
            is_over = ended.wait(0.2)
            # It remembers a hundred: more than begin in that time.
            new = [session.id for session in service.sessions if session.id not in seen]
            seen.update(new)
            file.writelines(f"{name}\n" for name in new)
    (place / "service-cpu").write_text(str(time.process_time()), encoding="utf-8")


def hold(folder: str, count: str, at_once: str, scheduler: str) -> None:
    """Be the client that holds the batch; without a scheduler, in this process's threads."""
    place = Path(folder)
    given = jobs(place, (place / "endpoint").read_text(), int(count))
    file = place / "results.jsonl"
    if not scheduler:
        with ThreadPoolExecutor(int(at_once)) as threads:
            run_batch(given, executor=threads, results=file, window=int(at_once))
        return
    from distributed import Client

    client: Any = Client(scheduler, timeout=60)  # type: ignore[no-untyped-call]
    with client:
        client.wait_for_workers(2, timeout=60)
        run_batch(given, executor=client.get_executor(pure=False), results=file, window=int(at_once))


# What comes of it.


def differences(results: Iterable[CallResult], other: Iterable[CallResult]) -> list[str]:
    """Return the ids of the calls whose rows differ in what does not depend on time."""
    rows, others = ({one.id: _row(one) for one in found} for found in (results, other))
    return sorted(name for name in {*rows, *others} if rows.get(name) != others.get(name))


def _row(result: CallResult) -> tuple[object, ...]:
    figures = {name: result.scores.get(name) for name in TIMELESS}
    return result.scenario, result.tags, result.outcome, result.checks, result.error, result.transcript, figures


def faults(name: str, held: Held, count: int, held_twice: int) -> list[str]:
    """Return what is not as it should be: rows that are missing or there twice, more sessions than may be."""
    found: list[str] = []
    twice = [call for call, times in Counter(one.id for one in held.results).items() if times > 1]
    if (len(held.results), held.lines) != (count, count) or twice:
        found.append(f"{name}: {len(held.results)} results in {held.lines} lines for {count} calls, twice: {twice}")
    if held.sessions > count + held_twice:
        found.append(f"{name}: {held.sessions} sessions for {count} calls; {held_twice} may be held twice")
    return found


def table(count: int, at_once: int, on_dask: Held, alone: Held) -> str:
    """Return the figures as a page."""
    about = machine()
    rows = [("two workers on Dask, one killed, the client too", on_dask), ("one process", alone)]
    lines = [
        "# Thousands of calls",
        "",
        f"{count} calls, {at_once} at once, each a session with the local service in real time: a recorded question of",
        "a second in tones, a spoken answer; the service without artificial delays, in a process of its own. A worker",
        "is killed after two fifths of the calls, the client after three. Written by `python -m benchmarks.batches`.",
        "",
        f"{about['cores']} cores ({about['processor']}), {about['system']}, {about['python']}, {about['date']}; "
        f"load average before: {about['load']}.",
        "",
        "| | Rows | Twice | Passed | Sessions | Seconds | CPU a call (s) | of it the service (s) "
        "| Calls an hour and core | without the service |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, held in rows:
        calls = max(1, held.calls)
        ours = held.cpu_s - held.service_cpu_s
        passed = sum(one.outcome == "passed" for one in held.results)
        twice = held.lines - len({one.id for one in held.results})
        lines.append(
            f"| {name} | {len(held.results)} | {twice} | {passed} | {held.sessions} | {held.seconds:.0f} "
            f"| {held.cpu_s / calls:.3f} | {held.service_cpu_s / calls:.3f} | {calls * 3600 / held.cpu_s:,.0f} "
            f"| {calls * 3600 / ours:,.0f} |"
        )
    lines += [
        "",
        f"Rows that differ in what does not depend on time: {len(differences(on_dask.results, alone.results))}.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.batches", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--at-once", type=int, default=32)
    parser.add_argument(
        "--folder", type=Path, help="where the results are kept, to go on from; left out: one that is deleted"
    )
    parser.add_argument("--print", action="store_true", help="write no file")
    parser.add_argument("--as", dest="role", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role:
        roles: dict[str, Callable[..., None]] = {"serve": serve, "hold": hold}
        roles[options.role[0]](*options.role[1:])
        return
    raise_file_limit()
    folder = options.folder or Path(tempfile.mkdtemp())
    count, at_once = options.calls, options.at_once
    on_dask = hold_on_dask(folder / "dask", count, at_once)
    alone = hold_alone(folder / "alone", count, at_once)
    text = table(count, at_once, on_dask, alone)
    if not options.print:
        RESULTS.write_text(text, encoding="utf-8")
    print(text)
    if options.folder is None:
        shutil.rmtree(folder)
    # What was killed cost the calls that were in flight.
    wrong = [*faults("on Dask", on_dask, count, 2 * at_once), *faults("in one process", alone, count, 0)]
    wrong += [f"the row of call {name} differs" for name in differences(on_dask.results, alone.results)]
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
