"""What one worker process measures with one client: receiving, sending, added latency, options, first events.

Times are the CPU time of the whole process, all its threads, not of the clock on the wall: what an event costs a server
that holds many calls.
"""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from .clients import CLIENTS, Client, wait_until_recorded
from .frames import PCM_CHUNK, audio_bytes, messages

__all__ = [
    "builders_done",
    "contracts",
    "first_events",
    "large_event",
    "latency",
    "receive",
    "run_async",
    "send",
    "step",
]

WARMUP = 200


def run_async(coroutine: Coroutine[Any, Any, Any], loop: str = "asyncio") -> Any:
    """Run `coroutine` on a new event loop: of asyncio, or of uvloop."""
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    if loop == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    made = factory()
    try:
        return made.run_until_complete(coroutine)
    finally:
        made.close()


def builders_done() -> None:
    """Wait until nothing builds models any more: what is built once is in *Start*."""
    for thread in threading.enumerate():
        if thread.name == "voicelive-models":
            thread.join()


def _set_gc(how: str) -> None:
    builders_done()
    gc.enable()
    gc.collect()
    if how == "off":
        gc.disable()
    elif how == "freeze":
        gc.freeze()


def receive(port: int, task: dict[str, Any]) -> dict[str, float]:
    """Measure the CPU time of receiving `count` events of `mix`, in microseconds an event."""
    client: Client = CLIENTS[task["client"]]
    mix, count = task["mix"], task["count"]
    query = {"mode": "flood", "mix": mix, "dialect": client.dialect, "first": WARMUP, "count": WARMUP + count}
    extra = {"decode": task["decode"]} if "decode" in task else {}
    cost, total = _measured(
        client, port, query, task, lambda c, connection, n: c.receive(connection, n, **extra), count
    )
    typed = client.name not in ("websockets", "websockets (sync)")
    if typed and mix not in ("unknown", "misfit", "malformed") and total != audio_bytes(mix, WARMUP + count):
        raise RuntimeError(f"{client.name} gave {total} bytes of audio, not {audio_bytes(mix, WARMUP + count)}")
    return {"us": cost}


def send(port: int, task: dict[str, Any]) -> dict[str, float]:
    """Measure the CPU time of sending `count` chunks of 100 ms, in microseconds a chunk."""
    client: Client = CLIENTS[task["client"]]
    count = task["count"]
    kinds: dict[str, Callable[[bytes], Any]] = {"bytes": bytes, "bytearray": bytearray, "memoryview": memoryview}
    pcm = kinds[task.get("buffer", "bytes")](PCM_CHUNK)
    query = {"mode": "sink", "dialect": client.dialect, "first": WARMUP, "count": WARMUP + count}

    # The server answers the last one: everything has left then.
    extra = {"encode": task["encode"]} if "encode" in task else {}

    async def work_async(c: Any, connection: Any, n: int) -> int:
        await c.send(connection, pcm, n, **extra)
        await c.receive(connection, 1)
        return 0

    def work(c: Any, connection: Any, n: int) -> int:
        c.send(connection, pcm, n, **extra)
        c.receive(connection, 1)
        return 0

    cost, _ = _measured(client, port, query, task, work_async if client.is_async else work, count, go=False)
    return {"us": cost}


def _measured(
    client: Any,
    port: int,
    query: dict[str, Any],
    task: dict[str, Any],
    work: Callable[[Any, Any, int], Any],
    count: int,
    *,
    go: bool = True,
) -> tuple[float, int]:
    options = dict(task.get("options", {}))
    options |= {name: True for name in ("policy", "conversation", "telemetry", "recorder") if task.get(name)}
    setting = task.get("gc", "on")
    settle: Callable[[], None] = wait_until_recorded if task.get("recorder") else lambda: None
    if client.is_async:

        async def measure() -> tuple[float, int]:
            async with client.open(port, query, **options) as connection:
                if go:
                    await client.go(connection)
                total = await work(client, connection, WARMUP)
                settle()
                _set_gc(setting)
                start = time.process_time()
                if go:
                    # Only now: a client that reads ahead must not have read before the clock started.
                    await client.go(connection)
                total += await work(client, connection, count)
                settle()
                return (time.process_time() - start) / count * 1e6, total

        result: tuple[float, int] = run_async(measure(), task.get("loop", "asyncio"))
    else:
        with client.open(port, query, **options) as connection:
            if go:
                client.go(connection)
            total = work(client, connection, WARMUP)
            settle()
            _set_gc(setting)
            start = time.process_time()
            if go:
                client.go(connection)
            total += work(client, connection, count)
            settle()
            result = (time.process_time() - start) / count * 1e6, total
    gc.unfreeze()
    gc.enable()
    return result


def latency(port: int, task: dict[str, Any]) -> dict[str, Any]:
    """Measure how long events take from the server's write to the application's hands, at `rate` events a second.

    Returns the latencies in microseconds, and how busy the process was (1.0: one core).
    """
    client: Any = CLIENTS[task["client"]]
    rate, count = task["rate"], task["count"]
    query = {"mode": "stamp", "mix": "turn", "dialect": client.dialect, "rate": rate, "count": count}
    found: list[int] = []
    started = (time.process_time(), time.monotonic())
    if client.is_async:

        async def measure() -> None:
            async with client.open(port, query) as connection:
                await client.go(connection)
                await client.stamps(connection, count, found)

        run_async(measure())
    else:
        with client.open(port, query) as connection:
            client.go(connection)
            client.stamps(connection, count, found)
    busy = (time.process_time() - started[0]) / (time.monotonic() - started[1])
    # The first events pay for what is built when it is first met.
    return {"us": [round(value / 1000, 1) for value in found[count // 10 :]], "busy": busy}


def contracts(port: int, task: dict[str, Any]) -> dict[str, Any]:
    """Check that every message is one that the client's own contract knows; a client is slow with any other.

    Raises:
        RuntimeError: naming the event that a client does not know.
    """
    from azure.ai.voicelive.models import ServerEvent
    from openai.types.realtime import RealtimeServerEvent
    from pydantic import TypeAdapter, ValidationError

    from voicelive._core.codec import decode_server_event

    union: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)
    for mix in ("hello", "turn", "audio", "audio500"):
        for message in messages(mix, "ga"):
            try:
                union.validate_json(message)
            except ValidationError as error:
                raise RuntimeError(f"not in openai's contract: {message[:200]!r}: {error}") from None
        for message in messages(mix, "dated"):
            theirs: Any = ServerEvent._deserialize(json.loads(message), [])
            if type(theirs) is ServerEvent:
                raise RuntimeError(f"not in the contract of azure-ai-voicelive: {message[:200]!r}")
            ours = decode_server_event(message)
            if type(ours).__name__ == "UnknownServerEvent" or ours.issues:
                raise RuntimeError(f"not in the contract of voicelive: {message[:200]!r}: {ours.issues}")
    return {}


def first_events(port: int, task: dict[str, Any]) -> dict[str, Any]:
    """Measure what the first event of each type costs voicelive, and after ``warmup()`` where the version has it."""
    from voicelive._core.codec import decode_server_event
    from voicelive.aio import warmup

    start = time.perf_counter()
    if task["warmup"]:
        warmup()
    warmed = time.perf_counter() - start
    times = []
    for message in messages("hello", "dated") + messages("turn", "dated"):
        start = time.perf_counter()
        decode_server_event(message)
        times.append((time.perf_counter() - start) * 1000)
    return {"warmup_ms": warmed * 1000, "worst_ms": max(times), "sum_ms": sum(times)}


def step(port: int, task: dict[str, Any]) -> dict[str, float]:
    """Measure the longest step of the event loop from the opening on, in milliseconds of the loop's CPU time.

    A session and two turns come at 200 events a second, with garbage collected in between after ``warmup()``, which
    sees to that. CPU time, because a machine that is busy with something else holds up every loop.
    """
    from voicelive.aio import warmup

    warm = bool(task.get("warmup"))
    if warm:
        warmup()
    client: Any = CLIENTS["voicelive"]
    steps: list[float] = []

    async def measure() -> None:
        query = {"mode": "stamp", "mix": task["mix"], "dialect": client.dialect, "rate": 200, "count": 150}
        # What is loaded before anything is opened is in *Start*.
        connection = client.open(port, query)
        with timed_steps(steps):
            async with connection:
                await client.go(connection)
                await client.stamps(connection, 75, [])
                if warm:
                    asyncio.get_running_loop().call_soon(gc.collect)
                await client.stamps(connection, 75, [])

    run_async(measure())
    return {"worst_ms": max(steps)}


def large_event(port: int, task: dict[str, Any]) -> dict[str, float]:
    """Measure the longest step of the event loop while events with 1 MB of audio each arrive and are decoded."""
    client: Any = CLIENTS["voicelive"]
    steps: list[float] = []

    async def measure() -> None:
        query = {"mode": "stamp", "mix": "audio1m", "dialect": client.dialect, "rate": 20, "count": 14}
        async with client.open(port, query) as connection:
            await client.go(connection)
            await client.stamps(connection, 4, [])
            with timed_steps(steps):
                await client.stamps(connection, 10, [])

    run_async(measure())
    return {"worst_ms": max(steps)}


@contextmanager
def timed_steps(into: list[float]) -> Iterator[None]:
    """Note the CPU time of each step of the event loop, in milliseconds."""
    run: Any = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        start = time.thread_time()
        run(handle)
        into.append((time.thread_time() - start) * 1000)

    asyncio.Handle._run = timed  # type: ignore[method-assign]
    try:
        yield
    finally:
        asyncio.Handle._run = run  # type: ignore[method-assign]
