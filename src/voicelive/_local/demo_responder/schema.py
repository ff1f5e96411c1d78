"""What the names in a tool's definition mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .words import vocabulary

__all__ = ["is_place", "name_words", "properties", "required", "types"]

_SPLIT = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_PLACES = frozenset(
    vocabulary("location city place country town address region destination origin where area state airport station")
)


def name_words(name: str) -> list[str]:
    """The words of an identifier: ``get_currentWeather`` is get, current, weather."""
    return [word.lower() for word in _SPLIT.findall(name)] or [name]


def is_place(name: str) -> bool:
    """Whether a parameter of that name takes a place."""
    return any(word in _PLACES for word in name_words(name))


def properties(tool: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The parameters of a tool, each with its schema; none if the schema is odd."""
    found = _parameters(tool).get("properties")
    if not isinstance(found, Mapping):
        return {}
    return {str(name): part for name, part in found.items() if isinstance(part, Mapping)}


def required(tool: Mapping[str, Any]) -> set[str]:
    """The names of the parameters that a call must have."""
    found = _parameters(tool).get("required")
    return {str(name) for name in found} if isinstance(found, (list, tuple)) else set()


def types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """The JSON types a value may have, ``string`` when the schema does not say."""
    found = schema.get("type")
    if isinstance(found, str):
        return (found,)
    if isinstance(found, (list, tuple)):
        return tuple(str(item) for item in found if item != "null") or ("string",)
    return ("string",)


def _parameters(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    found = tool.get("parameters")
    return found if isinstance(found, Mapping) else {}
