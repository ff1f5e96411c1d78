"""When the user said something: positions in the audio that was sent, mapped back to the clock it was sent by."""

from __future__ import annotations

from array import array
from bisect import bisect_left

from ..._audio.formats import PCM16, AudioFormat
from ..._public import public_in

__all__ = ["InputTimeline"]

_REMEMBERED_S = 60.0
"""How long a send is remembered: a service says within seconds where speech began and ended."""
_MARKS = 16_384
"""How many are at most, where audio is sent faster than it was spoken."""
_AT_ONCE = 1024
"""How many sends there are between two looks for what can be forgotten."""


@public_in("voicelive.conversation")
class InputTimeline:
    """Marks of the bytes sent and the time of each; ``audio_start_ms`` and ``audio_end_ms`` are positions on it."""

    def __init__(self, audio_format: AudioFormat = PCM16) -> None:
        self._format = audio_format
        self._sent = 0
        # Every connection keeps these for as long as it lasts: numbers in arrays take a twelfth of what objects do.
        self._ends = array("q")
        self._times = array("d")
        self._is_cut = False
        self._look_at = _AT_ONCE

    @property
    def sent_ms(self) -> int:
        """How much audio was sent in this session, in ms."""
        return self._format.ms(self._sent)

    def restart(self, audio_format: AudioFormat) -> None:
        """Begin a new session's timeline at 0; before any audio it only sets the format."""
        self._format = audio_format
        self._sent = 0
        del self._ends[:], self._times[:]
        self._is_cut = False
        self._look_at = _AT_ONCE

    def use_format(self, audio_format: AudioFormat) -> None:
        """Count in this format, also what was sent already: audio often follows ``session.update`` before its answer,
        and with the first audio the service fixes the format."""
        self._format = audio_format

    def sent(self, size: int, now: float) -> None:
        """Count `size` bytes of audio that were sent at `now`, in seconds."""
        self._sent += size
        self._ends.append(self._sent)
        self._times.append(now)
        if len(self._ends) >= self._look_at:
            self._forget(now)

    def _forget(self, now: float) -> None:
        old = max(bisect_left(self._times, now - _REMEMBERED_S), len(self._times) - _MARKS)
        if old > 0:
            del self._ends[:old], self._times[:old]
            self._is_cut = True
        self._look_at = len(self._times) + _AT_ONCE

    def time_of(self, position_ms: float) -> float | None:
        """Return when the audio at a position was sent, in seconds; None for what was not, or is too long ago.

        A chunk is sent when its last sample is there, so a position within it lies that much earlier.
        """
        offset = position_ms * self._format.rate * self._format.width / 1000
        if not self._ends or offset > self._sent:
            return None
        index = bisect_left(self._ends, offset)
        if index == 0 and self._is_cut:
            return None
        return self._times[index] - (self._ends[index] - offset) / (self._format.rate * self._format.width)
