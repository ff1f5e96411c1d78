"""Sessions as they were recorded on the real service or are documented, and how to compare a local one with them.

A recording is a file of steps: what the client does, and every event that follows, in order, in full. What differs from
one session to the next stands there as a placeholder, ``<kind>`` or ``<kind name>``: one with a name means the same
value wherever it stands again.

The facts in ``2026-04-10`` come from five sessions recorded on the real service: order, fields, values and nulls
are theirs, the words are not. A run of deltas stands there as one, and pieces of a transcript that came among the audio
are left out: into how many pieces an answer falls, and when its sound is ready, differs from one time to the next.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

__all__ = ["Comparison", "recording", "shape"]

DATA = Path(__file__).resolve().parents[1] / "data" / "local"

_VOICE_LIVE_ID, _OPENAI_ID = r"[0-9A-Za-z]{19,22}", r"[0-9A-Za-z]{21}"
_IDS = {
    "event": f"event_{_VOICE_LIVE_ID}",
    "session": f"sess_{_VOICE_LIVE_ID}",
    "openai session": f"sess_{_OPENAI_ID}",
    "conversation": f"conv_{_OPENAI_ID}",
    "user": f"item_{_VOICE_LIVE_ID}",
    "answer": f"msg_{_VOICE_LIVE_ID}",
    "openai answer": f"item_{_OPENAI_ID}",
    "response": f"resp_{_VOICE_LIVE_ID}",
    "openai response": f"resp_{_OPENAI_ID}",
    "call item": f"item_{_VOICE_LIVE_ID}",
    "openai call item": f"item_{_OPENAI_ID}",
    "call 24": "call_[0-9A-Za-z]{24}",
    "call 16": "call_[0-9A-Za-z]{16}",
}
_ONCE = ("any", "event", "ms", "time", "tokens", "text")
_PLACEHOLDER = re.compile(r"<([a-z ]+?)(?: (\d+))?>")


def recording(name: str) -> dict[str, Any]:
    """Return the recording of a dialect: its ``model`` and its ``steps``."""
    loaded: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


class Comparison:
    """Compares one session, event by event, with a recording."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def fill(self, expected: Any, actual: Any) -> Any:
        """Return `expected` with `actual`'s values in the placeholders that these fit; compare it with `actual`."""
        if isinstance(expected, dict):
            fields = actual if isinstance(actual, dict) else {}
            return {key: self.fill(value, fields.get(key)) for key, value in expected.items()}
        if isinstance(expected, list):
            values = actual if isinstance(actual, list) else []
            return [self.fill(value, part) for value, part in zip_longest(expected, values)][: len(expected)]
        found = _PLACEHOLDER.fullmatch(expected) if isinstance(expected, str) else None
        if found is None:
            return expected
        return self._value(expected, found, actual)

    def _value(self, placeholder: str, found: re.Match[str], actual: Any) -> Any:
        if placeholder in self._known:
            return self._known[placeholder]
        kind, number = found[1], found[2]
        if not _fits(f"{kind} {number}" if f"{kind} {number}" in _IDS else kind, number, actual):
            return placeholder
        if kind not in _ONCE and kind != "audio":
            self._known[placeholder] = actual
        return actual


def _fits(kind: str, number: str | None, actual: Any) -> bool:
    if kind in _IDS:
        return isinstance(actual, str) and re.fullmatch(_IDS[kind], actual) is not None
    checks: dict[str, Callable[[], bool]] = {
        "any": lambda: True,
        "ms": lambda: isinstance(actual, int) and actual % 32 == 0,
        "time": lambda: isinstance(actual, int) and actual >= 0 and actual % 16 == 0,
        "default instructions": lambda: isinstance(actual, str) and actual != "",
        "tokens": lambda: isinstance(actual, int) and actual >= 0,
        "text": lambda: isinstance(actual, str) and actual != "",
        "in": lambda: abs(actual - time.time() - int(number or 0)) < 120,
        "audio": lambda: len(base64.b64decode(actual)) == int(number) if number else bool(base64.b64decode(actual)),
    }
    return checks[kind]()


def shape(value: Any) -> Any:
    """Return what stays of a payload without its values: the names of its fields, and what is null."""
    if isinstance(value, dict):
        # Whether an item has one before it is a matter of the session, not of the event.
        return {key: "link" if key == "previous_item_id" else shape(part) for key, part in value.items()}
    if isinstance(value, list):
        return [shape(part) for part in value]
    return None if value is None else "value"
