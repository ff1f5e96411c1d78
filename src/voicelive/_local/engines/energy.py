"""Voice activity by loudness alone: no dependency, the same answer every time."""

from __future__ import annotations

from math import hypot, log10

from ..._audio.pcm import to_samples
from ..._public import public_in
from .framing import Windows
from .protocols import VAD_RATE, VAD_WINDOW_MS

__all__ = ["EnergyVad"]

_SILENT_DBFS = -65.0
_LOUD_DBFS = -25.0
_FULL_SCALE_SQUARED = 32768.0**2
_JUDGED_RATE = 8000
"""Samples a second that are looked at: they are as loud as those between, and adding up all is most of an append."""


@public_in("voicelive.local.engines")
class EnergyVad:
    """Takes whatever is loud enough for speech.

    A window's probability rises from 0 at -65 dBFS to 1 at -25 dBFS, so the usual
    threshold of 0.5 lies at -45 dBFS. Good for tests and clean recordings; steady
    noise above that is taken for speech. Of audio with more than 8,000 samples a
    second it judges about that many, evenly spread.
    """

    def __init__(self) -> None:
        self.listen_at(VAD_RATE)

    def listen_at(self, rate: int) -> None:
        """Take PCM16 at ``rate`` Hz from now on, rather than at 16 kHz."""
        self._windows = Windows(rate * VAD_WINDOW_MS // 1000 * 2)
        self._step = max(1, rate // _JUDGED_RATE)

    def feed(self, pcm: bytes) -> list[float]:
        """Take PCM16; return the probability of each window completed by it."""
        return [_loudness(window, self._step) for window in self._windows.feed(pcm)]

    def reset(self) -> None:
        """Forget an incomplete window."""
        self._windows.clear()


def _loudness(window: bytes, step: int) -> float:
    samples = to_samples(window)[::step]
    if not any(samples):
        return 0.0  # most of what lines and muted microphones give
    # Half the time of adding up squares one by one; off by less than the last bit, so rounding gives the exact sum.
    power = round(hypot(*samples) ** 2) / len(samples) / _FULL_SCALE_SQUARED
    position = (10 * log10(power) - _SILENT_DBFS) / (_LOUD_DBFS - _SILENT_DBFS)
    return min(1.0, max(0.0, position))
