"""What the decisions need to know of a session's settings, as the service reported them last."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._audio.formats import PCM16, AudioFormat, audio_format
from ..._public import public_in
from ..json_values import mapping
from ..numbers import is_number

__all__ = ["SessionView"]

_SPOKEN = {"audio"}


@public_in("voicelive.conversation")
@dataclass(frozen=True, kw_only=True)
class SessionView:
    """The effective settings. The defaults are those that the service was observed to use."""

    detection: str | None = "server_vad"
    """The type of turn detection; None for push to talk."""
    interrupt_response: bool = True
    """Whether the service cancels its response when the user speaks."""
    create_response: bool = True
    """Whether the service responds by itself when a turn ends."""
    auto_truncate: bool = False
    """Whether the service truncates what was not heard, as it estimates by the clock."""
    service_plays: bool = False
    """Whether the sound goes another way than this connection: an avatar, or WebRTC."""
    speaks: bool = True
    """Whether answers have sound."""
    output: AudioFormat = PCM16
    """The format of ``response.audio.delta``."""
    input: AudioFormat = PCM16
    """The format of ``input_audio_buffer.append``."""
    silence_ms: int | None = None
    """The silence that ends a turn and is included in ``audio_end_ms``; None where the service did not say."""

    @classmethod
    def of(cls, session: Mapping[str, Any]) -> "SessionView":
        """Read the session of a ``session.created`` or ``session.updated``, in the flat form or in v1's nested one.

        What is missing has its default; what cannot be read is passed over.
        """
        audio = mapping(session.get("audio"))
        sound_in, sound_out = mapping(audio.get("input")), mapping(audio.get("output"))
        detection = session.get("turn_detection", sound_in.get("turn_detection", {}))
        turns = mapping(detection)
        modalities = session.get("modalities", session.get("output_modalities"))
        return cls(
            detection=None if detection is None else str(turns.get("type") or "server_vad"),
            interrupt_response=turns.get("interrupt_response") is not False,
            create_response=turns.get("create_response") is not False,
            auto_truncate=turns.get("auto_truncate") is True,
            service_plays=session.get("avatar") is not None,
            speaks=not isinstance(modalities, list) or bool(_SPOKEN & set(map(str, modalities))),
            output=_format(session.get("output_audio_format"), sound_out.get("format"), None),
            input=_with_reference(
                _format(
                    session.get("input_audio_format"), sound_in.get("format"), session.get("input_audio_sampling_rate")
                ),
                session.get("input_audio_echo_cancellation") or sound_in.get("echo_cancellation"),
            ),
            silence_ms=_number(turns.get("silence_duration_ms")),
        )


def _format(flat: object, nested: object, rate: object) -> AudioFormat:
    described = mapping(nested)
    hertz = described.get("rate", rate)
    return audio_format(flat or described.get("type"), hertz if isinstance(hertz, int) and hertz > 0 else None)


def _with_reference(mono: AudioFormat, echo: object) -> AudioFormat:
    """Return the format with what the echo's reference adds, where the client interleaves it with the microphone."""
    return AudioFormat(mono.rate, 2 * mono.width) if mapping(echo).get("channels") == 2 else mono


def _number(value: object) -> int | None:
    return int(value) if is_number(value) and value >= 0 else None
