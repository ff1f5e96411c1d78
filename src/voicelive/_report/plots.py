"""Plots as SVG, which a page shows without a script: dots for each call, and how often which value occurs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10

__all__ = ["Dot", "dots", "histogram"]

_WIDTH, _HEIGHT = 480, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 18, 10, 30
_MOST_DOTS = 5000

Dot = tuple[int, float, bool, str]
"""The number of a call from 1, a value, whether it is one to look at, and what it is."""


def dots(title: str, unit: str, values: Sequence[Dot], calls: int) -> str:
    """Return a plot with a dot for each value, call by call."""
    shown = values[:: ceil(len(values) / _MOST_DOTS) or 1]
    scale = _Scale(max((value for _, value, _, _ in values), default=1.0))
    parts = _grid(scale, unit)
    for number, value, is_odd, what in shown:
        x, y = _across((number - 0.5) / max(1, calls)), _y(scale.share(value))
        kind = "cut" if is_odd else "dot"
        parts.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="3"><title>{escape(what)}</title></circle>')
    for number in range(1, calls + 1, max(1, ceil(calls / 12))):
        parts.append(_below(_across((number - 0.5) / max(1, calls)), str(number)))
    return _plot(title, f"{title}, {unit}: {len(values):,} values of {calls:,} calls", parts)


def histogram(title: str, unit: str, values: Sequence[float], bars: int = 24) -> str:
    """Return a plot of how often which value occurs, with the median as a line."""
    ordered = sorted(values)
    scale = _Scale(ordered[-1] if ordered else 1.0, smallest=1.0)
    counts = [0] * bars
    for value in ordered:
        counts[min(bars - 1, int(scale.share(value) * bars))] += 1
    height = _Scale(float(max(counts)), smallest=1.0)
    parts = _grid(height, "")
    for place, count in enumerate(counts):
        if count:
            x, y = _across(place / bars), _y(height.share(count))
            low, high = scale.top * place / bars, scale.top * (place + 1) / bars
            parts.append(
                f'<rect class="bar-of-calls" x="{x + 0.5:.1f}" y="{y:.1f}" width="{_across(1 / bars) - _LEFT - 1:.1f}" '
                f'height="{_y(0) - y:.1f}"><title>{count:,} of {low:,.0f} to {high:,.0f} {escape(unit)}</title></rect>'
            )
    parts.extend(_below(_across(scale.share(value)), f"{value:,g}") for value in scale.ticks)
    if ordered:
        median = ordered[len(ordered) // 2]
        x = _across(scale.share(median))
        parts.append(
            f'<line class="median" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_y(0)}">'
            f"<title>median: {median:,.0f} {escape(unit)}</title></line>"
        )
    return _plot(title, f"{title}, {unit}: {len(ordered):,} values", parts)


class _Scale:
    """An axis from 0, with ticks at even numbers."""

    def __init__(self, highest: float, smallest: float = 0.0) -> None:
        highest = max(highest, smallest * 2, 1e-3)
        rough = highest / 4
        size = 10.0 ** floor(log10(rough))
        step = max(smallest, next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough * 0.999))
        count = ceil(round(highest / step, 6))
        self.top = step * count
        self.ticks = [round(step * number, 6) for number in range(count + 1)]

    def share(self, value: float) -> float:
        """Return where a value lies, from 0 to 1."""
        return min(1.0, max(0.0, value / self.top))


def _plot(title: str, about: str, parts: list[str]) -> str:
    return (
        f'<section><figure><figcaption>{escape(title)}</figcaption><svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'role="img" aria-label="{escape(about)}">{"".join(parts)}</svg></figure></section>'
    )


def _grid(scale: _Scale, unit: str) -> list[str]:
    parts: list[str] = []
    for value in scale.ticks:
        y = _y(scale.share(value))
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        label = f"{value:,g} {unit}".strip()
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(label)}</text>')
    return parts


def _below(x: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{_HEIGHT - 12}" text-anchor="middle">{text}</text>'


def _across(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return _TOP + (1 - share) * (_HEIGHT - _TOP - _BOTTOM)
