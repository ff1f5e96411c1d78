"""``python -m benchmarks.load``: many people talk to one local service at once, in real time.

Each session streams 100 ms of sound every 100 ms and asks a question every ten seconds, as tones that the engines
without dependencies hear and speak. Two things are measured: how late the end of a turn is told (from the sending of
the sound in which it lies), and how long the whole spoken answer takes after that. The service has a process of its
own; the clients share one, and say how late they were themselves.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import multiprocessing
import sys
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
from websockets.asyncio.client import ClientConnection, connect

from voicelive.local import LocalService
from voicelive.local.engines import ToneSynthesizer

from .__main__ import machine, raise_file_limit
from .stats import percentile

FRAME_MS = 100
FRAME_BYTES = 48 * FRAME_MS
CYCLE_MS = 10_000
QUESTION = "hello"
SETTLE_S = 3.0
OPENING_AT_ONCE = 20
RESULTS = Path(__file__).parent / "results" / "load.md"


@dataclass
class Measured:
    """Times in milliseconds, counts, and what the service's process took."""

    late: list[float] = field(default_factory=list[float])
    """From the sending of the sound that ends a turn to the event that tells."""
    answered: list[float] = field(default_factory=list[float])
    """From that event to the end of the spoken answer."""
    own: list[float] = field(default_factory=list[float])
    """How late the clients sent."""
    begun: int = 0
    finished: int = 0
    failed: int = 0


def frames() -> list[str]:
    """Return a cycle of appends, ready to be sent: the question, then silence."""
    sound = b"".join(ToneSynthesizer().synthesize(QUESTION))
    sound += bytes(48 * CYCLE_MS - len(sound))
    pieces = (sound[start : start + FRAME_BYTES] for start in range(0, len(sound), FRAME_BYTES))
    texts = (base64.b64encode(piece).decode() for piece in pieces)
    return [f'{{"type":"input_audio_buffer.append","audio":"{text}"}}' for text in texts]


class Talker:
    """One session."""

    def __init__(self, connection: ClientConnection, cycle: list[str], measured: Measured) -> None:
        self._connection = connection
        self._cycle = cycle
        self._measured = measured
        self._sent: list[float] = []  # when each frame was sent
        self.measuring = False

    async def talk(self, offset: float) -> None:
        """Send a frame whenever one is due, until cancelled."""
        clock = asyncio.get_running_loop().time
        due = clock() + offset
        while True:
            await asyncio.sleep(max(0, due - clock()))
            now = clock()
            if self.measuring:
                self._measured.own.append((now - due) * 1000)
            self._sent.append(now)
            await self._connection.send(self._cycle[(len(self._sent) - 1) % len(self._cycle)])
            due += FRAME_MS / 1000

    async def listen(self) -> None:
        """Take the time of every turn's end and of every answer's, until cancelled."""
        clock = asyncio.get_running_loop().time
        stopped: float | None = None
        async for message in self._connection:
            # Looked at only where it matters: the clients must not be what is measured.
            if '"input_audio_buffer.speech_stopped"' in message[:200]:
                end_ms = json.loads(message)["audio_end_ms"]
                stopped = clock() if self.measuring else None
                if stopped is not None:
                    sent = self._sent[-(-end_ms // FRAME_MS) - 1]
                    self._measured.late.append((stopped - sent) * 1000)
                    self._measured.begun += 1
            elif '"response.done"' in message[:200] and stopped is not None:
                self._measured.answered.append((clock() - stopped) * 1000)
                stopped = None
                good = json.loads(message)["response"]["status"] == "completed"
                self._measured.finished += good
                self._measured.failed += not good
            elif '"error"' in message[:200]:
                self._measured.failed += 1


async def converse(endpoint: str, count: int, seconds: float, server: Any) -> tuple[Measured, float]:
    """Hold `count` conversations for some seconds; return what was measured, and the cores that the service took."""
    url = endpoint.replace("http", "ws", 1) + "/voice-live/realtime?api-version=2026-07-15&model=gpt-4o"
    measured, cycle = Measured(), frames()
    gate = asyncio.Semaphore(OPENING_AT_ONCE)

    async def open_one() -> ClientConnection:
        async with gate:
            return await connect(url, compression=None, proxy=None, max_size=None, open_timeout=60)

    connections = await asyncio.gather(*(open_one() for _ in range(count)))
    talkers = [Talker(connection, cycle, measured) for connection in connections]
    # Spread over a whole cycle: people do not all ask at once.
    step = CYCLE_MS / 1000 / count
    tasks = [asyncio.ensure_future(talker.talk(index * step)) for index, talker in enumerate(talkers)]
    tasks += [asyncio.ensure_future(talker.listen()) for talker in talkers]
    await asyncio.sleep(CYCLE_MS / 1000 + SETTLE_S)
    for talker in talkers:
        talker.measuring = True
    before, start = sum(server.cpu_times()[:2]), time.monotonic()
    await asyncio.sleep(seconds)
    busy = (sum(server.cpu_times()[:2]) - before) / (time.monotonic() - start)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=10)
    for task in tasks:
        if task.done() and not task.cancelled() and task.exception() is not None:
            measured.failed += 1
            print(f"a session failed: {task.exception()!r}", file=sys.stderr)
    await asyncio.gather(*(connection.close() for connection in connections))
    return measured, busy


def serve(told: Connection) -> None:
    """Run the service until the other end of the pipe closes."""
    raise_file_limit()

    async def run() -> None:
        async with LocalService() as service:
            told.send(service.endpoint)
            await asyncio.to_thread(_wait_for_end, told)

    asyncio.run(run())


def _wait_for_end(told: Connection) -> None:
    try:
        told.recv()
    except EOFError:
        return


def measure(count: int, seconds: float) -> dict[str, Any]:
    """Start a service, load it, and return the figures."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,))
    process.start()
    theirs.close()
    try:
        endpoint = ours.recv()
        server = psutil.Process(process.pid)
        idle = server.memory_info().rss
        measured, busy = asyncio.run(converse(endpoint, count, seconds, server))
        memory = server.memory_info().rss
    finally:
        ours.close()
        process.join(30)
        process.kill()
    return {
        "sessions": count,
        "turns": measured.begun,
        "answered": measured.finished,
        "failed": measured.failed,
        "late p50": percentile(sorted(measured.late), 0.5),
        "late p99": percentile(sorted(measured.late), 0.99),
        "answer p50": percentile(sorted(measured.answered), 0.5),
        "answer p99": percentile(sorted(measured.answered), 0.99),
        "client p99": percentile(sorted(measured.own), 0.99),
        "cores": busy,
        "memory": (memory - idle) / count / 2**20,
    }


def table(rows: list[dict[str, Any]], seconds: float) -> str:
    """Return the figures as a page."""
    about = machine()
    lines = [
        "# The local service under load",
        "",
        "People in real time: 100 ms of sound every 100 ms each, a spoken question and its spoken answer every ten",
        f"seconds, for {seconds:g} s. Service and clients in a process each. Answers that end after the measured time",
        "are not counted. Written by `nox -s load`.",
        "",
        f"{about['cores']} cores ({about['processor']}), {about['system']}, {about['python']}, "
        f"websockets {about['versions']['websockets']}, {about['date']}; load average before: {about['load']}.",
        "",
        "| Sessions | Turns | Answered | Failed | Turn's end told late, p50 / p99 (ms) | Whole answer, p50 / p99 (ms) "
        "| Clients sent late, p99 (ms) | Cores of the service | MiB a session |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['sessions']} | {row['turns']} | {row['answered']} | {row['failed']} "
        f"| {row['late p50']:.1f} / {row['late p99']:.1f} | {row['answer p50']:.0f} / {row['answer p99']:.0f} "
        f"| {row['client p99']:.1f} | {row['cores']:.2f} | {row['memory']:.2f} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 100, 200, 400], help="how many at once")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each number is measured")
    parser.add_argument("--print", action="store_true", help="write no file")
    options = parser.parse_args()
    raise_file_limit()
    rows: list[dict[str, Any]] = []
    for count in options.sessions:
        rows.append(measure(count, options.seconds))
        print(rows[-1], file=sys.stderr, flush=True)
    text = table(rows, options.seconds)
    if not options.print:
        RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
