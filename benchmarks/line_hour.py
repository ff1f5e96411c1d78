"""An hour's audio of some calls through the bridge, as fast as the machine can: is what a call keeps always the same?

Callers, bridge and service are on one event loop, over real sockets, and share a clock that jumps to whatever is due
next. Callers and service keep nothing, so that what the process grows by is the bridge's.
"""

from __future__ import annotations

import asyncio
import gc
import json
import multiprocessing as mp
import selectors
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from voicelive.telephony import CallLimits, CallSummary, answer

from .line_report import hour_table, machine
from .lines import LINES, QUIET, Load, agent, memory

__all__ = ["measure_hours"]

RESULTS = Path(__file__).parent / "results" / "lines_hour.md"
CALLS = 3
MINUTES = 60.0


class JumpingSelector(selectors.DefaultSelector):
    """Turns the clock: while it jumps, to what is due next as soon as nothing else is to be done."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self._last = time.perf_counter()
        self.jumps = False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait, or jump."""
        if self.jumps and timeout is not None:
            if not (found := super().select(0)):
                self.now += timeout
        else:
            found = super().select(0.005 if timeout is None else min(timeout, 0.005))
            self.now += time.perf_counter() - self._last
        self._last = time.perf_counter()
        return found


async def _hour(clock: JumpingSelector, line: str, calls: int, minutes: float) -> dict[str, Any]:
    load = Load(line, calls, slots=1)
    loop = asyncio.get_running_loop()
    service = await loop.create_server(load.session, "127.0.0.1", 0)
    endpoint = f"http://127.0.0.1:{service.sockets[0].getsockname()[1]}"
    summaries: list[CallSummary] = []
    limits = CallLimits(seconds=minutes * 60 + 600)

    async def take(socket: ServerConnection) -> None:
        summaries.append(await answer(agent, socket, LINES[line](), endpoint=endpoint, model="gpt-4o", limits=limits))

    async with serve(take, "127.0.0.1", 0, **QUIET) as server:  # type: ignore[arg-type]
        running = asyncio.create_task(load.run())
        port = next(iter(server.sockets)).getsockname()[1]
        await load.call(port, 1)
        # The first turns make what all calls share.
        clock.jumps = True
        await asyncio.sleep(60)
        clock.jumps = False
        gc.collect()
        empty, base, began, kept = memory(), 0, time.perf_counter(), list[float]()
        await load.call(port, calls)
        marks = {1: 1.0, 2: minutes / 4, 3: minutes / 2, 4: minutes}
        clock.jumps, passed = True, 0.0
        for until in marks.values():
            while passed < until - 1e-9:
                step = min(1.0, until - passed)
                await asyncio.sleep(step * 60)
                passed += step
                load.forget()
            gc.collect()
            # Up to the first minute it is the new calls that have grown it; from then on each grows alike.
            base = base or memory()
            kept.append(((base - empty) / max(1, calls - 1) + (memory() - base) / calls) / 1000)
        clock.jumps = False
        took = time.perf_counter() - began
        running.cancel()
        load.hang_up()
        async with asyncio.timeout(30):
            while len(summaries) < calls:  # noqa: ASYNC110 - what ends is the server's own
                await asyncio.sleep(0.05)
    service.close()
    return {
        "line": line,
        "calls": calls,
        "minutes": minutes,
        "took_s": took,
        "kb_per_call": kept,
        "received_ms": min(summary.received_ms for summary in summaries),
        "heard_ms": min(summary.heard_ms for summary in summaries),
        "interruptions": sum(summary.interruptions for summary in summaries),
        "lost_ms": sum(one.input_dropped_ms + one.output_dropped_ms for one in summaries),
        "outcomes": sorted({summary.outcome for summary in summaries}),
    }


def run_hour(line: str, calls: int = CALLS, minutes: float = MINUTES) -> dict[str, Any]:
    """Carry calls of so many minutes, and return the figures."""
    clock, monotonic = JumpingSelector(), time.monotonic
    time.monotonic = lambda: clock.now
    try:
        with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(clock)) as runner:
            return runner.run(_hour(clock, line, calls, minutes))
    finally:
        time.monotonic = monotonic


def measure_hours(lines: Sequence[str]) -> None:
    """Measure each line, print the figures, and write them."""
    rows: list[dict[str, Any]] = []
    for line in lines:
        # In a process of its own: memory that calls before it have left would be used again.
        with mp.get_context("spawn").Pool(1) as process:
            rows.append(process.apply(run_hour, (line,)))
        print(json.dumps(rows[-1]), flush=True)
        text = (
            "# An hour's audio\n\nCallers, bridge and service on one event loop whose clock jumps to what is due next; "
            "kB a call are what the process has grown by since the first call had carried a minute. Half of the "
            "answers are interrupted. What a call still grows by is the figures of its turns, as numbers: some 50 "
            "bytes for each of 15 turns a minute, 10,000 at most. "
            f"Written by `python -m benchmarks.lines --hour`.\n\n{machine()}\n\n"
        )
        RESULTS.write_text(text + hour_table(rows), encoding="utf-8")
