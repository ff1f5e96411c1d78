"""What of an event is left out of a recording: credentials always, content and what fits a pattern if asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from .._core.secrecy import HIDDEN, is_secret_name
from ..errors import ConfigurationError

__all__ = ["REDACTED", "Redaction", "patterns_of", "without_content"]

REDACTED = "(redacted)"
_LEFT_OUT = "(left out)"
_SHORT, _REMEMBERED = 64, 256
"""How many texts are remembered, with what becomes of them, and how long they are at most."""
_PLAIN = re.compile(r"[\w.:/-]{1,128}", re.ASCII)

_KEPT = frozenset(
    {
        "type",
        "id",
        "object",
        "status",
        "role",
        "name",
        "model",
        "code",
        "param",
        "reason",
        "voice",
        "modality",
        "modalities",
        "output_modalities",
        "state",
        "outcome",
        "format",
        "phase",
        "eagerness",
        "observer",
        "device",
        "echo",
        "initiator",
        "cause",
        "limit",
        "reference_source",
    }
)
"""Fields whose texts say what kind of thing it is, and nothing that anybody said."""
_KEPT_ENDINGS = ("_id", "_format", "_type")
_WHOLE = frozenset({"parameters", "metadata", "headers", "input_schema", "annotations"})
"""Objects whose names are the application's own."""


def patterns_of(redact: Iterable[str | re.Pattern[str]]) -> list[re.Pattern[str]]:
    """Return patterns ready to use.

    Raises:
        ConfigurationError: for what is not a pattern.
    """
    if isinstance(redact, (str, re.Pattern)):
        redact = [redact]
    try:
        return [re.compile(pattern) for pattern in redact]
    except (TypeError, re.error) as error:
        raise ConfigurationError(f"redact takes regular expressions, not {redact!r}: {error}") from None


class Redaction:
    """Takes credentials out of the events of one call, and replaces what fits a pattern.

    Args:
        patterns: what is replaced in every text.
        hide: takes the connection's own credential out of a text.
    """

    def __init__(self, patterns: list[re.Pattern[str]], hide: Callable[[str], str]) -> None:
        self._patterns = patterns
        self._hide = hide
        # Ids and names come again with each event.
        self._short = lru_cache(maxsize=_REMEMBERED)(self._text)

    def of(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return an event without what is not to be recorded."""
        return {name: value if name == "type" else self._value(name, value, False) for name, value in event.items()}

    def _value(self, name: str, value: Any, within_headers: bool) -> Any:
        if isinstance(value, str):
            if value and (within_headers or is_secret_name(name)):
                return HIDDEN
            return self._short(value) if len(value) <= _SHORT else self._text(value)
        if isinstance(value, dict):
            inside = within_headers or name == "headers"
            return {key: self._value(key, each, inside) for key, each in value.items()}
        if isinstance(value, list):
            return [self._value(name, each, within_headers) for each in value]
        return value

    def _text(self, text: str) -> str:
        text = self._hide(text)
        for pattern in self._patterns:
            text = pattern.sub(REDACTED, text)
        return text


def without_content(value: Any, name: str = "") -> Any:
    """Return an event with its structure, ids and numbers, and without any text of the conversation."""
    if isinstance(value, dict):
        if name in _WHOLE:
            return _LEFT_OUT
        return {key: without_content(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [without_content(each, name) for each in value]
    if not isinstance(value, str) or not value:
        return value
    is_kept = (name in _KEPT or name.endswith(_KEPT_ENDINGS)) and _PLAIN.fullmatch(value)
    return value if is_kept else f"({len(value)} characters)"
