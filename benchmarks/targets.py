"""The targets: which ratio is held to which limit, computed from the results of one run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .stats import spread

__all__ = ["kept_up", "ratio", "targets"]


def kept_up(entry: dict[str, Any]) -> bool:
    """Tell whether a measurement of live sessions received what was owed to it."""
    return entry["p99"] is not None and bool(entry["received"] >= 0.95 * entry["owed"])


def ratio(above: Sequence[float], below: Sequence[float]) -> dict[str, float]:
    """Return the ratios of values measured in the same rounds: median, least, greatest."""
    return spread([one / other for one, other in zip(above, below, strict=True)])


def targets(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each target with its measured ratio, and whether it is met."""
    receive, send, memory = results["receive"], results["send"], results["memory"]
    found: list[dict[str, Any]] = []

    def at_most(name: str, measured: dict[str, float], limit: float, unit: str = "x") -> None:
        met = measured["median"] <= limit
        found.append({"name": name, "measured": measured, "limit": f"<= {limit:g}", "unit": unit, "met": met})

    def at_least(name: str, measured: dict[str, float], limit: float) -> None:
        met = measured["median"] >= limit
        found.append({"name": name, "measured": measured, "limit": f">= {limit:g}", "unit": "x", "met": met})

    for mix, what in (("turn", "whole turns"), ("audio", "audio deltas")):
        by_client = receive[mix]
        for end in ("", " (sync)"):
            ours = by_client[f"voicelive{end}"]
            at_most(
                f"receive {what}: voicelive{end} to websockets{end}", ratio(ours, by_client[f"websockets{end}"]), 1.5
            )
            at_least(f"receive {what}: openai{end} to voicelive{end}", ratio(by_client[f"openai{end}"], ours), 12)
        ours = by_client["voicelive"]
        at_least(f"receive {what}: azure-ai-voicelive to voicelive", ratio(by_client["azure-ai-voicelive"], ours), 6)
    for end in ("", " (sync)"):
        ours = send[f"voicelive{end}"]
        at_most(f"send: voicelive{end} to websockets{end}", ratio(ours, send[f"websockets{end}"]), 1.8)
        at_least(f"send: openai{end} to voicelive{end}", ratio(send[f"openai{end}"], ours), 7)
    at_least("send: azure-ai-voicelive to voicelive", ratio(send["azure-ai-voicelive"], send["voicelive"]), 2.3)
    for client, by_kind in results.get("policy", {}).items():
        for kind, measured in by_kind.items():
            at_most(f"{kind}: {client} with a policy to without", ratio(measured["with"], measured["without"]), 1.15)
    imports = results["imports"]["wall_ms"]
    for name in ("voicelive (sync)", "voicelive"):
        at_most(f"import: {name} to azure-ai-voicelive", ratio(imports[name], imports["azure-ai-voicelive"]), 0.55)
    at_most("memory of an idle session: voicelive", spread(memory["voicelive"]), 20, "KiB")
    stalls = spread([entry["worst_ms"] for entry in results["stalls"]])
    at_most("longest step of the event loop after warmup(): voicelive", stalls, 5, "ms")
    entries = results["sessions"]["voicelive"]
    sessions = {entry["count"]: entry["busy"] / entry["count"] for entry in entries if kept_up(entry)}
    if {10, 100} <= set(sessions):
        greatest = max(sessions)
        growth = sessions[greatest] / sessions[10]
        name = f"CPU a live session, {greatest} sessions to 10: voicelive"
        at_most(name, {"median": growth, "min": growth, "max": growth}, 1.2)
    return found
