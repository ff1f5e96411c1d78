"""Many sessions in one process: what an idle one takes of memory, and what many live ones take of a core."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from contextlib import AsyncExitStack, ExitStack
from typing import Any

import psutil  # type: ignore[import-untyped]

from .clients import CLIENTS
from .frames import PCM_CHUNK
from .stats import percentile
from .tasks import builders_done, run_async

__all__ = ["memory", "sessions"]

SENDS_PER_SECOND = 10
RECEIVES_PER_SECOND = 20
_OPENING_AT_ONCE = 50
_WARMUP = 10


def _resident() -> int:
    builders_done()
    gc.collect()
    return int(psutil.Process().memory_info().rss)


def memory(port: int, task: dict[str, Any]) -> dict[str, float]:
    """Measure the resident memory an idle session takes, in KiB, once it has received its ``session.created``."""
    client: Any = CLIENTS[task["client"]]
    count = task["count"]
    query = {"mode": "hello", "dialect": client.dialect}
    options = {"policy": True} if task.get("policy") else {}
    if not client.is_async:
        with ExitStack() as open_sessions:

            def open_one() -> None:
                client.receive(open_sessions.enter_context(client.open(port, query, **options)), 1)

            for _ in range(_WARMUP):
                open_one()
            before = _resident()
            for _ in range(count):
                open_one()
            return {"kib": (_resident() - before) / count / 1024}

    async def measure() -> float:
        async with AsyncExitStack() as stack:

            async def open_some(wanted: int) -> None:
                for _ in range(wanted):
                    await client.receive(await stack.enter_async_context(client.open(port, query, **options)), 1)

            await open_some(_WARMUP)
            before = _resident()
            await open_some(count)
            return float((_resident() - before) / count / 1024)

    return {"kib": run_async(measure(), task.get("loop", "asyncio"))}


def sessions(port: int, task: dict[str, Any]) -> dict[str, Any]:
    """Hold `count` live sessions for some seconds: 20 events in and 10 chunks of audio out a second each.

    Returns how busy the process was (1.0: one core), the events received and owed, and percentiles of the time from the
    server's write to the application's hands, in milliseconds.
    """
    return run_async(_sessions(port, task), task.get("loop", "asyncio"))  # type: ignore[no-any-return]


async def _sessions(port: int, task: dict[str, Any]) -> dict[str, Any]:
    client: Any = CLIENTS[task["client"]]
    count, seconds, settle = task["count"], task["seconds"], task["settle"]
    query = {"mode": "paced", "mix": "turn", "dialect": client.dialect}
    # One whole turn first: what is built when it is first met is another measurement.
    first = {"mode": "flood", "mix": "turn", "dialect": client.dialect, "count": 100}
    async with client.open(port, first) as connection:
        await client.go(connection)
        await client.receive(connection, 100)
    limit = asyncio.Semaphore(_OPENING_AT_ONCE)

    async def open_one() -> Any:
        async with limit:
            return await client.open(port, query).__aenter__()

    opened = await asyncio.gather(*(open_one() for _ in range(count)))
    latencies: list[list[int]] = [[] for _ in opened]
    readers = [
        asyncio.ensure_future(
            client.stamps(connection, -1 if not client.name.startswith("websockets") else 10**9, into)
        )
        for connection, into in zip(opened, latencies, strict=True)
    ]

    async def speak(connection: Any, offset: float) -> None:
        due = asyncio.get_running_loop().time() + offset
        while True:
            await asyncio.sleep(due - asyncio.get_running_loop().time())
            await client.send(connection, PCM_CHUNK, 1)
            due += 1 / SENDS_PER_SECOND

    speakers = [
        asyncio.ensure_future(speak(connection, index / count / SENDS_PER_SECOND))
        for index, connection in enumerate(opened)
    ]
    gc.collect()  # before the others: it holds up whatever arrives meanwhile
    await asyncio.sleep(settle)
    for into in latencies:
        into.clear()
    busy, start = time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    busy, took = time.process_time() - busy, time.monotonic() - start
    found = sorted(value for into in latencies for value in into)
    for task_ in (*readers, *speakers):
        task_.cancel()
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.gather(*readers, *speakers, return_exceptions=True), 2)
    return {
        "busy": busy / took,
        "owed": round(count * RECEIVES_PER_SECOND * took),
        "received": len(found),
        **{name: percentile(found, share) / 1e6 for name, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999))},
    }
