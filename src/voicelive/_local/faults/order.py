"""Which events may come in either order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["may_overtake"]

_TRANSCRIPTION = "conversation.item.input_audio_transcription."
_TIED_TO_TRANSCRIPTION = (
    _TRANSCRIPTION,
    "input_audio_buffer.",
    "conversation.item.deleted",
    "conversation.item.retrieved",
    "conversation.item.truncated",
)
"""What keeps its place beside the transcription of the same item."""


def may_overtake(later: Mapping[str, Any], earlier: Mapping[str, Any]) -> bool:
    """Return whether the contract lets two events, sent one after the other, also come in the other order.

    A transcription of the user's speech runs beside everything else: the kinds of models differ in where it comes.
    Deltas run beside each other, unless both add to the same text or the same sound.
    """
    types = _type(earlier), _type(later)
    if any(name.startswith("session.") for name in types):
        return False
    for one, other in ((earlier, later), (later, earlier)):
        if _type(one).startswith(_TRANSCRIPTION):
            return not (_item(one) == _item(other) and _type(other).startswith(_TIED_TO_TRANSCRIPTION))
    return all(name.endswith(".delta") for name in types) and _strand(earlier) != _strand(later)


def _type(event: Mapping[str, Any]) -> str:
    return str(event.get("type"))


def _item(event: Mapping[str, Any]) -> object:
    item = event.get("item")
    return item.get("id") if isinstance(item, Mapping) else event.get("item_id")


def _strand(event: Mapping[str, Any]) -> tuple[object, ...]:
    return (event.get("type"), event.get("response_id"), event.get("item_id"), event.get("content_index"))
