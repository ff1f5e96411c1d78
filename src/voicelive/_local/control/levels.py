"""How loud a piece of sound is from moment to moment, as little as a picture of it needs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from ..._audio.pcm import AudioFormatError, to_samples
from ..._audio.wire_formats import output_format
from ..._base import decode_base64
from ..session.input_audio import InputFormat

__all__ = ["Levels", "read_levels"]

_STEP_MS = 20
_THINNING = 4  # every fourth sample shows the loudness of speech well enough

Levels = tuple[float, list[int]]
"""Milliseconds of sound, and its peaks at even steps, 0 to 100."""


def read_levels(audio: str, direction: str, session: Mapping[str, Any]) -> Levels | None:
    """Return the levels of base64 audio in the format of a session; None where it cannot be read."""
    try:
        data = decode_base64(audio)
        if direction == "in":
            shape = InputFormat.of(session)
            samples, rate = (
                to_samples(shape.decode(data[: len(data) // shape.frame_bytes * shape.frame_bytes])),
                shape.rate,
            )
        else:
            target = output_format(str(session.get("output_audio_format") or "pcm16"))
            whole = data[: len(data) // target.width * target.width]
            samples, rate = to_samples(target.decode(whole)), target.rate
    except (AudioFormatError, ValueError, LookupError):
        return None
    if not samples:
        return None
    duration = len(samples) / rate * 1000
    count = max(1, round(duration / _STEP_MS))
    edges = [len(samples) * step // count for step in range(count + 1)]
    peaks = []
    for start, end in pairwise(edges):
        part = samples[start:end:_THINNING]
        peaks.append(min(100, max(max(part), -min(part)) * 100 // 32767) if part else 0)
    return duration, peaks
