"""Runs the measurements: one replay server, one worker process at a time, the clients in turn in each round."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .clients import NAMES
from .engine import live_rounds
from .plan import Plan
from .starts import cold_starts, imports
from .stats import percentile

__all__ = ["Results", "run"]

Results = dict[str, Any]

SESSION_CLIENTS = (
    ("websockets", "asyncio"),
    ("azure-ai-voicelive", "asyncio"),
    ("openai", "asyncio"),
    ("voicelive", "asyncio"),
    ("websockets", "uvloop"),
    ("voicelive", "uvloop"),
)
P99_LIMIT_MS = 10.0

# What is looked at on the way to the figures: label, client, task.
OPTIONS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("websockets, as it comes (text as str)", "websockets", {"decode": None, "options": {"compression": "deflate"}}),
    ("websockets, no compression, text as str", "websockets", {"decode": None}),
    ("websockets, no compression, text as bytes", "websockets", {}),
    ("websockets, max_queue=16384", "websockets", {"options": {"max_queue": 16384}}),
    ("websockets, max_queue=None", "websockets", {"options": {"max_queue": None}}),
    ("websockets, uvloop", "websockets", {"loop": "uvloop"}),
    ("voicelive", "voicelive", {}),
    ("voicelive, compression", "voicelive", {"options": {"compression": True}}),
    ("voicelive, max_queue=16", "voicelive", {"options": {"max_queue": 16}}),
    ("voicelive, garbage collector off", "voicelive", {"gc": "off"}),
    ("voicelive, gc.freeze() after opening", "voicelive", {"gc": "freeze"}),
    ("voicelive, uvloop", "voicelive", {"loop": "uvloop"}),
    ("websockets (sync), as it comes (text as str)", "websockets (sync)", {"decode": None}),
    ("websockets (sync), text as bytes", "websockets (sync)", {}),
    ("websockets (sync), max_queue=16384", "websockets (sync)", {"options": {"max_queue": 16384}}),
    ("voicelive (sync)", "voicelive (sync)", {}),
    ("voicelive (sync), max_queue=16", "voicelive (sync)", {"options": {"max_queue": 16}}),
)
SLOW_PATHS = ("unknown", "misfit", "malformed")


def run(plan: Plan, say: Callable[[str], None], *, only_sessions: bool = False) -> Results:
    """Measure everything that `plan` asks for; `say` is told what goes on."""
    results: Results = {}
    with replay_server() as port:
        bench = Bench(port, plan, say)
        if only_sessions:
            return bench.sessions()
        work(port, [{"kind": "contracts", "client": "all"}])
        results |= bench.events()
        results |= bench.paths()
        results |= bench.same_work()
        results["policy"] = bench.policy()
        results["conversation"] = bench.conversation()
        results["telemetry"] = bench.telemetry()
        results["recorder"] = bench.recorder()
        results["memory"] = bench.memory()
        results["imports"] = imports(max(1, plan.starts // 3), say)
        results["cold_turn"] = cold_starts(port, plan.starts, say)
        results["first_events"] = bench.first_events()
        results["steps"] = bench.steps()
        results |= bench.sessions()
    say("100 live sessions of the blocking client")
    results["engine"] = live_rounds(plan.engine_rounds)
    return results


@contextmanager
def replay_server() -> Iterator[int]:
    """Start the replay server in a process of its own; gives its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        _give_each_a_core(process.pid)
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _give_each_a_core(server: int) -> None:
    # Where the system can: a client that moves between cores, or shares one with the server, measures the scheduler.
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) > 1:
        os.sched_setaffinity(server, {cores[0]})
        os.sched_setaffinity(0, {cores[-1]})


def work(port: int, tasks: list[dict[str, Any]], timeout: float = 120) -> list[dict[str, Any]]:
    """Do `tasks` in one new process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.worker", json.dumps([port, tasks])],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if done.returncode or not done.stdout:
        raise RuntimeError(f"{tasks[0]['kind']} with {tasks[0]['client']} failed:\n{done.stderr}")
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


def in_turn(names: tuple[Any, ...], number: int) -> tuple[Any, ...]:
    """Return `names` starting with another one in each round, so that none always follows the same."""
    start = number % len(names)
    return names[start:] + names[:start]


class Bench:
    """The measurements that need the replay server."""

    def __init__(self, port: int, plan: Plan, say: Callable[[str], None]) -> None:
        self._port, self._plan, self._say = port, plan, say

    def events(self) -> Results:
        """Receiving, sending and added latency."""
        plan = self._plan
        receive: dict[str, Any] = {mix: defaultdict(list) for mix in ("audio", "turn", "audio500")}
        send: dict[str, list[float]] = defaultdict(list)
        pooled: dict[str, Any] = {str(rate): defaultdict(list) for rate, _ in plan.latency}
        busy: dict[str, Any] = {str(rate): defaultdict(list) for rate, _ in plan.latency}
        for number in range(plan.rounds):
            for client in in_turn(NAMES, number):
                self._say(f"events, round {number + 1} of {plan.rounds}: {client}")
                tasks = [{"kind": "receive", "mix": mix, "count": plan.events} for mix in receive]
                tasks[-1]["count"] = plan.events // 4
                tasks.append({"kind": "send", "count": plan.events})
                measures_latency = number < plan.few_rounds and client != "websockets + json"
                for rate, seconds in plan.latency if measures_latency else ():
                    tasks.append({"kind": "latency", "rate": rate, "count": int(rate * seconds)})
                done = iter(work(self._port, [{"client": client, **task} for task in tasks]))
                for mix in receive:
                    receive[mix][client].append(next(done)["us"])
                send[client].append(next(done)["us"])
                for known, result in zip(pooled, done, strict=False):
                    pooled[known][client].extend(result["us"])
                    busy[known][client].append(result["busy"])
        latency = {
            rate: {client: _percentiles(values, busy[rate][client]) for client, values in by_client.items()}
            for rate, by_client in pooled.items()
        }
        return {"receive": receive, "send": send, "latency": latency}

    def paths(self) -> Results:
        """Options of the transport, slow paths, kinds of buffers."""
        options: dict[str, list[float]] = defaultdict(list)
        slow: dict[str, list[float]] = defaultdict(list)
        buffers: dict[str, list[float]] = defaultdict(list)
        count = self._plan.events
        for number in range(self._plan.few_rounds):
            self._say(f"options and slow paths, round {number + 1} of {self._plan.few_rounds}")
            for label, client, task in in_turn(OPTIONS, number):
                base = {"kind": "receive", "mix": "turn", "count": count, "client": client}
                options[label].append(work(self._port, [base | task])[0]["us"])
            for mix in SLOW_PATHS:
                tasks = [{"kind": "receive", "mix": mix, "count": count // 2, "client": "voicelive"}]
                slow[mix].append(work(self._port, tasks)[0]["us"])
            tasks = [
                {"kind": "send", "count": count, "client": "voicelive", "buffer": kind}
                for kind in ("bytes", "bytearray", "memoryview")
            ]
            for task, result in zip(tasks, work(self._port, tasks), strict=True):
                buffers[str(task["buffer"])].append(result["us"])
        return {"options": options, "slow_paths": slow, "buffers": buffers}

    def same_work(self) -> Results:
        """Sending: raw `websockets` with a message made before, with one made of each chunk, and the typed client."""
        sends: dict[str, list[float]] = defaultdict(list)
        labelled = [
            (f"{client}{end}{what}", f"{client}{end}", more)
            for end in ("", " (sync)")
            for client, what, more in (
                ("websockets", "", {}),
                ("websockets", ", encoding each chunk", {"encode": True}),
                ("voicelive", "", {}),
            )
        ]
        for number in range(self._plan.few_rounds):
            self._say(f"sending, the same work, round {number + 1} of {self._plan.few_rounds}")
            for label, client, more in in_turn(tuple(labelled), number):
                task = {"kind": "send", "count": self._plan.events, "client": client, **more}
                sends[label].append(work(self._port, [task])[0]["us"])
        return {"same_work": sends}

    def policy(self) -> Results:
        """Receiving and sending without a reconnect policy and with one, by client."""
        kinds = {
            "receive, whole turns": {"kind": "receive", "mix": "turn"},
            "receive, 100 ms of audio": {"kind": "receive", "mix": "audio"},
            "send, 100 ms of audio": {"kind": "send"},
        }
        return self._with_and_without("policy", kinds)

    def conversation(self) -> Results:
        """Receiving without the conversation and with barge-in, tools and metrics, by client."""
        return self._with_and_without("conversation", {"receive, whole turns": {"kind": "receive", "mix": "turns"}})

    def telemetry(self) -> Results:
        """Receiving and sending without telemetry and with it, by client."""
        kinds = {
            "receive, whole turns": {"kind": "receive", "mix": "turns"},
            "receive, 100 ms of audio": {"kind": "receive", "mix": "audio"},
            "send, 100 ms of audio": {"kind": "send"},
        }
        return self._with_and_without("telemetry", kinds)

    def recorder(self) -> Results:
        """Receiving and sending without a recorder and with one, by client."""
        kinds = {
            "receive, whole turns": {"kind": "receive", "mix": "turns"},
            "send, 100 ms of audio": {"kind": "send"},
        }
        return self._with_and_without("recorder", kinds, self._plan.few_rounds)

    def _with_and_without(self, option: str, kinds: dict[str, dict[str, Any]], rounds: int | None = None) -> Results:
        found: dict[str, Any] = {}
        rounds = rounds or self._plan.rounds
        for number in range(rounds):
            self._say(f"{option}: with and without, round {number + 1} of {rounds}")
            for client in ("voicelive", "voicelive (sync)"):
                by_kind = found.setdefault(client, {kind: {"without": [], "with": []} for kind in kinds})
                for how in in_turn(("without", "with"), number):
                    tasks = [
                        {**task, "client": client, "count": self._plan.events, option: how == "with"}
                        for task in kinds.values()
                    ]
                    for kind, result in zip(kinds, work(self._port, tasks), strict=True):
                        by_kind[kind][how].append(result["us"])
        return found

    def memory(self) -> Results:
        """KiB of an idle session."""
        found: dict[str, list[float]] = defaultdict(list)
        wanted = [(client, client, False) for client in NAMES if "json" not in client]
        wanted += [(f"{client}, with a policy", client, True) for client in ("voicelive", "voicelive (sync)")]
        for number in range(self._plan.few_rounds):
            self._say(f"memory, round {number + 1} of {self._plan.few_rounds}")
            for label, client, policy in in_turn(tuple(wanted), number):
                task = {"kind": "memory", "client": client, "count": self._plan.idle_sessions, "policy": policy}
                found[label].append(work(self._port, [task])[0]["kib"])
        return found

    def first_events(self) -> Results:
        """What is built when it is first met, in milliseconds."""
        runs: list[Any] = [
            [
                work(self._port, [{"kind": "first_events", "client": "voicelive", "warmup": warmup}])[0]
                for warmup in (False, True)
            ]
            for _ in range(self._plan.few_rounds)
        ]
        return {"cold": [pair[0] for pair in runs], "warmed": [pair[1] for pair in runs]}

    def steps(self) -> Results:
        """The longest steps of the event loop: of a first turn, cold and after ``warmup()``, and of 1 MB of audio."""
        kinds: dict[str, dict[str, Any]] = {
            "first turn": {"kind": "step", "mix": "session"},
            "first turn, after warmup()": {"kind": "step", "mix": "session", "warmup": True},
            "1 MB of audio in an event": {"kind": "large_event"},
        }
        found: dict[str, list[float]] = {name: [] for name in kinds}
        for number in range(self._plan.rounds):
            self._say(f"steps of the event loop, round {number + 1} of {self._plan.rounds}")
            for name, task in kinds.items():
                found[name].append(work(self._port, [{"client": "voicelive", **task}])[0]["worst_ms"])
        return found

    def sessions(self) -> Results:
        """Many live sessions, and how many of them a core holds."""
        measured: dict[str, list[Any]] = defaultdict(list)
        for count in self._plan.live_sessions:
            for client, loop in SESSION_CLIENTS:
                measured[_label(client, loop)].append(self._live(client, loop, count))
        capacity = {}
        if self._plan.capacity_steps:
            for client, loop in SESSION_CLIENTS:
                capacity[_label(client, loop)] = self._capacity(client, loop, measured[_label(client, loop)])
        return {"sessions": measured, "capacity": capacity}

    def _live(self, client: str, loop: str, count: int, seconds: float | None = None) -> dict[str, Any]:
        self._say(f"live sessions: {count} x {_label(client, loop)}")
        seconds = seconds or self._plan.live_seconds
        task = {"kind": "sessions", "client": client, "loop": loop, "count": count, "seconds": seconds, "settle": 1.0}
        try:
            result = work(self._port, [task])[0]
        except (RuntimeError, subprocess.TimeoutExpired):
            # Too many for this client to open or to keep.
            result = {"busy": 1.0, "owed": 1, "received": 0, "p50": None, "p99": None, "p999": None}
        time.sleep(0.3)  # the server drops the connections
        return {"count": count, **result}

    def _capacity(self, client: str, loop: str, measured: list[Any]) -> int:
        """Search for the most sessions whose p99 stays below the limit; halves the gap on a scale of ratios.

        Returns 0 where not even the fewest stay below it: then the machine is busy with something else.
        """
        holds = max((entry["count"] for entry in measured if _in_time(entry)), default=0)
        late = [entry["count"] for entry in measured if entry["count"] > holds]
        fails = min(late, default=4 * holds)
        end = time.monotonic() + self._plan.capacity_seconds
        for _ in range(self._plan.capacity_steps if holds else 0):
            count = round((holds * fails) ** 0.5)
            if count in (holds, fails) or time.monotonic() > end:
                break
            # Twice, because one hiccup of the machine in two seconds is p99 already.
            if any(_in_time(self._live(client, loop, count, 2.0)) for _ in range(2)):
                holds = count
            else:
                fails = count
        return int(holds)


def _label(client: str, loop: str) -> str:
    return client if loop == "asyncio" else f"{client}, {loop}"


def _in_time(entry: dict[str, Any]) -> bool:
    late = entry["p99"] is None or entry["p99"] >= P99_LIMIT_MS
    return not late and entry["received"] >= 0.95 * entry["owed"]


def _percentiles(values: list[float], busy: list[float]) -> dict[str, Any]:
    ordered = sorted(values)
    found = {name: percentile(ordered, share) for name, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999))}
    return {**found, "events": len(ordered), "busy": max(busy)}
