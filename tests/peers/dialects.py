"""The dialects that every client is driven in, and the order in which each says what happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["CASCADED", "DIALECTS", "REALTIME", "V1", "Dialect"]

HEARING = "conversation.item.input_audio_transcription.delta"
HEARD = "conversation.item.input_audio_transcription.completed"


@dataclass(frozen=True)
class Dialect:
    """A family of models in an API version."""

    name: str
    heading: str
    model: str
    api_version: str
    transcription: str
    """The transcription model that goes with the model."""
    orders: Mapping[str, tuple[str, ...]]
    """By the name of a stretch of a conversation: its events' types, a run of the same delta once."""

    @property
    def nested(self) -> bool:
        """Whether sessions are nested, and events named as in the draft."""
        return self.api_version == "v1"


SPEECH = ("input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped", "input_audio_buffer.committed")
CREATED = ("response.output_item.added", "conversation.item.created", "response.content_part.added")
ENDED = ("response.content_part.done", "response.output_item.done", "response.done")
TEXT = (*CREATED, "response.text.delta", "response.text.done", *ENDED)
SOUND_ENDED = ("response.audio.done", "response.audio_transcript.done", *ENDED)
SOUND = (*CREATED, "response.audio_transcript.delta", "response.audio.delta", *SOUND_ENDED)
CALL = (
    "response.output_item.added",
    "conversation.item.created",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.output_item.done",
    "response.done",
)

MCP_WRITTEN = ("response.mcp_call_arguments.delta", "response.mcp_call_arguments.done")
MCP_MADE = ("response.mcp_call.in_progress", "response.mcp_call.completed", "response.output_item.done")

_FLAT = {
    "connected": ("session.created",),
    "said": ("conversation.item.created",),
    "text answer": ("response.created", *TEXT),
    "spoken answer": ("response.created", *SOUND),
    "interrupted": ("input_audio_buffer.speech_started", *SOUND_ENDED),
    "cancelled": SOUND_ENDED,
    "call": ("response.created", *CALL),
    "mcp listed": (
        "session.updated",
        "conversation.item.created",
        "mcp_list_tools.in_progress",
        "mcp_list_tools.completed",
    ),
    "mcp asked": (
        "response.created",
        "response.output_item.added",
        "conversation.item.created",
        *MCP_WRITTEN,
        "conversation.item.created",
        "response.done",
    ),
    "mcp called": ("conversation.item.created", *MCP_MADE),
}

CASCADED = Dialect(
    "cascaded",
    "cascaded (gpt-4o, 2026-07-15)",
    "gpt-4o",
    "2026-07-15",
    "azure-speech",
    {
        **_FLAT,
        "spoken turn": (*SPEECH, HEARD, "conversation.item.created", "response.created", *SOUND),
        "manual turn": ("input_audio_buffer.committed", HEARD, "conversation.item.created"),
    },
)

REALTIME = Dialect(
    "realtime",
    "realtime (gpt-realtime, 2026-07-15)",
    "gpt-realtime",
    "2026-07-15",
    "whisper-1",
    {
        **_FLAT,
        "spoken turn": (
            *SPEECH,
            "conversation.item.created",
            "response.created",
            *CREATED,
            "response.audio_transcript.delta",
            HEARING,
            "response.audio.delta",
            HEARD,
            "response.audio.delta",
            *SOUND_ENDED,
        ),
        "manual turn": ("input_audio_buffer.committed", "conversation.item.created", HEARING, HEARD),
    },
)

V1_CREATED = (
    "response.output_item.added",
    "conversation.item.created",
    "conversation.item.added",
    "response.content_part.added",
)
V1_ENDED = ("response.content_part.done", "response.output_item.done", "conversation.item.done", "response.done")
V1_SAID = ("conversation.item.created", "conversation.item.added", "conversation.item.done")
V1_SOUND_ENDED = ("response.output_audio.done", "response.output_audio_transcript.done", *V1_ENDED)
V1_SOUND = (
    *V1_CREATED,
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
    *V1_SOUND_ENDED,
)

V1 = Dialect(
    "v1",
    "draft v1 (gpt-realtime, v1)",
    "gpt-realtime",
    "v1",
    "whisper-1",
    {
        "connected": ("session.created", "conversation.created"),
        "said": V1_SAID,
        "text answer": (
            "response.created",
            *V1_CREATED,
            "response.output_text.delta",
            "response.output_text.done",
            *V1_ENDED,
        ),
        "spoken turn": (
            *SPEECH,
            *V1_SAID,
            "response.created",
            HEARING,
            HEARD,
            *V1_SOUND,
        ),
        "manual turn": ("input_audio_buffer.committed", *V1_SAID, HEARING, HEARD),
        "spoken answer": ("response.created", *V1_SOUND),
        "interrupted": ("input_audio_buffer.speech_started", *V1_SOUND_ENDED),
        "cancelled": V1_SOUND_ENDED,
        "call": (
            "response.created",
            "response.output_item.added",
            "conversation.item.created",
            "conversation.item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.output_item.done",
            "conversation.item.done",
            "response.done",
        ),
        "mcp listed": (
            "session.updated",
            "conversation.item.created",
            "conversation.item.added",
            "mcp_list_tools.in_progress",
            "conversation.item.done",
            "mcp_list_tools.completed",
        ),
        "mcp asked": (
            "response.created",
            "response.output_item.added",
            "conversation.item.created",
            "conversation.item.added",
            *MCP_WRITTEN,
            *V1_SAID,
            "response.done",
        ),
        "mcp called": (*V1_SAID, *MCP_MADE, "conversation.item.done"),
    },
)

DIALECTS = (CASCADED, REALTIME, V1)
