"""Where the evidence about the real service conflicts, or where it misbehaves now and then: switches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

__all__ = ["QUIRKS", "Quirk", "check_quirks"]

Quirk = Literal[
    "replace_updates",
    "null_error_event_id",
    "duplicate_transcription",
    "duplicate_mcp_completed",
    "newest_session",
    "unknown_call_outputs",
    "early_truncation",
    "null_turn_detection",
    "azure_voice_change",
    "agent_api_key",
]
"""A way to behave that is off unless asked for.

- ``replace_updates``: a ``session.update`` replaces the whole session: what it does not name returns to its default. It
  is documented to merge, and was also seen to replace.
- ``null_error_event_id``: an ``error`` names no ``event_id``, as in every recording.
- ``duplicate_transcription``: when audio follows a turn that the client committed, that turn is transcribed a second
  time, to nothing, and its item created a second time, linked to itself.
- ``duplicate_mcp_completed``: ``response.mcp_call.completed`` comes twice.
- ``newest_session``: in ``2026-04-10`` a session has ``greeting`` and ``handoff``, and a realtime model's names its
  output format from the start, as recorded on 2026-08-07. Four sessions recorded on 2026-07-21 had neither.

The others take what the real service refuses, or may refuse; the default finds it out before production does:

- ``unknown_call_outputs``: a ``function_call_output`` for a call that was never made. Realtime services answer
  ``invalid_tool_call_id``.
- ``early_truncation``: a ``conversation.item.truncate`` to 0 ms of an answer that has no sound yet.
- ``null_turn_detection``: null for settings of ``turn_detection`` that the service was never seen to report as null,
  such as ``create_response``.
- ``azure_voice_change``: another Azure voice once the assistant has spoken. ``cannot_update_voice`` is known of voices
  in general, and the refusal of an Azure voice was not recorded.
- ``agent_api_key``: an API key in agent mode, where the documentation asks for a token.
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
