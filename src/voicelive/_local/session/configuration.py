"""The settings of a session: what an update changes, and what it may not.

Everything here takes and returns the wire form of a session, a JSON-ready mapping, and touches nothing else.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from ..._audio.wire_formats import INPUT_RATES, OUTPUT_FORMATS
from ..dialects import Dialect, resolved_model_name
from ..quirks import Quirk
from . import error_details as errors
from .defaults import (
    EAGERNESS_MS,
    MODEL_VAD_TYPE,
    SEMANTIC_VAD_TYPES,
    TURN_DETECTION_TYPES,
    complete_avatar,
    complete_echo_cancellation,
    complete_transcription,
    complete_turn_detection,
    complete_voice,
    is_openai_transcriber,
)
from .error_details import RefusedError
from .interim import complete_interim_response

__all__ = [
    "INPUT_FORMATS",
    "TRANSCRIPTION_SESSION_FIELDS",
    "Locks",
    "check_agent_update",
    "input_channels",
    "input_rate",
    "merge_update",
    "normal_output_format",
    "transcription_view",
]

INPUT_FORMATS = ("pcm16", "g711_ulaw", "g711_alaw")
CASCADED_TRANSCRIBERS = (
    "azure-speech",
    "azure-mrs",
    "mai-transcribe-1.5",
    "mai-transcribe-2",
    "mai-transcribe-2-medical",
    "mai-transcribe-2-streaming",
    "mai-transcribe",
)
MODALITIES = ("text", "audio", "animation", "avatar")

TRANSCRIPTION_SESSION_FIELDS = (
    "input_audio_format",
    "input_audio_sampling_rate",
    "input_audio_transcription",
    "input_audio_noise_reduction",
    "turn_detection",
    "modalities",
    "include",
)
"""The settings that ``transcription_session.update`` shares with the session."""

_NULLABLE = frozenset(
    {
        "animation",
        "avatar",
        "include",
        "input_audio_echo_cancellation",
        "input_audio_noise_reduction",
        "input_audio_transcription",
        "interim_response",
        "metadata",
        "output_audio_timestamp_types",
        "parallel_tool_calls",
        "reasoning_effort",
        "turn_detection",
    }
)


_NEVER_NULL = (
    "threshold",
    "prefix_padding_ms",
    "silence_duration_ms",
    "create_response",
    "interrupt_response",
    "auto_truncate",
    "remove_filler_words",
)
"""The settings of turn detection that have a value in every recorded session."""


@dataclass(frozen=True)
class Locks:
    """What has already happened in a session and therefore fixes some of its settings."""

    input_audio: bool = False
    """Audio was received: format, sampling rate and kind of turn detection are fixed."""
    assistant_audio: bool = False
    """The assistant spoke: its voice is fixed."""


def merge_update(
    session: Mapping[str, Any],
    update: Mapping[str, Any],
    *,
    initial: Mapping[str, Any],
    dialect: Dialect,
    model: str,
    locks: Locks,
    now: Mapping[str, Any] | None = None,
    quirks: AbstractSet[Quirk] = frozenset(),
) -> dict[str, Any]:
    """Return `session` with `update` merged into it, as ``session.updated`` echoes it.

    A setting that `update` does not name keeps its value; one that it names is replaced as a whole, and the parts of
    it left open get the service's defaults. null switches a setting off, or resets one that cannot be off to its
    value in `initial`. A setting that the contract does not know is ignored, as the service ignores it.

    Args:
        session: the settings to begin with.
        update: the settings that the client gives.
        initial: the settings that the session began with.
        dialect: the family of the session's model.
        model: the session's model, as the client asked for it.
        locks: what fixes some of the settings.
        now: the settings in force, where `session` is something else.
        quirks: what is taken although the service may refuse it.

    Raises:
        RefusedError: with the first setting that cannot be taken over; nothing of the update holds then.
    """
    merged = copy.deepcopy(dict(session))
    for field, value in update.items():
        if field == "model":
            _check_model(model, value)
            continue
        if value is None or (field == "instructions" and not value):
            # Recorded: a session with empty instructions keeps those that it began with.
            merged[field] = None if field in _NULLABLE else copy.deepcopy(initial.get(field))
            continue
        if field == "turn_detection" and "null_turn_detection" not in quirks:
            _check_nulls(value)
        normalise = _NORMALISE.get(field)
        merged[field] = copy.deepcopy(value) if normalise is None else normalise(value, dialect)
    if not dialect.has_temperature:
        merged.pop("temperature", None)
    _check_locks(session if now is None else now, merged, locks, "azure_voice_change" in quirks)
    _check_together(merged, dialect)
    return merged


def check_agent_update(update: Mapping[str, Any]) -> None:
    """Refuse what an agent brings itself.

    Raises:
        RefusedError: for instructions or tools.
    """
    for field in ("instructions", "tools"):
        if update.get(field):
            raise RefusedError(errors.configured_by_agent(field))


def _check_model(model: str, wanted: Any) -> None:
    if wanted not in (None, model, resolved_model_name(model)):
        raise RefusedError(errors.immutable("model", model, wanted))


def _choice(field: str, choices: tuple[Any, ...]) -> Callable[[Any, Dialect], Any]:
    def check(value: Any, dialect: Dialect) -> Any:
        if value not in choices:
            raise RefusedError(errors.unsupported_value(f"session.{field}", value, choices))
        return value

    return check


def normal_output_format(name: str) -> str:
    """Return the wire's spelling of an output format; ``pcm16-8000hz`` is ``pcm16_8000hz``."""
    return name.replace("-", "_")


def _output_format(value: Any, dialect: Dialect) -> Any:
    return _choice("output_audio_format", OUTPUT_FORMATS)(normal_output_format(str(value)), dialect)


def _modalities(value: Any, dialect: Dialect) -> Any:
    for index, modality in enumerate(value):
        if modality not in MODALITIES:
            path = f"session.modalities[{index}]"
            raise RefusedError(errors.unsupported_value(path, modality, MODALITIES))
    return list(value)


def _turn_detection(value: Any, dialect: Dialect) -> Any:
    known = (*TURN_DETECTION_TYPES, *([MODEL_VAD_TYPE] if dialect.name == "realtime" else []))
    if value.get("type") not in known:
        path = "session.turn_detection.type"
        raise RefusedError(errors.unsupported_value(path, value.get("type"), known))
    eagerness = value.get("eagerness")
    if value["type"] == MODEL_VAD_TYPE and eagerness is not None and eagerness not in EAGERNESS_MS:
        path = "session.turn_detection.eagerness"
        raise RefusedError(errors.unsupported_value(path, eagerness, tuple(EAGERNESS_MS)))
    return complete_turn_detection(value, dialect)


def _check_nulls(turn_detection: Mapping[str, Any]) -> None:
    """Refuse null for what the service never reports as null; the rest comes back in a session that is sent back."""
    for key in _NEVER_NULL:
        if key in turn_detection and turn_detection[key] is None:
            raise RefusedError(errors.null_value(f"session.turn_detection.{key}"))


def _echo_cancellation(value: Any, dialect: Dialect) -> Any:
    complete = complete_echo_cancellation(value)
    source, channels = complete["reference_source"], complete["channels"]
    if (source, channels) not in (("server", 1), ("client", 2)):
        raise RefusedError(errors.echo_reference_channels(source, channels))
    return complete


def _transcription(value: Any, dialect: Dialect) -> Any:
    complete = complete_transcription(value)
    model = str(complete["model"])
    if is_openai_transcriber(model):
        if dialect.name == "cascaded":
            path = "session.input_audio_transcription.model"
            raise RefusedError(errors.unsupported_value(path, model, CASCADED_TRANSCRIBERS))
        if complete["phrase_list"]:
            raise RefusedError(errors.phrase_list_unsupported(CASCADED_TRANSCRIBERS[1:]))
        # Observed: these models take a language alone, without a region.
        complete["language"] = (complete["language"] or "").partition("-")[0] or None
    return complete


_NORMALISE: Mapping[str, Callable[[Any, Dialect], Any]] = {
    "avatar": lambda value, dialect: complete_avatar(value),
    "input_audio_echo_cancellation": _echo_cancellation,
    "input_audio_format": _choice("input_audio_format", INPUT_FORMATS),
    "input_audio_sampling_rate": _choice("input_audio_sampling_rate", INPUT_RATES),
    "input_audio_transcription": _transcription,
    "interim_response": lambda value, dialect: complete_interim_response(value),
    "modalities": _modalities,
    "output_audio_format": _output_format,
    "turn_detection": _turn_detection,
    "voice": lambda value, dialect: complete_voice(value),
}


def _voice_family(voice: Mapping[str, Any] | None) -> str:
    return "OpenAIVoice" if (voice or {}).get("type") == "openai" else "AzureVoice"


def _check_locks(old: Mapping[str, Any], new: Mapping[str, Any], locks: Locks, azure_may_change: bool) -> None:
    if locks.input_audio:
        for field in ("input_audio_format", "input_audio_sampling_rate"):
            if old[field] != new[field]:
                raise RefusedError(errors.immutable(field, old[field], new[field]))
        for field, key in (
            ("turn_detection", "type"),
            ("input_audio_echo_cancellation", "reference_source"),
            ("input_audio_echo_cancellation", "channels"),
        ):
            # Switching on or off is not a change of kind: manual turns can be chosen in mid-session.
            if old[field] and new[field] and old[field][key] != new[field][key]:
                raise RefusedError(errors.immutable(f"{field}.{key}", old[field][key], new[field][key]))
    if locks.assistant_audio and old["voice"] != new["voice"]:
        families = _voice_family(old["voice"]), _voice_family(new["voice"])
        if families[0] != families[1]:
            raise RefusedError(errors.voice_family_changed(*families))
        if families[0] == "OpenAIVoice" or not azure_may_change:
            raise RefusedError(errors.voice_locked())


def _check_together(session: Mapping[str, Any], dialect: Dialect) -> None:
    if session["input_audio_echo_cancellation"] is not None and "audio" not in session["modalities"]:
        raise RefusedError(errors.echo_cancellation_without_audio())
    if dialect.name != "realtime":
        return
    if session.get("interim_response") is not None and _voice_family(session["voice"]) == "OpenAIVoice":
        raise RefusedError(errors.interim_needs_azure_voice())
    detection = session["turn_detection"]
    transcription = session["input_audio_transcription"] or {}
    if (
        dialect.recogniser_needs_semantic_vad
        and transcription.get("model") == "azure-speech"
        and detection is not None
        and detection["type"] not in SEMANTIC_VAD_TYPES
    ):
        raise RefusedError(errors.recogniser_needs_semantic_vad())
    end_of_utterance = (detection or {}).get("end_of_utterance_detection") or {}
    if str(end_of_utterance.get("model", "")).startswith("semantic_detection"):
        raise RefusedError(errors.text_eou_on_realtime())


def input_rate(session: Mapping[str, Any]) -> int:
    """Return the sampling rate, in Hz, of the audio that the session receives."""
    if session["input_audio_format"] != "pcm16":
        return 8000
    return int(session["input_audio_sampling_rate"])


def input_channels(session: Mapping[str, Any]) -> int:
    """Return 2 where the client interleaves an echo reference with the microphone, else 1."""
    echo = session.get("input_audio_echo_cancellation") or {}
    return int(echo.get("channels", 1))


def transcription_view(session: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a session that ``transcription_session.updated`` reports."""
    view = {field: copy.deepcopy(session.get(field)) for field in TRANSCRIPTION_SESSION_FIELDS}
    return {
        "id": session["id"],
        "object": "realtime.transcription_session",
        "expires_at": session["expires_at"],
        **view,
    }
