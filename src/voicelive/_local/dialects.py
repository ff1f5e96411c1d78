"""The two ways in which the service orders and fills its events.

Behind one protocol, a cascaded model (recogniser, language model, synthesizer) and a realtime model (speech in, speech
out) differ in defaults, ids, statuses and in where the transcription falls. Everything that differs is a field here,
so that the session itself never asks which of the two it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .ids import new_id, new_openai_id

__all__ = ["CASCADED", "REALTIME", "Dialect", "DialectName", "dialect_for", "resolved_model_name"]

DialectName = Literal["auto", "cascaded", "realtime"]


@dataclass(frozen=True)
class Dialect:
    """One family of models as seen on the wire."""

    name: str
    modalities: tuple[str, ...]
    """Modalities of a new session."""
    voice: str
    """Voice of a new session."""
    transcribes_by_default: bool
    """Whether a new session has ``input_audio_transcription``."""
    silence_duration_ms: int
    """Default ``silence_duration_ms`` of ``server_vad``."""
    has_temperature: bool
    """Whether the session carries ``temperature``."""
    lifetime_s: int
    """Seconds from the start of a session to its ``expires_at``."""
    transcript_before_item: bool
    """Whether a user item is announced only once its transcript is known, and the response after it."""
    assistant_prefix: str
    """Prefix of the ids of assistant messages."""
    streaming_status: str
    """Status of an assistant message while it is being streamed."""
    has_openai_ids: bool
    """Whether the ids of what the model makes are OpenAI's, and not the service's own."""
    call_id_length: int
    """Characters of a call id after ``call_``."""
    links_all_items: bool
    """Whether ``previous_item_id`` is the item before, whatever its role, or only a spoken user item."""
    has_conversation_id: bool
    """Whether responses name their conversation."""
    echoes_response_settings: bool
    """Whether responses carry their output format and token limit, rather than null."""

    def model_id(self, prefix: str) -> str:
        """Return a new id for what the model makes: the session, a conversation, a response, an item of its own."""
        return new_openai_id(prefix) if self.has_openai_ids else new_id(prefix)


CASCADED = Dialect(
    name="cascaded",
    modalities=("audio", "text"),
    voice="en-US-AvaNeural",
    transcribes_by_default=True,
    silence_duration_ms=200,
    has_temperature=True,
    lifetime_s=7200,
    transcript_before_item=True,
    assistant_prefix="msg",
    streaming_status="incomplete",
    has_openai_ids=False,
    call_id_length=24,
    links_all_items=False,
    has_conversation_id=False,
    echoes_response_settings=False,
)

REALTIME = Dialect(
    name="realtime",
    modalities=("audio",),
    voice="marin",
    transcribes_by_default=False,
    silence_duration_ms=500,
    has_temperature=False,
    lifetime_s=3600,
    transcript_before_item=False,
    assistant_prefix="item",
    streaming_status="in_progress",
    has_openai_ids=True,
    call_id_length=16,
    links_all_items=True,
    has_conversation_id=True,
    echoes_response_settings=True,
)

_BY_NAME: Mapping[str, Dialect] = {"cascaded": CASCADED, "realtime": REALTIME}

# The service echoes the deployed version of a model, not the name that was asked for.
_RESOLVED: Mapping[str, str] = {
    "gpt-4o": "gpt-4o-2024-11-20",
    "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
    "gpt-realtime-2": "gpt-realtime-2-global-standard",
}


def dialect_for(model: str, wanted: DialectName = "auto") -> Dialect:
    """Return the dialect of `model`: realtime for names with ``realtime`` in them, else cascaded.

    Raises:
        ValueError: if `wanted` is not ``auto``, ``cascaded`` or ``realtime``.
    """
    if wanted == "auto":
        return REALTIME if "realtime" in model.lower() else CASCADED
    try:
        return _BY_NAME[wanted]
    except KeyError:
        raise ValueError(f"unknown dialect {wanted!r}: use 'auto', 'cascaded' or 'realtime'") from None


def resolved_model_name(model: str) -> str:
    """Return the name under which the service reports `model`."""
    return _RESOLVED.get(model, model)
