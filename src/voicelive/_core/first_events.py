"""The events that nearly every session has, whose models are built while it opens."""

from __future__ import annotations

from collections.abc import Iterator

from .._base import Model
from .._generated.registry import CLIENT_EVENTS, SERVER_EVENTS
from .version_names import is_nested

__all__ = ["first_models", "later_models"]

_SESSION_AND_TURN = (
    "session.created",
    "session.updated",
    "error",
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.input_audio_transcription.completed",
    "conversation.item.created",
    "response.created",
    "response.output_item.added",
    "response.content_part.added",
    "response.audio_transcript.delta",
    "response.audio.delta",
    "response.audio.done",
    "response.audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.done",
)
_NESTED_NAMES = (
    "conversation.item.added",
    "conversation.item.done",
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
)
_LATER = ("response.create", "conversation.item.create", "input_audio_buffer.append")


def first_models(api_version: str) -> Iterator[type[Model]]:
    """Yield the classes of a session's and a turn's first events; each is defined when it is asked for."""
    for event_type in (*_SESSION_AND_TURN, *(_NESTED_NAMES if is_nested(api_version) else ())):
        yield SERVER_EVENTS[event_type]
    yield CLIENT_EVENTS["session.update"]


def later_models() -> Iterator[type[Model]]:
    """Yield the classes of what many applications send later."""
    for event_type in _LATER:
        yield CLIENT_EVENTS[event_type]
