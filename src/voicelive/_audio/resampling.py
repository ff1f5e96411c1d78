"""PCM16 at another sample rate, in pure Python.

A resampler keeps what it needs between chunks, so how a stream is cut changes nothing in the result.
"""

from __future__ import annotations

from array import array
from functools import cache
from math import gcd, pi, sin, sqrt
from operator import mul

from .pcm import AudioFormatError, from_samples, to_samples

__all__ = ["Resampler", "resample"]

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
        if any(held):
            for place in range(self._place, stop, down):
                index, phase = divmod(place, up)
                value = round(sum(map(mul, phases[phase], held[index : index + width])))
                out.append(-32768 if value < -32768 else 32767 if value > 32767 else value)
        else:
            # Lines are silent most of the time, and silence stays silence.
            out.frombytes(bytes(2 * len(range(self._place, stop, down))))
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
