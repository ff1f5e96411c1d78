"""Which of what was played belongs to what was recorded at the same time, counted in samples, not by a clock."""

from __future__ import annotations

from array import array

__all__ = ["Alignment", "interleaved"]

_STRAY_MS = 80
"""How far the two directions may drift apart before they are aligned anew."""
_STRAYS = 50
"""For so many blocks in a row: callbacks come in bursts."""


class Alignment:
    """Lays what was played beside what was recorded.

    The distance between the two is fixed by the first blocks, and then only changed if it no longer holds: what removes
    the echo has to learn the distance, and a change makes it learn anew. What was handed to the loudspeaker at an
    instant is heard by the microphone later, never sooner.
    """

    def __init__(self, rate: int) -> None:
        self._stray = rate * 2 * _STRAY_MS // 1000
        self._recorded = 0
        self._offset: int | None = None
        self._strays = 0
        self._played = bytearray()
        self._base = 0
        self.realigned = 0
        """How often the directions drifted apart."""

    def played(self, pcm: bytes) -> None:
        """Take what was handed to the loudspeaker: mono PCM16."""
        self._played += pcm

    def beside(self, size: int, handed_out: int) -> bytes:
        """Return what belongs to the next `size` bytes of the microphone's.

        Args:
            size: the bytes recorded.
            handed_out: how many bytes the loudspeaker had been handed when they were recorded.
        """
        # One block less than was handed out, so that it is there when it is asked for.
        distance = (handed_out - self._recorded - 2 * size) & ~1
        if self._offset is None:
            self._offset = distance
        elif abs(distance - self._offset) > self._stray:
            self._strays += 1
            if self._strays >= _STRAYS:
                self._offset, self._strays = distance, 0
                self.realigned += 1
        else:
            self._strays = 0
        # Callbacks that come in bursts show only after some blocks how much less may be there.
        self._offset = min(self._offset, self._base + len(self._played) - size - self._recorded)
        start = self._recorded + self._offset
        self._recorded += size
        return self._take(start, size)

    def _take(self, start: int, size: int) -> bytes:
        before = min(size, max(0, self._base - start))
        first = max(0, start - self._base)
        taken = bytes(before) + bytes(self._played[first : first + size - before])
        if first:
            del self._played[:first]
            self._base += min(first, start - self._base)
        return taken + bytes(size - len(taken))


def interleaved(left: bytes, right: bytes) -> bytes:
    """Return two channels of PCM16 of the same length as one stream, sample by sample."""
    both = array("h", bytes(2 * len(left)))
    both[0::2] = array("h", left)
    both[1::2] = array("h", right)
    return both.tobytes()
