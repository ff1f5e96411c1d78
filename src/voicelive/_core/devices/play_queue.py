"""What is to be played, between the connection that brings it and the audio callback that takes it.

The service sends an answer much faster than it plays, so all of an answer waits here. Its first piece plays at once;
where the answer falls behind its playback, what follows waits until a little more is there.

One thread brings and one takes, without a lock that could hold up the callback: each number has one thread that writes
it, positions only grow, and what is flushed is passed over by the thread that takes.
"""

from __future__ import annotations

from array import array
from collections import deque
from operator import mul

__all__ = ["PlayQueue"]

_FIRST_WAIT_MS = 120
"""How much has to be there before an answer that ran dry plays on; doubled each time it happens again."""
_LONGEST_WAIT_MS = 480
_MOST_SECONDS = 1800
"""How much may wait. The longest answers take minutes."""


class _Chunk:
    """A piece of sound and its place in all that was ever brought."""

    __slots__ = ("end", "original", "start", "view")

    def __init__(self, start: int, original: bytes, volume: float) -> None:
        self.start = start
        self.end = start + len(original)
        self.original = original
        self.view = memoryview(_scaled(original, volume))


class PlayQueue:
    """PCM16 that waits for its playback; mono, at the device's rate."""

    def __init__(self, rate: int) -> None:
        self._bytes_per_ms = rate * 2 / 1000
        self._most = rate * 2 * _MOST_SECONDS
        self._chunks: deque[_Chunk] = deque()
        # Written by the side that brings.
        self._added = 0
        self._floor = 0
        """Up to here nothing is played any more."""
        self._ended = 0
        """Up to here all is whole: the end of an item was seen."""
        self._needed = 0
        """Nothing plays before this much was added."""
        self._wait_ms = _FIRST_WAIT_MS
        self._reported = 0
        self._flushed: list[bytes] = []
        self._was_whole = True
        self._volume = 1.0
        self.underruns: int = 0
        """How often the sound ran dry within an answer."""
        self.refused: int = 0
        """Bytes that were not taken because far too much waited."""
        # Written by the side that takes.
        self._taken = 0
        self._dry_at = -1

    # For the side that brings.

    @property
    def waiting(self) -> int:
        """How many bytes are still to be played."""
        return max(0, self._added - max(self._taken, self._floor))

    @property
    def is_whole(self) -> bool:
        """Whether the end of the last item was seen."""
        return self._ended == self._added

    @property
    def volume(self) -> float:
        """What samples are multiplied by; a change holds for what waits too."""
        return self._volume

    @volume.setter
    def volume(self, value: float) -> None:
        self._volume = value
        for chunk in self._snapshot():
            chunk.view = memoryview(_scaled(chunk.original, value))

    def add(self, data: bytes) -> bool:
        """Have more played.

        Returns:
            Whether the sound had run dry since the piece before, within an item.
        """
        if not data:
            return False
        if self.waiting + len(data) > self._most:
            self.refused += len(data)
            return False
        ran_dry = self._dry_at == self._added and not self.is_whole
        if ran_dry:
            self.underruns += 1
            self._needed = self._added + int(self._wait_ms * self._bytes_per_ms)
            self._wait_ms = min(2 * self._wait_ms, _LONGEST_WAIT_MS)
        self._chunks.append(_Chunk(self._added, data, self._volume))
        self._added += len(data)
        return ran_dry

    def end_item(self) -> None:
        """Note that an item is whole: that nothing follows it is not an underrun."""
        self._ended = self._needed = self._added
        self._wait_ms = _FIRST_WAIT_MS

    def take_played(self) -> int:
        """Return how many bytes were played since the last call."""
        taken = self._taken
        played = max(0, taken - self._reported)
        self._reported = max(self._reported, taken)
        return played

    def flush(self) -> None:
        """Drop what waits; :meth:`take_played` first, since what was played up to now is not told afterwards."""
        start = max(self._taken, self._floor)
        self._was_whole = self.is_whole
        self._flushed = [chunk.original[max(0, start - chunk.start) :] for chunk in self._snapshot()]
        self._floor = self._reported = self._added
        self.end_item()

    def resume(self) -> None:
        """Play what was flushed last after all."""
        was_whole = self._was_whole
        if flushed := self.take_flushed():
            self.add(flushed)
            if was_whole:
                self.end_item()

    def take_flushed(self) -> bytes:
        """Return what was flushed last, as it was brought."""
        flushed, self._flushed = b"".join(self._flushed), []
        return flushed

    def _snapshot(self) -> list[_Chunk]:
        while True:
            try:
                return list(self._chunks)
            except RuntimeError:  # the callback took one just now
                continue

    # For the callback.

    def fill(self, out: memoryview) -> int:
        """Write the next sound, or silence, and return how many bytes of sound it was."""
        size, floor = len(out), self._floor
        if self._taken < floor:
            self._pass_over(floor)
        start = self._taken
        is_held = self._added < self._needed and not self.is_whole
        filled = 0 if is_held else self._copy(out)
        if filled < size:
            out[filled:] = bytes(size - filled)
            if not is_held:
                self._dry_at = start + filled
        return filled

    def _copy(self, out: memoryview) -> int:
        chunks, size, filled, position = self._chunks, len(out), 0, self._taken
        while filled < size and chunks:
            chunk = chunks[0]
            offset = position - chunk.start
            count = min(size - filled, chunk.end - position)
            out[filled : filled + count] = chunk.view[offset : offset + count]
            filled += count
            position += count
            if position == chunk.end:
                chunks.popleft()
        self._taken = position
        return filled

    def _pass_over(self, floor: int) -> None:
        chunks = self._chunks
        while chunks and chunks[0].end <= floor:
            chunks.popleft()
        self._taken = floor


def _scaled(pcm: bytes, volume: float) -> bytes:
    if volume == 1.0:
        return pcm
    samples = array("h", pcm)
    if volume <= 1.0:
        return array("h", map(int, map(mul, samples, [volume] * len(samples)))).tobytes()
    return array("h", [max(-32768, min(32767, int(sample * volume))) for sample in samples]).tobytes()
