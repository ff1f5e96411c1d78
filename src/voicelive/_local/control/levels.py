"""The sound of an event, and how loud it is from moment to moment, as little as a picture of it needs."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from ..._audio.pcm import AudioFormatError, to_samples
from ..._audio.wire_formats import output_format
from ..._base import decode_base64
from ..session.input_audio import InputFormat

__all__ = ["Sound", "read_sound"]

_STEP_MS = 20
_THINNING = 4  # every fourth sample shows the loudness of speech well enough


class Sound(NamedTuple):
    """A piece of sound, mono."""

    samples: array[int]
    rate: int

    @property
    def ms(self) -> float:
        """Its length in milliseconds."""
        return len(self.samples) / self.rate * 1000

    def levels(self) -> list[int]:
        """Return its peaks at even steps, 0 to 100."""
        samples = self.samples
        count = max(1, round(self.ms / _STEP_MS))
        edges = [len(samples) * step // count for step in range(count + 1)]
        peaks = []
        for start, end in pairwise(edges):
            part = samples[start:end:_THINNING]
            peaks.append(min(100, max(max(part), -min(part)) * 100 // 32767) if part else 0)
        return peaks


def read_sound(audio: str, direction: str, session: Mapping[str, Any]) -> Sound | None:
    """Return base64 audio in the format of a session as sound; None where it cannot be read."""
    try:
        data = decode_base64(audio)
        if direction == "in":
            shape = InputFormat.of(session)
            whole = data[: len(data) // shape.frame_bytes * shape.frame_bytes]
            sound = Sound(to_samples(shape.decode(whole)), shape.rate)
        else:
            target = output_format(str(session.get("output_audio_format") or "pcm16"))
            whole = data[: len(data) // target.width * target.width]
            sound = Sound(to_samples(target.decode(whole)), target.rate)
    except (AudioFormatError, ValueError, LookupError):
        return None
    return sound if sound.samples else None
