"""The targets: which figure is held to which limit, computed from the results of one run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .stats import median, spread

__all__ = ["kept_up", "ratio", "targets"]

_ENGINE = Path(__file__).parent / "results" / "engine.json"

RAW = "websockets"
AZURE = "azure-ai-voicelive"
OURS = "voicelive"
SYNC = " (sync)"

IN_THE_WAY = {
    "receive": "what pydantic-core takes for the JSON, the object and the base64: see *The floor*",
    "send": "the write to the socket, which raw pays too; the blocking client also wakes its loop",
    "cold": "pydantic's own modules, and defining the classes of a session and a turn with them",
    "conversation": "some events of a turn lead to decisions, one at a time, and every piece of audio is counted",
    "policy": "some events of a turn are read once more, and audio is counted both ways, to restore a session",
    "telemetry": "spans and measurements of each response, which the SDK makes of what it is told",
    "memory": "what the transport of `websockets` takes, and what is kept to restore a session",
    "engine": "the committed figures were taken on a busier machine; see `python -m benchmarks.engine`",
    "steps": "what one model takes to be built; of 1 MB, the pages of memory that the system makes for its text",
}
"""For each kind of target, what a missed one owes to."""


def kept_up(entry: dict[str, Any]) -> bool:
    """Return whether a measurement of live sessions received what was owed to it."""
    return entry["p99"] is not None and bool(entry["received"] >= 0.95 * entry["owed"])


def ratio(above: Sequence[float], below: Sequence[float]) -> dict[str, float]:
    """Return the ratios of values measured in the same rounds: median, quartiles, least, greatest."""
    return spread([one / other for one, other in zip(above, below, strict=True)])


class _Found(list[dict[str, Any]]):
    """The targets, in order."""

    def at_most(self, kind: str, name: str, measured: dict[str, float], limit: float, unit: str = "x") -> None:
        self._add(kind, name, measured, f"<= {limit:g}", unit, measured["median"] <= limit)

    def at_least(self, kind: str, name: str, measured: dict[str, float], limit: float) -> None:
        self._add(kind, name, measured, f">= {limit:g}", "x", measured["median"] >= limit)

    def _add(self, kind: str, name: str, measured: dict[str, float], limit: str, unit: str, met: bool) -> None:
        entry = {"name": name, "measured": measured, "limit": limit, "unit": unit, "met": met}
        self.append(entry if met else {**entry, "in_the_way": IN_THE_WAY[kind]})


def targets(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each target with what was measured, and whether it is met; what was not measured is left out."""
    found = _Found()
    _events(results, found)
    _live(results, found)
    _starts(results, found)
    _sizes(results, found)
    return list(found)


def _events(results: dict[str, Any], found: _Found) -> None:
    columns = {
        "receive, whole turns": ("receive", results["receive"]["turn"], (1.10, 1.20), 7, 11.5),
        "receive, 100 ms of audio": ("receive", results["receive"]["audio"], (1.25, 1.30), 6, 8),
        "send, 100 ms of audio": ("send", results["send"], (0.85, 2.4), 6, 20),
    }
    for what, (kind, measured, limits, _, _) in columns.items():
        for end, limit in zip(("", SYNC), limits, strict=True):
            name = f"{what}: {OURS}{end} to {RAW}{end}"
            found.at_most(kind, name, ratio(measured[OURS + end], measured[RAW + end]), limit)
    for what, (kind, measured, _, azure, openai) in columns.items():
        found.at_least(kind, f"{what}: {AZURE} to {OURS}", ratio(measured[AZURE], measured[OURS]), azure)
        found.at_least(kind, f"{what}: openai to {OURS}", ratio(measured["openai"], measured[OURS]), openai)
    for client, by_kind in results.get("policy", {}).items():
        for what, measured in by_kind.items():
            name = f"{what}: {client} with a policy to without"
            found.at_most("policy", name, ratio(measured["with"], measured["without"]), 1.15)
    for client, by_kind in results.get("telemetry", {}).items():
        for what, measured in by_kind.items():
            name = f"{what}: {client} with telemetry to without"
            found.at_most("telemetry", name, ratio(measured["with"], measured["without"]), 1.15)
    for client, by_kind in results.get("conversation", {}).items():
        for what, measured in by_kind.items():
            name = f"{what}: {client} with barge-in, tools and metrics to without"
            found.at_most("conversation", name, ratio(measured["with"], measured["without"]), 1.25)
            name = f"{what}: {client} with barge-in, tools and metrics to {AZURE}"
            floor = median(results["receive"]["turn"][AZURE])
            found.at_most("conversation", name, spread([one / floor for one in measured["with"]]), 0.5)


def _live(results: dict[str, Any], found: _Found) -> None:
    if "engine" in results:
        before = json.loads(_ENGINE.read_text(encoding="utf-8"))["rounds"]["threads"]
        for what, field, limit in (("CPU", "live_100_cpu_s", 1.0), ("p99", "live_100_p99_ms", 0.7)):
            floor = median([entry[field] for entry in before])
            measured = spread([entry[field] / floor for entry in results["engine"]])
            found.at_most(
                "engine", f"100 live sessions, {what}: {OURS}{SYNC} to its engine of threads", measured, limit
            )
    entries = results["sessions"][OURS]
    sessions = {entry["count"]: entry["busy"] / entry["count"] for entry in entries if kept_up(entry)}
    if {10, 100} <= set(sessions):
        greatest = max(sessions)
        measured = spread([sessions[greatest] / sessions[10]])
        found.at_most("engine", f"CPU a live session, {greatest} sessions to 10: {OURS}", measured, 1.2)


def _starts(results: dict[str, Any], found: _Found) -> None:
    imports = results["imports"]["wall_ms"]
    for client in (OURS, OURS + SYNC):
        if "cold_turn" in results:
            cold = results["cold_turn"]["wall_ms"]
            name = f"from the interpreter's start to a whole turn: {client} to {AZURE}"
            found.at_most("cold", name, ratio(cold[client], cold[AZURE]), 0.95)
    for client in (OURS, OURS + SYNC):
        found.at_most("cold", f"import: {client} to {AZURE}", ratio(imports[client], imports[AZURE]), 0.55)
    limits = {"first turn": 10, "first turn, after warmup()": 5, "1 MB of audio in an event": 0.5}
    for what, values in results.get("steps", {}).items():
        found.at_most("steps", f"longest step of the event loop, {what}", spread(values), limits[what], "ms")


def _sizes(results: dict[str, Any], found: _Found) -> None:
    memory = results["memory"]
    for client, limit in ((OURS, 18), (f"{OURS}, with a policy", 24)):
        if client in memory:
            found.at_most("memory", f"memory of an idle session: {client}", spread(memory[client]), limit, "KiB")
