"""The two ways in which the service orders and fills its events.

Behind one protocol, a cascaded model (recogniser, language model, synthesizer) and a realtime model (speech in, speech
out) differ in defaults, ids, statuses and in where the transcription falls. Everything that differs is a field here,
so that the session itself never asks which of the two it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from .._core.version_names import is_nested
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
    """``silence_duration_ms`` of a new session."""
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
    passes_turns_through: bool
    """Whether plain turn detection is the model's own.

    Then the ids of the user's spoken items are of its making, and their transcripts by a model of OpenAI's come as a
    delta first.
    """
    keeps_text_of_parts: bool
    """Whether ``response.content_part.done`` of a written answer carries its text, rather than the empty string."""
    output_format: str | None = "pcm16"
    """``output_audio_format`` of a new session."""
    has_greeting: bool = True
    """Whether the session carries ``greeting`` and ``handoff``."""
    server_vad_padding_ms: int = 300
    """``prefix_padding_ms`` of a ``server_vad`` that is given without one."""
    semantic_vad_padding_ms: int = 300
    """``prefix_padding_ms`` of Azure's semantic kinds, the English one left out, given without one."""
    recogniser_needs_semantic_vad: bool = True
    """Whether Azure's recogniser beside a realtime model needs Azure's semantic detection."""
    server_vad_silence_ms: int | None = None
    """``silence_duration_ms`` of a ``server_vad`` that is given without one; None for that of a new session."""
    says_item_done: bool = False
    """Whether ``conversation.item.done`` is said of a spoken item of a turn that was passed through."""
    transcript_during_answer: bool = False
    """Whether the transcript of such a turn arrives while its answer is being given, and not before."""

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
    passes_turns_through=False,
    keeps_text_of_parts=True,
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
    passes_turns_through=True,
    keeps_text_of_parts=False,
)

_BY_NAME: Mapping[str, Dialect] = {"cascaded": CASCADED, "realtime": REALTIME}

# The service echoes the deployed version of a model, not the name that was asked for.
_RESOLVED: Mapping[str, str] = {
    "gpt-4o": "gpt-4o-2024-11-20",
    "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
    "gpt-realtime": "gpt-realtime-global-standard",
    "gpt-realtime-2": "gpt-realtime-2-global-standard",
}

_VOICES: Mapping[str, str] = {"azure-realtime": "ava", "phi4-mm-realtime": "en-US-AvaNeural"}
"""Realtime models that do not speak with a voice of OpenAI's, and theirs."""

_OLDER_VERSIONS = frozenset(["2025-05-01-preview", "2025-10-01", "2026-01-01-preview"])
"""The dated versions before 2026-04-10."""


def dialect_for(
    model: str, wanted: DialectName = "auto", api_version: str = "2025-10-01", *, newest: bool = False
) -> Dialect:
    """Return the dialect of `model`: realtime for names with ``realtime`` in them, else cascaded.

    Args:
        model: the model's name.
        wanted: the family, where the name is not to decide.
        api_version: the connection's API version.
        newest: have a session of 2026-04-10 as it was recorded last, rather than as it was recorded most often.

    Raises:
        ValueError: if `wanted` is not ``auto``, ``cascaded`` or ``realtime``.
    """
    if wanted == "auto":
        family = REALTIME if "realtime" in model.lower() else CASCADED
    elif wanted in _BY_NAME:
        family = _BY_NAME[wanted]
    else:
        raise ValueError(f"unknown dialect {wanted!r}: use 'auto', 'cascaded' or 'realtime'")
    return _on_version(_with_model(family, model), api_version, newest)


def _with_model(family: Dialect, model: str) -> Dialect:
    if family is REALTIME and (voice := _VOICES.get(model.lower())) is not None:
        return replace(family, voice=voice, silence_duration_ms=200)
    if family is REALTIME and "realtime" in model.lower() and not model.lower().startswith("gpt-realtime-2"):
        # Recorded of gpt-realtime, and of gpt-4o-realtime-preview elsewhere.
        return replace(family, voice="alloy", silence_duration_ms=200)
    return family


def _on_version(family: Dialect, api_version: str, newest: bool) -> Dialect:
    if api_version in _OLDER_VERSIONS:
        return family
    if is_nested(api_version):
        # The draft reports every item by an event of its own, and a part as a whole.
        return replace(family, keeps_text_of_parts=True)
    dialect = replace(
        family,
        server_vad_padding_ms=400,
        semantic_vad_padding_ms=420,
        server_vad_silence_ms=500,
        # Official tests of 2026-07-15 combine them; the refusal was recorded earlier.
        recogniser_needs_semantic_vad=api_version < "2026-07-15",
        transcript_during_answer=family.passes_turns_through,
    )
    if api_version == "2026-04-10":
        # Recorded there; no other version's contract has the event, nor has this one's.
        dialect = replace(dialect, says_item_done=family.passes_turns_through)
        if not newest:
            # Four sessions of 2026-07-21; one of 2026-08-07 had all of it.
            named = None if family.passes_turns_through else family.output_format
            dialect = replace(dialect, has_greeting=False, output_format=named)
    return dialect


def resolved_model_name(model: str) -> str:
    """Return the name under which the service reports `model`."""
    return _RESOLVED.get(model, model)
