"""The plots, as plain SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from .stats import median

__all__ = ["write_plots"]

FONT = 'font-family="system-ui, sans-serif" font-size="13"'
COLOURS = {
    "websockets": "#8a8f98",
    "websockets + json": "#b9a36b",
    "azure-ai-voicelive": "#3d7dca",
    "openai": "#c65d3b",
    "voicelive": "#2f9e5b",
    "websockets, uvloop": "#5d626b",
    "voicelive, uvloop": "#17663a",
}


def write_plots(results: dict[str, Any], folder: Path) -> None:
    """Write ``cpu.svg`` and ``sessions.svg`` into `folder`."""
    receive = results["receive"]
    groups = [
        ("receive, whole turns", receive["turn"]),
        ("receive, 100 ms of audio", receive["audio"]),
        ("send, 100 ms of audio", results["send"]),
    ]
    bars = []
    for title, by_client in groups:
        for end in ("", " (sync)"):
            floor = median(by_client[f"websockets{end}"])
            names = [name for name in by_client if name.endswith(" (sync)") == bool(end)]
            bars.append((title + end, [(name, median(by_client[name]) / floor) for name in names]))
    (folder / "cpu.svg").write_text(_bars("CPU of an event, raw websockets = 1", bars), encoding="utf-8")
    lines = {
        client: [(entry["count"], entry["p99"]) for entry in entries if entry["p99"]]
        for client, entries in results["sessions"].items()
    }
    title = "p99 of an event's way to the application, in ms, by sessions in one process"
    (folder / "sessions.svg").write_text(_lines(title, lines), encoding="utf-8")


def _svg(width: int, height: int, parts: list[str]) -> str:
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {FONT}>'
    return "\n".join([head, f'<rect width="{width}" height="{height}" fill="white"/>', *parts, "</svg>", ""])


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="#222" {more}>{escape(text)}</text>'


def _bars(title: str, groups: Sequence[tuple[str, list[tuple[str, float]]]]) -> str:
    left, scale_width, y = 200, 480, 30
    greatest = max(value for _, bars in groups for _, value in bars)
    parts = [_text(12, y, title, 'font-weight="bold"')]
    for group, bars in groups:
        y += 30
        parts.append(_text(12, y, group, 'font-weight="600"'))
        for name, value in bars:
            y += 20
            length = max(2.0, value / greatest * scale_width)
            colour = COLOURS[name.removesuffix(" (sync)")]
            parts.append(_text(left - 8, y, name, 'text-anchor="end"'))
            parts.append(f'<rect x="{left}" y="{y - 11}" width="{length:.1f}" height="14" fill="{colour}"/>')
            parts.append(_text(left + length + 6, y, f"{value:.1f}×"))  # noqa: RUF001
    return _svg(760, y + 20, parts)


def _lines(title: str, lines: dict[str, list[tuple[float, float]]]) -> str:
    left, top, width, height = 60, 50, 480, 300
    values = [value for points in lines.values() for _, value in points]
    counts = [count for points in lines.values() for count, _ in points]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(*values, 10.1)))
    last = max(1.0, math.log10(max(counts)))

    def place(count: float, value: float) -> tuple[float, float]:
        across = left + math.log10(count) / last * width
        return across, top + height - (math.log10(value) - low) / (high - low) * height

    parts = [_text(12, 24, title, 'font-weight="bold"')]
    for power in range(low, high + 1):
        _, y = place(1, 10**power)
        parts.append(f'<line x1="{left}" y1="{y:.1f}" x2="{left + width}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(_text(left - 8, y + 4, f"{10.0**power:g}", 'text-anchor="end"'))
    for count in sorted(set(counts)):
        x, _ = place(count, 1)
        parts.append(_text(x, top + height + 20, f"{count:g}", 'text-anchor="middle"'))
    for index, (name, points) in enumerate(lines.items()):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))
        dashes = ' stroke-dasharray="5 4"' if "uvloop" in name else ""
        parts.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"{dashes}/>')
        y = top + 10 + index * 20
        parts.append(
            f'<line x1="560" y1="{y - 4}" x2="584" y2="{y - 4}" stroke="{COLOURS[name]}" stroke-width="2"{dashes}/>'
        )
        parts.append(_text(592, y, name))
    return _svg(760, top + height + 40, parts)
