"""What the service answers to each event of the application.

Where this table says nothing, the sentence "Answered by `…`" of the schema's description counts.
"""

from __future__ import annotations

import re

from codegen.document import Contract

__all__ = ["ANSWERS", "answers_to"]

ANSWERS: dict[str, tuple[str, ...]] = {
    "session.update": ("session.updated", "error"),
    "session.avatar.connect": ("session.avatar.connecting", "error"),
    "transcription_session.update": ("transcription_session.updated", "error"),
    "input_audio_buffer.append": (),
    "input_audio_buffer.commit": (
        "input_audio_buffer.committed",
        "conversation.item.input_audio_transcription.completed",
        "conversation.item.created",
        "error",
    ),
    "input_audio_buffer.clear": ("input_audio_buffer.cleared",),
    "input_audio.turn.append": (),
    "input_text.delta": (),
    "conversation.item.create": ("conversation.item.created", "error"),
    "conversation.item.retrieve": ("conversation.item.retrieved", "error"),
    "conversation.item.truncate": ("conversation.item.truncated", "error"),
    "conversation.item.delete": ("conversation.item.deleted", "error"),
    "response.create": ("response.created", "response.done", "error"),
    "response.cancel": ("response.done", "error"),
    "output_audio_buffer.clear": ("output_audio_buffer.cleared",),
}
"""Client event type to the types of the server events that answer it, in their order; `()` is no answer at all."""

_ANSWERED = re.compile(r"Answered by (?:[^.`]|`[^`]*`)*")
_QUOTED = re.compile(r"`([^`]+)`")


def answers_to(contract: Contract, event_type: str) -> tuple[str, ...] | None:
    """Return the types of the events that answer `event_type`, `()` for none, None where it is not known."""
    if event_type in ANSWERS:
        return ANSWERS[event_type]
    name = contract.events("ClientEvent")[event_type]
    sentence = _ANSWERED.search(" ".join(contract.models[name].description.split()))
    if sentence is None:
        return None
    known = contract.events("ServerEvent")
    return tuple(quoted for quoted in _QUOTED.findall(sentence[0]) if quoted in known) or None
