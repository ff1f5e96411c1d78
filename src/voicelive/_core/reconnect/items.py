"""How an item of a conversation is created again: audio as its transcript, with truncations applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..conversation.heard import split_heard
from ..json_values import mappings

__all__ = ["Entry", "LeftOut", "finished_by_service", "kept", "recreated", "words_of"]

_REMADE_BY_SERVICE = {"mcp_list_tools"}
"""Items that the service makes again by itself, from the session's settings."""

_RECREATED = {"message", "function_call", "function_call_output"}

_AUDIO_PARTS = {"audio", "output_audio"}

_SAY_NOTHING = {"object", "status"}


@dataclass(frozen=True)
class LeftOut:
    """An item that a new connection cannot be told."""

    item_id: str | None
    type: str
    reason: str


@dataclass(slots=True, eq=False)
class Entry:
    """One item as it is known."""

    item: dict[str, Any]
    """Its wire form: as the application created it, else as the service reported it last."""
    finished: bool
    """Whether all of it is known. What the user said may be known before: it is heard, then it becomes an item."""
    final: bool = False
    """Whether the service has nothing more to say about it."""
    audio_ms: float = 0.0
    """How much audio of it arrived."""
    heard_ms: float | None = None
    """Where it was truncated, if it was."""
    transcript: str | None = None
    """What was understood of it, where it is the user's speech."""
    size: int = 0
    """How many bytes of JSON it counts as."""
    revision: int = 0
    """Grows with each change."""

    @property
    def id(self) -> str:
        """The item's id."""
        return str(self.item.get("id"))

    @property
    def is_spoken_answer(self) -> bool:
        """Whether this is an assistant message with sound."""
        parts = mappings(self.item.get("content"))
        return self.item.get("role") == "assistant" and (
            self.audio_ms > 0 or any(str(part.get("type")) in _AUDIO_PARTS for part in parts)
        )


def kept(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is worth keeping of an item that the service reports: most of its fields say nothing."""
    slim = {name: value for name, value in item.items() if value is not None and name not in _SAY_NOTHING}
    parts = item.get("content")
    if isinstance(parts, list):
        slim["content"] = [
            {name: value for name, value in part.items() if value is not None} for part in mappings(parts)
        ]
    return slim


def words_of(item: Mapping[str, Any]) -> str:
    """Return the text of a message's parts."""
    texts = [str(part.get("text") or part.get("transcript") or "") for part in mappings(item.get("content"))]
    return " ".join(filter(None, texts))


def finished_by_service(item: Mapping[str, Any]) -> bool:
    """Whether an item is whole when the service announces it: answers follow bit by bit, all else is there at once."""
    return item.get("role") in ("user", "system") or item.get("type") in ("function_call_output", "mcp_list_tools")


def recreated(entry: Entry, *, nested: bool) -> dict[str, Any] | LeftOut | None:
    """Return the item to create in a new conversation; None for nothing at all, or why it cannot be.

    Args:
        entry: the item.
        nested: whether the new connection speaks a version with nested sessions.
    """
    item = entry.item
    kind = str(item.get("type"))
    if kind in _REMADE_BY_SERVICE:
        return None
    if kind not in _RECREATED:
        return LeftOut(entry.id, kind, f"an item of type {kind} belongs to the session that made it")
    if not entry.finished and item.get("role") != "user":
        return LeftOut(entry.id, kind, "it was not finished")
    if kind == "function_call":
        return _fields(item, "id", "type", "call_id", "name", "arguments")
    if kind == "function_call_output":
        return _fields(item, "id", "type", "call_id", "output")
    if item.get("role") == "assistant":
        return _answer(entry, nested)
    return _message(entry)


def _answer(entry: Entry, nested: bool) -> dict[str, Any] | LeftOut | None:
    text = words_of(entry.item)
    if entry.heard_ms is not None:
        heard, unheard = split_heard(text, entry.heard_ms, entry.audio_ms)
        # As it stands, where all of it was heard.
        text = heard if unheard else text
        if not text:
            # Nothing of it was heard.
            return None
    if not text:
        return LeftOut(entry.id, "message", "the answer has no text")
    part = {"type": "output_text" if nested else "text", "text": text}
    return {"id": entry.id, "type": "message", "role": "assistant", "content": [part]}


def _message(entry: Entry) -> dict[str, Any] | LeftOut:
    parts: list[dict[str, Any]] = []
    for part in mappings(entry.item.get("content")):
        if part.get("type") != "input_audio" or part.get("audio"):
            parts.append({key: value for key, value in part.items() if value is not None})
            continue
        text = entry.transcript or part.get("transcript")
        if not text:
            return LeftOut(entry.id, "message", "what was said is not known: it was not transcribed")
        parts.append({"type": "input_text", "text": str(text)})
    return {"id": entry.id, "type": "message", "role": entry.item.get("role"), "content": parts}


def _fields(item: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: item[name] for name in names if item.get(name) is not None}
