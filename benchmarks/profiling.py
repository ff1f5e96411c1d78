"""Where the time of receiving goes: a profile of whole turns, per function, for both clients of this project.

``python -m benchmarks.profiling sync|async`` prints a Markdown table. A profiler makes calls dearer than they are, so
the shares say where to look, not what it costs.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from voicelive._loop import lease

from .clients import CLIENTS
from .run import replay_server
from .tasks import builders_done, run_async

__all__ = ["main", "profile"]

EVENTS = 5000
WARMUP = 200


def profile(port: int, kind: str) -> list[tuple[float, float, str]]:
    """Profile receiving; return the ten functions with the most own time: microseconds and calls an event, name."""
    client: Any = CLIENTS["voicelive" if kind == "async" else "voicelive (sync)"]
    query = {"mode": "flood", "mix": "turn", "first": WARMUP, "count": WARMUP + EVENTS}
    profiles = [cProfile.Profile()]
    if kind == "async":

        async def receive() -> None:
            async with client.open(port, query) as connection:
                await client.go(connection)
                await client.receive(connection, WARMUP)
                builders_done()
                await client.go(connection)
                with profiles[0]:
                    await client.receive(connection, EVENTS)

        run_async(receive())
    else:
        with client.open(port, query) as connection:
            client.go(connection)
            client.receive(connection, WARMUP)
            builders_done()
            loop_thread = lease()
            if sys.version_info < (3, 12):  # from 3.12 on, a profiler sees all threads
                profiles.append(cProfile.Profile())
                loop_thread.post(profiles[1].enable)
            client.go(connection)
            with profiles[0]:
                client.receive(connection, EVENTS)
            loop_thread.call(_disabling(profiles[1:]))
            loop_thread.release()
    stats = pstats.Stats(*profiles)
    found: dict[Any, Any] = stats.stats  # type: ignore[attr-defined]
    rows = sorted(found.items(), key=lambda entry: -entry[1][2])
    rows = [row for row in rows if "acquire" not in row[0][2] and "'poll'" not in row[0][2]]
    return [(entry[2] / EVENTS * 1e6, entry[1] / EVENTS, _place(function)) for function, entry in rows[:10]]


def _disabling(profiles: list[cProfile.Profile]) -> Callable[[], Coroutine[Any, Any, None]]:
    async def disable() -> None:
        for each in profiles:
            each.disable()

    return disable


def _place(function: tuple[str, int, str]) -> str:
    path, _, name = function
    if path == "~":
        return f"`{name.strip('<>')}`"
    parts = Path(path).parts
    for package in ("voicelive", "websockets", "pydantic"):
        if package in parts:
            parts = parts[len(parts) - parts[::-1].index(package) - 1 :]
            return f"`{'/'.join(parts)}` `{name}`"
    return f"`{parts[-1]}` `{name}`"


def main(say: Callable[[str], None] = print) -> None:
    """Print the table of one client."""
    kind = sys.argv[1]
    with replay_server() as port:
        rows = profile(port, kind)
    say("| µs an event, profiled | calls an event | function |\n| ---: | ---: | --- |")
    for own, calls, name in rows:
        say(f"| {own:.2f} | {calls:.2f} | {name} |")


if __name__ == "__main__":
    main()
