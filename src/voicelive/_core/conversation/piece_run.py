"""A run of pieces of one part of an answer: most of what arrives, and of most nothing changes but how much there is."""

from __future__ import annotations

from ..answer_pieces import AnswerPieces
from ..envelope import AUDIO_DELTAS, Incoming
from .ledger import Part, PlaybackLedger
from .metrics import TurnMeter, TurnUnderWay

__all__ = ["TRANSCRIPT_DELTAS", "OpenLedger", "OpenMeter", "PieceRun"]

TRANSCRIPT_DELTAS = frozenset({b"response.audio_transcript.delta", b"response.output_audio_transcript.delta"})
"""Types of the pieces of an answer's transcript."""


class OpenLedger(PlaybackLedger):
    """A ledger that shows what it counts in."""

    def part(self, item_id: str, content_index: int) -> Part | None:
        """Return what a part's audio and text are counted in until anything else happens; None if there is none."""
        return self._find(item_id, content_index)


class OpenMeter(TurnMeter):
    """A meter that shows what it counts in."""

    @property
    def under_way(self) -> TurnUnderWay | None:
        """What the figures of the turn under way are counted in, until the next begins; None if there is none."""
        return self._turn


class PieceRun:
    """Counts pieces where the ledger and the meter count them, as long as nothing but these happens to either.

    What a first piece changes beside that has to have been done: of sound and of text, each by itself.
    """

    __slots__ = ("_bytes_per_second", "_pieces", "_turn", "has_sound", "has_text", "part")

    def __init__(self, pieces: AnswerPieces, part: Part, turn: TurnUnderWay, bytes_per_second: int) -> None:
        self._pieces = pieces
        self.part = part
        """The part that the pieces are of."""
        self._turn = turn
        self._bytes_per_second = bytes_per_second
        self.has_sound = self.has_text = False

    def add(self, message: Incoming) -> bool:
        """Count a message if it is another piece of the run; return whether it is."""
        kind = message.kind
        if kind in AUDIO_DELTAS:
            if not self.has_sound or (size := self._pieces.more(message)) < 0:
                return False
            self.part.received += size
            turn = self._turn
            turn.generated = (turn.generated or 0) + size * 1000 // self._bytes_per_second
            return True
        if not self.has_text or kind not in TRANSCRIPT_DELTAS or (text := self._pieces.more_text(message)) is None:
            return False
        self.part.text += text
        return True
