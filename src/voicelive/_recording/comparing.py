"""What two events, or two calls, have in common: by type and content, without ids, and sound by its length."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from .._core.envelope import base64_size
from .._public import public_in
from .sound_fields import put_back, take_out

__all__ = ["canonical", "compare", "difference"]

_BY_THE_CLOCK = frozenset({"audio_end_ms", "audio_start_ms", "created_at", "expires_at"})
"""Fields that say when something was, which is never the same twice."""
_MOST_DIFFERENCES = 20


def canonical(event: Mapping[str, Any], *, times: bool = False) -> Any:
    """Return what of an event is to be the same each time.

    Args:
        event: as on the wire, or as in a recording.
        times: whether what goes by the clock counts too.
    """

    def without_ids(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                name: without_ids(value[name])
                for name in sorted(value)
                if not (name == "id" or name.endswith("_id")) and (times or name not in _BY_THE_CLOCK)
            }
        return [without_ids(each) for each in value] if isinstance(value, list) else value

    # Either form of sound gives its size alone; `put_back` makes a copy of the event.
    sized = put_back(dict(event), lambda reference: {"size": reference.size})
    return without_ids(take_out(sized, lambda text: {"size": base64_size(text)}))


def difference(expected: Mapping[str, Any], found: Mapping[str, Any], *, names: tuple[str, str]) -> str:
    """Return where two events differ, as text to read; empty where they do not."""
    one, other = canonical(expected), canonical(found)
    if one == other:
        return ""
    before, after = (
        json.dumps(each, indent=2, ensure_ascii=False, sort_keys=True).splitlines() for each in (one, other)
    )
    return "\n".join(difflib.unified_diff(before, after, *names, lineterm="", n=2))


@public_in("voicelive.recording")
def compare(expected: Iterable[Mapping[str, Any]], found: Iterable[Mapping[str, Any]]) -> list[str]:
    """Compare two runs of events: types and content in order, without ids, and sound by its length.

    Returns:
        Where they differ, as texts to read, at most 20; nothing where they are the same.
    """
    told: list[str] = []
    rest_of_one, rest_of_other = iter(expected), iter(found)
    number = 0
    while len(told) < _MOST_DIFFERENCES:
        number += 1
        one, other = next(rest_of_one, None), next(rest_of_other, None)
        if one is None and other is None:
            break
        if one is None or other is None:
            missing = one or other or {}
            more = sum(1 for _ in (rest_of_one if other is None else rest_of_other))
            side = "is missing" if other is None else "was not expected"
            told.append(f"event {number}, {missing.get('type')!r}, {side}; {more} more follow")
            break
        if one.get("type") != other.get("type"):
            told.append(f"event {number} is {other.get('type')!r}, expected {one.get('type')!r}")
            break
        if text := difference(one, other, names=("expected", "found")):
            told.append(f"event {number}, {one.get('type')!r}, differs:\n{text}")
    return told
