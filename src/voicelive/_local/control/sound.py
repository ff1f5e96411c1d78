"""The sound of the latest sessions, to be heard again: kept as it went over the wire, within a bound."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import NamedTuple

__all__ = ["MAX_SESSION_SOUND_BYTES", "MAX_SOUND_BYTES", "Piece", "SessionSound", "SoundMemory"]

MAX_SESSION_SOUND_BYTES = 32 * 1024 * 1024
"""Bytes of sound that are kept of one session: some five minutes of both directions at 24 kHz."""

MAX_SOUND_BYTES = 64 * 1024 * 1024
"""Bytes of sound that are kept of all sessions; those that have been silent for longest lose theirs first."""


class Piece(NamedTuple):
    """The sound of one event."""

    number: int
    """The event's number in the timeline."""
    rate: int
    """Samples per second."""
    pcm: bytes
    """PCM16, mono."""


class SessionSound:
    """The sound of one session."""

    def __init__(self, memory: SoundMemory) -> None:
        self._memory = memory
        self._order: deque[int] = deque()
        self._pieces: dict[int, Piece] = {}
        self.size = 0
        """Bytes that are kept."""

    def add(self, piece: Piece) -> None:
        """Keep a piece; the oldest ones make room for it."""
        self._order.append(piece.number)
        self._pieces[piece.number] = piece
        self.size += len(piece.pcm)
        self._memory.added(self, len(piece.pcm))
        while self.size > MAX_SESSION_SOUND_BYTES:
            self.forget_oldest()

    def find(self, number: int) -> Piece | None:
        """Return the sound of an event; None if it had none, or it was forgotten."""
        return self._pieces.get(number)

    def forget_oldest(self) -> None:
        """Let go of the oldest piece."""
        piece = self._pieces.pop(self._order.popleft())
        self.size -= len(piece.pcm)
        self._memory.size -= len(piece.pcm)


class SoundMemory:
    """The sound of all sessions of a service."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[SessionSound, None] = OrderedDict()
        self.size = 0
        """Bytes that are kept."""

    def begin(self) -> SessionSound:
        """Return where the sound of a new session is kept."""
        return SessionSound(self)

    def added(self, session: SessionSound, size: int) -> None:
        """Count what a session has added, and make room for it."""
        self._sessions[session] = None
        self._sessions.move_to_end(session)
        self.size += size
        while self.size > MAX_SOUND_BYTES:
            oldest = next(iter(self._sessions))
            if oldest.size:
                oldest.forget_oldest()
            else:
                del self._sessions[oldest]
