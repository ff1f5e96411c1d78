"""Messages as plain values, read from whatever a service sends: what cannot be read is passed over, never raised."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json

__all__ = ["encoded", "mapping", "mappings", "number", "parsed", "read_text"]

_MAX_DEPTH = 200
"""Levels of a value that can be walked, compared and written again; what pydantic's parser takes too."""

_MAX_DIGITS = 4000
"""The standard library refuses integers of more than 4300 digits, and the whole message with them."""


def parsed(data: bytes) -> dict[str, Any]:
    """Return a message as the event it is, or an empty object for what is not one."""
    try:
        event = from_json(data)
    except ValueError as error:
        event = None if "recursion limit" in str(error) else _parsed_leniently(data)
    return event if isinstance(event, dict) and isinstance(event.get("type"), str) else {}


def _parsed_leniently(data: bytes) -> object:
    """Read what pydantic's parser refuses: half of a surrogate pair, bytes that are not UTF-8, endless numbers."""
    try:
        value: object = json.loads(read_text(data), parse_int=_integer)
    except (ValueError, RecursionError):
        return None
    return value if _is_shallow(value) else None


def read_text(data: bytes) -> str:
    """Return bytes as text, with a replacement for each that is not UTF-8."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < _MAX_DIGITS else math.inf


def _is_shallow(value: object) -> bool:
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [
            inner
            for each in level
            if isinstance(each, (dict, list))
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return True
    return False


def encoded(event: Mapping[str, Any]) -> bytes:
    """Return an event as a message: in ASCII, because half a surrogate pair, which JSON allows, has no UTF-8."""
    return json.dumps(event, separators=(",", ":")).encode()


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
