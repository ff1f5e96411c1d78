"""How much audio of which answer arrived: it is most of what arrives."""

from __future__ import annotations

from ..answer_pieces import AnswerPieces
from ..envelope import Incoming

__all__ = ["AudioCounter"]


class AudioCounter(AnswerPieces):
    """Adds up the pieces of one item at a time."""

    __slots__ = ("_counted", "_size")

    def __init__(self) -> None:
        super().__init__()
        self._counted = ""
        self._size = 0

    def goes_on(self, message: Incoming) -> bool:
        """Count a message if it is another piece of the same part; return whether it is."""
        size = self.more(message)
        if size < 0:
            return False
        self._size += size
        return True

    def add(self, message: Incoming) -> tuple[str, int] | None:
        """Count a piece; returns the item before and its size where another one begins."""
        size = self.size(message)
        before = self.take() if self.item_id != self._counted else None
        self._counted = self.item_id
        self._size += size
        return before

    def take(self) -> tuple[str, int] | None:
        """Hand out what was counted, if it is anything, and begin anew."""
        if not self._size:
            return None
        size, self._size = self._size, 0
        return self._counted, size
