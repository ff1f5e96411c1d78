"""Text as tones and back: a modem that survives resampling to 8 kHz and G.711.

A message is a frame of symbols, 60 ms each. A symbol is one byte: two tones at once,
the first for its low four bits, the second for its high four. A frame is

    a mark tone, a space tone, the length (2 bytes), the text in UTF-8, a CRC (2 bytes)

The edge between mark and space tells the decoder where the symbols lie; the check at
the end makes sure that nothing but a frame is ever read as one. A frame is never silent, so
silence within one was put there on its way: by a player that ran dry, or a line that faltered.
The decoder leaves it out.
"""

from __future__ import annotations

from array import array
from binascii import crc_hqx
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import cos, hypot, pi, sin
from operator import mul

from ..._audio.pcm import from_samples, to_samples
from ..._audio.resampling import resample

__all__ = ["MAX_TEXT_BYTES", "SYMBOL_MS", "TONE_RATE", "Frame", "decode", "encode"]

TONE_RATE = 24000
"""Sample rate, in Hz, of the audio that :func:`encode` yields."""

SYMBOL_MS = 60
"""Length of one symbol, and so of one byte of text, in milliseconds."""

MAX_TEXT_BYTES = 0xFFFF
"""Longest text of one frame, in bytes of UTF-8."""

_MARK_HZ, _SPACE_HZ = 350.0, 440.0
_LOW_HZ = tuple(560.0 + 80 * i for i in range(16))
_HIGH_HZ = tuple(1920.0 + 80 * i for i in range(16))
_AMPLITUDE = 6000
_RAMP_MS = 4
_MARK_MS, _SPACE_MS, _TAIL_MS = 2 * SYMBOL_MS, SYMBOL_MS, SYMBOL_MS // 2
_HEADER = 2

# The decoder works at 8 kHz, where everything a telephone line carries is left.
_RATE = 8000
_SYMBOL = _RATE * SYMBOL_MS // 1000
# Whole periods of 80 Hz, so that neighbouring tones do not leak into each other.
_WINDOW = 300
_PROBE = 160
_HOP = 16
_CLARITY = 2.0
# A frame fades to nothing and back between two symbols, but in far less time than this.
_GAP = 16
# How much of the loudest sample is silence: what a filter leaves of a tone beside it.
_SILENT = 1 / 64


@dataclass(frozen=True)
class Frame:
    """One message found in a recording, and where it lies in it."""

    text: str
    offset: int
    """At which sample of the decoder's the first symbol of the text starts."""

    @property
    def offset_ms(self) -> int:
        """The same in milliseconds."""
        return self.offset * 1000 // _RATE


def encode(text: str) -> Iterator[bytes]:
    """Yield the frame of ``text`` as PCM16 at 24 kHz, a symbol a chunk.

    Raises ValueError for a text over 65,535 bytes of UTF-8.
    """
    data = text.encode("utf-8", "replace")
    if len(data) > MAX_TEXT_BYTES:
        raise ValueError(f"a text of {len(data)} bytes is over the limit of {MAX_TEXT_BYTES}")
    yield _tones(_MARK_MS, _MARK_HZ)
    yield _tones(_SPACE_MS, _SPACE_HZ)
    for byte in _sealed(data):
        yield _symbol(byte)
    yield _tones(_TAIL_MS, _MARK_HZ)


def decode(pcm: bytes, rate: int) -> list[Frame]:
    """Find every whole frame in PCM16 at ``rate`` Hz; anything else gives nothing."""
    samples = _at_decoding_rate(pcm, rate)
    frames, is_all = _frames(samples)
    if is_all:
        return frames
    kept, places = _without_silence(samples)
    if len(places) < 2:
        return frames
    closer = [Frame(found.text, _place_before(places, found.offset)) for found in _frames(kept)[0]]
    return max(frames, closer, key=len)


def _frames(samples: array[int]) -> tuple[list[Frame], bool]:
    """Return the frames, and whether there is at least one and nothing that began like one and was none."""
    frames: list[Frame] = []
    place, is_all = 0, True
    while (edge := _find_start(samples, place)) is not None:
        first = edge + _RATE * _SPACE_MS // 1000
        text = _read_frame(samples, first)
        if text is None:
            place, is_all = edge + _HOP, False
            continue
        offset = first + _HEADER * _SYMBOL
        frames.append(Frame(text, offset))
        place = offset + len(text.encode()) * _SYMBOL
    return frames, is_all and bool(frames)


def _at_decoding_rate(pcm: bytes, rate: int) -> array[int]:
    if rate % _RATE == 0:
        # No tone lies above half the decoder's rate, so nothing has to be filtered out first.
        return to_samples(pcm)[:: rate // _RATE]
    return to_samples(resample(pcm, rate, _RATE))


def _without_silence(samples: array[int]) -> tuple[array[int], list[tuple[int, int]]]:
    """Leave silence out; also return where each piece that is left begins, and where it began before."""
    kept, places = array("h"), list[tuple[int, int]]()
    most = max(map(abs, samples), default=0) * _SILENT
    begin: int | None = None
    for start in range(0, len(samples) + _GAP, _GAP):
        block = samples[start : start + _GAP]
        is_silent = not block or (max(block) <= most and min(block) >= -most)
        if begin is None and not is_silent:
            begin = start
        elif begin is not None and is_silent:
            first = next(at for at in range(begin, start) if abs(samples[at]) > most)
            last = next(at for at in reversed(range(begin, min(start, len(samples)))) if abs(samples[at]) > most)
            places.append((len(kept), first))
            kept += samples[first : last + 1]
            begin = None
    return kept, places


def _place_before(places: list[tuple[int, int]], at: int) -> int:
    """Where a sample was before silence was left out."""
    after, before = places[bisect_right(places, at, key=lambda place: place[0]) - 1]
    return before + at - after


def _sealed(data: bytes) -> bytes:
    body = len(data).to_bytes(_HEADER, "big") + data
    return body + crc_hqx(body, 0xFFFF).to_bytes(2, "big")


# --- making tones ------------------------------------------------------------------


@cache
def _symbol(byte: int) -> bytes:
    return _tones(SYMBOL_MS, _LOW_HZ[byte & 15], _HIGH_HZ[byte >> 4])


@cache
def _tones(duration_ms: int, *frequencies: float) -> bytes:
    count = TONE_RATE * duration_ms // 1000
    ramp = TONE_RATE * _RAMP_MS // 1000
    turns = [2 * pi * frequency / TONE_RATE for frequency in frequencies]
    samples = array("h")
    for i in range(count):
        # Fading each symbol in and out spares the ear a click at every seam.
        fade = min(1.0, (i + 1) / ramp, (count - i) / ramp)
        samples.append(round(_AMPLITUDE * fade * sum(sin(turn * i) for turn in turns)))
    return from_samples(samples)


# --- hearing tones -----------------------------------------------------------------


@cache
def _reference(frequency: float, width: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    turn = 2 * pi * frequency / _RATE
    return (
        tuple(cos(turn * i) for i in range(width)),
        tuple(sin(turn * i) for i in range(width)),
    )


def _strength(window: array[int], frequency: float) -> float:
    """Amplitude of one frequency in a window."""
    cosine, sine = _reference(frequency, len(window))
    return hypot(sum(map(mul, cosine, window)), sum(map(mul, sine, window))) * 2 / len(window)


def _is_tone(window: array[int], frequency: float, other: float) -> bool:
    """Whether a window holds this one frequency and hardly anything else."""
    power = sum(map(mul, window, window)) / len(window)
    strength = _strength(window, frequency)
    return strength**2 > power and strength > _CLARITY * _strength(window, other)


def _may_be_tone(window: array[int], frequency: float) -> bool:
    """Whether a good part of what a window holds is this frequency."""
    return any(window) and 2 * _strength(window, frequency) ** 2 > sum(map(mul, window, window)) / len(window)


def _edge_strength(before: array[int], after: array[int]) -> float:
    """How strong an edge from mark to space is; 0 for no edge."""
    if not any(before) or not any(after):
        return 0.0
    if not _is_tone(before, _MARK_HZ, _SPACE_HZ) or not _is_tone(after, _SPACE_HZ, _MARK_HZ):
        return 0.0
    return min(_strength(before, _MARK_HZ), _strength(after, _SPACE_HZ))


def _find_start(samples: array[int], place: int) -> int | None:
    """The sample where a mark gives way to a space, at ``place`` or later."""
    best: tuple[float, int] | None = None
    first, last = max(place, _PROBE), len(samples) - _PROBE
    for block in range(first, last + 1, _PROBE):
        # A mark is six times as long as this, so that one look tells for all edges of the block.
        if best is None and not _may_be_tone(samples[block - _PROBE : block], _MARK_HZ):
            continue
        for edge in range(block, min(block + _PROBE, last + 1), _HOP):
            strength = _edge_strength(samples[edge - _PROBE : edge], samples[edge : edge + _PROBE])
            if strength and (best is None or strength > best[0]):
                best = (strength, edge)
            elif not strength and best is not None:
                return best[1]
    return None if best is None else best[1]


def _read_frame(samples: array[int], first: int) -> str | None:
    header = _read_bytes(samples, first, _HEADER)
    if header is None:
        return None
    length = int.from_bytes(header, "big")
    body = _read_bytes(samples, first, _HEADER + length + 2)
    if body is None or _sealed(body[_HEADER:-2]) != body:
        return None
    try:
        return body[_HEADER:-2].decode()
    except UnicodeDecodeError:
        return None


def _read_bytes(samples: array[int], first: int, count: int) -> bytes | None:
    """Read symbols from sample ``first`` on; None if the recording is too short."""
    inset = (_SYMBOL - _WINDOW) // 2
    if first + count * _SYMBOL - inset > len(samples):
        return None
    data = bytearray()
    for start in range(first + inset, first + inset + count * _SYMBOL, _SYMBOL):
        window = samples[start : start + _WINDOW]
        low = max(range(16), key=lambda i: _strength(window, _LOW_HZ[i]))
        high = max(range(16), key=lambda i: _strength(window, _HIGH_HZ[i]))
        data.append(high << 4 | low)
    return bytes(data)
