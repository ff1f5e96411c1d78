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
from math import pi, sin

from ..._audio.pcm import from_samples, to_samples
from ..._audio.resampling import resample
from .tone_spectrum import DECODING_RATE, HIGH_HZ, HOP, LOW_HZ, MARK_HZ, SPACE_HZ, WINDOW, find_start, read_symbol

__all__ = ["MAX_TEXT_BYTES", "SYMBOL_MS", "TONE_RATE", "Frame", "decode", "encode"]

TONE_RATE = 24000
"""Sample rate, in Hz, of the audio that :func:`encode` yields."""

SYMBOL_MS = 60
"""Length of one symbol, and so of one byte of text, in milliseconds."""

MAX_TEXT_BYTES = 0xFFFF
"""Longest text of one frame, in bytes of UTF-8."""

_AMPLITUDE = 6000
_RAMP_MS = 4
_MARK_MS, _SPACE_MS, _TAIL_MS = 2 * SYMBOL_MS, SYMBOL_MS, SYMBOL_MS // 2
_HEADER, _CHECK = 2, 2

_RATE = DECODING_RATE
_SYMBOL = _RATE * SYMBOL_MS // 1000
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
    yield _tones(_MARK_MS, MARK_HZ)
    yield _tones(_SPACE_MS, SPACE_HZ)
    for byte in _sealed(data):
        yield _symbol(byte)
    yield _tones(_TAIL_MS, MARK_HZ)


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
    while (edge := find_start(samples, place)) is not None:
        first = edge + _RATE * _SPACE_MS // 1000
        text = _read_frame(samples, first)
        if text is None:
            place, is_all = edge + HOP, False
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
    return body + crc_hqx(body, 0xFFFF).to_bytes(_CHECK, "big")


# --- making tones ------------------------------------------------------------------


@cache
def _symbol(byte: int) -> bytes:
    return _tones(SYMBOL_MS, LOW_HZ[byte & 15], HIGH_HZ[byte >> 4])


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


def _read_frame(samples: array[int], first: int) -> str | None:
    header = _read_bytes(samples, first, _HEADER)
    if header is None:
        return None
    rest = _read_bytes(samples, first + _HEADER * _SYMBOL, int.from_bytes(header, "big") + _CHECK)
    if rest is None or _sealed(rest[:-_CHECK]) != header + rest:
        return None
    try:
        return rest[:-_CHECK].decode()
    except UnicodeDecodeError:
        return None


def _read_bytes(samples: array[int], first: int, count: int) -> bytes | None:
    """Read symbols from sample ``first`` on; None if the recording is too short."""
    inset = (_SYMBOL - WINDOW) // 2
    if first + count * _SYMBOL - inset > len(samples):
        return None
    starts = range(first + inset, first + inset + count * _SYMBOL, _SYMBOL)
    return bytes(read_symbol(samples[start : start + WINDOW]) for start in starts)
