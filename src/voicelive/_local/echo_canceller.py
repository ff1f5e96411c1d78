"""Removes what a loudspeaker plays from what a microphone hears, where the client sends both.

A plain adaptive filter: block NLMS in the frequency domain, partitioned, with steps in proportion to what each part of
the filter has grown to, so that a single delay is learned quickly. A second filter tries things out; the one in use
takes over from it only what proved better, so that it stays as it is while the user speaks over the answer. What could
be a rest that the filter leaves is taken out, by its power; until the filter has learned the room, what could be the
loudspeaker itself: nearly everything in a room, nothing with a headset. What no filter can make anything of for a
quarter of a second is the user, however little is known of the room.

Needs numpy, which the extra ``local`` brings.
"""

from __future__ import annotations

import logging
from typing import Any

__all__ = ["EchoCanceller", "echo_canceller"]

_logger = logging.getLogger("voicelive.local")

_TAIL_MS = 400
"""How much later than it was played the microphone may hear something."""
_STEP = 0.7
_SMOOTHING = 0.9
"""Of powers, from one block of some 10 ms to the next."""
_LEARNED = 0.1
"""The filter has learned the room when it takes out all but this share of the power: 10 dB."""
_LEARNED_BLOCKS = 60
_LOUDER = 10.0
"""How many times the power of the expected rest something must have to be the user: 10 dB."""
_HOLD_BLOCKS = 20
"""For so long after that the microphone stays open."""
_FORGETTING = 1.002
"""By how much more is expected to be left with each block, until less is seen again."""
_UNEXPLAINED = 0.85
"""What a filter that learns leaves of an echo falls below this share within a tenth of a second."""
_UNEXPLAINED_BLOCKS = 26
"""The user is heard, not an echo, when the filter left more in so many more blocks than those in which it left less."""
_SETTLES_AFTER = 45
"""For so many blocks, from the first that is not faint, what is played may be on its way to the microphone."""
_NO_ECHO = 1e-4
"""What is below this share of the loudspeaker's power, -40 dB, is not echo: a headset."""
_LEAST_ECHO = 0.1
"""Any echo may become this loud, -10 dB, though it was fainter so far."""
_FAINT = 1e-4
"""Sound below this power, -40 dB, shows nothing about the room."""
_QUIET = 1e-7
"""What is below this power, -70 dB, is silence."""
_FLOOR = 1e-6


def echo_canceller(rate: int) -> EchoCanceller | None:
    """Return a canceller for a microphone and a reference; None, with a warning, where numpy is missing."""
    try:
        return EchoCanceller(rate)
    except ImportError:
        _logger.warning('the echo stays in the input audio: numpy is missing; pip install "voicelive[local]"')
        return None


class EchoCanceller:
    """Cleans one stream, piece by piece. Costs a twentieth of a core."""

    def __init__(self, rate: int) -> None:
        import numpy

        self._np: Any = numpy
        size = self._size = 256 if rate >= 16_000 else 128
        parts = rate * _TAIL_MS // 1000 // size + 1
        self._waiting = numpy.zeros((0, 2), numpy.float32)
        self._before = numpy.zeros(size, numpy.float32)
        self._played = numpy.zeros((parts, size + 1), numpy.complex64)
        self._used = numpy.zeros_like(self._played)
        self._tried = numpy.zeros_like(self._played)
        self._heard = self._left = self._left_by_tried = self._echo = 0.0
        self._share = 1.0
        """How much of the echo's power the filter is expected to leave."""
        self._coupling = 0.0
        """How much of the loudest that was played lately the microphone has heard at most."""
        self._played_blocks = 0
        self._good_blocks = 0
        self._unexplained_blocks = 0
        self._open_blocks = 0
        self._gain = 1.0

    @property
    def has_learned(self) -> bool:
        """Whether the filter knows the room."""
        return self._good_blocks >= _LEARNED_BLOCKS

    def feed(self, both: bytes) -> bytes:
        """Take microphone and reference as interleaved PCM16; return the microphone's sound, as far as it is done."""
        numpy, size = self._np, self._size
        samples = numpy.frombuffer(both, dtype=numpy.int16).reshape(-1, 2).astype(numpy.float32) / 32768
        waiting = numpy.concatenate([self._waiting, samples])
        blocks = len(waiting) // size
        self._waiting = waiting[blocks * size :]
        if not blocks:
            return b""
        made = [self._clean(*waiting[start * size : (start + 1) * size].T) for start in range(blocks)]
        cleaned = numpy.rint(numpy.concatenate(made) * 32768).clip(-32768, 32767)
        result: bytes = cleaned.astype(numpy.int16).tobytes()
        return result

    def _clean(self, heard: Any, played: Any) -> Any:
        numpy, size = self._np, self._size
        spectrum = numpy.fft.rfft(numpy.concatenate([self._before, played])).astype(numpy.complex64)
        self._before = played
        self._played = numpy.roll(self._played, 1, axis=0)
        self._played[0] = spectrum
        powers = numpy.abs(self._played) ** 2
        if float(powers.sum()) / (2 * size * size) < _QUIET:
            return self._faded(heard, 1.0)
        echo = numpy.fft.irfft((self._used * self._played).sum(0))[size:].astype(numpy.float32)
        left = heard - echo
        left_by_tried = heard - numpy.fft.irfft((self._tried * self._played).sum(0))[size:].astype(numpy.float32)
        self._measure(heard, echo, left, left_by_tried)
        if self._played_blocks or float((played * played).mean()) > _FAINT:
            self._played_blocks += 1
        if self._played_blocks < _SETTLES_AFTER or self._coupling > _NO_ECHO:
            self._learn(left_by_tried, powers)
        if self._left_by_tried < 0.8 * self._left:
            self._used = self._tried.copy()
            self._left, left = self._left_by_tried, left_by_tried
        elif self._left_by_tried > 2 * self._left:
            self._tried = self._used.copy()
            self._left_by_tried = self._left
        loudest = float(powers.sum(1).max()) / (size * size)
        return self._faded(left, 1.0 if self._is_user(left, loudest) else 0.0)

    def _measure(self, heard: Any, echo: Any, left: Any, left_by_tried: Any) -> None:
        def follow(value: float, block: Any) -> float:
            return _SMOOTHING * value + (1 - _SMOOTHING) * float((block * block).mean())

        self._heard = follow(self._heard, heard)
        self._echo = follow(self._echo, echo)
        self._left = follow(self._left, left)
        self._left_by_tried = follow(self._left_by_tried, left_by_tried)

    def _learn(self, error: Any, powers: Any) -> None:
        """Move the filter that tries things out by what it left."""
        numpy, size = self._np, self._size
        silent = numpy.zeros(size, numpy.float32)
        spectrum = numpy.fft.rfft(numpy.concatenate([silent, error])).astype(numpy.complex64)
        grown = numpy.sqrt((numpy.abs(self._tried) ** 2).sum(1))
        parts = len(grown)
        share = 0.5 / parts + 0.5 * grown / (float(grown.sum()) + 1e-9) if grown.any() else numpy.full(parts, 1 / parts)
        weights = (share * parts).astype(numpy.float32)[:, None]
        norm = (weights * powers).sum(0) + 0.01 * size
        step = numpy.fft.irfft(weights * numpy.conj(self._played) * (_STEP * spectrum / norm), axis=1)
        # Half of it would be a filter that wraps around.
        step[:, size:] = 0
        self._tried += numpy.fft.rfft(step, axis=1).astype(numpy.complex64)

    def _is_user(self, left: Any, loudest: float) -> bool:
        """Whether what is left is more than may be expected of the loudspeaker."""
        seen = min(1.0, self._heard / loudest) if loudest > _FAINT else 0.0
        self._look_for_the_unexplained()
        if self._played_blocks < _SETTLES_AFTER and not self._open_blocks:
            self._coupling = max(self._coupling, seen)
            return False
        is_headset = self._coupling <= _NO_ECHO
        expected = (self._coupling if is_headset else max(self._coupling, _LEAST_ECHO)) * loudest
        if self.has_learned:
            self._share = _followed(self._share, self._left / max(self._echo, _FLOOR))
            expected = min(expected, self._share * self._echo)
        elif self._heard > 10 * _FLOOR and self._left < _LEARNED * self._heard:
            self._good_blocks += 1
        expected = _LOUDER * expected + 10 * _FLOOR
        if self._left > expected and float((left * left).mean()) > expected:
            self._open_blocks = _HOLD_BLOCKS
        elif self._open_blocks:
            self._open_blocks -= 1
        if not self._open_blocks:
            # While the gate is open it is the user who is heard.
            self._coupling = max(self._coupling / _FORGETTING, seen)
        return self._open_blocks > 0

    def _look_for_the_unexplained(self) -> None:
        """Open the microphone where what it hears is nothing that the loudspeaker could have to do with."""
        if self._heard > _FAINT:
            step = 1 if self._left_by_tried > _UNEXPLAINED * self._heard else -1
            self._unexplained_blocks = min(_UNEXPLAINED_BLOCKS, max(0, self._unexplained_blocks + step))
        if self._unexplained_blocks == _UNEXPLAINED_BLOCKS:
            self._open_blocks = _HOLD_BLOCKS

    def _faded(self, block: Any, gain: float) -> Any:
        if gain == self._gain == 1.0:
            return block
        ramp = self._np.linspace(self._gain, gain, self._size, dtype=self._np.float32)
        self._gain = gain
        return block * ramp


def _followed(expected: float, seen: float) -> float:
    """Come down to what is seen within some tenths of a second, and up from it much more slowly: the user is louder."""
    return min(1.0, expected * _FORGETTING, 0.97 * expected + 0.03 * seen)
