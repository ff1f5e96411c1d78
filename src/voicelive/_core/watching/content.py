"""What was said, in the form that the GenAI conventions give it. Made only where content is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..json_values import mapping

__all__ = ["answer_messages", "finish_reason", "item_text", "user_message"]

_CUT_OFF = {"max_output_tokens": "length", "content_filter": "content_filter"}


def finish_reason(status: str, reason: str | None, *, calls_tools: bool) -> str:
    """Return why a response ended, in the words of the GenAI conventions."""
    if status == "completed":
        return "tool_call" if calls_tools else "stop"
    # One that was cancelled has none of its own.
    return _CUT_OFF.get(reason or "", "error") if status == "incomplete" else "error"


def user_message(text: str) -> dict[str, Any]:
    """Return what the user said."""
    return {"role": "user", "parts": [{"type": "text", "content": text}]}


def item_text(item: Mapping[str, Any]) -> str:
    """Return the words of a message item, as it was sent or received."""
    return " ".join(_texts(item.get("content")))


def answer_messages(output: object, finish: str) -> list[dict[str, Any]]:
    """Return the items of a response, in their wire form, as one message."""
    parts: list[dict[str, Any]] = []
    for each in output if isinstance(output, list) else []:
        item = mapping(each)
        if item.get("type") == "message":
            parts += [{"type": "text", "content": text} for text in _texts(item.get("content"))]
        elif isinstance(item.get("arguments"), str):
            call_id = item.get("call_id") or item.get("id")
            parts.append(
                {"type": "tool_call", "id": call_id, "name": item.get("name"), "arguments": item.get("arguments")}
            )
    return [{"role": "assistant", "parts": parts, "finish_reason": finish}] if parts else []


def _texts(content: object) -> Iterable[str]:
    for each in content if isinstance(content, list) else []:
        part = mapping(each)
        text = part.get("text") or part.get("transcript")
        if isinstance(text, str) and text:
            yield text
