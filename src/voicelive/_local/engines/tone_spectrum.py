"""Which tones a piece of sound holds: what the decoder of `tone_code` measures.

Written for an interpreter without arrays: what costs is the number of products, so sums over pieces that belong
together are added up first.
"""

from __future__ import annotations

from array import array
from functools import cache
from itertools import accumulate
from math import cos, pi, sin, sqrt
from operator import add, mul, sub

__all__ = ["DECODING_RATE", "HIGH_HZ", "HOP", "LOW_HZ", "MARK_HZ", "SPACE_HZ", "WINDOW", "find_start", "read_symbol"]

MARK_HZ, SPACE_HZ = 350, 440
LOW_HZ = tuple(560 + 80 * i for i in range(16))
HIGH_HZ = tuple(1920 + 80 * i for i in range(16))

DECODING_RATE = 8000
"""Samples a second of what is decoded: enough for everything that a telephone line carries."""

HOP = 16
"""Samples between the places at which an edge from mark to space is looked for."""

WINDOW = 300
"""Samples of a symbol that are looked at: whole periods of 80 Hz, so that neighbouring tones do not leak into each
other."""

_PERIOD = DECODING_RATE // 80
_HALF = _PERIOD // 2
_QUARTER = _HALF // 2
_PROBE = 160
_PROBE_HOPS = _PROBE // HOP
_CLARITY = 2.0

_Sums = list[float]


# --- symbols -----------------------------------------------------------------------


def read_symbol(window: array[int]) -> int:
    """Return the byte that the strongest tones of a window of :data:`WINDOW` samples stand for."""
    # The tones are multiples of 80 Hz, so each repeats itself after a period, or its negative after half of one, and
    # is symmetric or antisymmetric within that: samples that meet the same factor are added up before they meet it.
    period = [*map(add, map(add, window[:_PERIOD], window[_PERIOD : 2 * _PERIOD]), window[2 * _PERIOD :])]
    first, second = period[:_HALF], period[_HALF:]
    folded = _folded([*map(add, first, second)], sign=1), _folded([*map(sub, first, second)], sign=-1)
    return _strongest(HIGH_HZ, folded) << 4 | _strongest(LOW_HZ, folded)


_Folded = tuple[list[int], list[int]]  # what the cosines and what the sines of a tone are multiplied by


def _folded(half: list[int], sign: int) -> _Folded:
    """Fold half a period at its middle; `sign` is that of the tones' cosines there and back."""
    back = half[:_QUARTER:-1]  # the partners of samples 1 to 24
    there = half[1:_QUARTER]
    sums, differences = [*map(add, there, back)], [*map(sub, there, back)]
    ends = half[0], half[_QUARTER]
    return ([*ends, *sums], [*ends, *differences]) if sign > 0 else ([*ends, *differences], [*ends, *sums])


def _strongest(frequencies: tuple[int, ...], folded: tuple[_Folded, _Folded]) -> int:
    best, index = -1.0, 0
    for i, frequency in enumerate(frequencies):
        cosines, sines = folded[frequency // 80 % 2]
        cosine, sine = _folded_reference(frequency)
        in_phase, across = sum(map(mul, cosine, cosines)), sum(map(mul, sine, sines))
        power = in_phase * in_phase + across * across
        if power > best:
            best, index = power, i
    return index


@cache
def _folded_reference(frequency: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    turn = 2 * pi * frequency / DECODING_RATE
    places = (0, _QUARTER, *range(1, _QUARTER))
    return tuple(cos(turn * i) for i in places), tuple(sin(turn * i) for i in places)


# --- the edge between mark and space -----------------------------------------------


def find_start(samples: array[int], place: int) -> int | None:
    """Return the sample where a mark gives way to a space, at ``place`` or later."""
    best: tuple[float, int] | None = None
    first, last = max(place, _PROBE), len(samples) - _PROBE
    hops: _Hops | None = None
    for block in range(first, last + 1, _PROBE):
        # A mark is six times as long as this, so that one look tells for all edges of the block.
        if best is None and not _may_be_mark(samples[block - _PROBE : block]):
            hops = None
            continue
        if hops is None:
            hops = _Hops(samples, block - _PROBE)
        for edge in range(block, min(block + _PROBE, last + 1), HOP):
            strength = hops.edge_strength(edge)
            if strength and (best is None or strength > best[0]):
                best = (strength, edge)
            elif not strength and best is not None:
                return best[1]
    return None if best is None else best[1]


def _may_be_mark(window: array[int]) -> bool:
    """Return whether a good part of what a window holds is the mark."""
    power: float = sum(map(mul, window, window))
    if not power:
        return False
    cosine, sine = _probe_reference(MARK_HZ)
    in_phase, across = sum(map(mul, cosine, window)), sum(map(mul, sine, window))
    return 2 * _strength_squared(in_phase, across) > power / _PROBE


def _strength_squared(in_phase: float, across: float) -> float:
    """Return the square of a tone's amplitude in a probe."""
    return (in_phase * in_phase + across * across) * 4 / _PROBE**2


@cache
def _probe_reference(frequency: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    turn = 2 * pi * frequency / DECODING_RATE
    return tuple(cos(turn * i) for i in range(_PROBE)), tuple(sin(turn * i) for i in range(_PROBE))


class _Hops:
    """Running sums, hop by hop: what a probe at any hop holds is the difference of two of each."""

    def __init__(self, samples: array[int], start: int) -> None:
        self._samples = samples
        self._start = start
        self._power: _Sums = [0.0]
        self._mark: tuple[_Sums, _Sums] = [0.0], [0.0]
        self._space: tuple[_Sums, _Sums] = [0.0], [0.0]

    def edge_strength(self, edge: int) -> float:
        """Return how strong an edge from mark to space is at a sample, some hops after the start; 0 for no edge."""
        middle = (edge - self._start) // HOP
        while len(self._power) <= middle + _PROBE_HOPS:
            self._add()
        mark = self._strength_of(self._mark, self._space, middle - _PROBE_HOPS)
        return min(mark, self._strength_of(self._space, self._mark, middle)) if mark else 0.0

    def _add(self) -> None:
        """Add the next probe's hops."""
        done = len(self._power) - 1
        pieces = [
            self._samples[start : start + HOP]
            for start in range(self._start + done * HOP, self._start + (done + _PROBE_HOPS) * HOP, HOP)
        ]
        _extend(self._power, [sum(map(mul, piece, piece)) for piece in pieces])
        for frequency, sums in ((MARK_HZ, self._mark), (SPACE_HZ, self._space)):
            references = [
                _hop_reference(frequency, (done + i) * HOP * frequency % DECODING_RATE) for i in range(len(pieces))
            ]
            for part in range(2):
                _extend(
                    sums[part],
                    [sum(map(mul, each[part], piece)) for each, piece in zip(references, pieces, strict=True)],
                )

    def _strength_of(self, tone: tuple[_Sums, _Sums], other: tuple[_Sums, _Sums], begin: int) -> float:
        """Return the amplitude of a tone in the probe at a hop, 0 unless there is hardly anything else in it."""
        end = begin + _PROBE_HOPS
        power = self._power[end] - self._power[begin]
        squared = _strength_squared(tone[0][end] - tone[0][begin], tone[1][end] - tone[1][begin])
        if not power or squared <= power / _PROBE:
            return 0.0
        others = _strength_squared(other[0][end] - other[0][begin], other[1][end] - other[1][begin])
        return sqrt(squared) if squared > _CLARITY**2 * others else 0.0


def _extend(sums: _Sums, values: list[float]) -> None:
    sums += [*accumulate(values, initial=sums[-1])][1:]


@cache
def _hop_reference(frequency: int, phase: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return cosine and sine of a hop that begins at a phase: a turn has as many parts as a second has samples."""
    turns = [2 * pi * (phase + frequency * i) / DECODING_RATE for i in range(HOP)]
    return tuple(map(cos, turns)), tuple(map(sin, turns))
