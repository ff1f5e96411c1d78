"""Comparing what was sent with what a test expects, and saying where they differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

__all__ = ["differences", "same_words"]

_MISSING = object()


def differences(expected: Any, actual: Any, path: str = "") -> Iterator[str]:
    """Yield where `actual` is not as `expected`: mappings may hold more than expected, anything else is equal."""
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        wanted, given = cast("Mapping[str, Any]", expected), cast("Mapping[str, Any]", actual)
        for key, value in wanted.items():
            yield from differences(value, given.get(key, _MISSING), f"{path}.{key}" if path else str(key))
    elif _is_list(expected) and _is_list(actual) and len(expected) == len(actual):
        for index, (value, other) in enumerate(zip(expected, actual, strict=True)):
            yield from differences(value, other, f"{path}[{index}]")
    elif actual is _MISSING:
        yield f"{path} was not given, expected {expected!r}"
    elif expected != actual:
        yield f"{path or 'it'} is {actual!r}, expected {expected!r}"


def same_words(one: str, other: str) -> bool:
    """Return whether two texts have the same words, whatever their case and punctuation."""
    return _words(one) == _words(other)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))
