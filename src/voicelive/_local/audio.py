"""Audio formats of the wire and back: G.711, resampling and durations, in pure Python.

Inside the local service audio is little-endian PCM16, mono, at a stated rate in Hz.
Everything streams: converters keep what they need between chunks, so how a stream is
cut changes nothing in the result.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import gcd, pi, sin, sqrt
from operator import mul
from typing import Literal

__all__ = [
    "AudioDecoder",
    "AudioEncoder",
    "AudioFormat",
    "AudioFormatError",
    "Resampler",
    "decode_alaw",
    "decode_ulaw",
    "encode_alaw",
    "encode_ulaw",
    "from_samples",
    "input_format",
    "output_format",
    "pcm_bytes",
    "pcm_ms",
    "resample",
    "to_samples",
]


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


def pcm_ms(size: int, rate: int) -> int:
    """Whole milliseconds that ``size`` bytes of PCM16 at ``rate`` Hz last."""
    return size // 2 * 1000 // rate


def pcm_bytes(duration_ms: float, rate: int) -> int:
    """Bytes of whole PCM16 samples in a duration at ``rate`` Hz."""
    return int(duration_ms * rate / 1000) * 2


# --- G.711 -------------------------------------------------------------------------


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


# --- resampling --------------------------------------------------------------------

_ZERO_CROSSINGS = 8
_ROLL_OFF = 0.92
_KAISER_BETA = 7.0
_MAX_PHASES = 1000


def _bessel_i0(x: float) -> float:
    total = term = 1.0
    k = 1
    while term > total * 1e-12:
        term *= (x / (2 * k)) ** 2
        total += term
        k += 1
    return total


@cache
def _polyphase(up: int, down: int) -> tuple[int, tuple[tuple[float, ...], ...]]:
    """Half the filter's width in input samples, and the filter of each output phase.

    A windowed sinc (Kaiser), cut off just under the lower of the two Nyquist
    frequencies, each phase scaled to pass a constant unchanged.
    """
    cutoff = _ROLL_OFF * min(1.0, up / down)
    half = int(_ZERO_CROSSINGS / cutoff) + 1
    phases: list[tuple[float, ...]] = []
    for phase in range(up):
        taps: list[float] = []
        for offset in range(-half + 1, half + 1):
            distance = offset - phase / up
            x = pi * cutoff * distance
            edge = 1 - (distance / half) ** 2
            window = _bessel_i0(_KAISER_BETA * sqrt(edge)) if edge > 0 else 0.0
            taps.append((sin(x) / x if x else 1.0) * window)
        total = sum(taps)
        phases.append(tuple(tap / total for tap in taps))
    return half, tuple(phases)


class Resampler:
    """Changes the sample rate of a stream of PCM16, chunk by chunk, without seams.

    The output is aligned with the input: it lags by under two milliseconds while
    streaming, and :meth:`flush` gives the rest, after which the whole output lasts as
    long as the whole input (rounded up to a sample).

    Raises AudioFormatError for rates that are not positive or have no small ratio.
    """

    def __init__(self, from_rate: int, to_rate: int) -> None:
        if from_rate <= 0 or to_rate <= 0:
            raise AudioFormatError(f"sample rates must be above 0 Hz: {from_rate} to {to_rate}")
        common = gcd(from_rate, to_rate)
        self._up, self._down = to_rate // common, from_rate // common
        if self._up > _MAX_PHASES:
            raise AudioFormatError(
                f"{from_rate} Hz cannot be resampled to {to_rate} Hz: the ratio "
                f"{self._up}:{self._down} is too fine; use a usual rate such as 16000 or 24000"
            )
        self.from_rate, self.to_rate = from_rate, to_rate
        self._start()

    def _start(self) -> None:
        self._same = self._up == self._down
        if not self._same:
            self._half, self._phases = _polyphase(self._up, self._down)
            # Silence before the first sample, so that the filter can be centred on it.
            self._held = [0.0] * (self._half - 1)
            self._place = 0  # of the next output sample, in 1/up input samples from held[0]

    def feed(self, pcm: bytes) -> bytes:
        """Take the next chunk; return the output samples that are settled by it."""
        if self._same:
            if len(pcm) % 2:
                to_samples(pcm)  # raises
            return bytes(pcm)
        self._held.extend(to_samples(pcm))
        return self._settled()

    def flush(self) -> bytes:
        """Return the rest of the stream; the next chunk starts a new one."""
        if self._same:
            return b""
        # The input ends at this place: outputs from there on belong to the padding.
        end = (len(self._held) - self._half + 1) * self._up
        wanted = max(0, -(-(end - self._place) // self._down))
        self._held.extend([0.0] * (2 * self._half))
        rest = self._settled()[: wanted * 2]
        self._start()
        return rest

    def _settled(self) -> bytes:
        held, up, down, phases = self._held, self._up, self._down, self._phases
        width = 2 * self._half
        stop = (len(held) - width + 1) * up
        if self._place >= stop:
            return b""
        out = array("h")
        for place in range(self._place, stop, down):
            index, phase = divmod(place, up)
            value = round(sum(map(mul, phases[phase], held[index : index + width])))
            out.append(-32768 if value < -32768 else 32767 if value > 32767 else value)
        self._place += len(out) * down
        done, self._place = divmod(self._place, up)
        if done > len(held):  # only when one step is longer than all that is held
            done, self._place = len(held), self._place + (done - len(held)) * up
        del held[:done]
        return from_samples(out)


def resample(pcm: bytes, from_rate: int, to_rate: int) -> bytes:
    """A whole recording of PCM16 at another rate."""
    resampler = Resampler(from_rate, to_rate)
    return resampler.feed(pcm) + resampler.flush()


# --- wire formats ------------------------------------------------------------------


@dataclass(frozen=True)
class AudioFormat:
    """How audio is written on the wire: mono, at ``rate`` Hz."""

    name: str
    encoding: Literal["pcm16", "ulaw", "alaw"]
    rate: int

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample: 2 for PCM16, 1 for G.711."""
        return 2 if self.encoding == "pcm16" else 1

    def duration_ms(self, size: int) -> int:
        """Whole milliseconds that ``size`` bytes last."""
        return size // self.sample_bytes * 1000 // self.rate

    def size(self, duration_ms: float) -> int:
        """Bytes of whole samples in a duration."""
        return int(duration_ms * self.rate / 1000) * self.sample_bytes


_INPUT_RATES = (24000, 16000, 8000)
_G711 = {
    "g711_ulaw": AudioFormat("g711_ulaw", "ulaw", 8000),
    "g711_alaw": AudioFormat("g711_alaw", "alaw", 8000),
}
_OUTPUT = {
    "pcm16": AudioFormat("pcm16", "pcm16", 24000),
    "pcm16_8000hz": AudioFormat("pcm16_8000hz", "pcm16", 8000),
    "pcm16_16000hz": AudioFormat("pcm16_16000hz", "pcm16", 16000),
    **_G711,
}


def input_format(name: str = "pcm16", rate: int | None = None) -> AudioFormat:
    """The format of ``input_audio_format`` and ``input_audio_sampling_rate``.

    G.711 is always sampled at 8000 Hz, whatever rate the session states. Raises
    AudioFormatError for a name or a PCM16 rate the service does not know.
    """
    if name in _G711:
        return _G711[name]
    if name != "pcm16":
        raise AudioFormatError(f"input audio format {name!r} is not one of pcm16, {', '.join(_G711)}")
    rate = 24000 if rate is None else rate
    if rate not in _INPUT_RATES:
        known = ", ".join(map(str, _INPUT_RATES))
        raise AudioFormatError(f"input audio at {rate} Hz cannot be taken; use one of {known}")
    return AudioFormat("pcm16", "pcm16", rate)


def output_format(name: str = "pcm16") -> AudioFormat:
    """The format of ``output_audio_format``; ``pcm16-8000hz`` is read as ``pcm16_8000hz``.

    Raises AudioFormatError for a name the service does not know.
    """
    known = _OUTPUT.get(name.replace("-", "_"))
    if known is None:
        raise AudioFormatError(f"output audio format {name!r} is not one of {', '.join(_OUTPUT)}")
    return known


class AudioDecoder:
    """Reads a stream in a wire format as PCM16 at ``to_rate`` Hz."""

    def __init__(self, source: AudioFormat, to_rate: int) -> None:
        self.source = source
        self._resampler = Resampler(source.rate, to_rate)

    def feed(self, data: bytes) -> bytes:
        """Take the next wire bytes; return the PCM16 settled by them."""
        if self.source.encoding == "ulaw":
            data = decode_ulaw(data)
        elif self.source.encoding == "alaw":
            data = decode_alaw(data)
        return self._resampler.feed(data)

    def flush(self) -> bytes:
        """Return the rest of the stream; the next bytes start a new one."""
        return self._resampler.flush()


class AudioEncoder:
    """Writes a stream of PCM16 at ``from_rate`` Hz in a wire format."""

    def __init__(self, from_rate: int, target: AudioFormat) -> None:
        self.target = target
        self._resampler = Resampler(from_rate, target.rate)

    def feed(self, pcm: bytes) -> bytes:
        """Take the next PCM16; return the wire bytes settled by it."""
        return self._wire(self._resampler.feed(pcm))

    def flush(self) -> bytes:
        """Return the rest of the stream; the next PCM16 starts a new one."""
        return self._wire(self._resampler.flush())

    def stream(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Encode a whole stream, its end included; empty pieces are left out."""
        for chunk in chunks:
            if encoded := self.feed(chunk):
                yield encoded
        if rest := self.flush():
            yield rest

    def _wire(self, pcm: bytes) -> bytes:
        if self.target.encoding == "ulaw":
            return encode_ulaw(pcm)
        if self.target.encoding == "alaw":
            return encode_alaw(pcm)
        return pcm
