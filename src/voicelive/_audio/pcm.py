"""Little-endian PCM16, mono: samples, sizes and durations."""

from __future__ import annotations

import sys
from array import array

__all__ = ["AudioFormatError", "from_samples", "pcm_bytes", "to_samples"]


class AudioFormatError(ValueError):
    """An audio format, a sample rate or a run of bytes that cannot be used."""


def to_samples(pcm: bytes | bytearray | memoryview) -> array[int]:
    """Little-endian PCM16 as an array of samples, -32768 to 32767.

    Raises AudioFormatError when the number of bytes is odd.
    """
    if len(pcm) % 2:
        raise AudioFormatError(f"PCM16 of {len(pcm)} bytes ends in half a sample; send an even number")
    samples = array("h")
    samples.frombytes(pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def from_samples(samples: array[int]) -> bytes:
    """An array of 16-bit samples as little-endian PCM16."""
    if sys.byteorder == "big":
        samples = samples[:]
        samples.byteswap()
    return samples.tobytes()


def pcm_bytes(duration_ms: float, rate: int) -> int:
    """Bytes of whole PCM16 samples in a duration at ``rate`` Hz."""
    return int(duration_ms * rate / 1000) * 2
