"""Medians, spreads and percentiles."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["median", "percentile", "spread"]


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return median, quartiles, least and greatest value."""
    ordered = sorted(values)
    half = len(ordered) // 2
    low, high = (ordered[:half], ordered[-half:]) if half else (ordered, ordered)
    return {
        "median": median(ordered),
        "q1": median(low),
        "q3": median(high),
        "min": ordered[0],
        "max": ordered[-1],
        "runs": len(ordered),
    }


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the `ordered` values lie; 0 where there are none."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
