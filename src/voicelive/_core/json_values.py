"""What is there in JSON from elsewhere, without trusting its types: what cannot be read is passed over."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json

__all__ = ["mapping", "mappings", "number", "read_json"]


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
    # A dict first, as nearly all are: to ask an abstract class takes several times as long.
    return value if isinstance(value, (dict, Mapping)) else {}


def mappings(values: object) -> list[dict[str, Any]]:
    """Return the JSON objects of a list; none for anything else."""
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def read_json(data: bytes) -> Any:
    """Return the value that a JSON text stands for.

    Raises:
        ValueError: if it is not JSON.
        RecursionError: if it is nested too deeply.
    """
    try:
        return from_json(data)
    except ValueError:
        # The standard library takes several times as long, but also half a surrogate pair.
        return json.loads(data)
