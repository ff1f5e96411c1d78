"""What went over the wire, in short: for the report of a test that failed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from .._local.records import SessionRecord, TimedEvent

__all__ = ["timeline_of"]

_MAX_LINES = 80
_MAX_WIDTH = 110


def timeline_of(records: Sequence[SessionRecord]) -> str:
    """Return both directions' events of every session, one line each; runs of the same delta are one line."""
    if not records:
        return "no client has connected to the service"
    return "\n\n".join(_session(record) for record in records)


def _session(record: SessionRecord) -> str:
    state = f"closed {record.close_code} {record.close_reason}".rstrip() if record.closed else "open"
    lines: list[str] = []
    entries = record.timeline()
    start = entries[0].when if entries else 0.0
    for (sender, event_type), run in groupby(entries, key=lambda entry: (entry.sender, entry.event.type)):
        # Deltas and pieces of audio come in crowds; anything else is worth a line of its own.
        together = list(run)
        crowd = event_type.endswith((".delta", ".append"))
        for first in together[:1] if crowd else together:
            count = f" x{len(together)}" if crowd and len(together) > 1 else ""
            line = f"{first.when - start:8.3f}s  {sender}  {event_type}{count}  {'' if crowd else _gist(first)}"
            lines.append(line.rstrip())
    if len(lines) > _MAX_LINES:
        lines = [f"({len(lines) - _MAX_LINES} lines before)", *lines[-_MAX_LINES:]]
    return "\n".join([f"session {record.id}, model {record.model or '(agent)'}, {state}:", *lines])


def _gist(entry: TimedEvent) -> str:
    show = _GISTS.get(entry.event.type)
    if show is None:
        return ""
    try:
        text = show(entry.event.to_dict())
    except (KeyError, TypeError, AttributeError):
        # A client may send, and a fault may make, an event without what is looked for: then there is no gist.
        return ""
    return text if len(text) <= _MAX_WIDTH else f"{text[: _MAX_WIDTH - 1]}…"


def _brief(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _item(event: dict[str, Any]) -> str:
    item = event["item"]
    if item["type"] == "function_call_output":
        return f"{item['type']} {_brief(item['output'])}"
    texts = [part.get("text") or part.get("transcript") for part in item.get("content") or ()]
    return f"{item['type']} {item.get('role', '')} {_brief([text for text in texts if text])}"


def _response(event: dict[str, Any]) -> str:
    response = event["response"]
    details = response.get("status_details")
    return f"{response['status']} {_brief(details)}" if details else str(response["status"])


_GISTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "session.update": lambda event: _brief(event["session"]),
    "conversation.item.create": _item,
    "conversation.item.input_audio_transcription.completed": lambda event: _brief(event["transcript"]),
    "response.audio_transcript.done": lambda event: _brief(event["transcript"]),
    "response.text.done": lambda event: _brief(event["text"]),
    "response.function_call_arguments.done": lambda event: f"{event['name']}({event['arguments']})",
    "response.done": _response,
    "error": lambda event: f"{event['error'].get('code')}: {event['error'].get('message')}",
}
