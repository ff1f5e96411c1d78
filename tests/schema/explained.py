"""Where the documents of the dated API versions differ from the fact tables on purpose: what, and why."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .facts import FOLDER

FIRST, EARLY, SECOND = "2025-10-01", "2026-01-01-preview", "2026-04-10"
PREVIEW, NEWEST = "2026-06-01-preview", "2026-07-15"
# Every dated version that the schema has: what is explained for one holds for those that follow it.
ALL = tuple(sorted(path.stem for path in FOLDER.glob("[0-9]*.json")))


def since(version: str) -> tuple[str, ...]:
    """The dated versions from one on."""
    return tuple(one for one in ALL if one >= version)


def before(version: str, first: str = FIRST) -> tuple[str, ...]:
    """The dated versions from `first` up to one, that one left out."""
    return tuple(one for one in ALL if first <= one < version)


@dataclass(frozen=True)
class Explained:
    """Differences with one reason; every line must be found in each of the versions."""

    why: str
    versions: tuple[str, ...]
    lines: tuple[str, ...]


def types(wanted: str, found: str, *paths: str) -> tuple[str, ...]:
    """Lines for fields whose type is told in other words."""
    return tuple(f"{path}: type {wanted}, here {found}" for path in paths)


def unsaid(limits: Iterable[tuple[str, dict[str, Any]]]) -> tuple[str, ...]:
    """Lines for defaults and constraints that the document has and the facts have not."""
    return tuple(
        f"{path}: {key} nothing, here {value if isinstance(value, str) else json.dumps(value)}"
        for path, entry in limits
        for key, value in entry.items()
    )


RANGE = {"minimum": 0, "maximum": 1}
TURN_ACTIONS = ("auto_truncate", "create_response", "interrupt_response")
SEMANTIC_VADS = ("AzureSemanticVad", "AzureSemanticVadEn", "AzureSemanticVadMultilingual")
VADS = ("ServerVad", *SEMANTIC_VADS)
SESSIONS = ("RequestSession", "ResponseSession")
INTERIM_RESPONSES = ("InterimResponseConfigBase", "StaticInterimResponseConfig", "LlmInterimResponseConfig")
SWITCHED_OFF = {
    "turn_detection": "TurnDetection",
    "input_audio_noise_reduction": "AudioNoiseReduction",
    "input_audio_echo_cancellation": "AudioEchoCancellation",
    "avatar": "AvatarConfig",
    "input_audio_transcription": "AudioInputTranscriptionOptions",
}

NULL = "Null turns the setting off, which the service understands and the published contract does not say."
BASE64 = "The text is base64, which the published contract says in words only."
TODAY = (
    "Constraints and defaults cannot differ between versions in the schema; the older documents show those of "
    "2026-07-15. Of the tables before it, only that of 2026-01-01-preview tells any."
)
SENSE = "Ranges and forms that the published contract tells in words only, or that the meaning of the value sets."
POSITIVE, NOT_NEGATIVE, TEMPERATURE = {"minimum": 1}, {"minimum": 0}, {"minimum": 0, "maximum": 2}
# Of every version, v1 included.
SENSIBLE: list[tuple[str, dict[str, Any]]] = [
    *((f"{vad}.prefix_padding_ms", NOT_NEGATIVE) for vad in VADS),
    *((f"{vad}.silence_duration_ms", NOT_NEGATIVE) for vad in VADS),
    *((f"{vad}.speech_duration_ms", NOT_NEGATIVE) for vad in SEMANTIC_VADS),
    ("ClientEventConversationItemTruncate.audio_end_ms", NOT_NEGATIVE),
    ("ClientEventConversationItemTruncate.content_index", NOT_NEGATIVE),
    *((f"{owner}.temperature", TEMPERATURE) for owner in (*SESSIONS, "ResponseCreateParams")),
    ("ResponseCreateParams.max_output_tokens", POSITIVE),
    ("VideoParams.bitrate", POSITIVE),
    ("VideoResolution.width", POSITIVE),
    ("VideoResolution.height", POSITIVE),
    ("FunctionTool.name", {"pattern": "^[a-zA-Z0-9_-]{1,64}$"}),
]
SENSIBLE_SCENE: list[tuple[str, dict[str, Any]]] = [
    ("Scene.amplitude", RANGE),
    ("Scene.position_x", {"minimum": -1, "maximum": 1}),
    ("Scene.position_y", {"minimum": -1, "maximum": 1}),
    ("Scene.zoom", NOT_NEGATIVE),
]
SENSIBLE_TEXT: list[tuple[str, dict[str, Any]]] = [
    ("ClientEventInputTextDelta.content_index", NOT_NEGATIVE),
    ("ClientEventInputTextDone.content_index", NOT_NEGATIVE),
]

EXPLAINED = (
    Explained(
        SENSE,
        ALL,
        unsaid(
            [
                *SENSIBLE,
                *((f"{session}.input_audio_sampling_rate", POSITIVE) for session in SESSIONS),
                *((f"{session}.max_response_output_tokens", POSITIVE) for session in SESSIONS),
            ]
        ),
    ),
    Explained(SENSE, since(EARLY), unsaid(SENSIBLE_SCENE)),
    Explained(SENSE, since(PREVIEW), unsaid(SENSIBLE_TEXT)),
    Explained(
        NULL,
        ALL,
        tuple(
            line
            for field, name in SWITCHED_OFF.items()
            for line in types(name, f"{name} | None", *(f"{session}.{field}" for session in SESSIONS))
        ),
    ),
    Explained(
        BASE64,
        ALL,
        types(
            "str",
            "bytes",
            "ClientEventInputAudioBufferAppend.audio",
            "ClientEventInputAudioTurnAppend.audio",
            "InputAudioContentPart.audio",
        ),
    ),
    Explained(BASE64, since(EARLY), types("str", "bytes", "RequestAudioContentPart.audio")),
    Explained(BASE64, since(SECOND), types("str", "bytes", "ServerEventResponseVideoDelta.delta")),
    Explained(
        TODAY,
        (FIRST, *before(NEWEST, SECOND)),
        unsaid(
            [
                ("Animation.model_name", {"default": "default"}),
                ("Animation.outputs", {"default": ["blendshapes"]}),
                ("AzureCustomVoice.temperature", RANGE),
                ("AzurePersonalVoice.temperature", RANGE),
                ("AzureStandardVoice.temperature", RANGE),
                ("AzureSemanticDetection.timeout_ms", {"minimum": 0}),
                ("AzureSemanticDetectionEn.timeout_ms", {"minimum": 0}),
                ("AzureSemanticDetectionMultilingual.timeout_ms", {"minimum": 0}),
                *((f"{vad}.threshold", RANGE) for vad in VADS),
                *((f"{vad}.{action}", {"default": False}) for vad in VADS for action in TURN_ACTIONS),
                *((f"{vad}.remove_filler_words", {"default": False}) for vad in SEMANTIC_VADS),
                *((f"{session}.input_audio_sampling_rate", {"default": 24000}) for session in SESSIONS),
                *((f"{session}.input_audio_format", {"default": "pcm16"}) for session in SESSIONS),
                *((f"{session}.output_audio_format", {"default": "pcm16"}) for session in SESSIONS),
                ("Response.output_audio_format", {"default": "pcm16"}),
                ("ResponseCreateParams.output_audio_format", {"default": "pcm16"}),
                ("ResponseCreateParams.commit", {"default": True}),
                ("ResponseCreateParams.cancel_previous", {"default": True}),
                ("VideoParams.bitrate", {"default": 2000000}),
                ("VideoParams.codec", {"default": "h264"}),
                ("VideoParams.gop_size", {"default": 10, "minimum": 1, "maximum": 2000}),
            ]
        ),
    ),
    Explained(
        TODAY,
        before(NEWEST, SECOND),
        unsaid(
            [
                ("AvatarConfig.output_protocol", {"default": "webrtc"}),
                ("AvatarConfig.output_audit_audio", {"default": False}),
                ("AzureAvatarVoiceSyncVoice.temperature", RANGE),
                *((f"{model}.triggers", {"default": ["latency"]}) for model in INTERIM_RESPONSES),
                *((f"{model}.latency_threshold_ms", {"minimum": 0}) for model in INTERIM_RESPONSES),
                ("LlmInterimResponseConfig.max_completion_tokens", {"default": 50, "minimum": 1}),
                *((f"Scene.{axis}", {"default": 0}) for axis in ("zoom", "position_x", "position_y", "amplitude")),
                *((f"Scene.rotation_{axis}", {"default": 0}) for axis in "xyz"),
            ]
        ),
    ),
    Explained(
        TODAY,
        before(NEWEST, PREVIEW),
        unsaid(
            [
                ("AudioEchoCancellation.reference_source", {"default": "server"}),
                ("AudioEchoCancellation.channels", {"default": 1, "minimum": 1, "maximum": 2}),
                ("ClientEventInputTextDelta.content_index", {"default": 0}),
                ("ClientEventInputTextDone.content_index", {"default": 0}),
                *((f"{session}.parallel_tool_calls", {"default": True}) for session in SESSIONS),
                ("SmartEndOfTurnDetection.timeout_ms", {"minimum": 0}),
            ]
        ),
    ),
)
