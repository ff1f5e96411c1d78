"""What a session's settings say of its sound: the formats of both directions, and what removes echo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..json_values import mapping

__all__ = ["SoundSettings"]

_NESTED_NAMES = {"audio/pcm": "pcm16", "audio/pcmu": "g711_ulaw", "audio/pcma": "g711_alaw"}


@dataclass(frozen=True)
class SoundSettings:
    """The settings as the service reported them, in the names of the flat form."""

    input_name: str = "pcm16"
    input_rate: int = 24_000
    """In Hz."""
    output_name: str = "pcm16"
    echo_reference: str | None = None
    """Where the service takes the sound from that it removes: ``server``, ``client``, or None if it removes none."""
    detection: bool = True
    """Whether the service finds the turns."""

    @classmethod
    def of(cls, session: Mapping[str, Any]) -> SoundSettings:
        """Read the session of a ``session.created`` or ``session.updated``, in the flat form or in v1's nested one."""
        audio = mapping(session.get("audio"))
        sound_in, sound_out = mapping(audio.get("input")), mapping(audio.get("output"))
        nested_in, nested_out = mapping(sound_in.get("format")), mapping(sound_out.get("format"))
        rate = nested_in.get("rate", session.get("input_audio_sampling_rate"))
        name = _name(session.get("input_audio_format"), nested_in)
        output = _name(session.get("output_audio_format"), nested_out)
        if output == "pcm16" and nested_out.get("rate") in (8000, 16000):
            output = f"pcm16_{nested_out['rate']}hz"
        echo = session.get("input_audio_echo_cancellation") or sound_in.get("echo_cancellation")
        return cls(
            input_name=name,
            input_rate=8000 if name != "pcm16" else rate if isinstance(rate, int) and rate > 0 else 24_000,
            output_name=output,
            echo_reference=str(mapping(echo).get("reference_source") or "server") if echo else None,
            detection=session.get("turn_detection", sound_in.get("turn_detection", {})) is not None,
        )


def _name(flat: object, nested: Mapping[str, Any]) -> str:
    name = str(flat or nested.get("type") or "pcm16").replace("-", "_")
    return _NESTED_NAMES.get(name, name)
