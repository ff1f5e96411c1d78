"""What goes out to the line and when, and how much of it has been heard.

Where the line has marks, the last one that came back is what was heard for certain; up to the next one, the clock says
how far it can have come. Where it has none, sound goes out as it plays, and the clock alone says so.
"""

from collections import deque
from dataclasses import dataclass

from .line import Line

__all__ = ["Playout", "PlayoutStats"]


@dataclass
class PlayoutStats:
    """Figures of one call's way out, in bytes of the line's format unless they say otherwise."""

    sent: int = 0
    """Handed to the line."""
    heard: int = 0
    """Of that, played by it."""
    cleared: int = 0
    """Taken back at interruptions: dropped by the line, or never sent."""
    dropped: int = 0
    """Lost, because more waited than is kept."""
    interruptions: int = 0
    """How often something was taken back."""


@dataclass
class _Mark:
    name: str
    position: int
    """How many bytes had been sent before it."""


class Playout:
    """One call's sound on its way to the caller. Times are in seconds, of any one clock."""

    def __init__(self, line: Line, *, keeps_ms: int = 600_000) -> None:
        """Prepare.

        Args:
            line: writes the messages.
            keeps_ms: how much may wait to be sent; what comes beyond that is dropped, and counted.
        """
        self._line = line
        self._waiting: deque[memoryview] = deque()
        self._waiting_size = 0
        self._sent: deque[bytes] = deque()
        """What was sent and perhaps not heard, for an interruption that turns out to be none."""
        self._sent_size = 0
        self._taken_back = b""
        self._keeps_ms = keeps_ms
        self.stats = PlayoutStats()
        self._position = 0
        """How many bytes were sent since the last interruption."""
        self._known = 0
        """How many of them have been played for certain."""
        self._since = 0.0
        """When that was so."""
        self._taken = 0
        self._marks: deque[_Mark] = deque()
        self._count = 0

    @property
    def unplayed_ms(self) -> int:
        """How much is left to be heard, in ms."""
        return self._line.audio_format.ms(self._waiting_size + self._position - self._taken)

    @property
    def is_idle(self) -> bool:
        """Whether everything that came is known to have been played."""
        return not self._waiting_size and self._taken >= self._position

    def add(self, audio: bytes) -> None:
        """Take sound to be played."""
        room = self._line.audio_format.size(self._keeps_ms) - self._waiting_size
        if len(audio) > room:
            self.stats.dropped += len(audio) - max(0, room)
            audio = audio[: max(0, room)]
        if audio:
            self._waiting.append(memoryview(audio))
            self._waiting_size += len(audio)

    def step(self, now: float) -> list[str | bytes]:
        """Return what is to be sent to the line now."""
        messages: list[str | bytes] = []
        line, lead = self._line, self._line.audio_format.size(self._line.lead_ms)
        piece = line.audio_format.size(line.piece_ms)
        while self._waiting_size and self._position - self._played(now) + min(piece, self._waiting_size) <= lead:
            audio = self._cut(piece)
            if self._known >= self._position:
                # Nothing was playing: it plays from now on.
                self._since = now
            self._position += len(audio)
            self._sent.append(audio)
            self._sent_size += len(audio)
            self.stats.sent += len(audio)
            messages.append(line.write_audio(audio))
            if line.has_marks:
                self._count += 1
                name = f"v{self._count}"
                self._marks.append(_Mark(name, self._position))
                messages.append(line.write_mark(name))
        return messages

    def due(self, now: float) -> float | None:
        """Return when :meth:`step` has something to send again; None while nothing waits."""
        if not self._waiting_size:
            return None
        line = self._line
        size = min(line.audio_format.size(line.piece_ms), self._waiting_size)
        ahead = self._position - self._played(now) + size - line.audio_format.size(line.lead_ms)
        if ahead <= 0:
            return now
        if self._marks and self._played(now) >= self._before(self._marks[0]):
            # Only the mark that is due lets it go on.
            return None
        return now + ahead / self._rate

    def marked(self, name: str, now: float) -> None:
        """Take that a mark came back; one of before an interruption counts for nothing."""
        if not any(mark.name == name for mark in self._marks):
            return
        while self._marks:
            mark = self._marks.popleft()
            self._known, self._since = max(self._known, mark.position), now
            if mark.name == name:
                return

    def completed(self, now: float) -> None:
        """Take that the line has played everything it was sent."""
        self._known, self._since = self._position, now

    def take_played(self, now: float) -> int:
        """Return how many bytes were played since the last call."""
        played = self._played(now)
        fresh, self._taken = max(0, played - self._taken), max(played, self._taken)
        self.stats.heard += fresh
        while self._sent and self._position - self._sent_size + len(self._sent[0]) <= self._taken:
            self._sent_size -= len(self._sent.popleft())
        return fresh

    def flush(self, now: float) -> list[str | bytes]:
        """Drop what was not heard; return what tells the line so."""
        self.take_played(now)
        sent_unheard = self._position - self._taken
        self.stats.cleared += self._waiting_size + sent_unheard
        sent = b"".join(self._sent)
        self._taken_back = sent[len(sent) - sent_unheard :] + b"".join(self._waiting)
        self._sent.clear()
        self._sent_size = 0
        self._waiting.clear()
        self._waiting_size = 0
        self._position = self._known = self._taken = 0
        self._marks.clear()
        self.stats.interruptions += bool(self._taken_back)
        # Always: by the clock everything may just have been played, and the line may lag.
        return [self._line.write_clear()]

    def resume(self) -> None:
        """Play on with what the last interruption took back: it was none."""
        audio, self._taken_back = self._taken_back, b""
        self.stats.cleared -= len(audio)
        self._waiting.appendleft(memoryview(audio))
        self._waiting_size += len(audio)

    @property
    def _rate(self) -> int:
        return self._line.audio_format.rate * self._line.audio_format.width

    def _played(self, now: float) -> int:
        if self._known >= self._position:
            return self._position
        by_clock = self._known + max(0, int((now - self._since) * self._rate + 1e-6))
        by_clock -= by_clock % self._line.audio_format.width
        # A mark that has not come back has not been reached.
        limit = self._before(self._marks[0]) if self._marks else self._position
        played = max(self._known, min(by_clock, limit))
        if not self._line.has_marks and played >= self._position:
            self._known = self._position
        return played

    def _before(self, mark: _Mark) -> int:
        return mark.position - self._line.audio_format.width

    def _cut(self, size: int) -> bytes:
        parts: list[memoryview] = []
        while size and self._waiting:
            first = self._waiting.popleft()
            if len(first) > size:
                self._waiting.appendleft(first[size:])
                first = first[:size]
            parts.append(first)
            size -= len(first)
            self._waiting_size -= len(first)
        return b"".join(parts)
