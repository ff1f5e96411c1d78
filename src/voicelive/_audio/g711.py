"""G.711: both laws as PCM16, and back."""

from __future__ import annotations

from array import array
from functools import cache
from typing import Literal

from .pcm import from_samples, to_samples

__all__ = ["decode_alaw", "decode_ulaw", "encode_alaw", "encode_ulaw"]


def _expand_ulaw(code: int) -> int:
    code ^= 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << (code >> 4 & 7)) - 0x84
    return -magnitude if code & 0x80 else magnitude


def _expand_alaw(code: int) -> int:
    code ^= 0x55
    step, segment = code & 0x0F, code >> 4 & 7
    magnitude = (step << 4) + 8 if segment == 0 else ((step << 4) + 0x108) << (segment - 1)
    return magnitude if code & 0x80 else -magnitude


def _compress_ulaw(sample: int) -> int:
    sample &= ~3  # the law is defined on 14 bits
    sign, magnitude = (0x00, -sample) if sample < 0 else (0x80, sample)
    magnitude = min(magnitude, 32635) + 0x84
    segment = magnitude.bit_length() - 8
    return sign | (0x7F ^ (segment << 4 | magnitude >> (segment + 3) & 0x0F))


def _compress_alaw(sample: int) -> int:
    sign, magnitude = (0x00, ~sample) if sample < 0 else (0x80, sample)
    segment = max(0, magnitude.bit_length() - 8)
    step = magnitude >> (4 if segment == 0 else segment + 3) & 0x0F
    return (sign | segment << 4 | step) ^ 0x55


_Law = Literal["ulaw", "alaw"]


@cache
def _expansion(law: _Law) -> tuple[int, ...]:
    """The sample of each of the 256 codes."""
    expand = _expand_ulaw if law == "ulaw" else _expand_alaw
    return tuple(map(expand, range(256)))


@cache
def _compression(law: _Law) -> bytes:
    """The code of each of the 65,536 samples, negative ones counted from the end."""
    compress = _compress_ulaw if law == "ulaw" else _compress_alaw
    return bytes(map(compress, (*range(32768), *range(-32768, 0))))


def decode_ulaw(data: bytes) -> bytes:
    """G.711 µ-law, one byte a sample, as PCM16 at the same rate."""
    return from_samples(array("h", map(_expansion("ulaw").__getitem__, data)))


def decode_alaw(data: bytes) -> bytes:
    """G.711 A-law, one byte a sample, as PCM16 at the same rate."""
    return from_samples(array("h", map(_expansion("alaw").__getitem__, data)))


def encode_ulaw(pcm: bytes) -> bytes:
    """PCM16 as G.711 µ-law at the same rate."""
    return bytes(map(_compression("ulaw").__getitem__, to_samples(pcm)))


def encode_alaw(pcm: bytes) -> bytes:
    """PCM16 as G.711 A-law at the same rate."""
    return bytes(map(_compression("alaw").__getitem__, to_samples(pcm)))
