"""Speaking what a function gave back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..engines.protocols import FunctionCallTurn
from .schema import is_place, name_words
from .words import vocabulary

__all__ = ["say_result"]

_LONGEST = 600
_MOST_ITEMS = 12
_VERBS = frozenset(vocabulary("get fetch find look up lookup search show read list query current my the"))


def say_result(call: FunctionCallTurn | None, output: str) -> str:
    """A sentence that tells a function's output: "The weather in Paris: sunny."

    JSON is put into words; any other text is said as it is. A long result is cut.
    """
    arguments = _json(call.arguments) if call else None
    arguments = arguments if isinstance(arguments, dict) else {}
    subject = _subject(call, arguments)
    result = _json(output)
    if isinstance(result, dict) and (error := result.get("error")):
        return f"Sorry, that did not work: {_words(error, {})}."
    spoken = _words(result, arguments).strip().rstrip(".")
    if not spoken:
        return f"{subject}: done." if subject else "Done."
    if len(spoken) > _LONGEST:
        spoken = spoken[:_LONGEST].rsplit(" ", 1)[0]
    return f"{subject}: {spoken}." if subject else f"{spoken[0].upper()}{spoken[1:]}."


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _subject(call: FunctionCallTurn | None, arguments: Mapping[str, Any]) -> str:
    if call is None:
        return ""
    words = [word for word in name_words(call.name) if word not in _VERBS]
    subject = "The " + " ".join(words or ["result"])
    for name, value in arguments.items():
        if isinstance(value, str) and value and is_place(name):
            return f"{subject} in {value}"
    for value in arguments.values():
        if isinstance(value, str) and 0 < len(value) <= 30:
            return f"{subject} for {value}"
    return subject


def _words(value: Any, known: Mapping[str, Any]) -> str:
    """A JSON value as words; what the question already said is left out."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, Mapping):
        parts = [
            f"{' '.join(name_words(str(name)))} {_words(item, {})}"
            for name, item in list(value.items())[:_MOST_ITEMS]
            if not _is_known(item, known)
        ]
        return ", ".join(parts)
    if isinstance(value, list):
        items = [_words(item, {}) for item in value[:_MOST_ITEMS]]
        return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]])) or "nothing"
    return re.sub(r"\s+", " ", str(value))


def _is_known(item: Any, known: Mapping[str, Any]) -> bool:
    return any(
        isinstance(item, str) and isinstance(said, str) and item.casefold() == said.casefold()
        for said in known.values()
    )
