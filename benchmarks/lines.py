"""How many telephone calls one core carries: a bridge in a process of its own, callers and service in another.

    python -m benchmarks.lines --line twilio --calls 25 50 100    # rows of figures
    python -m benchmarks.lines --search                           # every line, and benchmarks/results/lines.md

Each process has a core of its own, where there are two. The callers send frames that were made beforehand, by one timer
for all; service and callers read no more of a message than they need (`line_wire.py`), so that the bridge is what ends
first. Beside the bridge's figures stand the generator's own CPU, and by how much its frames left late: where that is
not far below 20 ms, the delays are not the bridge's.

`--search` measures 25, 50 and 100 calls, then half as many again until the p99 of what the bridge adds is above 20 ms
or something is lost, bisects between the last two, and takes the number at which two of three runs fit.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import multiprocessing as mp
import os
import resource
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from voicelive.telephony import AcsLine, GenesysLine, TwilioLine, answer

from .line_report import search_report
from .line_wire import FRAME_MS, FarEnd, Kind, Session, Told, kind_of

LINES: dict[str, Any] = {"twilio": TwilioLine, "acs": AcsLine, "genesys": GenesysLine}
MOST_MS = 20.0
STEP = 0.05
"""How near the search comes to the largest number of calls, as a share of it."""
RESULTS = Path(__file__).parent / "results" / "lines.md"
TURN_S = 4.0
SPOKEN_S = 3.0
"""Of each turn the service speaks three seconds; every other answer is interrupted halfway."""
QUIET = {"compression": None, "max_size": None, "ping_interval": None}

Figures = dict[str, Any]


async def agent(connection: Any) -> None:
    async for _ in connection:
        pass


def memory() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _take_core(number: int) -> None:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[number % len(cores)]})


def _bridge(pipe: Connection, line: str, endpoint: str) -> None:
    _take_core(1)

    async def main() -> None:
        ended = {"calls": 0, "lost_ms": 0, "filled_ms": 0, "interruptions": 0, "failed": 0}

        async def take(socket: ServerConnection) -> None:
            summary = await answer(agent, socket, LINES[line](), endpoint=endpoint, model="gpt-4o")
            ended["calls"] += 1
            ended["lost_ms"] += summary.input_dropped_ms + summary.output_dropped_ms
            ended["filled_ms"] += summary.filled_ms
            ended["interruptions"] += summary.interruptions
            ended["failed"] += summary.outcome != "hung_up" or bool(summary.faults)

        async with serve(take, "127.0.0.1", 0, **QUIET) as server:  # type: ignore[arg-type]
            pipe.send(next(iter(server.sockets)).getsockname()[1])
            while (await asyncio.to_thread(pipe.recv)) == "figures":
                usage = resource.getrusage(resource.RUSAGE_SELF)
                pipe.send((usage.ru_utime + usage.ru_stime, memory(), dict(ended)))

    asyncio.run(main())


class Load:
    """The callers and the service, by one timer."""

    def __init__(self, line: str, calls: int, slots: int = FRAME_MS) -> None:
        """Prepare.

        Args:
            line: the line.
            calls: how many calls there will be.
            slots: over how many moments of each 20 ms they are spread.
        """
        self.kind: Kind = kind_of(line)
        self.told = Told()
        self.calls = calls
        self.sessions: dict[int, Session] = {}
        self.ends: list[FarEnd] = []
        self.sent = 0
        self.late_ms: list[float] = []
        self.first_sound_ms: list[float] = []
        self.clear_ms: list[float] = []
        self._slots: list[list[FarEnd]] = [[] for _ in range(slots)]

    def session(self) -> Session:
        """Return the service's end of a new session."""
        return Session(self.kind, self.told, self.sessions)

    async def call(self, port: int, calls: int) -> None:
        """Have callers call, one after the other, until there are so many; return once all sessions have begun."""
        loop = asyncio.get_running_loop()
        for number in range(len(self.ends), calls):
            _, end = await loop.create_connection(partial(FarEnd, self.kind, number), "127.0.0.1", port)
            self.ends.append(end)
            self._slots[number % len(self._slots)].append(end)
            await asyncio.sleep(0.005)
        async with asyncio.timeout(60):
            while len(self.sessions) < calls:  # noqa: ASYNC110 - it is a measurement, and waits for others
                await asyncio.sleep(0.05)

    async def run(self) -> None:
        """Send each caller's frame every 20 ms, and let the service speak and interrupt."""
        due, slot, round_ = time.monotonic(), 0, 0
        while True:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            now = time.monotonic()
            self.late_ms.append((now - due) * 1000)
            for end in self._slots[slot]:
                if end.is_ready:
                    end.send(now)
                    end.tick(now)
                    self.sent += 1
                    self._turn(end, round_, now)
            slot += 1
            if slot == len(self._slots):
                slot, round_ = 0, round_ + 1
            due += FRAME_MS / 1000 / len(self._slots)

    def _turn(self, end: FarEnd, round_: int, now: float) -> None:
        frames = round(TURN_S * 1000 / FRAME_MS)
        turn, at = divmod(round_ + end.number * frames // self.calls, frames)
        session = self.sessions.get(end.number)
        if session is None:
            return
        if at == 0:
            end.on_sound = self._timed(end, "on_sound", self.first_sound_ms, now)
            session.answer(SPOKEN_S)
        elif turn % 2 and at == frames * SPOKEN_S // TURN_S // 2:
            end.on_clear = self._timed(end, "on_clear", self.clear_ms, now)
            session.hear()

    def _timed(self, end: FarEnd, name: str, into: list[float], began: float) -> Callable[[float], None]:
        def done(now: float) -> None:
            into.append((now - began) * 1000)
            setattr(end, name, None)

        return done

    def hang_up(self) -> None:
        """Have every caller hang up."""
        for end in self.ends:
            end.hang_up()

    def forget(self) -> None:
        """Begin to count."""
        self.told.arrived, self.sent = 0, 0
        for kept in (self.told.delays_ms, self.late_ms, self.first_sound_ms, self.clear_ms):
            kept.clear()

    def counted(self) -> Figures:
        """Return what was counted."""
        delays, late = sorted(self.told.delays_ms), sorted(self.late_ms)
        return {
            "delay_p50_ms": _at(delays, 0.5),
            "delay_p99_ms": _at(delays, 0.99),
            "first_sound_p99_ms": _at(sorted(self.first_sound_ms), 0.99),
            "clear_p99_ms": _at(sorted(self.clear_ms), 0.99),
            # Those under way at either end of the measured time do not count as lost.
            "frames_lost": max(0, self.sent - self.told.arrived - self.calls * 3),
            "barge_ins": len(self.clear_ms),
            "generator_late_p99_ms": _at(late, 0.99),
        }


async def _run(line: str, calls: int, seconds: float) -> Figures:
    load = Load(line, calls)
    context = mp.get_context("spawn")
    ours, theirs = context.Pipe()
    server = await asyncio.get_running_loop().create_server(load.session, "127.0.0.1", 0)
    endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    process = context.Process(target=_bridge, args=(theirs, line, endpoint), daemon=True)
    process.start()
    running = None
    try:
        port = await asyncio.to_thread(ours.recv)
        running = asyncio.create_task(load.run())
        # The first call makes what all calls share.
        await load.call(port, 1)
        first = await _figures(ours)
        await load.call(port, calls)
        # A turn of each: the first answers make what is made once.
        await asyncio.sleep(TURN_S)
        before, own = await _figures(ours), time.process_time()
        load.forget()
        began = time.monotonic()
        await asyncio.sleep(seconds)
        counted, took = load.counted(), time.monotonic() - began
        after, generator = await _figures(ours), time.process_time() - own
        running.cancel()
        load.hang_up()
        async with asyncio.timeout(60):
            while (last := await _figures(ours))[2]["calls"] < calls:  # noqa: ASYNC110 - it asks another process
                await asyncio.sleep(0.1)
    finally:
        if running is not None:
            running.cancel()
        server.close()
        ours.send("end")
        await asyncio.to_thread(process.join, 10)
        process.kill()
    cpu = after[0] - before[0]
    return {
        "line": line,
        "calls": calls,
        **counted,
        **{name: last[2][name] for name in ("lost_ms", "filled_ms", "failed")},
        "bridge_cpu_share": cpu / took,
        "bridge_cpu_ms_per_call_second": cpu / took / calls * 1000,
        "generator_cpu_share": generator / took,
        "memory_kb_per_call": (after[1] - first[1]) / max(1, calls - 1) / 1000,
    }


def _at(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0


async def _figures(pipe: Connection) -> tuple[float, int, dict[str, int]]:
    pipe.send("figures")
    found: tuple[float, int, dict[str, int]] = await asyncio.to_thread(pipe.recv)
    return found


def measure(line: str, calls: int, seconds: float) -> Figures:
    """Measure so many calls, and print the figures."""
    gc.collect()
    gc.disable()
    try:
        figures = asyncio.run(_run(line, calls, seconds))
    finally:
        gc.enable()
    rounded = {name: round(value, 2) if isinstance(value, float) else value for name, value in figures.items()}
    print(json.dumps(rounded), flush=True)
    return rounded


def fits(figures: Figures) -> bool:
    """Return whether so many calls are carried as they should be."""
    losses = ("frames_lost", "lost_ms", "filled_ms", "failed")
    return figures["delay_p99_ms"] <= MOST_MS and not any(figures[name] for name in losses)


def carries(line: str, calls: int, seconds: float) -> bool:
    """Return whether so many calls are carried; a run that does not fit is repeated once, as machines falter."""
    return fits(measure(line, calls, seconds)) or fits(measure(line, calls, seconds))


def search(line: str, rows: list[Figures], seconds: float) -> list[Figures]:
    """Return three runs with the most calls whose median fits; none if no number does."""
    good = max((row["calls"] for row in rows if fits(row)), default=0)
    bad = min((row["calls"] for row in rows if row["calls"] > good), default=0)
    calls = good or min(row["calls"] for row in rows)
    while not bad:
        calls = calls * 3 // 2
        good, bad = (calls, 0) if carries(line, calls, seconds) else (good, calls)
    while bad - good > max(1, bad * STEP):
        calls = (good + bad) // 2
        good, bad = (calls, bad) if carries(line, calls, seconds) else (good, calls)
    while good:
        runs = [measure(line, good, seconds) for _ in range(3)]
        if sum(map(fits, runs)) >= 2:
            return [run for run in runs if fits(run)]
        good = int(good * (1 - STEP))
    return []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--line", choices=sorted(LINES), action="append")
    parser.add_argument("--calls", type=int, nargs="+", default=[25, 50, 100])
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--search", action="store_true")
    parser.add_argument("--hour", action="store_true", help="an hour's audio of a few calls, as fast as it goes")
    options = parser.parse_args()
    if options.hour:
        from .line_hour import measure_hours

        measure_hours(options.line or list(LINES))
        return
    _take_core(0)
    rows: list[Figures] = []
    largest: dict[str, list[Figures]] = {}
    for line in options.line or list(LINES):
        measured = [measure(line, calls, options.seconds) for calls in options.calls]
        rows += measured
        if options.search:
            largest[line] = search(line, measured, options.seconds)
            # After each line: what is known is not lost if the rest is not waited for.
            text = search_report(rows, largest, most_ms=MOST_MS, step=STEP, seconds=options.seconds)
            RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
