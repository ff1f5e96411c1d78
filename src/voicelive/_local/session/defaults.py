"""What a session and its parts hold where the client said nothing, as observed on the real service."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from ..._generated.enums import AzureRealtimeNativeVoiceName
from ..dialects import Dialect, resolved_model_name

__all__ = [
    "DEFAULT_INSTRUCTIONS",
    "SEMANTIC_VAD_TYPES",
    "EAGERNESS_MS",
    "MODEL_VAD_TYPE",
    "TURN_DETECTION_TYPES",
    "complete_avatar",
    "complete_echo_cancellation",
    "complete_transcription",
    "complete_turn_detection",
    "complete_voice",
    "initial_session",
    "is_openai_transcriber",
]

DEFAULT_INSTRUCTIONS = "You are a helpful assistant. Answer briefly, in words that are easy to say."

SEMANTIC_VAD_TYPES = (
    "azure_semantic_vad",
    "azure_semantic_vad_en",
    "azure_semantic_vad_multilingual",
)
TURN_DETECTION_TYPES = ("server_vad", *SEMANTIC_VAD_TYPES)
MODEL_VAD_TYPE = "semantic_vad"
"""Turn detection by the model itself, which only realtime models have."""
EAGERNESS_MS: Mapping[str, int] = {"low": 8000, "medium": 4000, "high": 2000, "auto": 4000}
"""How long it waits at most for a user whose words do not sound finished, in ms, as OpenAI documents it."""
_PADDED_MORE = ("azure_semantic_vad", "azure_semantic_vad_multilingual")

_TURN_DETECTION_COMMON: Mapping[str, Any] = {
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 500,
    "create_response": True,
    "interrupt_response": True,
    "idle_timeout_ms": None,
    "speech_duration_ms": None,
    "end_of_utterance_detection": None,
    "auto_truncate": False,
    "appended_text_after_truncation": None,
}

_SEMANTIC_VAD_ONLY: Mapping[str, Any] = {
    "neg_threshold": None,
    "window_size": None,
    "distinct_ci_phones": None,
    "window_size_assistant_speaking": None,
    "distinct_ci_phones_assistant_speaking": None,
    "require_vowel": None,
    "require_vowel_assistant_speaking": None,
    "remove_filler_words": False,
    "languages": None,
}

_AZURE_VOICE: Mapping[str, Any] = {
    "name": None,
    "type": "azure-standard",
    "temperature": None,
    "custom_lexicon_url": None,
    "custom_text_normalization_url": None,
    "prefer_locales": None,
    "locale": None,
    "style": None,
    "pitch": None,
    "rate": None,
    "volume": None,
}

_TRANSCRIPTION: Mapping[str, Any] = {
    "model": "azure-speech",
    "language": None,
    "prompt": None,
    "custom_speech": None,
    "phrase_list": None,
}

_ECHO_CANCELLATION: Mapping[str, Any] = {
    "type": "server_echo_cancellation",
    "reference_source": "server",
    "channels": 1,
}

_AVATAR_VIDEO: Mapping[str, Any] = {"bitrate": 2_000_000, "codec": "h264", "gop_size": 10}

_NATIVE_VOICES = frozenset(AzureRealtimeNativeVoiceName)
_OPENAI_VOICES = frozenset(["alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar"])


def complete_voice(voice: str | Mapping[str, Any]) -> dict[str, Any]:
    """Return the object that the service echoes for a voice given as a name or as an object."""
    if isinstance(voice, str):
        kind = "openai" if voice in _OPENAI_VOICES else "azure-standard"
        if voice in _NATIVE_VOICES:
            kind = "azure-realtime-native"
        voice = {"name": voice, "type": kind}
    if str(voice.get("type", "")).startswith("azure-") and voice.get("type") in (
        "azure-standard",
        "azure-custom",
        "azure-personal",
    ):
        return {**_AZURE_VOICE, **voice}
    return dict(voice)


def complete_turn_detection(given: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    """Return turn detection settings with every key that the service echoes for their type."""
    kind = given["type"]
    if kind == MODEL_VAD_TYPE:
        settings = {"type": kind, "eagerness": "auto", "create_response": True, "interrupt_response": True}
        return {**settings, **{key: value for key, value in given.items() if value is not None}}
    complete: dict[str, Any] = {"type": kind, **_TURN_DETECTION_COMMON}
    if kind == "server_vad":
        complete["prefix_padding_ms"] = dialect.server_vad_padding_ms
        complete["silence_duration_ms"] = dialect.server_vad_silence_ms or dialect.silence_duration_ms
    else:
        complete.update(_SEMANTIC_VAD_ONLY)
        if kind in _PADDED_MORE:
            complete["prefix_padding_ms"] = dialect.semantic_vad_padding_ms
    # A part given as null is one left open, such as when a client sends an echoed session back.
    complete.update({key: value for key, value in given.items() if value is not None or not complete.get(key)})
    return complete


def is_openai_transcriber(model: object) -> bool:
    """Return whether a transcription model is one of those that listen beside a realtime model."""
    return str(model).startswith(("whisper", "gpt-4o"))


def complete_transcription(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return transcription settings with every key that the service echoes."""
    complete = {**_TRANSCRIPTION, **given}
    if complete["language"] is None and not is_openai_transcriber(complete["model"]):
        # Recorded: a language that the client leaves open comes back as the empty string from Azure's recogniser, and
        # as null from whisper-1.
        complete["language"] = ""
    return complete


def complete_echo_cancellation(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return echo cancellation settings with their defaults filled in."""
    return {**_ECHO_CANCELLATION, **{key: value for key, value in given.items() if value is not None}}


def complete_avatar(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return avatar settings as echoed, with an ICE server that leads nowhere: there is no video here."""
    complete: dict[str, Any] = {
        "type": "video-avatar",
        "customized": False,
        "output_protocol": "webrtc",
        "output_audit_audio": False,
        **given,
    }
    complete["video"] = {**_AVATAR_VIDEO, **(given.get("video") or {})}
    complete["ice_servers"] = [{"urls": ["turn:127.0.0.1:3478"], "username": "local", "credential": "local"}]
    return complete


def _first_turn_detection(dialect: Dialect) -> dict[str, Any]:
    return {"type": "server_vad", "prefix_padding_ms": 300, "silence_duration_ms": dialect.silence_duration_ms}


def initial_session(
    *,
    session_id: str,
    model: str,
    dialect: Dialect,
    expires_at: int,
    agent: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the session of ``session.created``.

    Args:
        session_id: id of the session.
        model: name of the model as the client asked for it.
        dialect: the family that the model belongs to.
        expires_at: Unix time, in seconds, at which the session ends.
        agent: the agent to report, in agent mode.
    """
    session: dict[str, Any] = {
        "id": session_id,
        "model": resolved_model_name(model),
        "modalities": list(dialect.modalities),
        "instructions": DEFAULT_INSTRUCTIONS,
        "voice": complete_voice(dialect.voice),
        "input_audio_format": "pcm16",
        "output_audio_format": dialect.output_format,
        "input_audio_transcription": (dict(_TRANSCRIPTION) if dialect.transcribes_by_default else None),
        "input_audio_noise_reduction": None,
        "turn_detection": complete_turn_detection(_first_turn_detection(dialect), dialect),
        "tools": [],
        "tool_choice": "auto",
        "temperature": 0.8,
        "max_response_output_tokens": "inf",
        "expires_at": expires_at,
        "object": "realtime.session",
        "input_audio_sampling_rate": 24000,
        "animation": None,
        "input_audio_echo_cancellation": None,
        "avatar": None,
        "output_audio_timestamp_types": None,
        "truncation_strategy": None,
        "include": None,
        "greeting": None,
        "handoff": None,
    }
    if not dialect.has_temperature:
        del session["temperature"]
    if not dialect.has_greeting:
        del session["greeting"], session["handoff"]
    if agent is not None:
        session["agent"] = copy.deepcopy(dict(agent))
    return session
