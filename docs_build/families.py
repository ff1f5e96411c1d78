"""Which events belong together: one page a family, found by the beginning of the event's type.

A new event joins its family by itself; one that fits nowhere goes to the last page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["FAMILIES", "OTHER", "Family", "family_of"]


@dataclass(frozen=True)
class Family:
    """The events of one subject."""

    slug: str
    title: str
    intro: str
    prefixes: tuple[str, ...]
    """Beginnings of event types, or whole types."""
    order: tuple[str, ...] = ()
    """Event types in the order in which they usually come."""
    guide: str = ""
    """The page that says how to use them, relative to `docs/`."""


FAMILIES = (
    Family(
        "session",
        "Session",
        "A connection is one session. Its settings are sent with `session.update`, whole or in part.",
        ("session.", "transcription_session.", "byom_credential."),
        ("session.created", "session.update", "session.updated"),
        "connecting.md",
    ),
    Family(
        "input-audio",
        "Input audio",
        "The user's audio goes into the input buffer. Turn detection, or the application, makes user messages of it.",
        ("input_audio_buffer.", "input_audio."),
        (
            "input_audio_buffer.append",
            "input_audio_buffer.speech_started",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            "conversation.item.created",
        ),
        "turns.md",
    ),
    Family(
        "transcription",
        "Transcription of the input",
        "What the user said, as text. It comes beside the conversation, and may come before or after the item and the "
        "response: go by `item_id`.",
        ("conversation.item.input_audio_transcription.",),
        ("input_audio_buffer.committed", "conversation.item.input_audio_transcription.completed"),
    ),
    Family(
        "conversation",
        "Conversation items",
        "The conversation is a list of items: messages, function calls and their outputs. The application may add, "
        "read, cut and delete them.",
        ("conversation.",),
        ("conversation.item.create", "conversation.item.created"),
    ),
    Family(
        "responses",
        "Responses",
        "One response is one answer of the model. It has output items, and a message has content parts.",
        ("response.create", "response.cancel", "response.done", "response.output_item.", "response.content_part."),
        (
            "response.create",
            "response.created",
            "response.output_item.added",
            "conversation.item.created",
            "response.content_part.added",
            "response.content_part.done",
            "response.output_item.done",
            "response.done",
        ),
        "turns.md",
    ),
    Family(
        "output-audio",
        "Response audio",
        "What the model says: audio, its transcript and the time of each word. It comes several times faster than it "
        "plays, with most of the transcript first.",
        ("response.audio", "response.output_audio", "output_audio_buffer."),
        (
            "response.audio_transcript.delta",
            "response.audio.delta",
            "response.audio.done",
            "response.audio_transcript.done",
        ),
        "audio.md",
    ),
    Family(
        "text",
        "Text",
        "Text in place of audio: what the model writes, and what the user types piece by piece.",
        ("response.text.", "response.output_text.", "input_text."),
        ("response.text.delta", "response.text.done"),
    ),
    Family(
        "function-calls",
        "Function calls",
        "The model asks the application to call a function. The result goes back as an item.",
        ("response.function_call",),
        (
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.done",
            "conversation.item.create",
            "response.create",
        ),
        "tools.md",
    ),
    Family(
        "mcp",
        "MCP",
        "The service calls tools of an MCP server by itself. The application watches, approves if asked to, and asks "
        "for the response that tells the result.",
        ("mcp_", "response.mcp_"),
        (
            "mcp_list_tools.in_progress",
            "mcp_list_tools.completed",
            "response.mcp_call_arguments.done",
            "response.mcp_call.in_progress",
            "response.mcp_call.completed",
            "response.create",
        ),
        "tools.md",
    ),
    Family(
        "searches",
        "Web and file search",
        "Searches that the service does by itself.",
        ("response.web_search", "response.file_search"),
        (
            "response.web_search_call.in_progress",
            "response.web_search_call.searching",
            "response.web_search_call.completed",
        ),
        "tools.md",
    ),
    Family(
        "agents",
        "Hosted agents",
        "What only hosted agents send.",
        ("response.invocation.", "response.foundry_agent"),
    ),
    Family(
        "animation",
        "Animation",
        "Mouth shapes and facial expressions along with the audio, if the session's `animation` asks for them.",
        ("response.animation_",),
    ),
    Family(
        "avatar",
        "Avatar and video",
        "A video of a speaking figure, over WebRTC or over the WebSocket.",
        ("session.avatar.", "response.video."),
        (
            "session.avatar.connect",
            "session.avatar.connecting",
            "session.avatar.switch_to_speaking",
            "session.avatar.switch_to_idle",
        ),
    ),
    Family(
        "calls",
        "Calls over WebRTC",
        "Audio over WebRTC in place of the WebSocket.",
        ("rtc.",),
    ),
    Family(
        "errors",
        "Errors and warnings",
        "The session goes on after either of them, unless the connection is closed.",
        ("error", "warning", "rate_limits."),
        guide="errors.md",
    ),
)

OTHER = Family("other", "Other events", "Events that belong to no other page.", ())


def family_of(event_type: str, families: Iterable[Family] = FAMILIES) -> Family:
    """Return the family whose prefix fits `event_type` best, :data:`OTHER` if none does."""
    fitting = [
        (len(prefix), family) for family in families for prefix in family.prefixes if event_type.startswith(prefix)
    ]
    return max(fitting, key=lambda found: found[0], default=(0, OTHER))[1]
