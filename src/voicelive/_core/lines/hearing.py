"""What of the caller's sound goes to the service: all of it, in order, and silence where the line sends none.

Turn detection counts time by the sound that it is given. So a line that leaves silence out, or falters, would hold up
the end of a turn forever.
"""

from .line import Line

__all__ = ["Hearing"]

_FILLS_AFTER_MS = 500
"""Longer than lines falter, and shorter than the silence that ends most turns and the patience of a caller."""
_FILL_MS = 20


class Hearing:
    """One call's sound on its way to the service. Times are in seconds, of any one clock."""

    def __init__(self, line: Line, now: float, *, keeps_ms: int = 5000) -> None:
        """Prepare.

        Args:
            line: what sound and silence look like.
            now: the time.
            keeps_ms: how much may wait to be sent; beyond that the oldest is dropped, and counted.
        """
        self._line = line
        self._waiting: list[bytes] = []
        self._waiting_size = 0
        self._keeps_ms = keeps_ms
        self.last_at: float = now
        """When the line sent sound last."""
        self._filled_to = now
        self.received = 0
        """Bytes that the line sent."""
        self.filled = 0
        """Bytes of silence that were put in where it sent none."""
        self.dropped = 0
        """Bytes that were lost, because sending took too long."""

    def add(self, audio: bytes, now: float) -> None:
        """Take sound of the caller's."""
        self.last_at = self._filled_to = now
        self.received += len(audio)
        self._keep(audio)

    def fill(self, now: float) -> None:
        """Put in silence where the line has sent nothing for a while."""
        if (now - self.last_at) * 1000 < _FILLS_AFTER_MS:
            return
        missing = int((now - self._filled_to) * 1000 + 1e-6) // _FILL_MS * _FILL_MS
        if missing > 0:
            silence = self._line.silence(min(missing, self._keeps_ms))
            self._filled_to += missing / 1000
            self.filled += len(silence)
            self._keep(silence)

    def take(self) -> bytes:
        """Return what waits, as one piece; empty if nothing does."""
        audio = b"".join(self._waiting)
        self._waiting.clear()
        self._waiting_size = 0
        return audio

    def _keep(self, audio: bytes) -> None:
        self._waiting.append(audio)
        self._waiting_size += len(audio)
        most = self._line.audio_format.size(self._keeps_ms)
        while self._waiting_size > most and len(self._waiting) > 1:
            oldest = self._waiting.pop(0)
            self._waiting_size -= len(oldest)
            self.dropped += len(oldest)
