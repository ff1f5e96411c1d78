"""When there is sound in a track: by loudness, in blocks of 20 ms; pure."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass

__all__ = ["BLOCK_MS", "GAP_MS", "Activity", "Span", "level_db", "overlap_ms"]

BLOCK_MS = 20

_THRESHOLD_DB = -50.0
_MIN_BLOCKS = 2
"""A click is not speech."""
GAP_MS = 400
"""Between words there are pauses; one that is longer ends a span."""
_SILENCE_DB = -96.0


@dataclass(frozen=True)
class Span:
    """A stretch with sound, in ms from the start of the call."""

    start_ms: int
    end_ms: int


def level_db(pcm: bytes) -> float:
    """Return how loud PCM16 is, in dB below full scale; -96 for silence."""
    if not any(pcm):
        return _SILENCE_DB
    samples = array("h", pcm)
    power = sum(sample * sample for sample in samples) / len(samples)
    return max(_SILENCE_DB, 10 * math.log10(power / 32768**2))


class Activity:
    """Collects the spans with sound of one track, block by block."""

    def __init__(self, gap_ms: int = GAP_MS) -> None:
        self.gap_ms = gap_ms
        """How long silence may last within a span; may change while the track goes on."""
        self.silent_from_ms = 0
        """Silence before this does not count."""
        self._spans: list[Span] = []
        self._now = 0
        self._loud = 0
        self._start: int | None = None
        self._last = 0

    @property
    def now_ms(self) -> int:
        """How much of the track there was."""
        return self._now

    @property
    def spans(self) -> list[Span]:
        """The spans so far, one that goes on with its end so far."""
        return [*self._spans, *([Span(self._start, self._last)] if self._start is not None else [])]

    @property
    def started_ms(self) -> int | None:
        """Where the span that goes on began; None in silence."""
        return self._start

    @property
    def ended_ms(self) -> int | None:
        """Where the last sound was; None after silence only."""
        return self._last if self._start is not None else self._spans[-1].end_ms if self._spans else None

    @property
    def silent_ms(self) -> int:
        """How long ago the last sound was."""
        return self._now - (self.ended_ms or 0)

    def add(self, pcm: bytes, *, ms: int = BLOCK_MS) -> None:
        """Take the next block."""
        begin, self._now = self._now, self._now + ms
        if level_db(pcm) > _THRESHOLD_DB:
            self._loud += 1
            if self._start is None and self._loud >= _MIN_BLOCKS:
                self._start = begin - (self._loud - 1) * ms
            if self._start is not None:
                self._last = self._now
            return
        self._loud = 0
        if self._now - max(self._last, self.silent_from_ms) > self.gap_ms:
            self.split()

    def split(self, *, silent_ms: int = 0) -> None:
        """End the span that goes on, if there has been silence for so long: what comes is another one."""
        if self._start is not None and self._now - self._last >= silent_ms:
            self._spans.append(Span(self._start, self._last))
            self._start = None


def overlap_ms(one: Span, other: Span) -> int:
    """Return how long both last at once."""
    return max(0, min(one.end_ms, other.end_ms) - max(one.start_ms, other.start_ms))
