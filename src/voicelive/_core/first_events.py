"""The events that nearly every session has, whose models are defined while it opens, and built when there is time."""

from __future__ import annotations

from collections.abc import Iterator

from .._base import Model, models_in
from .._generated import models
from .._generated.registry import CLIENT_EVENTS, SERVER_EVENTS
from .version_names import is_nested

__all__ = ["first_models", "first_to_build", "models_to_build"]

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
_KINDS = (
    "ServerVad",
    "AzureSemanticVadMultilingual",
    "AzureStandardVoice",
    "FunctionTool",
    "ResponseMessageItem",
    "RequestAudioContentPart",
    "ResponseAudioContentPart",
)
_SENT = ("session.update", "response.create", "conversation.item.create", "input_audio_buffer.append")


def first_models(api_version: str) -> Iterator[type[Model]]:
    """Yield the classes of a session's and a turn's first events; each is defined when it is asked for.

    The kinds of settings and items that most sessions have are among them.
    """
    for name in _KINDS:
        yield getattr(models, name)
    for event_type in (*_SESSION_AND_TURN, *(_NESTED_NAMES if is_nested(api_version) else ())):
        yield SERVER_EVENTS[event_type]


def first_to_build() -> type[Model]:
    """Return what nearly every application sends as soon as a connection is open: the settings."""
    return CLIENT_EVENTS["session.update"]


def models_to_build(api_version: str) -> Iterator[type[Model]]:
    """Yield the classes of what nearly every application sends and receives, each after those that it holds.

    So each is built in a short step, and what waits for the interpreter waits no longer than that.
    """
    met: set[type[Model]] = set()
    for event_type in _SENT:
        yield from _inside_out(CLIENT_EVENTS[event_type], met)
    for model in first_models(api_version):
        yield from _inside_out(model, met)


def _inside_out(model: type[Model], met: set[type[Model]]) -> Iterator[type[Model]]:
    if model in met:
        return
    met.add(model)
    for field in model.__pydantic_fields__.values():
        for part in models_in(field.annotation):
            yield from _inside_out(part, met)
    yield model
