"""The formats of a session's sound, as its settings name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._audio.formats import audio_format
from .._core.json_values import mapping
from .sounds import SoundFormat

__all__ = ["input_of", "output_of"]

_LAWS = {
    "g711_ulaw": "g711_ulaw",
    "g711_alaw": "g711_alaw",
    "audio/pcmu": "g711_ulaw",
    "audio/pcma": "g711_alaw",
}


def input_of(session: Mapping[str, Any], before: SoundFormat) -> SoundFormat:
    """Return the input's format by a session's settings, in the flat form or in v1's nested one; `before` if they do
    not say."""
    nested = mapping(mapping(session.get("audio")).get("input"))
    found = _format(session.get("input_audio_format"), nested, session.get("input_audio_sampling_rate"), before)
    echo = session.get("input_audio_echo_cancellation", nested.get("echo_cancellation"))
    channels = before.channels if echo is None and found is before else mapping(echo).get("channels")
    return SoundFormat(found.format, found.rate, 2 if channels == 2 else 1)


def output_of(session: Mapping[str, Any], before: SoundFormat) -> SoundFormat:
    """Return the output's format by a session's settings; `before` if they do not say."""
    return _format(
        session.get("output_audio_format"), mapping(mapping(session.get("audio")).get("output")), None, before
    )


def _format(flat: object, nested: Mapping[str, Any], rate: object, before: SoundFormat) -> SoundFormat:
    described = mapping(nested.get("format"))
    name = flat or described.get("type") or (nested.get("format") if isinstance(nested.get("format"), str) else None)
    if name is None and rate is None:
        return before
    hertz = described.get("rate", rate)
    name = before.format if name is None else str(name)
    law = _LAWS.get(name)
    if law is not None:
        return SoundFormat(law, 8000)
    return SoundFormat("pcm16", audio_format(name, hertz if isinstance(hertz, int) and hertz > 0 else None).rate)
