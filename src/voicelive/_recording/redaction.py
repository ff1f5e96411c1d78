"""What of an event is left out of a recording: credentials always, content and what fits a pattern if asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from .._core.secrecy import HIDDEN, is_secret_name
from ..errors import ConfigurationError

__all__ = ["REDACTED", "patterns_of", "redacted", "without_content"]

REDACTED = "(redacted)"
_LEFT_OUT = "(left out)"
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


def redacted(event: dict[str, Any], patterns: list[re.Pattern[str]], hide: Callable[[str], str]) -> Any:
    """Return an event without credentials, and with what fits a pattern replaced.

    Args:
        event: the event.
        patterns: what is replaced in every text.
        hide: takes the connection's own credential out of a text.
    """

    def visit(name: str, value: Any, within_headers: bool) -> Any:
        if isinstance(value, dict):
            inside = within_headers or name == "headers"
            return {key: visit(key, each, inside) for key, each in value.items()}
        if isinstance(value, list):
            return [visit(name, each, within_headers) for each in value]
        if not isinstance(value, str):
            return value
        if value and (within_headers or is_secret_name(name)):
            return HIDDEN
        text = hide(value)
        for pattern in patterns:
            text = pattern.sub(REDACTED, text)
        return text

    return {name: value if name == "type" else visit(name, value, False) for name, value in event.items()}


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
