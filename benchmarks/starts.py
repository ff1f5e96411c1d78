"""Whole processes: what an import costs, and how long it takes from an interpreter's start to a first event."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import psutil  # type: ignore[import-untyped]

from .frames import messages

__all__ = ["cold_starts", "imports"]

IMPORTS = {
    "python alone": "pass",
    "websockets": "import websockets.asyncio.client",
    "websockets (sync)": "import websockets.sync.client",
    "azure-ai-voicelive": "from azure.ai.voicelive.aio import connect",
    "openai": "from openai import AsyncOpenAI; from openai.resources.realtime.realtime import AsyncRealtimeConnection",
    "voicelive": "from voicelive.aio import connect",
    "voicelive (sync)": "from voicelive import connect",
}

_FIRST = """
from benchmarks.clients import {cls}
client = {cls}()
query = {{"mode": "flood", "mix": "session", "dialect": client.dialect, "count": {count}}}
"""
_FIRST_ASYNC = (
    _FIRST
    + """
import asyncio
async def main():
    async with client.open({port}, query) as connection:
        await client.go(connection)
        await client.receive(connection, {count})
asyncio.run(main())
"""
)
_FIRST_SYNC = (
    _FIRST
    + """
with client.open({port}, query) as connection:
    client.go(connection)
    client.receive(connection, {count})
"""
)
COLD = {
    "azure-ai-voicelive": ("AzureAsync", _FIRST_ASYNC),
    "voicelive": ("VoiceLiveAsync", _FIRST_ASYNC),
    "voicelive (sync)": ("VoiceLiveSync", _FIRST_SYNC),
    "websockets": ("RawAsync", _FIRST_ASYNC),
    "websockets (sync)": ("RawSync", _FIRST_SYNC),
    "openai": ("OpenAIAsync", _FIRST_ASYNC),
    "openai (sync)": ("OpenAISync", _FIRST_SYNC),
}
_WITH_A_TARGET = 3


def imports(runs: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure the import of each client, as whole processes."""
    return _in_turn(IMPORTS, runs, say, "imports")


def cold_starts(port: int, runs: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure the time from the interpreter's start to the end of a process that has received one whole turn."""
    programs = {
        name: code.format(cls=cls, port=port, count=len(messages("session", "dated")))
        for name, (cls, code) in COLD.items()
    }
    found = _in_turn(dict(list(programs.items())[:_WITH_A_TARGET]), runs, say, "cold starts")
    others = _in_turn(dict(list(programs.items())[_WITH_A_TARGET:]), max(1, runs // 3), say, "other cold starts")
    return {kind: {**found[kind], **others[kind]} for kind in found}


def _in_turn(programs: dict[str, str], runs: int, say: Callable[[str], None], what: str) -> dict[str, Any]:
    wall: dict[str, list[float]] = defaultdict(list)
    cpu: dict[str, list[float]] = defaultdict(list)
    for code in programs.values():
        _process(code)  # reads the files into the system's cache, and writes bytecode
    for number in range(runs):
        say(f"{what}, round {number + 1} of {runs}")
        for name, code in programs.items():
            seconds, used = _process(code)
            wall[name].append(seconds * 1000)
            cpu[name].append(used * 1000)
    return {"wall_ms": wall, "cpu_ms": cpu}


# Installed packages have bytecode; one that is measured from a checkout must be let have it.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _process(code: str) -> tuple[float, float]:
    """Run `code` in a new interpreter; return seconds on the clock and seconds of CPU time."""
    command, environment = [sys.executable, "-c", code], {**_ENVIRONMENT, "PYTHONHASHSEED": "0"}
    before, start = _children(), time.perf_counter()
    with subprocess.Popen(command, env=environment) as process:
        # A wait with a limit looks only every 50 ms, and every start would seem to take a multiple of that.
        limit = threading.Timer(60, process.kill)
        limit.start()
        try:
            process.wait()
        finally:
            limit.cancel()
    taken, used = time.perf_counter() - start, _children() - before
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return taken, used


def _children() -> float:
    times: Any = psutil.Process().cpu_times()
    return float(times.children_user + times.children_system)
