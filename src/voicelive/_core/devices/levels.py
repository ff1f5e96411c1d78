"""How loud sound is, for a meter."""

from __future__ import annotations

from array import array
from math import log10, sqrt
from operator import mul

__all__ = ["SILENCE_DB", "level_db"]

SILENCE_DB = -96.0
"""The level of digital silence: below the smallest that 16 bits can tell."""


def level_db(pcm: bytes) -> float:
    """Return the level of PCM16 in dB below full scale: -96 for silence, 0 at most."""
    samples = array("h", pcm)
    if not samples:
        return SILENCE_DB
    power = sum(map(mul, samples, samples)) / len(samples)
    return max(SILENCE_DB, 20 * log10(sqrt(power) / 32768)) if power else SILENCE_DB
