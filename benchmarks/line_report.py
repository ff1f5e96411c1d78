"""What ``python -m benchmarks.lines --search`` writes: method and figures as Markdown."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

__all__ = ["hour_table", "search_report"]

_METHOD = """# Telephone calls on one core

Callers in real time: 20 ms of sound every 20 ms each, spread evenly; in every four seconds an answer of three, which
comes at once; every other answer is interrupted halfway. The bridge is a process on a core of its own; callers and
service are one process on another, with frames made beforehand and one timer for all. *Adds* is from a caller's frame
leaving to its sound at the service, both ways through the kernel included; *first sound* from the service's sending an
answer to the far end's having it; *clear* from the service's saying that the caller speaks to the far end's being told
to stop. *Late* is by how much the generator's own frames left late: a machine that is busy shows there first.

The largest number of calls is searched: half as many again until the p99 of *adds* is above {most:g} ms or anything is
lost, then bisected to {step:g} %, and taken where two of three runs of {seconds:g} s fit. Written by
`python -m benchmarks.lines --search`.

{machine}
"""
_HEAD = (
    "| Line | Calls | Adds, p50 / p99 (ms) | First sound, p99 (ms) | Clear, p99 (ms) | Barge-ins | Lost "
    "| Bridge, cores | Bridge, CPU ms a call-second | Generator, cores | Late, p99 (ms) | kB a call |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
)


def search_report(
    rows: Sequence[Mapping[str, Any]],
    largest: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    most_ms: float,
    step: float,
    seconds: float,
) -> str:
    """Return the report.

    Args:
        rows: the figures at fixed numbers of calls.
        largest: for each line the runs at the largest number; none where even the fewest calls were too many.
        most_ms: the limit of the p99.
        step: how near the search came, as a share.
        seconds: how long a run was.
    """
    text = _METHOD.format(most=most_ms, step=step * 100, seconds=seconds, machine=machine())
    text += "\n## The most calls\n\n" + _HEAD + "".join(map(_row, (_median(runs) for runs in largest.values() if runs)))
    for line in (line for line, runs in largest.items() if not runs):
        text += f"\nOn {line}'s line no number that was tried fits: the machine was busy, as *late* shows.\n"
    return text + "\n## The same by number of calls\n\n" + _HEAD + "".join(map(_row, rows))


def machine() -> str:
    """Return what was measured on."""
    model = "unknown processor"
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), model)
    except OSError:
        pass
    versions = f"CPython {platform.python_version()}, websockets {version('websockets')}"
    load = f"load average: {os.getloadavg()[0]:.1f}"
    return f"{os.cpu_count()} cores ({model}), {versions}, {datetime.now(UTC):%Y-%m-%d}; {load}."


def hour_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the figures of an hour's audio."""
    head = (
        "| Line | Calls | Sound of each (min) | Took (s) | kB a call after 1 min | after a quarter | after half "
        "| at the end | Barge-ins | Lost (ms) |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
    )
    return head + "".join(
        f"| {row['line']} | {row['calls']} | {row['minutes']:g} | {row['took_s']:.0f} | "
        + " | ".join(f"{kb:.0f}" for kb in row["kb_per_call"])
        + f" | {row['interruptions']} | {row['lost_ms']} |\n"
        for row in rows
    )


def _median(runs: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return sorted(runs, key=lambda run: run["delay_p99_ms"])[len(runs) // 2]


def _row(run: Mapping[str, Any]) -> str:
    lost = f"{run['frames_lost']} frames, {run['lost_ms']} ms"
    cells = (
        run["line"],
        run["calls"],
        f"{run['delay_p50_ms']:.1f} / {run['delay_p99_ms']:.1f}",
        f"{run['first_sound_p99_ms']:.1f}",
        f"{run['clear_p99_ms']:.1f}",
        run["barge_ins"],
        lost if run["frames_lost"] or run["lost_ms"] else "nothing",
        f"{run['bridge_cpu_share']:.2f}",
        f"{run['bridge_cpu_ms_per_call_second']:.1f}",
        f"{run['generator_cpu_share']:.2f}",
        f"{run['generator_late_p99_ms']:.1f}",
        f"{run['memory_kb_per_call']:.0f}",
    )
    return "| " + " | ".join(map(str, cells)) + " |\n"
