"""What is there in JSON from elsewhere, without trusting its types: what cannot be read is passed over."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["mapping", "mappings", "number"]


def number(value: object) -> float | None:
    """Return a JSON number that can be reckoned with, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        read = float(value)
    except OverflowError:
        return None
    return read if math.isfinite(read) else None


def mapping(value: object) -> Mapping[str, Any]:
    """Return a JSON object, or an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def mappings(values: object) -> list[dict[str, Any]]:
    """Return the JSON objects of a list; none for anything else."""
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
