"""How a session of Foundry's voice agents differs from v1's: a voice laid out flat, formats as objects.

Values in, values out: plain JSON objects. What has no counterpart is an error that says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._base import FieldIssue
from ..errors import InvalidEventError
from .nested_form import AUDIO_FORMATS, format_name

__all__ = ["session_for_agent", "session_of_agent"]

Payload = dict[str, Any]

_VOICE = {
    "name": "voice",
    "type": "voice_type",
    "locale": "voice_locale",
    "temperature": "voice_temperature",
    "endpoint_id": "custom_voice_endpoint_id",
    "model": "personal_voice_model",
    **{
        name: name
        for name in (
            "custom_lexicon_url",
            "custom_text_normalization_url",
            "prefer_locales",
            "style",
            "pitch",
            "volume",
        )
    },
}
"""Fields of a voice: v1's name to that of `audio.output`."""

_PCM = AUDIO_FORMATS["pcm16"]


def session_for_agent(nested: Mapping[str, Any]) -> Payload:
    """Return v1's nested session as voice agents take it; one that is theirs already comes back equal.

    Raises:
        InvalidEventError: if a setting has no counterpart there.
    """
    result = dict(nested)
    audio = nested.get("audio")
    if not isinstance(audio, Mapping):
        return result
    result["audio"] = laid = dict(audio)
    if isinstance(audio.get("input"), Mapping):
        laid["input"] = _input_for_agent(audio["input"])
    if isinstance(audio.get("output"), Mapping):
        laid["output"] = _output_for_agent(audio["output"])
    return result


def session_of_agent(session: Mapping[str, Any]) -> Payload:
    """Return a session of a voice agent in v1's nested form."""
    result = dict(session)
    audio = session.get("audio")
    if not isinstance(audio, Mapping):
        return result
    result["audio"] = nested = dict(audio)
    if isinstance(audio.get("input"), Mapping):
        nested["input"] = _named_format(dict(audio["input"]))
    if isinstance(audio.get("output"), Mapping):
        nested["output"] = _output_of_agent(audio["output"])
    return result


def _input_for_agent(given: Mapping[str, Any]) -> Payload:
    result = dict(given)
    rate = result.pop("sampling_rate", None)
    if "format" in result:
        result["format"] = _format_object(result["format"], "audio.input.format")
    kind = result.get("format")
    if rate not in (None, _PCM["rate"]) and not (isinstance(kind, Mapping) and kind.get("type") != _PCM["type"]):
        raise _lacking("input_audio_sampling_rate", f"{rate} Hz; known there: {_PCM['rate']}", rate)
    return result


def _output_for_agent(given: Mapping[str, Any]) -> Payload:
    result = dict(given)
    if "format" in result:
        result["format"] = _format_object(result["format"], "audio.output.format")
    if "timestamp_types" in result:
        result["output_audio_timestamp_types"] = result.pop("timestamp_types")
    voice = result.get("voice")
    if isinstance(voice, Mapping):
        del result["voice"]
        for name, value in voice.items():
            if name in _VOICE:
                result[_VOICE[name]] = value
            elif value is not None:
                raise _lacking(f"voice.{name}", "see what audio.output has", value)
    return result


def _output_of_agent(given: Mapping[str, Any]) -> Payload:
    result = _named_format(dict(given))
    if "output_audio_timestamp_types" in result:
        result["timestamp_types"] = result.pop("output_audio_timestamp_types")
    voice = {name: result.pop(laid) for name, laid in _VOICE.items() if laid in result}
    if voice:
        result["voice"] = voice if "type" in voice else voice.get("name")
    return result


def _format_object(value: Any, where: str) -> Any:
    if not isinstance(value, str):
        return value
    if str(value) not in AUDIO_FORMATS:
        raise _lacking(where, f"{str(value)!r}; known there: {', '.join(map(repr, AUDIO_FORMATS))}", value)
    return dict(AUDIO_FORMATS[str(value)])


def _named_format(result: Payload) -> Payload:
    if isinstance(result.get("format"), Mapping):
        result["format"] = format_name(result["format"])
    return result


def _lacking(name: str, why: str, value: Any) -> InvalidEventError:
    issue = FieldIssue(f"session.{name}", f"no counterpart in voice agents: {why}", value)
    return InvalidEventError(str(issue), event_type=None, issues=(issue,))
