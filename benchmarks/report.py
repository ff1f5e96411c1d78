"""The results as Markdown tables: ratios first, times after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .stats import median, spread
from .targets import kept_up, ratio

__all__ = ["figures", "summary", "table"]

SYNC = " (sync)"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; the first column is text, the others are numbers."""
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def number(value: float) -> str:
    """Return `value` with three digits or so."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def ranged(measured: dict[str, float], unit: str = "") -> str:
    """Return a median with least and greatest value."""
    space = " " if unit and unit != "x" else ""
    shown = "×" if unit == "x" else unit  # noqa: RUF001
    return f"{number(measured['median'])}{space}{shown} ({number(measured['min'])}–{number(measured['max'])})"  # noqa: RUF001


def figures(results: dict[str, Any]) -> str:
    """Return the short table of the README."""
    columns = _columns(results)
    columns.pop("receive, 500 ms of audio")
    rows = []
    for name, column in columns.items():
        ours, raw = column["voicelive"], column["websockets"]
        pairs = ((ours, raw), (column["azure-ai-voicelive"], ours), (column["openai"], ours))
        rows.append([name, *(f"{number(ratio(above, below)['median'])}×" for above, below in pairs)])  # noqa: RUF001
    return table(["async client, CPU", "of raw `websockets`", "azure-ai-voicelive takes", "openai takes"], rows)


def _quartiles(measured: dict[str, float], unit: str = "") -> str:
    # Results from before these were reckoned have the ends only.
    low, high = measured.get("q1", measured["min"]), measured.get("q3", measured["max"])
    return ranged({"median": measured["median"], "min": low, "max": high}, unit)


def summary(results: dict[str, Any]) -> str:
    """Return the whole report."""
    machine = results["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    parts = [
        "# What voicelive costs\n",
        f"Measured on {machine['cores']} cores ({machine['processor']}), {machine['system']}, "
        f"{machine['python']}; {versions}. Run: {results['plan']}, {results['rounds']} rounds, "
        f"{results['minutes']:.0f} minutes, load before {machine['load']}. "
        "Medians; least and greatest in brackets, quartiles where it says so. "
        "CPU time of the whole process, not time on the clock, unless it says so.\n",
        "## Targets\n",
        "Quartiles in brackets. What is measured is said in `benchmarks/README.md`.\n",
        _targets(results["targets"]),
        "\n## CPU of an event, as a multiple of raw websockets\n",
        "Async clients are set against async `websockets`, sync ones against sync `websockets`.\n",
        _ratios(results),
        "\n## The same in microseconds\n",
        _times(results),
        "\n## Time from the server's write to the application's hands, at a steady rate\n",
        "Microseconds on the clock. *Added* is the difference to raw `websockets` of the same kind.\n",
        _latency(results["latency"]),
        "\n## Start\n",
        "Whole processes, milliseconds on the clock. A cold start ends when a session's first event and one whole turn "
        "have been received.\n",
        _starts(results),
        "\nThe first event of each type defines its classes: "
        + _stalls(results["first_events"])
        + "\n\n## Memory of an idle session\n",
        table(["client", "KiB"], [[name, ranged(spread(values))] for name, values in results["memory"].items()]),
        *_steps(results),
        "\n## Many sessions in one process\n",
        "Each receives 20 events and sends 10 chunks of 100 ms a second. Share of a core, and the p99 of the time from "
        "the server's write to the application's hands. One pass. How many fill a core is reckoned from the CPU of the "
        "most sessions that all clients kept up with.\n",
        _sessions(results),
        *_same_work(results),
        *_compared(results, "policy", "With a reconnect policy"),
        *_compared(results, "conversation", "With barge-in, tools and metrics"),
        *_compared(results, "telemetry", "With telemetry"),
        *_compared(results, "recorder", "With a recorder"),
        "\n## Options of the transport\n",
        "Receiving whole turns, microseconds of CPU an event.\n",
        table(["option", "µs"], [[label, ranged(spread(values))] for label, values in results["options"].items()]),
        "\n## Slow paths and buffers\n",
        table(
            ["voicelive, async", "µs"],
            [
                *([f"receive: {name}", ranged(spread(values))] for name, values in results["slow_paths"].items()),
                *([f"send: {name}", ranged(spread(values))] for name, values in results["buffers"].items()),
            ],
        ),
    ]
    return "\n".join(parts) + "\n"


def _targets(targets: list[dict[str, Any]]) -> str:
    rows = (
        [
            entry["name"],
            entry["limit"].replace("<=", "≤").replace(">=", "≥") + " " + entry["unit"].replace("x", "×"),  # noqa: RUF001
            _quartiles(entry["measured"], entry["unit"]),
            "met" if entry["met"] else f"**missed**: {entry['in_the_way']}",
        ]
        for entry in targets
    )
    return table(["target", "limit", "measured", ""], rows)


def _columns(results: dict[str, Any]) -> dict[str, dict[str, list[float]]]:
    receive = results["receive"]
    return {
        "receive, whole turns": receive["turn"],
        "receive, 100 ms of audio": receive["audio"],
        "receive, 500 ms of audio": receive["audio500"],
        "send, 100 ms of audio": results["send"],
    }


def _ratios(results: dict[str, Any]) -> str:
    columns = _columns(results)
    rows = []
    for client in results["send"]:
        floor = "websockets" + (SYNC if client.endswith(SYNC) else "")
        if client != floor:
            rows.append([client, *(ranged(ratio(column[client], column[floor]), "x") for column in columns.values())])
    return table(["client", *columns], rows)


def _times(results: dict[str, Any]) -> str:
    columns = _columns(results)
    rows = [[client, *(ranged(spread(column[client])) for column in columns.values())] for client in results["send"]]
    return table(["client", *columns], rows)


def _same_work(results: dict[str, Any]) -> list[str]:
    # Results from before this was measured have none.
    if "same_work" not in results:
        return []
    sends = results["same_work"]
    rows = []
    for label, values in sends.items():
        end = SYNC if SYNC in label else ""
        raw, encoding = sends[f"websockets{end}"], sends[f"websockets{end}, encoding each chunk"]
        rows.append([label, ranged(spread(values)), *(ranged(ratio(values, floor), "x") for floor in (raw, encoding))])
    return [
        "\n## Sending, the same work\n",
        "100 ms of PCM. Raw `websockets` sends a message that was made before; *encoding each chunk* makes one of each "
        "chunk, as the typed client does.\n",
        table(["client", "µs", "of the ready message", "of encoding each chunk"], rows),
    ]


def _compared(results: dict[str, Any], option: str, title: str) -> list[str]:
    # Results from before this was measured have none.
    if option not in results:
        return []
    rows = [
        [
            f"{client}: {kind}",
            ranged(spread(measured["without"])),
            ranged(spread(measured["with"])),
            ranged(ratio(measured["with"], measured["without"]), "x"),
        ]
        for client, by_kind in results[option].items()
        for kind, measured in by_kind.items()
    ]
    return [
        f"\n## {title}\n",
        "Microseconds of CPU an event.\n",
        table(["", "without", "with", "ratio"], rows),
    ]


def _latency(latency: dict[str, Any]) -> str:
    rows = []
    for rate, by_client in latency.items():
        for client, found in by_client.items():
            floor = by_client["websockets" + (SYNC if client.endswith(SYNC) else "")]
            shown = [f"{found[name]:.0f} ({found[name] - floor[name]:+.0f})" for name in ("p50", "p99", "p999")]
            rows.append([f"{rate} a second: {client}", *shown, f"{found['busy']:.0%}", str(found["events"])])
    return table(["events", "p50 (added)", "p99 (added)", "p99.9 (added)", "of a core", "events measured"], rows)


def _starts(results: dict[str, Any]) -> str:
    imports, cold = results["imports"]["wall_ms"], results.get("cold_turn", {}).get("wall_ms", {})
    rows = [
        [
            client,
            ranged(spread(imports[client])) if client in imports else "",
            ranged(spread(cold[client])) if client in cold else "",
        ]
        for client in dict.fromkeys([*imports, *cold])
    ]
    return table(["client", "import", "cold start"], rows)


def _steps(results: dict[str, Any]) -> list[str]:
    if "steps" not in results:
        return []
    return [
        "\n## The longest step of the event loop\n",
        "Milliseconds of CPU time, from the opening on.\n",
        table(["", "ms"], [[name, ranged(spread(values))] for name, values in results["steps"].items()]),
    ]


def _stalls(first: dict[str, Any]) -> str:
    cold = first["cold"]
    text = (
        f"the longest takes {number(median([entry['worst_ms'] for entry in cold]))} ms, all of one turn together "
        f"{number(median([entry['sum_ms'] for entry in cold]))} ms."
    )
    warmed = first["warmed"]
    return text + (
        f" `voicelive.warmup()` takes {number(median([entry['warmup_ms'] for entry in warmed]))} ms; after it the "
        f"longest takes {number(median([entry['worst_ms'] for entry in warmed]))} ms."
    )


def _sessions(results: dict[str, Any]) -> str:
    measured, capacity = results["sessions"], results["capacity"]
    counts = [entry["count"] for entry in next(iter(measured.values()))]
    # Reckoned for all clients from the same number, since many sessions are cheaper each than few.
    kept = [index for index in range(len(counts)) if all(kept_up(entries[index]) for entries in measured.values())]
    common = max(kept, default=0)
    rows = []
    for client, entries in measured.items():
        cells = []
        for entry in entries:
            shown = f"{entry['busy']:.1%}, {number(entry['p99'])} ms" if entry["p99"] else ""
            cells.append(shown if kept_up(entry) else "events were late")
        full = entries[common]
        held = str(capacity[client] or "machine too busy to tell") if client in capacity else "not measured"
        rows.append([client, *cells, f"{full['count'] / full['busy']:.0f}", held])
    last = ["that fill a core", "with p99 < 10 ms"]
    return table(["client", *(f"{count} sessions" for count in counts), *last], rows)
