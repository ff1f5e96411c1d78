"""``python -m benchmarks.engine``: what the synchronous client's engine costs, and what it was before, in one run.

Each measurement is a process of its own; with ``--tree LABEL=DIRECTORY`` (more than once) the same is measured with the
package of another checkout, in turn, so that whatever else the machine does hits all of them alike::

    git worktree add /some/where COMMIT
    python -m benchmarks.engine --tree before=/some/where --tree now=.

Measured are a flood of audio events, round trips, a burst of appends, and live sessions: a thread each, 50 events of
20 ms a second and as many appends. CPU is that of the whole client process; the server has one of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

__all__ = ["RESULTS", "live_rounds"]

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "engine.json"
ROUND_TRIPS = 2000
APPENDS = 20_000
LIVE_SECONDS = 4.0


def _event(pcm_bytes: int) -> str:
    audio = base64.b64encode(bytes(pcm_bytes)).decode()
    return json.dumps(
        {
            "event_id": "STAMP",
            "type": "response.audio.delta",
            "response_id": "r",
            "item_id": "i",
            "output_index": 0,
            "content_index": 0,
            "delta": audio,
        }
    )


async def _serve(ports: Any) -> None:
    from websockets.asyncio.server import ServerConnection, serve

    large, small = _event(4800), _event(960)

    async def live(connection: ServerConnection, offset: float, count: int) -> None:
        start = time.monotonic() + offset
        for number in range(count):
            await asyncio.sleep(max(0.0, start + number * 0.02 - time.monotonic()))
            await connection.send(small.replace("STAMP", str(time.monotonic_ns()), 1))

    async def handle(connection: ServerConnection) -> None:
        await connection.send('{"type":"session.created","event_id":"s","session":{"id":"x","model":"m"}}')
        running: asyncio.Task[None] | None = None
        async for message in connection:
            # Only the short ones order something.
            if len(message) > 200:
                continue
            order = json.loads(message)
            name, _, argument = order.get("event_id", "").partition(":")
            if name == "flood":
                for _ in range(int(argument)):
                    await connection.send(large)
            elif name == "live":
                offset, count = argument.split("/")
                running = asyncio.ensure_future(live(connection, float(offset), int(count)))
            elif name == "echo":
                await connection.send(small)
        if running is not None:
            running.cancel()

    async with serve(handle, "127.0.0.1", 0, compression=None, max_size=None) as server:
        ports.put(next(iter(server.sockets)).getsockname()[1])
        await asyncio.get_running_loop().create_future()


def _server(ports: Any) -> None:
    asyncio.run(_serve(ports))


def _connect(port: int) -> Any:
    from azure.core.credentials import AzureKeyCredential

    import voicelive

    return voicelive.connect(endpoint=f"http://127.0.0.1:{port}", credential=AzureKeyCredential("key"), model="m")


def _order(connection: Any, text: str) -> None:
    connection.send({"type": "response.cancel", "event_id": text})


def _single(port: int, flood: int) -> dict[str, float]:
    """Flood, round trips and appends over one connection."""
    found: dict[str, float] = {}
    with _connect(port) as connection:
        connection.recv(timeout=10)
        _order(connection, "flood:500")
        for _ in range(500):
            connection.recv(timeout=10)
        start = time.process_time()
        _order(connection, f"flood:{flood}")
        for _ in range(flood):
            connection.recv()
        found["flood_us"] = (time.process_time() - start) / flood * 1e6
        times: list[float] = []
        for _ in range(ROUND_TRIPS):
            begun = time.perf_counter()
            _order(connection, "echo")
            connection.recv()
            times.append(time.perf_counter() - begun)
        found["round_trip_p50_us"] = median(times) * 1e6
        chunk = bytes(4800)
        start = time.process_time()
        for _ in range(APPENDS):
            connection.input_audio_buffer.append(audio=chunk)
        _order(connection, "echo")
        connection.recv()
        found["append_us"] = (time.process_time() - start) / APPENDS * 1e6
    return found


def _live(port: int, sessions: int) -> dict[str, float]:
    """Live sessions, each with a thread that receives and sends."""
    events = int(LIVE_SECONDS * 50)
    connections = [_connect(port) for _ in range(sessions)]
    for connection in connections:
        connection.open()
        connection.recv(timeout=10)
    delays: list[list[float]] = [[] for _ in range(sessions)]
    chunk = bytes(960)

    def talk(number: int) -> None:
        connection, mine = connections[number], delays[number]
        for _ in range(events):
            event = connection.recv()
            mine.append((time.monotonic_ns() - int(event.event_id)) / 1e6)
            connection.input_audio_buffer.append(audio=chunk)

    before = threading.active_count()
    threads = [threading.Thread(target=talk, args=(number,)) for number in range(sessions)]
    for number, connection in enumerate(connections):
        _order(connection, f"live:{0.2 + number * 0.02 / sessions}/{events}")
    start = time.process_time()
    for thread in threads:
        thread.start()
    held = len(os.listdir(f"/proc/{os.getpid()}/task")) - sessions if os.path.isdir("/proc") else before
    for thread in threads:
        thread.join()
    cpu = time.process_time() - start
    together = sorted(value for mine in delays for value in mine)
    for connection in connections:
        connection.close()
    return {
        f"live_{sessions}_cpu_s": cpu,
        f"live_{sessions}_p50_ms": together[len(together) // 2],
        f"live_{sessions}_p99_ms": together[int(len(together) * 0.99)],
        f"live_{sessions}_threads": held,
    }


def _measure(task: str, port: int, number: int) -> dict[str, float]:
    return _single(port, number) if task == "single" else _live(port, number)


def _in_process(tree: Path, task: str, port: int, number: int) -> dict[str, float]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tree / "src"), str(HERE.parent)))}
    arguments = [sys.executable, "-m", "benchmarks.engine", "--worker", task, str(port), str(number)]
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, float] = json.loads(done.stdout)
    return found


@contextmanager
def _running_server() -> Iterator[int]:
    context = multiprocessing.get_context("spawn")
    ports = context.Queue()
    server = context.Process(target=_server, args=(ports,), daemon=True)
    server.start()
    try:
        yield ports.get(timeout=30)
    finally:
        server.terminate()


def live_rounds(rounds: int, sessions: int = 100) -> list[dict[str, float]]:
    """Measure live sessions of the package as it is; one entry a round."""
    with _running_server() as port:
        return [_in_process(HERE.parent, "live", port, sessions) for _ in range(rounds)]


def main() -> None:
    """Measure every tree in turn, print the medians and write every single figure down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tree", action="append", metavar="LABEL=DIRECTORY", default=None)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--flood", type=int, default=20_000)
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        task, port, number = given.worker
        print(json.dumps(_measure(task, int(port), int(number))))
        return
    trees = dict(each.split("=", 1) for each in given.tree or ["now=."])
    rounds: dict[str, list[dict[str, float]]] = {label: [] for label in trees}
    with _running_server() as port:
        for number in range(given.rounds):
            for label in sorted(trees, reverse=bool(number % 2)):
                tree = Path(trees[label]).resolve()
                found = _in_process(tree, "single", port, given.flood)
                found |= _in_process(tree, "live", port, given.sessions)
                rounds[label].append(found)
                print(label, {name: round(value, 2) for name, value in found.items()}, flush=True)
    figures = {
        label: {name: round(median(one[name] for one in found), 3) for name in found[0]}
        for label, found in rounds.items()
    }
    print(json.dumps(figures, indent=1))
    given.output.write_text(json.dumps({"medians": figures, "rounds": rounds}, indent=1) + "\n")


if __name__ == "__main__":
    main()
