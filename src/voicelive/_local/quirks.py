"""Where the evidence about the real service conflicts, or where it misbehaves now and then: switches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

__all__ = ["QUIRKS", "Quirk", "check_quirks"]

Quirk = Literal["replace_updates", "null_error_event_id", "duplicate_transcription", "duplicate_mcp_completed"]
"""A way to behave that is off unless asked for.

- ``replace_updates``: a ``session.update`` replaces the whole session: what it does not name returns to its default. It
  is documented to merge, and was also seen to replace.
- ``null_error_event_id``: an ``error`` names no ``event_id``, as in every recording.
- ``duplicate_transcription``: when audio follows a turn that the client committed, that turn is transcribed a second
  time, to nothing, and its item created a second time, linked to itself.
- ``duplicate_mcp_completed``: ``response.mcp_call.completed`` comes twice.
"""

QUIRKS: tuple[Quirk, ...] = get_args(Quirk)


def check_quirks(quirks: Iterable[str]) -> frozenset[Quirk]:
    """Return `quirks` as a set.

    Raises:
        ValueError: naming one that does not exist.
    """
    known: dict[str, Quirk] = {quirk: quirk for quirk in QUIRKS}
    wanted = frozenset([quirks] if isinstance(quirks, str) else quirks)
    for quirk in sorted(wanted - known.keys()):
        raise ValueError(f"there is no quirk {quirk!r}: use {', '.join(map(repr, QUIRKS))}")
    return frozenset(known[quirk] for quirk in wanted)
