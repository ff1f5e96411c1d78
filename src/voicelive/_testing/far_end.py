"""The telephone at the far end: plays what it is sent as a telephone does, and keeps what was heard to the millisecond.

Values in, values out; times are in seconds, of any one clock.
"""

from __future__ import annotations

from collections import deque

from .._audio.formats import AudioFormat

__all__ = ["FarEnd"]


class FarEnd:
    """One telephone's ear."""

    def __init__(self, audio_format: AudioFormat, silence: bytes, now: float, *, speed: float = 1.0) -> None:
        """Begin to listen.

        Args:
            audio_format: the line's.
            silence: one sample of silence.
            now: the time.
            speed: how many times faster than sound the line runs.
        """
        self._format = audio_format
        self._silence = silence
        self._began = now
        self._rate = audio_format.rate * speed
        self._queue: deque[bytes | str] = deque()
        self.heard = bytearray()
        """Everything since the beginning, with silence where nothing was played."""
        self.sounded = 0
        """How many bytes of it were played."""
        self.cleared = 0
        """How many bytes were dropped by `clear`."""
        self._reached: list[str] = []
        self.clears: list[float] = []
        """When that was."""

    @property
    def waiting(self) -> int:
        """How many bytes wait to be played."""
        return sum(len(one) for one in self._queue if isinstance(one, bytes))

    def add(self, audio: bytes, now: float) -> None:
        """Take sound."""
        self.advance(now)
        if audio:
            self._queue.append(audio)

    def mark(self, name: str, now: float) -> None:
        """Take a mark; it is reached at once if nothing waits."""
        self._queue.append(name)
        self.advance(now)

    def clear(self, now: float) -> None:
        """Drop what waits; all marks are reached by that."""
        self.advance(now)
        self.cleared += self.waiting
        self.clears.append(now)
        self._reached += [one for one in self._queue if isinstance(one, str)]
        self._queue.clear()

    def take_reached(self) -> list[str]:
        """Return the marks that were reached since the last call."""
        reached, self._reached = self._reached, []
        return reached

    def advance(self, now: float) -> None:
        """Play up to now."""
        width = self._format.width
        missing = int((now - self._began) * self._rate + 1e-6) * width - len(self.heard)
        while self._queue and (missing > 0 or isinstance(self._queue[0], str)):
            first = self._queue.popleft()
            if isinstance(first, str):
                self._reached.append(first)
                continue
            if len(first) > missing:
                self._queue.appendleft(first[missing:])
                first = first[:missing]
            self.heard += first
            self.sounded += len(first)
            missing -= len(first)
        if missing > 0:
            self.heard += self._silence * (missing // width)

    def due(self) -> float | None:
        """Return when the next mark will be reached; None if none is waiting."""
        before = 0
        for one in self._queue:
            if isinstance(one, str):
                return self._began + (len(self.heard) + before) / self._format.width / self._rate + 1e-4
            before += len(one)
        return None
