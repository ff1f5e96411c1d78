"""Counters that are counted here and read when metrics are collected: counting costs next to nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry.metrics import CallbackOptions, Observation

__all__ = ["Total"]


class Total:
    """A sum for each set of attributes. Counted in any thread, read in that of the SDK."""

    def __init__(self) -> None:
        self._counted: dict[tuple[tuple[str, Any], ...], int] = {}
        self._lock = threading.Lock()

    def add(self, amount: int, attributes: Mapping[str, Any]) -> None:
        """Add to the sum of these attributes."""
        key = tuple(attributes.items())
        with self._lock:
            self._counted[key] = self._counted.get(key, 0) + amount

    def observe(self, options: CallbackOptions) -> Iterable[Observation]:
        """Return the sums, for a collection of metrics."""
        with self._lock:
            counted = list(self._counted.items())
        return [Observation(amount, dict(key)) for key, amount in counted]
